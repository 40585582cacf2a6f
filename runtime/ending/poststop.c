/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/ending/poststop.h"

#include <stdio.h>
#include <stdlib.h>

#include "libutil/cleanup.h"
#include "libutil/file.h"
#include "libutil/log.h"
#include "libutil/parse.h"
#include "runtime/container/store.h"

#define NUMBER_SIZE 16

/* Without a readable number all are run: twice is better than never. */
static size_t read_done(int dirfd)
{
	autofree char *text = NULL;
	uint32_t n = 0;

	if (dirfd < 0 || file_read_at(dirfd, STORE_POSTSTOP, NUMBER_SIZE, &text, NULL, NULL) < 0 ||
	    parse_u32(text, &n) < 0)
		return 0;
	return n;
}

static void note_done(void *ctx, size_t done)
{
	int dirfd = *(const int *)ctx;
	char text[NUMBER_SIZE];
	struct err why = { 0 };
	int len = snprintf(text, sizeof(text), "%zu", done);

	if (dirfd >= 0 &&
	    file_replace_at(dirfd, STORE_POSTSTOP, text, (size_t)len, 0600, FILE_NO_SYNC, &why) < 0)
		log_warning("poststop hooks: %s", why.msg);
}

void poststop_run(int dirfd, const struct spec_hooks *hooks, struct hook_call *call)
{
	if (!hook_any(hooks, HOOK_POSTSTOP))
		return;
	call->skip = read_done(dirfd);
	call->note_done = note_done;
	call->ctx = &dirfd;
	(void)hook_run(hooks, HOOK_POSTSTOP, call, NULL);
}
