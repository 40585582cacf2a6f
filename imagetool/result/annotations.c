/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/result/annotations.h"

#include <errno.h>
#include <stdlib.h>

#include "imagetool/commit/config_lists.h"
#include "libutil/alloc.h"

static const char *const words[ANNOTATION_PLACE_COUNT] = {
#define X(place, word) [ANNOTATION_##place] = (word),
	ANNOTATION_PLACES(X)
#undef X
};

void result_annotations_done(struct result_annotations *a)
{
	for (size_t i = 0; i < a->n; i++) {
		free(a->items[i].key);
		free(a->items[i].value);
	}
	free(a->items);
	*a = (struct result_annotations){ 0 };
}

static int find_place(const char *word, size_t len)
{
	for (int i = 0; i < ANNOTATION_PLACE_COUNT; i++)
		if (strlen(words[i]) == len && memcmp(words[i], word, len) == 0)
			return i;
	return -1;
}

/* "manifest[linux/arm64]" of `len` bytes; one entry has one platform. */
static int read_place(struct result_annotation *n, const char *text, size_t len, struct err *e)
{
	const char *open = memchr(text, '[', len);
	size_t word = open ? (size_t)(open - text) : len;
	int place = find_place(text, word);
	autofree char *platform = NULL;

	if (place < 0)
		return err_set(e, EINVAL,
			       "'%.*s' is nothing that has annotations: manifest, "
			       "manifest-descriptor, index or index-descriptor",
			       (int)(word > 80 ? 80 : word), text);
	n->places |= 1U << place;
	if (!open)
		return 0;
	if (text[len - 1] != ']' || place == ANNOTATION_INDEX ||
	    place == ANNOTATION_INDEX_DESCRIPTOR)
		return err_set(e, EINVAL, "'%.*s': a platform in brackets belongs to a manifest",
			       (int)(len > 80 ? 80 : len), text);
	platform = xstrndup(open + 1, len - word - 2);
	n->one = true;
	return platform_parse(platform, &n->platform, e);
}

/* "manifest,index" */
static int read_places(struct result_annotation *n, const char *text, size_t len, struct err *e)
{
	int r = 0;

	while (len > 0 && r >= 0) {
		const char *comma = memchr(text, ',', len);
		size_t word = comma ? (size_t)(comma - text) : len;

		r = read_place(n, text, word, e);
		word += comma != NULL;
		text += word;
		len -= word;
	}
	return r;
}

static void add(struct result_annotations *a, const struct result_annotation *n, const char *key,
		size_t key_len, const char *value)
{
	a->items = xreallocarray(a->items, a->n + 1, sizeof(*a->items));
	a->items[a->n] = *n;
	a->items[a->n].key = xstrndup(key, key_len);
	a->items[a->n++].value = xstrdup(value);
}

/* A colon in the key itself ("com.example/a:b=c") is no prefix: places are words of small letters
 * and dashes, and what looks like one and is none is a slip. */
static size_t prefix_length(const char *text, const char *equals)
{
	const char *colon = memchr(text, ':', (size_t)(equals - text));
	size_t word = strspn(text, "abcdefghijklmnopqrstuvwxyz-");

	return colon && word > 0 && strchr("[,:", text[word]) ? (size_t)(colon - text) : 0;
}

int result_annotations_add(struct result_annotations *a, const char *text, struct err *e)
{
	struct result_annotation n = { 0 };
	const char *equals = strchr(text, '=');
	size_t prefix;
	int r;

	if (!equals || equals == text)
		return err_set(e, EINVAL, "--annotation '%.200s' is not [PLACE:]KEY=VALUE", text);
	prefix = prefix_length(text, equals);
	r = read_places(&n, text, prefix, e);
	if (r < 0)
		return err_wrap(e, r, "--annotation '%.200s'", text);
	if (prefix > 0)
		text += prefix + 1;
	else
		n.places = 1U << ANNOTATION_MANIFEST;
	if (text == equals)
		return err_set(e, EINVAL, "--annotation '%.200s' has no key", text);
	add(a, &n, text, (size_t)(equals - text), equals + 1);
	return 0;
}

int result_annotations_add_key(struct result_annotations *a, const char *key, const char *value,
			       struct err *e)
{
	struct result_annotation n = { 0 };
	const char *rest = key + strlen("annotation");
	const char *dot, *bracket;
	int r = 0;

	if (!starts_with(key, "annotation") || !strchr("-[.", *rest))
		return 0;
	bracket = strchr(rest, ']');
	dot = strchr(bracket ? bracket : rest, '.');
	if (!dot || !dot[1])
		return err_set(e, EINVAL, "'%.200s' names no annotation", key);
	if (*rest == '-')
		r = read_place(&n, rest + 1, (size_t)(dot - rest - 1), e);
	if (*rest == '[') {
		autofree char *place =
			xasprintf("%s%.*s", words[ANNOTATION_MANIFEST], (int)(dot - rest), rest);

		r = read_place(&n, place, strlen(place), e);
	}
	if (r < 0)
		return err_wrap(e, r, "'%.200s'", key);
	if (!n.places)
		n.places = 1U << ANNOTATION_MANIFEST;
	add(a, &n, dot + 1, strlen(dot + 1), value);
	return 1;
}

static bool same_platform(const struct platform *a, const struct platform *b)
{
	return streq(a->os, b->os) && streq(a->arch, b->arch) && streq(a->variant, b->variant);
}

void result_annotations_apply(const struct result_annotations *a, enum annotation_place place,
			      const struct platform *platform, struct arena *arena,
			      struct oci_strmap *ret)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct result_annotation *n = &a->items[i];

		if (!(n->places & (1U << place)))
			continue;
		/* An index is for all of them. */
		if (n->one && platform && !same_platform(&n->platform, platform))
			continue;
		map_set(arena, ret, arena_strdup(arena, n->key), arena_strdup(arena, n->value));
	}
}

bool result_annotations_have(const struct result_annotations *a, enum annotation_place place)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->items[i].places & (1U << place))
			return true;
	return false;
}
