/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/human.h"

#include <stdio.h>

#include "oci-spec/image_spec.h"

const char *human_size(uint64_t bytes, char buf[HUMAN_SIZE])
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };
	double value = (double)bytes;
	size_t unit = 0;

	/* 999.95 would be printed as 1000.0. */
	while (value >= 999.95 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		value /= 1000;
		unit++;
	}
	(void)snprintf(buf, HUMAN_SIZE, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
	return buf;
}

const char *human_digest(const char *digest, char buf[HUMAN_DIGEST])
{
	(void)snprintf(buf, HUMAN_DIGEST, "%.12s", digest_hex(digest));
	return buf;
}
