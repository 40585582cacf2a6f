/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/authority.h"

#include <string.h>

struct authority authority_of(const char *text, const char *ends)
{
	size_t len = strcspn(text, ends);
	const char *at = memrchr(text, '@', len);

	if (!at)
		return (struct authority){ .host = text, .host_len = len };
	return (struct authority){ .user = text,
				   .user_len = (size_t)(at - text),
				   .host = at + 1,
				   .host_len = len - (size_t)(at + 1 - text) };
}
