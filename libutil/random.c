/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/random.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

/* Unique enough when the kernel has no randomness yet: users of a name create it exclusively. */
static uint64_t weak_bits(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return ((uint64_t)now.tv_nsec << 32) ^ ((uint64_t)now.tv_sec << 22) ^ (uint64_t)getpid();
}

const char *random_name(char buf[RANDOM_NAME_SIZE])
{
	static const char letters[32] = { 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k',
					  'm', 'n', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x',
					  'y', 'z', '2', '3', '4', '5', '6', '7', '8', '9' };
	uint64_t bits;

	if (getrandom(&bits, sizeof(bits), GRND_NONBLOCK) != (ssize_t)sizeof(bits))
		bits = weak_bits();
	for (size_t i = 0; i < RANDOM_NAME_SIZE - 1; i++, bits >>= 5)
		buf[i] = letters[bits & 31];
	buf[RANDOM_NAME_SIZE - 1] = '\0';
	return buf;
}
