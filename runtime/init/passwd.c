/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/init/passwd.h"

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "libutil/parse.h"

/* NAME:password:UID:gid:gecos:HOME:shell */
#define FIELD_NAME 0
#define FIELD_UID  2
#define FIELD_HOME 5

/* Field `n` of the line [line, end); NULL when it has fewer. */
static const char *field(const char *line, const char *end, int n, size_t *ret_len)
{
	const char *stop;

	for (; n > 0; n--) {
		line = memchr(line, ':', (size_t)(end - line));
		if (!line)
			return NULL;
		line++;
	}
	stop = memchr(line, ':', (size_t)(end - line));
	*ret_len = (size_t)((stop ? stop : end) - line);
	return line;
}

static bool has_uid(const char *line, const char *end, uint32_t uid)
{
	size_t len = 0;
	const char *text = field(line, end, FIELD_UID, &len);
	autofree char *copy = text ? xstrndup(text, len) : NULL;
	uint32_t found;

	return copy && parse_u32(copy, &found) == 0 && found == uid;
}

/* Field `n` of the first entry with that id. */
static char *look_up(const char *text, uint32_t uid, int n)
{
	while (*text) {
		const char *end = text + strcspn(text, "\n");
		size_t len = 0;

		if (has_uid(text, end, uid)) {
			const char *found = field(text, end, n, &len);

			return found && len > 0 ? xstrndup(found, len) : NULL;
		}
		text = *end ? end + 1 : end;
	}
	return NULL;
}

char *passwd_home(const char *text, uint32_t uid)
{
	return look_up(text, uid, FIELD_HOME);
}

char *passwd_name(const char *text, uint32_t uid)
{
	return look_up(text, uid, FIELD_NAME);
}
