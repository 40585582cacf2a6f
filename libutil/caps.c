/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/caps.h"

#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* libcap's calls allocate; this is one system call. */
bool caps_hold(unsigned cap)
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	if (cap >= 32 * _LINUX_CAPABILITY_U32S_3 || syscall(SYS_capget, &h, d) < 0)
		return false;
	return (d[cap / 32].effective & (UINT32_C(1) << (cap % 32))) != 0;
}
