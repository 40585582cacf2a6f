/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/registry/retry.h"

#include <sys/random.h>

int64_t retry_next(struct retry *r, int64_t size, int64_t after_s)
{
	int64_t wait = RETRY_FIRST_MS;

	if (size - r->last_size >= RETRY_PROGRESS_MIN)
		r->failures = 0;
	/* What is lost and comes again is no progress: a server could have us do that for ever. */
	if (size > r->last_size)
		r->last_size = size;
	if (r->failures >= r->max || after_s > RETRY_AFTER_MAX_S)
		return -1;
	for (unsigned i = 0; i < r->failures && wait < RETRY_LONGEST_MS; i++)
		wait *= 2;
	r->failures++;
	return after_s > 0 && after_s * 1000 > wait ? after_s * 1000 : wait;
}

int64_t retry_jitter(int64_t wait_ms)
{
	unsigned short random = 0;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		return wait_ms;
	return wait_ms + wait_ms * random / (4 * 65536);
}

bool retry_status(int status)
{
	static const int passing[] = { 408, 425, 429, 500, 502, 503, 504 };

	for (size_t i = 0; i < ARRAY_LEN(passing); i++) {
		if (passing[i] == status)
			return true;
	}
	return false;
}
