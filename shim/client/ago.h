/* SPDX-License-Identifier: Apache-2.0 */
/* How long something lasts, and what a container's status is, in docker's words for people. */
#ifndef SHIM_CLIENT_AGO_H
#define SHIM_CLIENT_AGO_H

#include <time.h>

#include "shim/record/entry.h"

/* "Less than a second", "3 seconds", "About a minute", "5 weeks".  Pure. */
#define AGO_SIZE 32
const char *ago_text(int64_t seconds, char buf[AGO_SIZE]);

/* "Up 3 minutes", "Exited (1) 2 hours ago", "Restarting (1) 5 seconds ago", "Created", "Lost". */
#define STATUS_TEXT_SIZE 64
const char *status_text(const struct entry *en, struct timespec now, char buf[STATUS_TEXT_SIZE]);

#endif
