/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of creel, each defined in the file of its name. */
#ifndef RUNTIME_VERB_VERBS_H
#define RUNTIME_VERB_VERBS_H

#include "libutil/verb.h"

extern const struct verb verb_checkpoint;
extern const struct verb verb_create;
extern const struct verb verb_delete;
extern const struct verb verb_events;
extern const struct verb verb_devices;
extern const struct verb verb_exec;
extern const struct verb verb_features;
extern const struct verb verb_kill;
extern const struct verb verb_lint;
extern const struct verb verb_list;
extern const struct verb verb_mounts;
extern const struct verb verb_pause;
extern const struct verb verb_ps;
extern const struct verb verb_restore;
extern const struct verb verb_resume;
extern const struct verb verb_run;
extern const struct verb verb_spec;
extern const struct verb verb_start;
extern const struct verb verb_state;
extern const struct verb verb_update;

/* Exit statuses of `lint`, for the worst finding. */
#define VERB_LINT_WARNINGS 3
#define VERB_LINT_ERRORS   4

#endif
