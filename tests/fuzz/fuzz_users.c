/* SPDX-License-Identifier: Apache-2.0 */
/* passwd and group of an image; the input is USER, passwd and group with NULs between them. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "imagetool/bundle/users.h"
#include "libutil/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = xcalloc(size + 3, 1);
	auto_(bundle_user) struct bundle_user u = { 0 };
	const char *passwd, *group;
	struct err e = { 0 };

	memcpy(text, data, size);
	passwd = text + strlen(text) + 1;
	if (passwd > text + size)
		passwd = text + size;
	group = passwd + strlen(passwd) + 1;
	if (group > text + size)
		group = text + size;
	if (users_resolve(text, passwd, group, &u, &e) < 0) {
		if (!e.code || u.groups)
			abort();
		return 0;
	}
	if (u.uid == UINT32_MAX || u.gid == UINT32_MAX || u.n_groups > USERS_GROUPS_MAX)
		abort();
	return 0;
}
