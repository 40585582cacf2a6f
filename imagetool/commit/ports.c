/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/commit/ports.h"

#include <ctype.h>
#include <errno.h>

#include "imagetool/commit/config_lists.h"
#include "libutil/parse.h"

#define PORT_MAX 65535

static int bad(const char *word, struct err *e)
{
	return err_set(e, EINVAL, "'%.40s' is no port: expected NUMBER[-NUMBER][/tcp|udp|sctp]",
		       word);
}

static int parse_protocol(const char *word, char *text, const char **ret, struct err *e)
{
	static const char *const known[] = { "tcp", "udp", "sctp" };
	char *slash = strchr(text, '/');

	*ret = known[0];
	if (!slash)
		return 0;
	*slash++ = '\0';
	for (char *p = slash; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (streq(slash, known[i])) {
			*ret = known[i];
			return 0;
		}
	return bad(word, e);
}

static int parse_range(const char *word, char *text, uint32_t *first, uint32_t *last, struct err *e)
{
	char *dash = strchr(text, '-');

	if (dash)
		*dash = '\0';
	if (parse_u32(text, first) < 0 || parse_u32(dash ? dash + 1 : text, last) < 0 ||
	    *last > PORT_MAX || *first > *last)
		return bad(word, e);
	return 0;
}

int ports_add(const char *word, struct arena *a, struct oci_strings *ports, struct err *e)
{
	/* "[IP:]HOST:CONTAINER" is docker's in other places; here only the last counts. */
	const char *colon = strrchr(word, ':');
	autofree char *text = xstrdup(colon ? colon + 1 : word);
	const char *protocol;
	uint32_t first, last;
	int r = parse_protocol(word, text, &protocol, e);

	if (r >= 0)
		r = parse_range(word, text, &first, &last, e);
	if (r < 0)
		return r;
	for (uint32_t port = first; port <= last; port++)
		set_add(a, ports, arena_printf(a, "%u/%s", port, protocol));
	return 0;
}
