/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/conmon/oom_score.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/file.h"

#define SCORE_FILE "/proc/self/oom_score_adj"
#define LOWEST     "-1000"

void oom_score_lower(struct oom_score *s)
{
	autofree char *now = NULL;

	*s = (struct oom_score){ 0 };
	if (file_read_at(AT_FDCWD, SCORE_FILE, OOM_SCORE_SIZE - 1, &now, NULL, NULL) < 0)
		return;
	if (file_write_at(AT_FDCWD, SCORE_FILE, LOWEST, NULL) < 0)
		return;
	memcpy(s->given, now, strlen(now) + 1);
}

void oom_score_give_back(const struct oom_score *s)
{
	if (s->given[0])
		(void)file_write_at(AT_FDCWD, SCORE_FILE, s->given, NULL);
}

void oom_score_again(const struct oom_score *s)
{
	if (s->given[0])
		(void)file_write_at(AT_FDCWD, SCORE_FILE, LOWEST, NULL);
}
