/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container/filter.h"

int filter_compile(const struct store *s, const struct spec_linux *l, struct seccomp_program *ret,
		   struct err *e)
{
	autofd int cachefd = -1;

	if (!l || !l->seccomp)
		return 0;
	cachefd = store_open_seccomp(s);
	return seccomp_compile(l->seccomp, cachefd, ret, e);
}
