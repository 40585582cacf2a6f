/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "runtime/resctrl/resctrl.h"

#define J "linux.intelRdt."

/* Directories of resctrl that are no class of service. */
static const char *const reserved[] = { "info", "mon_groups", "mon_data" };

static int check_name(const char *name, bool named, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(reserved); i++)
		if (streq(name, reserved[i]))
			return err_set(e, EINVAL, "%s: '%s' is no class of service: resctrl has it",
				       named ? J "closID" : J "closID (the container's id)", name);
	return 0;
}

/* Each line is a write of its own, so that a message can name it. */
static void add_lines(struct resctrl *r, const char *json, const char *text, bool compare,
		      struct arena *a)
{
	while (text && *text) {
		size_t len = strcspn(text, "\n");

		r->lines = arena_grow(a, r->lines, r->n_lines, r->n_lines + 1, sizeof(*r->lines));
		r->lines[r->n_lines++] = (struct resctrl_line){ .json = json,
								.text = arena_strndup(a, text, len),
								.compare = compare };
		text += len + (text[len] == '\n');
	}
}

int resctrl_decide(const struct spec_intel_rdt *rdt, const char *id, struct arena *a,
		   struct resctrl *ret, struct err *e)
{
	struct resctrl r = { .named = rdt->clos_id && *rdt->clos_id };
	int res;

	r.group = !r.named ? id : streq(rdt->clos_id, "/") ? "." : rdt->clos_id;
	r.monitor = rdt->enable_monitoring ? id : NULL;
	add_lines(&r, J "l3CacheSchema", rdt->l3_cache_schema, r.named, a);
	add_lines(&r, J "memBwSchema", rdt->mem_bw_schema, r.named, a);
	for (size_t i = 0; i < rdt->schemata.n; i++)
		add_lines(&r, arena_printf(a, J "schemata[%zu]", i), rdt->schemata.items[i], false,
			  a);
	res = check_name(r.group, r.named, e);
	if (res == 0)
		*ret = r;
	return res;
}

/* ---- comparing ---- */

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " \t");
}

/* The kernel pads names to one width. */
static bool same_word(const char *x, size_t x_len, const char *y, size_t y_len)
{
	while (x_len > 0 && strchr(" \t", x[x_len - 1]))
		x_len--;
	while (y_len > 0 && strchr(" \t", y[y_len - 1]))
		y_len--;
	return x_len == y_len && strncasecmp(x, y, x_len) == 0;
}

/* What follows "NAME:" in the line of that name; NULL: there is none. */
static const char *find_line(const char *schemata, const char *name, size_t len)
{
	for (const char *at = schemata; *at;) {
		const char *line = skip_blanks(at);
		size_t n = strcspn(line, ":\n");

		if (line[n] == ':' && same_word(line, n, name, len))
			return line + n + 1;
		at = line + strcspn(line, "\n");
		at += *at == '\n';
	}
	return NULL;
}

/* "0f" is "f", and 070 is 70. */
static const char *skip_zeros(const char *s, size_t *len)
{
	while (*len > 1 && *s == '0') {
		s++;
		(*len)--;
	}
	return s;
}

static bool same_value(const char *x, size_t x_len, const char *y, size_t y_len)
{
	x = skip_zeros(x, &x_len);
	y = skip_zeros(y, &y_len);
	return same_word(x, x_len, y, y_len);
}

/* One "0=7f0" of the wanted line against all of "0=7f0;1=1f" up to the line's end. */
static bool has_pair(const char *list, const char *pair, size_t len)
{
	size_t key = strcspn(pair, "=");

	if (key >= len)
		return false;
	while (*list && *list != '\n') {
		const char *have = skip_blanks(list);
		size_t n = strcspn(have, ";\n"), have_key = strcspn(have, "=;\n");

		if (have_key < n && same_value(have, have_key, pair, key))
			return same_value(have + have_key + 1, n - have_key - 1, pair + key + 1,
					  len - key - 1);
		list = have + n;
		list += *list == ';';
	}
	return false;
}

bool resctrl_agrees(const char *line, const char *schemata)
{
	size_t name = strcspn(line, ":");
	const char *have = line[name] ? find_line(schemata, line, name) : NULL;

	if (!have)
		return false;
	for (line += name + 1; *line;) {
		const char *pair = skip_blanks(line);
		size_t len = strcspn(pair, ";");

		if (len > 0 && !has_pair(have, pair, len))
			return false;
		line = pair + len;
		line += *line == ';';
	}
	return true;
}
