/* SPDX-License-Identifier: Apache-2.0 */
/* One line on a terminal while bytes pass. */
#ifndef IMAGETOOL_VERB_COPY_PROGRESS_H
#define IMAGETOOL_VERB_COPY_PROGRESS_H

#include "imagetool/copy/target.h"

struct copy_progress {
	bool shown;
	struct timespec drawn;
};

/* `p` must live as long as the tally ticks.  Nothing is shown when stderr is no terminal. */
void copy_progress_start(struct copy_progress *p, bool quiet, struct target_tally *tally);
void copy_progress_end(struct copy_progress *p);

#endif
