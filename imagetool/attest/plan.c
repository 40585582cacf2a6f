/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/attest/plan.h"

#include <errno.h>
#include <stdlib.h>

#include "libutil/alloc.h"
#include "libutil/csv.h"
#include "libutil/parse.h"

void attest_plan_done(struct attest_plan *p)
{
	free(p->builder_id);
	*p = (struct attest_plan){ 0 };
}

static int read_bool(const char *value, bool *ret, struct err *e)
{
	return parse_bool(value, ret) < 0
		       ? err_set(e, EINVAL, "'%.80s' is neither true nor false", value)
		       : 0;
}

/* ---- Keys ---- */

static int set_mode(struct attest_plan *p, const char *value, struct err *e)
{
	p->max = streq(value, "max");
	return p->max || streq(value, "min")
		       ? 0
		       : err_set(e, EINVAL, "unknown mode '%.80s': min or max", value);
}

static int set_version(struct attest_plan *p, const char *value, struct err *e)
{
	p->v02 = streq(value, "v0.2");
	return p->v02 || streq(value, "v1")
		       ? 0
		       : err_set(e, EINVAL, "unknown version '%.80s': v1 or v0.2", value);
}

static int set_text(char **field, const char *value)
{
	free(*field);
	*field = xstrdup(value);
	return 0;
}

static int set_provenance(struct attest_plan *p, const char *key, const char *value, struct err *e)
{
	bool on = true;
	int r = 0;

	if (streq(key, "mode"))
		return set_mode(p, value, e);
	if (streq(key, "version"))
		return set_version(p, value, e);
	if (streq(key, "builder-id"))
		return set_text(&p->builder_id, value);
	if (streq(key, "reproducible"))
		return read_bool(value, &p->reproducible, e);
	if (streq(key, "inline-only"))
		return read_bool(value, &p->inline_only, e);
	if (!streq(key, "disabled"))
		return err_set(e, EINVAL,
			       "unknown key '%.80s': mode, version, builder-id, reproducible, "
			       "inline-only or disabled",
			       key);
	r = read_bool(value, &on, e);
	p->provenance = !on;
	return r;
}

static int set_sbom(struct attest_plan *p, const char *key, const char *value, struct err *e)
{
	bool on = true;
	int r;

	if (streq(key, "generator"))
		return err_set(e, ENOTSUP,
			       "images that scan are not run: leave generator= out, packages are "
			       "found by this program");
	if (!streq(key, "disabled"))
		return err_set(e, EINVAL, "unknown key '%.80s': disabled", key);
	r = read_bool(value, &on, e);
	p->sbom = !on;
	return r;
}

typedef int set_fn(struct attest_plan *p, const char *key, const char *value, struct err *e);

/* ---- Words ---- */

static int split(const char *text, struct strv *ret, struct err *e)
{
	auto_(strbuf) struct strbuf word = { 0 };

	while (*text) {
		if (!csv_next(&text, &word))
			return err_set(e, EINVAL, "a double quote is in the wrong place");
		strv_add(ret, strbuf_str(&word));
	}
	return 0;
}

static int set_words(struct attest_plan *p, const struct strv *words, set_fn *set, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < words->n && r >= 0; i++) {
		char *equals = strchr(words->v[i], '=');

		if (!equals)
			return err_set(e, EINVAL, "'%.80s' is not KEY=VALUE", words->v[i]);
		*equals = '\0';
		if (!streq(words->v[i], "type"))
			r = set(p, words->v[i], equals + 1, e);
		*equals = '=';
	}
	return r;
}

static const char *type_of(const struct strv *words)
{
	for (size_t i = 0; i < words->n; i++)
		if (starts_with(words->v[i], "type="))
			return words->v[i] + strlen("type=");
	return "";
}

static int say_provenance(struct attest_plan *p, const struct strv *words, struct err *e)
{
	if (p->provenance_said)
		return err_set(e, EINVAL, "provenance was asked for already");
	p->provenance_said = p->provenance = true;
	return set_words(p, words, set_provenance, e);
}

static int say_sbom(struct attest_plan *p, const struct strv *words, struct err *e)
{
	if (p->sbom_said)
		return err_set(e, EINVAL, "an SBOM was asked for already");
	p->sbom_said = p->sbom = true;
	return set_words(p, words, set_sbom, e);
}

static int add_attest(struct attest_plan *p, const char *text, struct err *e)
{
	auto_(strv) struct strv words = { 0 };
	int r = split(text, &words, e);

	if (r < 0)
		return r;
	if (streq(type_of(&words), "provenance"))
		return say_provenance(p, &words, e);
	if (streq(type_of(&words), "sbom"))
		return say_sbom(p, &words, e);
	return err_set(e, EINVAL, "unknown type '%.80s': provenance or sbom", type_of(&words));
}

/* "true", "false", or the words of --attest without its type; wins over that. */
static int read_short(const char *text, bool *said, bool *on, struct attest_plan *p,
		      int (*say)(struct attest_plan *p, const struct strv *words, struct err *e),
		      struct err *e)
{
	auto_(strv) struct strv words = { 0 };
	int r;

	*said = false;
	if (!*text || parse_bool(text, on) == 0)
		return 0;
	if (!strchr(text, '='))
		return err_set(e, EINVAL, "it is true, false or KEY=VALUE[,...]");
	r = split(text, &words, e);
	return r < 0 ? r : say(p, &words, e);
}

int attest_plan_make(const struct strv *attest, const char *provenance, const char *sbom,
		     struct attest_plan *ret, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < attest->n && r >= 0; i++) {
		r = add_attest(ret, attest->v[i], e);
		if (r < 0)
			return err_wrap(e, r, "--attest '%.200s'", attest->v[i]);
	}
	if (provenance) {
		r = read_short(provenance, &ret->provenance_said, &ret->provenance, ret,
			       say_provenance, e);
		if (r < 0)
			return err_wrap(e, r, "--provenance '%.200s'", provenance);
	}
	if (sbom) {
		r = read_short(sbom, &ret->sbom_said, &ret->sbom, ret, say_sbom, e);
		if (r < 0)
			return err_wrap(e, r, "--sbom '%.200s'", sbom);
	}
	return 0;
}
