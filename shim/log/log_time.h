/* SPDX-License-Identifier: Apache-2.0 */
/* The time of a record as text: RFC 3339 with nine digits, in UTC or local. */
#ifndef SHIM_LOG_LOG_TIME_H
#define SHIM_LOG_LOG_TIME_H

#include <stdbool.h>
#include <time.h>

#include "shim/log/codec.h"

struct log_clock {
	bool local;         /* with the numeric offset of the time zone, as conmon has it */
	time_t known_until; /* the offset is good from here... */
	time_t known_from;  /* ...to there */
	int offset;         /* seconds east */
};

const char *log_time(struct log_clock *c, struct timespec when, char buf[LOG_TIME_SIZE]);

#endif
