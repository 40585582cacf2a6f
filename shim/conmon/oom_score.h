/* SPDX-License-Identifier: Apache-2.0 */
/*
 * We are the last to be killed when memory runs out, for nobody else knows how
 * the container ends.  Whatever we start begins with the value that we were
 * given.  Who may not lower the value goes on without.
 */
#ifndef SHIM_CONMON_OOM_SCORE_H
#define SHIM_CONMON_OOM_SCORE_H

#define OOM_SCORE_SIZE 16

struct oom_score {
	char given[OOM_SCORE_SIZE]; /* "" : it could not be changed */
};

void oom_score_lower(struct oom_score *s);
/* Between these two a program may be started. */
void oom_score_give_back(const struct oom_score *s);
void oom_score_again(const struct oom_score *s);

#endif
