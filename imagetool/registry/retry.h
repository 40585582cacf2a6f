/* SPDX-License-Identifier: Apache-2.0 */
/* When to try again, and when to stop. */
#ifndef IMAGETOOL_REGISTRY_RETRY_H
#define IMAGETOOL_REGISTRY_RETRY_H

#include <stdint.h>

#include "libutil/macro.h"

#define RETRY_FIRST_MS     250
#define RETRY_LONGEST_MS   8000
#define RETRY_AFTER_MAX_S  60
#define RETRY_PROGRESS_MIN ((int64_t)1 << 20) /* bytes that count as "it works again" */

struct retry {
	unsigned max;      /* failures in a row that are forgiven */
	unsigned failures; /* in a row, so far */
	int64_t last_size; /* bytes there at the last failure */
};

/*
 * After a failure with `size` bytes arrived so far: milliseconds to wait, or -1 to give up.
 * `after_s` is the server's Retry-After in seconds, 0 when it gave none; one beyond
 * RETRY_AFTER_MAX_S gives up at once.  Enough progress since the last failure starts the count
 * anew.
 */
int64_t retry_next(struct retry *r, int64_t size, int64_t after_s);

/* Up to a quarter more, by chance: many clients that failed at once do not come back at once. */
int64_t retry_jitter(int64_t wait_ms);

/* HTTP statuses that may go away by themselves: 408, 425, 429, 500, 502, 503, 504. */
bool retry_status(int status);

#endif
