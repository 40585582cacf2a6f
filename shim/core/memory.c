/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/core/memory.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libutil/macro.h"

#define STACK_GIVEN_BACK ((uintptr_t)64 << 10)
#define TUNABLES         "GLIBC_TUNABLES"
#define NO_THREAD_CACHE  "glibc.malloc.tcache_count=0"
#define STACK_MARGIN     ((uintptr_t)4 << 10) /* for the calls made here */

void memory_give_back(void)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	char *here = __builtin_frame_address(0);
	uintptr_t end = ((uintptr_t)here - STACK_MARGIN) & ~(page - 1);

	(void)malloc_trim(0);
	/* Part of the range may never have been touched: ENOMEM, and the rest is done all the same.
	 */
	(void)madvise(here - ((uintptr_t)here - end) - STACK_GIVEN_BACK, STACK_GIVEN_BACK,
		      MADV_DONTNEED);
}

/* Somebody's own tunables are left alone. */
void memory_frugal_child(void)
{
	(void)setenv(TUNABLES, NO_THREAD_CACHE, 0);
}

void memory_frugal_done(void)
{
	const char *value = getenv(TUNABLES);

	if (value && streq(value, NO_THREAD_CACHE))
		(void)unsetenv(TUNABLES);
}
