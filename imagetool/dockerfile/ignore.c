/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/dockerfile/ignore.h"

#include <errno.h>
#include <stdlib.h>

#include "imagetool/dockerfile/lines.h"
#include "libutil/path.h"

/* Clean and relative: "/a/../b/" is "b". */
static const char *clean(const char *text, struct arena *a)
{
	autofree char *path = path_clean(text);
	const char *p = path;

	while (*p == '/')
		p++;
	return arena_strdup(a, p);
}

/* What stands behind the last special character; "**" may stand for the slash behind it, too. */
static const char *literal_end(const char *text)
{
	const char *end = text + strlen(text);

	while (end > text && !strchr("*?[]\\", end[-1]))
		end--;
	return end > text && *end == '/' ? end + 1 : end;
}

static int add_rule(struct ignore *ig, const char *text, bool keep, struct arena *a, struct err *e)
{
	struct ignore_rule rule = { .text = clean(text, a), .keep = keep };
	int r;

	if (!*rule.text || streq(rule.text, "."))
		return 0;
	if (ig->n == IGNORE_PATTERNS_MAX)
		return err_set(e, E2BIG, "more than %d patterns", IGNORE_PATTERNS_MAX);
	rule.prefix = strcspn(rule.text, "*?[\\");
	rule.suffix = literal_end(rule.text);
	r = pattern_compile(rule.text, a, &rule.pattern, e);
	if (r < 0)
		return r;
	if (ig->n == ig->cap) {
		ig->cap = ig->cap ? 2 * ig->cap : 16;
		ig->rules = arena_grow(a, ig->rules, ig->n, ig->cap, sizeof(*ig->rules));
	}
	ig->rules[ig->n++] = rule;
	ig->has_keeps = ig->has_keeps || keep;
	return 0;
}

static int add_span(struct ignore *ig, struct span s, struct arena *a, struct err *e)
{
	autofree char *text = NULL;
	bool keep = s.len > 0 && s.p[0] == '!';

	if (keep)
		s = span_trim((struct span){ s.p + 1, s.len - 1 });
	if (keep && s.len == 0)
		return err_set(e, EINVAL, "illegal exclusion pattern: \"!\"");
	if (s.len == 0)
		return 0;
	text = xstrndup(s.p, s.len);
	return add_rule(ig, text, keep, a, e);
}

int ignore_add(struct ignore *ig, const char *pattern, struct arena *a, struct err *e)
{
	return add_span(ig, span_trim((struct span){ pattern, strlen(pattern) }), a, e);
}

int ignore_parse(const char *text, size_t len, struct arena *a, struct ignore *ret, struct err *e)
{
	struct line_reader r = { .text = text, .len = len };
	struct span s;

	*ret = (struct ignore){ 0 };
	if (len > IGNORE_FILE_MAX)
		return err_set(e, EFBIG, "the file is larger than %zu bytes", IGNORE_FILE_MAX);
	if (memchr(text, '\0', len))
		return err_set(e, EINVAL, "the file holds a NUL byte: it is no text");
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		r.at = 3;
	while (line_next(&r, &s)) {
		int result;

		/* Only at the very beginning does '#' make a comment. */
		if (s.len > 0 && s.p[0] == '#')
			continue;
		result = add_span(ret, span_trim(s), a, e);
		if (result < 0)
			return err_wrap(e, result, "line %u", r.line);
	}
	return 0;
}

/* Most rules fit nothing of most directories, which their fixed ends tell much faster. */
static bool fits(const struct ignore_rule *rule, const char *path, size_t len)
{
	size_t suffix = strlen(rule->suffix);

	if (len < rule->prefix || len < suffix || memcmp(path, rule->text, rule->prefix) != 0 ||
	    memcmp(path + len - suffix, rule->suffix, suffix) != 0)
		return false;
	if (!rule->text[rule->prefix])
		return len == rule->prefix;
	return pattern_match(rule->pattern, path, len);
}

/* The path, or a directory it lies in. */
static bool covers(const struct ignore_rule *rule, const char *path)
{
	for (const char *end = path;; end++) {
		if (*end && *end != '/')
			continue;
		if (fits(rule, path, (size_t)(end - path)))
			return true;
		if (!*end)
			return false;
	}
}

bool ignore_excludes(const struct ignore *ig, const char *path)
{
	for (size_t i = ig->n; i-- > 0;)
		if (covers(&ig->rules[i], path))
			return !ig->rules[i].keep;
	return false;
}

void ignore_covers(const struct ignore *ig, const char *dir, bool *ret)
{
	for (size_t i = 0; i < ig->n; i++)
		ret[i] = *dir && covers(&ig->rules[i], dir);
}

bool ignore_excludes_in(const struct ignore *ig, const bool *covers_dir, const char *path)
{
	size_t len = strlen(path);

	for (size_t i = ig->n; i-- > 0;)
		if (covers_dir[i] || fits(&ig->rules[i], path, len))
			return !ig->rules[i].keep;
	return false;
}

/* May this rule fit something below the directory?  Its text up to the first special character
 * decides. */
static bool may_reach_below(const struct ignore_rule *rule, const char *dir)
{
	size_t literal = rule->prefix, len = strlen(dir);

	if (literal > len)
		return strncmp(rule->text, dir, len) == 0 && rule->text[len] == '/';
	return rule->text[literal] != '\0' && strncmp(rule->text, dir, literal) == 0;
}

bool ignore_prunes(const struct ignore *ig, const char *dir)
{
	for (size_t i = 0; i < ig->n; i++)
		if (ig->rules[i].keep && may_reach_below(&ig->rules[i], dir))
			return false;
	return true;
}
