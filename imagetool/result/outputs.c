/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/result/outputs.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "libutil/alloc.h"
#include "libutil/csv.h"
#include "libutil/parse.h"

static const struct {
	const char *word, *help;
} kinds[] = {
#define X(kind, word, help) [OUTPUT_##kind] = { (word), (help) },
	OUTPUT_KINDS(X)
#undef X
};

/* ---- Values ---- */

typedef int key_fn(struct result_output *o, const char *value, struct err *e);

static int set_dest(struct result_output *o, const char *value, struct err *e UNUSED)
{
	free(o->dest);
	o->dest = *value ? xstrdup(value) : NULL;
	return 0;
}

int result_names_add(struct strv *names, const char *text, struct err *e)
{
	auto_(strv) struct strv words = { 0 };
	int r = 0;

	strv_split(&words, text, ',', true);
	for (size_t i = 0; i < words.n && r >= 0; i++) {
		auto_(image_reference) struct image_reference ref = { 0 };
		autofree char *full = NULL;

		r = reference_parse(words.v[i], &ref, e);
		if (r < 0)
			break;
		if (ref.digest)
			return err_set(e, EINVAL,
				       "'%s': what is yet to be built can't be called by a digest",
				       words.v[i]);
		full = reference_text(&ref);
		if (!strv_has(names, full))
			strv_add(names, full);
	}
	return r;
}

/* They lie in the result's directory and nowhere else. */
static int set_prefix(struct result_output *o, const char *value, struct err *e)
{
	if (strchr(value, '/'))
		return err_set(e, EINVAL, "'%.80s' has a slash: it is the beginning of a name",
			       value);
	free(o->attestation_prefix);
	o->attestation_prefix = xstrdup(value);
	return 0;
}

static int set_name(struct result_output *o, const char *value, struct err *e)
{
	o->has_names = true;
	return result_names_add(&o->names, value, e);
}

static int set_compression(struct result_output *o, const char *value, struct err *e)
{
	static const struct {
		const char *word;
		enum layer_compression kind;
		enum chunked_form form;
	} known[] = { { "uncompressed", LAYER_PLAIN, CHUNKED_NONE },
		      { "gzip", LAYER_GZIP, CHUNKED_NONE },
		      { "estargz", LAYER_GZIP, CHUNKED_STARGZ },
		      { "zstd", LAYER_ZSTD, CHUNKED_NONE } };

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (streq(value, known[i].word)) {
			o->has_compression = true;
			o->compression.kind = known[i].kind;
			o->form = known[i].form;
			return 0;
		}
	return err_set(e, EINVAL,
		       "unknown compression '%.80s': uncompressed, gzip, estargz or zstd", value);
}

static int set_level(struct result_output *o, const char *value, struct err *e)
{
	if (parse_int(value, &o->compression.level) < 0 || o->compression.level < 0)
		return err_set(e, EINVAL, "'%.80s' is no level: a number from 0", value);
	return 0;
}

/* As Go's ParseBool. */
static int read_bool(const char *value, bool *ret, struct err *e)
{
	static const char *const yes[] = { "1", "t", "T", "true", "TRUE", "True" };
	static const char *const no[] = { "0", "f", "F", "false", "FALSE", "False" };

	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		if (!streq(value, yes[i]) && !streq(value, no[i]))
			continue;
		*ret = streq(value, yes[i]);
		return 0;
	}
	return err_set(e, EINVAL, "'%.80s' is neither true nor false", value);
}

static int set_force(struct result_output *o, const char *value, struct err *e)
{
	return read_bool(value, &o->force_compression, e);
}

static int refuse_mode(struct result_output *o UNUSED, const char *value, struct err *e)
{
	if (streq(value, "copy"))
		return 0;
	return err_set(e, ENOTSUP,
		       "nothing that is there is deleted: empty the directory first, and leave it "
		       "out");
}

static int refuse_nondist(struct result_output *o UNUSED, const char *value, struct err *e)
{
	bool on = false;
	int r = read_bool(value, &on, e);

	return r < 0 || !on ? r
			    : err_set(e, ENOTSUP,
				      "layers keep the type their base image gave them: leave it "
				      "out");
}

/* ---- Keys ---- */

#define FOR(kind)  (1U << OUTPUT_##kind)
#define FOR_IMAGES (FOR(OCI) | FOR(DOCKER) | FOR(IMAGE) | FOR(REGISTRY))
#define FOR_FILES  (FOR(LOCAL) | FOR(TAR))
#define CHOICE(n)  offsetof(struct result_output, n)
#define NO_CHOICE  SIZE_MAX

static const struct output_key {
	const char *word;
	unsigned kinds; /* that know it */
	key_fn *set;    /* or: */
	size_t choice;  /* an enum output_choice */
} keys[] = {
	{ "attestation-prefix", FOR_FILES, set_prefix, NO_CHOICE },
	{ "compression", FOR_IMAGES, set_compression, NO_CHOICE },
	{ "compression-level", FOR_IMAGES, set_level, NO_CHOICE },
	{ "dest", FOR_FILES | FOR(OCI) | FOR(DOCKER), set_dest, NO_CHOICE },
	{ "force-compression", FOR_IMAGES, set_force, NO_CHOICE },
	{ "mode", FOR(LOCAL), refuse_mode, NO_CHOICE },
	{ "name", FOR_IMAGES, set_name, NO_CHOICE },
	{ "name-canonical", FOR(IMAGE), NULL, CHOICE(canonical) },
	{ "oci-artifact", FOR_IMAGES, NULL, CHOICE(oci_artifact) },
	{ "oci-mediatypes", FOR_IMAGES, NULL, CHOICE(oci_types) },
	{ "platform-split", FOR_FILES, NULL, CHOICE(split) },
	{ "prefer-nondist-layers", FOR_IMAGES, refuse_nondist, NO_CHOICE },
	{ "push", FOR(IMAGE), NULL, CHOICE(push) },
	{ "push-by-digest", FOR(IMAGE) | FOR(REGISTRY), NULL, CHOICE(by_digest) },
	{ "registry.insecure", FOR(IMAGE) | FOR(REGISTRY), NULL, CHOICE(insecure) },
	{ "rewrite-timestamp", FOR_IMAGES, NULL, CHOICE(retime) },
	{ "store", FOR(IMAGE), NULL, CHOICE(store) },
	{ "tar", FOR(OCI) | FOR(DOCKER), NULL, CHOICE(tar) },
	{ "unpack", FOR(IMAGE), NULL, CHOICE(unpack) },
};

static int set_choice(struct result_output *o, size_t offset, const char *value, struct err *e)
{
	enum output_choice *choice = (enum output_choice *)(void *)((char *)o + offset);
	bool on = false;
	int r = read_bool(value, &on, e);

	if (r >= 0)
		*choice = on ? OUTPUT_YES : OUTPUT_NO;
	return r;
}

static int set_key(struct result_output *o, const char *key, const char *value, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		int r;

		if (!streq(key, keys[i].word))
			continue;
		if (!(keys[i].kinds & (1U << o->kind)))
			return err_set(e, EINVAL, "type=%s has no '%s'", kinds[o->kind].word, key);
		r = keys[i].set ? keys[i].set(o, value, e)
				: set_choice(o, keys[i].choice, value, e);
		return r < 0 ? err_wrap(e, r, "%s", key) : 0;
	}
	return err_set(e, EINVAL, "unknown key '%.80s'", key);
}

static int set_word(struct result_output *o, const char *key, const char *value, struct err *e)
{
	int r = result_annotations_add_key(&o->annotations, key, value, e);

	if (r < 0)
		return r;
	if (r > 0 && !(FOR_IMAGES & (1U << o->kind)))
		return err_set(e, EINVAL, "type=%s has no annotations", kinds[o->kind].word);
	return r > 0 ? 0 : set_key(o, key, value, e);
}

/* ---- One --output ---- */

static int split_words(const char *text, struct strv *words, struct err *e)
{
	auto_(strbuf) struct strbuf word = { 0 };

	while (*text) {
		if (!csv_next(&text, &word))
			return err_set(e, EINVAL, "a double quote is in the wrong place");
		strv_add(words, strbuf_str(&word));
	}
	return 0;
}

static int find_kind(struct result_output *o, const struct strv *words, struct err *e)
{
	for (size_t i = 0; i < words->n; i++) {
		const char *value = words->v[i] + strlen("type=");

		if (!starts_with(words->v[i], "type="))
			continue;
		for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
			if (streq(value, kinds[k].word)) {
				o->kind = (enum output_kind)k;
				return 0;
			}
		return err_set(e, EINVAL,
			       "unknown type '%.80s': local, tar, oci, docker, image, registry or "
			       "cacheonly",
			       value);
	}
	return err_set(e, EINVAL,
		       "it needs a type: type=local, tar, oci, docker, image or registry");
}

static bool is_terminal_bound(const struct result_output *o)
{
	return o->dest && streq(o->dest, "-") && isatty(STDOUT_FILENO);
}

static int check_level(const struct result_output *o, struct err *e)
{
	const struct compress_opts opts = {
		.kind = o->has_compression ? o->compression.kind : LAYER_GZIP,
		.level = o->compression.level,
	};
	int r = compress_check_level(&opts, e);

	return r < 0 ? err_wrap(e, r, "compression-level") : 0;
}

static int check(struct result_output *o, struct err *e)
{
	bool plain_dir = o->kind == OUTPUT_LOCAL || o->tar == OUTPUT_NO;

	if (!o->dest && o->kind != OUTPUT_DOCKER &&
	    (result_output_is_files(o) || o->kind == OUTPUT_OCI))
		return err_set(e, EINVAL, "type=%s needs dest=", kinds[o->kind].word);
	if (o->dest && streq(o->dest, "-") && plain_dir)
		return err_set(e, EINVAL,
			       "a directory can't go to standard output: name one, or "
			       "use type=tar");
	if (is_terminal_bound(o))
		return err_set(e, EINVAL,
			       "standard output is a terminal: redirect it, or name a "
			       "file by dest=");
	if (o->oci_types == OUTPUT_NO && result_output_is_oci_only(o))
		return err_set(e, EINVAL,
			       "compression=%s and oci-mediatypes=false exclude each "
			       "other: Docker's format knows no %s",
			       o->form ? "estargz" : "zstd", o->form ? "annotations" : "zstd");
	if (o->oci_types == OUTPUT_NO && o->kind == OUTPUT_OCI)
		return err_set(e, EINVAL,
			       "an OCI layout has no Docker media types: use "
			       "type=docker");
	if (o->kind == OUTPUT_DOCKER && o->tar == OUTPUT_NO)
		return err_set(e, ENOTSUP,
			       "docker's format is an archive: use type=oci,tar=false "
			       "for a directory");
	return check_level(o, e);
}

/* What buildx takes for a place alone. */
static void set_short(struct result_output *o, const char *text)
{
	o->kind = streq(text, "-") ? OUTPUT_TAR : OUTPUT_LOCAL;
	o->dest = xstrdup(text);
}

static int read_output(struct result_output *o, const char *text, struct err *e)
{
	auto_(strv) struct strv words = { 0 };
	int r = split_words(text, &words, e);

	if (r >= 0 && words.n == 1 && streq(words.v[0], text) && !starts_with(text, "type=")) {
		set_short(o, text);
		return check(o, e);
	}
	if (r >= 0)
		r = find_kind(o, &words, e);
	for (size_t i = 0; i < words.n && r >= 0; i++) {
		char *equals = strchr(words.v[i], '=');

		if (!equals)
			return err_set(e, EINVAL, "'%.80s' is not KEY=VALUE", words.v[i]);
		*equals = '\0';
		if (!streq(words.v[i], "type"))
			r = set_word(o, words.v[i], equals + 1, e);
	}
	return r < 0 ? r : check(o, e);
}

static struct result_output *new_output(struct result_outputs *o, enum output_kind kind)
{
	o->items = xreallocarray(o->items, o->n + 1, sizeof(*o->items));
	o->items[o->n] = (struct result_output){ .kind = kind };
	return &o->items[o->n++];
}

int result_outputs_add(struct result_outputs *o, const char *text, struct err *e)
{
	int r;

	if (!*text)
		return err_set(e, EINVAL, "--output: it is empty");
	r = read_output(new_output(o, OUTPUT_LOCAL), text, e);
	return r < 0 ? err_wrap(e, r, "--output '%.200s'", text) : 0;
}

void result_outputs_add_store(struct result_outputs *o)
{
	(void)new_output(o, OUTPUT_IMAGE);
}

void result_outputs_add_registry(struct result_outputs *o)
{
	(void)new_output(o, OUTPUT_REGISTRY);
}

void result_outputs_done(struct result_outputs *o)
{
	for (size_t i = 0; i < o->n; i++) {
		free(o->items[i].dest);
		free(o->items[i].attestation_prefix);
		strv_done(&o->items[i].names);
		result_annotations_done(&o->items[i].annotations);
	}
	free(o->items);
	*o = (struct result_outputs){ 0 };
}

bool result_output_is_pushed(const struct result_output *o)
{
	return o->kind == OUTPUT_REGISTRY || (o->kind == OUTPUT_IMAGE && o->push == OUTPUT_YES);
}

void result_outputs_help(struct strbuf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		strbuf_addf(out, "  type=%-10s %s\n", kinds[i].word, kinds[i].help);
}
