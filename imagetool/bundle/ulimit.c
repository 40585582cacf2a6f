/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/bundle/ulimit.h"

#include <ctype.h>
#include <errno.h>
#include <sys/resource.h>

#include "libutil/parse.h"

static int parse_value(const char *text, uint64_t *ret)
{
	if (streq(text, "-1") || streq(text, "unlimited")) {
		*ret = RLIM_INFINITY;
		return 0;
	}
	return parse_u64(text, ret);
}

/* "nofile" to "RLIMIT_NOFILE"; NULL when there is none of that name. */
static const char *type_of(const char *name, struct arena *a)
{
	char *type = arena_printf(a, "RLIMIT_%s", name);

	for (char *p = type; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	/* Small letters only, as in docker; "as" is not docker's, and works. */
	for (const char *p = name; *p; p++)
		if (!islower((unsigned char)*p))
			return NULL;
	return oci_rlimit_number(type) < 0 ? NULL : type;
}

int ulimit_parse(const char *text, struct arena *a, struct spec_rlimit *ret, struct err *e)
{
	const char *equals = strchr(text, '=');
	autofree char *name = xstrndup(text, equals ? (size_t)(equals - text) : strlen(text));
	autofree char *soft = xstrdup(equals ? equals + 1 : "");
	char *colon = strchr(soft, ':');
	struct spec_rlimit limit = { .soft.set = true, .hard.set = true };

	limit.type = type_of(name, a);
	if (!equals || !limit.type)
		return err_set(
			e, EINVAL,
			"--ulimit '%s': expected NAME=SOFT[:HARD] with one of core, cpu, data, fsize, "
			"locks, memlock, msgqueue, nice, nofile, nproc, rss, rtprio, rttime, "
			"sigpending, stack",
			text);
	if (colon)
		*colon = '\0';
	if (parse_value(soft, &limit.soft.v) < 0 ||
	    parse_value(colon ? colon + 1 : soft, &limit.hard.v) < 0)
		return err_set(e, EINVAL, "--ulimit '%s': a limit is a number or -1", text);
	if (limit.soft.v > limit.hard.v)
		return err_set(e, EINVAL, "--ulimit '%s': the soft limit is above the hard one",
			       text);
	*ret = limit;
	return 0;
}
