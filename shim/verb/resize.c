/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/file.h"
#include "libutil/parse.h"
#include "shim/io/ctl.h"
#include "shim/program.h"
#include "shim/record/entry.h"
#include "shim/verb/verbs.h"

static int side(const char *text, const char *what, unsigned short *ret, struct err *e)
{
	uint32_t n;

	if (parse_u32(text, &n) < 0 || n < 1 || n > UINT16_MAX)
		return err_set(e, EINVAL, "%s '%s': not a number from 1 to %d", what, text,
			       UINT16_MAX);
	*ret = (unsigned short)n;
	return 0;
}

static int send_size(const struct entry *en, struct ctl_size size, struct err *e)
{
	autofd int fd = openat(en->dirfd, RECORD_CTL, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	char line[CTL_LINE_MAX];

	if (fd < 0)
		return err_sys(e, "open '%s/" RECORD_CTL "'", en->path);
	return file_write_all(fd, line, ctl_write(line, size), e);
}

static int resize(const char *state, char *const *args, struct err *e)
{
	auto_(entry) struct entry en = { .dirfd = -1, .supervisor = -1, .exitfd = -1 };
	struct ctl_size size;
	int r = side(args[1], "rows", &size.rows, e);

	if (r >= 0)
		r = side(args[2], "columns", &size.cols, e);
	if (r >= 0)
		r = entry_open(&en, state, args[0], e);
	if (r < 0)
		return r;
	if (en.status == ENTRY_LOST)
		return entry_lost(&en, e);
	if (en.status == ENTRY_EXITED)
		return err_set(e, EINVAL, "the container is not running (exited)");
	if (!en.rec->terminal)
		return err_set(e, ENOTTY, "the container has no terminal");
	return send_size(&en, size, e);
}

static int run(const void *global, void *values UNUSED, char *const *args, int n UNUSED,
	       struct err *e)
{
	const struct shim_globals *g = global;
	int r = resize(g->state, args, e);

	return r < 0 ? err_wrap(e, r, "resize '%s'", args[0]) : 0;
}

const struct verb verb_resize = {
	.name = "resize",
	.args = "ID ROWS COLUMNS",
	.summary = "set the size of a container's terminal",
	.details =
		"Who is attached with a terminal sets it to that terminal's size, at first and whenever that "
		"changes.",
	.min_args = 3,
	.max_args = 3,
	.stop_after = -1,
	.run = run,
};
