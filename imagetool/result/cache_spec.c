/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/result/cache_spec.h"

#include <errno.h>
#include <stdlib.h>

#include "libutil/alloc.h"
#include "libutil/csv.h"
#include "libutil/parse.h"
#include "libutil/path.h"
#include "oci-spec/image_spec.h"

static void spec_done(struct cache_spec *s)
{
	free(s->place);
	free(s->name);
}

void cache_specs_done(struct cache_specs *s)
{
	for (size_t i = 0; i < s->n; i++)
		spec_done(&s->items[i]);
	free(s->items);
	*s = (struct cache_specs){ 0 };
}

/* ---- Keys ---- */

typedef int key_fn(struct cache_spec *s, const char *value, struct err *e);

static int set_type(struct cache_spec *s UNUSED, const char *value UNUSED, struct err *e UNUSED)
{
	return 0;
}

static int set_dir(struct cache_spec *s, const char *value, struct err *e)
{
	if (!*value)
		return err_set(e, EINVAL, "a directory has a name");
	free(s->place);
	s->place = path_absolute(value);
	return 0;
}

static int set_ref(struct cache_spec *s, const char *value, struct err *e)
{
	auto_(image_reference) struct image_reference ref = { 0 };
	int r = reference_parse(value, &ref, e);

	if (r < 0)
		return r;
	free(s->place);
	s->place = reference_text(&ref);
	return 0;
}

static int set_mode(struct cache_spec *s, const char *value, struct err *e)
{
	s->max = streq(value, "max");
	return s->max || streq(value, "min")
		       ? 0
		       : err_set(e, EINVAL, "unknown mode '%.80s': min or max", value);
}

static int set_name(struct cache_spec *s, const char *value, struct err *e)
{
	if (!reference_is_tag(value))
		return err_set(e, EINVAL, "'%.130s' is not a legal tag", value);
	free(s->name);
	s->name = xstrdup(value);
	return 0;
}

static int set_digest(struct cache_spec *s, const char *value, struct err *e)
{
	int r = digest_check(value, e);

	if (r < 0)
		return r;
	free(s->name);
	s->name = xstrdup(value);
	return 0;
}

static int read_bool(const char *value, bool *ret, struct err *e)
{
	return parse_bool(value, ret) < 0
		       ? err_set(e, EINVAL, "'%.80s' is neither true nor false", value)
		       : 0;
}

static int set_insecure(struct cache_spec *s, const char *value, struct err *e)
{
	return read_bool(value, &s->insecure, e);
}

static int set_ignore(struct cache_spec *s, const char *value, struct err *e)
{
	return read_bool(value, &s->ignore_error, e);
}

static int set_manifest(struct cache_spec *s, const char *value, struct err *e)
{
	bool image = true;
	int r = read_bool(value, &image, e);

	s->as_index = !image;
	return r;
}

static int only_oci(struct cache_spec *s UNUSED, const char *value, struct err *e)
{
	bool oci = true;
	int r = read_bool(value, &oci, e);

	return r < 0 || oci ? r
			    : err_set(e, ENOTSUP,
				      "caches are written in OCI's words only: leave "
				      "it out");
}

#define FOR(kind) (1U << CACHE_##kind)
#define ALL       (FOR(INLINE) | FOR(LOCAL) | FOR(REGISTRY))

struct cache_key {
	const char *word;
	unsigned kinds;
	key_fn *set;
};

static const struct cache_key to_keys[] = {
	{ "type", ALL, set_type },
	{ "dest", FOR(LOCAL), set_dir },
	{ "ref", FOR(REGISTRY), set_ref },
	{ "mode", FOR(LOCAL) | FOR(REGISTRY), set_mode },
	{ "tag", FOR(LOCAL), set_name },
	{ "image-manifest", FOR(LOCAL) | FOR(REGISTRY), set_manifest },
	{ "oci-mediatypes", FOR(LOCAL) | FOR(REGISTRY), only_oci },
	{ "ignore-error", FOR(LOCAL) | FOR(REGISTRY), set_ignore },
	{ "registry.insecure", FOR(REGISTRY), set_insecure },
	{ NULL, 0, NULL },
};

static const struct cache_key from_keys[] = {
	{ "type", ALL, set_type },
	{ "src", FOR(LOCAL), set_dir },
	{ "tag", FOR(LOCAL), set_name },
	{ "digest", FOR(LOCAL), set_digest },
	{ "ref", FOR(REGISTRY), set_ref },
	{ "registry.insecure", FOR(REGISTRY), set_insecure },
	{ NULL, 0, NULL },
};

/* ---- One of them ---- */

static int find_kind(const char *word, enum cache_kind *ret, struct err *e)
{
	static const char *const here[] = { "inline", "local", "registry" };
	static const char *const elsewhere[] = { "gha", "s3", "azblob" };

	for (size_t i = 0; i < ARRAY_LEN(here); i++)
		if (streq(word, here[i])) {
			*ret = (enum cache_kind)i;
			return 0;
		}
	for (size_t i = 0; i < ARRAY_LEN(elsewhere); i++)
		if (streq(word, elsewhere[i]))
			return err_set(
				e, ENOTSUP,
				"caches of type '%s' are not written or read here: use "
				"type=registry, or type=local and a program that carries the "
				"directory there",
				word);
	return err_set(e, EINVAL, "unknown type '%.80s': inline, local or registry", word);
}

static int set_word(struct cache_spec *s, const struct cache_key *keys, const char *word,
		    const char *value, struct err *e)
{
	for (; keys->word; keys++) {
		int r;

		if (!streq(word, keys->word))
			continue;
		if (!(keys->kinds & (1U << s->kind)))
			return err_set(e, EINVAL, "this type has no '%s'", word);
		r = keys->set(s, value, e);
		return r < 0 ? err_wrap(e, r, "%s", word) : 0;
	}
	return err_set(e, EINVAL, "unknown key '%.80s'", word);
}

/* Words become names and values; `kind` is found first, for the others mean something by it. */
static int each_word(const char *text, struct cache_spec *s, const struct cache_key *keys,
		     bool *ret_has_type, struct err *e)
{
	auto_(strbuf) struct strbuf word = { 0 };
	int r = 0;

	while (*text && r >= 0) {
		char *equals;

		if (!csv_next(&text, &word))
			return err_set(e, EINVAL, "a double quote is in the wrong place");
		equals = word.len ? strchr(word.data, '=') : NULL;
		if (!equals)
			return err_set(e, EINVAL, "'%.80s' is not KEY=VALUE", strbuf_str(&word));
		*equals++ = '\0';
		if (keys)
			r = set_word(s, keys, word.data, equals, e);
		else if (streq(word.data, "type")) {
			*ret_has_type = true;
			r = find_kind(equals, &s->kind, e);
		}
	}
	return r;
}

static int read_spec(struct cache_spec *s, const char *text, const struct cache_key *keys,
		     const char *place, struct err *e)
{
	bool has_type = false;
	int r = each_word(text, s, NULL, &has_type, e);

	if (r >= 0 && !has_type)
		return err_set(e, EINVAL, "it needs a type: type=inline, local or registry");
	if (r >= 0)
		r = each_word(text, s, keys, &has_type, e);
	if (r >= 0 && !s->place && s->kind != CACHE_INLINE)
		return err_set(e, EINVAL,
			       "it needs %s=", s->kind == CACHE_REGISTRY ? "ref" : place);
	if (r >= 0 && s->kind == CACHE_LOCAL && !s->name)
		s->name = xstrdup("latest");
	return r;
}

static struct cache_spec *new_spec(struct cache_specs *s)
{
	s->items = xreallocarray(s->items, s->n + 1, sizeof(*s->items));
	s->items[s->n] = (struct cache_spec){ 0 };
	return &s->items[s->n++];
}

/* As buildx: what is no list of words is a reference, or the one word "inline". */
int cache_specs_add_to(struct cache_specs *s, const char *text, struct err *e)
{
	struct cache_spec *n = new_spec(s);
	int r;

	if (!strchr(text, '=') && streq(text, "inline"))
		return 0;
	n->kind = CACHE_REGISTRY;
	r = strchr(text, '=') ? read_spec(n, text, to_keys, "dest", e) : set_ref(n, text, e);
	return r < 0 ? err_wrap(e, r, "--cache-to '%.200s'", text) : 0;
}

int cache_specs_add_from(struct cache_specs *s, const char *text, struct err *e)
{
	struct cache_spec *n = new_spec(s);
	int r;

	n->kind = CACHE_REGISTRY;
	r = strchr(text, '=') ? read_spec(n, text, from_keys, "src", e) : set_ref(n, text, e);
	if (r >= 0 && n->kind == CACHE_INLINE)
		r = err_set(e, EINVAL,
			    "an inline cache is in an image: name that, "
			    "type=registry,ref=NAME");
	return r < 0 ? err_wrap(e, r, "--cache-from '%.200s'", text) : 0;
}
