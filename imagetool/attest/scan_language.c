/* SPDX-License-Identifier: Apache-2.0 */
/* What the package managers of programming languages wrote down. */
#include "imagetool/attest/lines.h"
#include "imagetool/attest/packages.h"
#include "libutil/json.h"

/* ---- Python ---- */

/* Headers as in mail, up to the first empty line; behind it is prose. */
int parse_python_metadata(struct packages *p, const char *text, size_t len, const char *where,
			  struct err *e)
{
	const char *end = text + len;
	struct package one = { .kind = PACKAGE_PYPI, .where = where };
	struct line l, v;

	while (line_next(&text, end, &l) && l.len > 0) {
		if (line_value(&l, "Name:", &v))
			one.name = arena_strndup(&p->arena, v.text, v.len);
		else if (line_value(&l, "Version:", &v))
			one.version = arena_strndup(&p->arena, v.text, v.len);
		else if (line_value(&l, "License:", &v) ||
			 line_value(&l, "License-Expression:", &v))
			one.license = arena_strndup(&p->arena, v.text, v.len);
	}
	return packages_add(p, &one, e);
}

/* ---- Node ---- */

/* Damaged ones say nothing. */
int parse_package_json(struct packages *p, const char *text, size_t len, const char *where,
		       struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	struct json *doc;

	if (json_parse("package.json", text, len, &a, &doc, NULL) < 0)
		return 0;
	return packages_add(p,
			    &(struct package){ .kind = PACKAGE_NPM,
					       .name = json_get_string(doc, "name"),
					       .version = json_get_string(doc, "version"),
					       .license = json_get_string(doc, "license"),
					       .where = where },
			    e);
}
