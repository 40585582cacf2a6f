/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs; each lives in the file of its name. */
#ifndef SHIM_VERB_VERBS_H
#define SHIM_VERB_VERBS_H

#include "libutil/verb.h"

extern const struct verb verb_attach;
extern const struct verb verb_list;
extern const struct verb verb_logs;
extern const struct verb verb_resize;
extern const struct verb verb_restart;
extern const struct verb verb_rm;
extern const struct verb verb_run;
extern const struct verb verb_stop;
extern const struct verb verb_supervise;
extern const struct verb verb_wait;

#endif
