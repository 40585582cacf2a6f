/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "libutil/file.h"
#include "runtime/init/init.h"

int init_oom_score_adj(pid_t pid, const struct spec_process *process, struct err *e)
{
	char path[64] = "/proc/self/oom_score_adj";
	char text[32];
	int r;

	if (!process || !process->oom_score_adj.set)
		return 0;
	/* The host's /proc: called before anything of the container is in sight. */
	if (pid > 0)
		(void)snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)pid);
	(void)snprintf(text, sizeof(text), "%lld", (long long)process->oom_score_adj.v);
	r = file_write_at(AT_FDCWD, path, text, e);
	if (r == -EACCES)
		return err_set(
			e, EACCES,
			"process.oomScoreAdj: lowering it to %s needs CAP_SYS_RESOURCE, which "
			"this process does not hold",
			text);
	return r < 0 ? err_wrap(e, r, "process.oomScoreAdj") : 0;
}
