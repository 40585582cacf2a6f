/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/commit/ports.h"

#include <ctype.h>
#include <errno.h>

#include "imagetool/commit/config_lists.h"
#include "libutil/parse.h"

static const char *const protocols[PORT_PROTOCOLS] = { "tcp", "udp", "sctp" };

static int bad(const char *word, struct err *e)
{
	return err_set(e, EINVAL, "'%.40s' is no port: expected NUMBER[-NUMBER][/tcp|udp|sctp]",
		       word);
}

/* Cuts it off `text`. */
static int parse_protocol(const char *word, char *text, size_t *ret, struct err *e)
{
	char *slash = strchr(text, '/');

	*ret = 0;
	if (!slash)
		return 0;
	*slash++ = '\0';
	for (char *p = slash; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	while (*ret < PORT_PROTOCOLS && !streq(slash, protocols[*ret]))
		(*ret)++;
	return *ret < PORT_PROTOCOLS ? 0 : bad(word, e);
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

static int parse(const char *word, uint32_t *first, uint32_t *last, size_t *protocol, struct err *e)
{
	/* "[IP:]HOST:CONTAINER" is docker's in other places; here only the last counts. */
	const char *colon = strrchr(word, ':');
	autofree char *text = xstrdup(colon ? colon + 1 : word);
	int r = parse_protocol(word, text, protocol, e);

	return r < 0 ? r : parse_range(word, text, first, last, e);
}

int ports_parse(const char *word, uint32_t *first, uint32_t *last, const char **protocol,
		struct err *e)
{
	size_t i;
	int r = parse(word, first, last, &i, e);

	if (r >= 0)
		*protocol = protocols[i];
	return r;
}

int ports_add(struct ports *p, const char *word, struct err *e)
{
	uint32_t first, last;
	size_t protocol;
	int r = parse(word, &first, &last, &protocol, e);

	if (r < 0)
		return r;
	for (uint32_t port = first; port <= last; port++)
		p->has[protocol][port] = true;
	return 0;
}

void ports_list(const struct ports *p, struct arena *a, struct oci_strings *set)
{
	autofree const char **words =
		xcalloc((size_t)PORT_PROTOCOLS * (PORT_MAX + 1), sizeof(*words));
	size_t n = 0;

	for (size_t i = 0; i < PORT_PROTOCOLS; i++)
		for (uint32_t port = 0; port <= PORT_MAX; port++)
			if (p->has[i][port])
				words[n++] = arena_printf(a, "%u/%s", port, protocols[i]);
	set_add(a, set, words, n);
}
