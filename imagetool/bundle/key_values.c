/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/bundle/key_values.h"

#include <errno.h>

#include "libutil/alloc.h"
#include "libutil/file.h"
#include "libutil/utf8.h"

#define BLANKS "\t\v\f\r "
#define BOM    "\xEF\xBB\xBF"

/* *line is one line without its end. */
static int parse_line(const char *line, struct strv *ret, struct err *e)
{
	const char *text = line + strspn(line, BLANKS);
	size_t name_len = strcspn(text, "=");

	if (!*text || *text == '#')
		return 0;
	if (name_len == 0)
		return err_set(e, EINVAL, "no name before '='");
	if (strcspn(text, BLANKS) < name_len)
		return err_set(e, EINVAL, "the name '%.*s' has blanks in it",
			       (int)(name_len < 80 ? name_len : 80), text);
	strv_add(ret, text);
	return 0;
}

int key_values_parse(const char *name, const char *text, size_t len, struct strv *ret,
		     struct err *e)
{
	auto_(strv) struct strv lines = { 0 };

	if (memchr(text, '\0', len) || utf8_span(text, len) != len)
		return err_set(e, EINVAL, "'%s' is not a text in UTF-8", name);
	strv_split(&lines, starts_with(text, BOM) ? text + strlen(BOM) : text, '\n', false);
	for (size_t i = 0; i < lines.n; i++) {
		size_t end = strlen(lines.v[i]);
		int r;

		/* Files from elsewhere end lines with CR LF. */
		if (end && lines.v[i][end - 1] == '\r')
			lines.v[i][end - 1] = '\0';
		r = parse_line(lines.v[i], ret, e);
		if (r < 0)
			return err_wrap(e, r, "'%s': line %zu", name, i + 1);
	}
	return 0;
}

int key_values_read(const char *path, struct strv *ret, struct err *e)
{
	autofree char *text = NULL;
	const char *name;
	size_t len = 0;
	int r = file_read_named(path, KEY_VALUES_FILE_MAX, &text, &len, &name, e);

	return r < 0 ? r : key_values_parse(name, text, len, ret, e);
}

/* ---- Environment ---- */

static int add_file(const char *path, struct strv *ret, struct err *e)
{
	auto_(strv) struct strv lines = { 0 };
	int r = key_values_read(path, &lines, e);

	if (r < 0)
		return err_wrap(e, r, "--env-file");
	for (size_t i = 0; i < lines.n; i++) {
		const char *value = getenv(lines.v[i]);

		if (strchr(lines.v[i], '='))
			strv_add(ret, lines.v[i]);
		else if (value)
			strv_addf(ret, "%s=%s", lines.v[i], value);
	}
	return 0;
}

static int add_typed(const char *text, struct strv *ret, struct err *e)
{
	const char *value;

	if (!*text || *text == '=')
		return err_set(e, EINVAL, "--env '%s': expected NAME=VALUE or NAME", text);
	value = strchr(text, '=') ? NULL : getenv(text);
	if (value)
		strv_addf(ret, "%s=%s", text, value);
	else
		strv_add(ret, text);
	return 0;
}

int env_collect(const struct strv *files, const struct strv *typed, struct strv *ret, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < files->n && r >= 0; i++)
		r = add_file(files->v[i], ret, e);
	for (size_t i = 0; i < typed->n && r >= 0; i++)
		r = add_typed(typed->v[i], ret, e);
	return r;
}
