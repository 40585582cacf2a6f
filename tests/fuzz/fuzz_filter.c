/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles of system calls: the short program answers as that of libseccomp alone. */
#include <stdint.h>
#include <stdlib.h>

#include "libutil/cleanup.h"
#include "runtime/seccomp/build.h"
#include "tests/unit/runtime/seccomp/equal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct source s = { .at = data, .left = size };
	auto_(arena) struct arena a = { 0 };
	const struct spec_seccomp *p = profile_make(&s, &a);
	autofree struct sock_filter *plain = NULL;
	autofree struct sock_filter *small = NULL;
	size_t n_plain = 0, n_small = 0;
	struct seccomp_data call;
	int r = seccomp_build_plain(p, false, &plain, &n_plain, NULL);

	if (seccomp_build(p, false, &small, &n_small, NULL) != r)
		abort();
	if (r == 0 && !programs_agree((struct program){ plain, n_plain },
				      (struct program){ small, n_small }, &s, &call))
		abort();
	return 0;
}
