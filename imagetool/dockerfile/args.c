/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/dockerfile/args.h"

#include <errno.h>
#include <strings.h>

#include "imagetool/dockerfile/words.h"
#include "libutil/json.h"

typedef int form_fn(struct instruction *i, char escape, struct arena *a, struct err *e);

static void keep(struct instruction *i, const struct words *w)
{
	i->words = w->items;
	i->n_words = w->n;
}

static int one_word(struct instruction *i, const char *text, struct arena *a, struct err *e)
{
	struct words w = { 0 };
	int r = words_add(&w, text, a, e);

	keep(i, &w);
	return r;
}

/* ---- Exec form ---- */

/* 1: a JSON array of strings, taken; 0: something else. */
static int take_json(struct instruction *i, const char *text, struct arena *a, struct err *e)
{
	struct words w = { 0 };
	struct json *v;
	int r = 0;

	if (*text != '[' || json_parse("", text, strlen(text), a, &v, NULL) < 0)
		return 0;
	for (size_t n = 0; n < v->len && r >= 0; n++) {
		if (v->items[n].kind != JSON_STRING)
			return err_set(e, EINVAL,
				       "when using JSON array syntax, arrays must be comprised of "
				       "strings only");
		if (strlen(v->items[n].string) != v->items[n].len)
			return err_set(e, EINVAL, "a string of the JSON array holds a NUL byte");
		r = words_add(&w, v->items[n].string, a, e);
	}
	if (r < 0)
		return r;
	keep(i, &w);
	i->json = true;
	return 1;
}

static int form_command(struct instruction *i, char escape UNUSED, struct arena *a, struct err *e)
{
	int r = take_json(i, i->text, a, e);

	return r == 0 && *i->text ? one_word(i, i->text, a, e) : r;
}

static int form_json(struct instruction *i, char escape UNUSED, struct arena *a, struct err *e)
{
	int r = take_json(i, i->text, a, e);

	if (r == 0 || (r > 0 && i->n_words == 0))
		return err_set(e, EINVAL, "%s requires the arguments to be in JSON form",
			       instruction_name(i->kind));
	return r;
}

/* ---- Words ---- */

static int form_words(struct instruction *i, char escape UNUSED, struct arena *a, struct err *e)
{
	struct words w = { 0 };
	int r = words_split_plain(i->text, a, &w, e);

	keep(i, &w);
	return r;
}

static int form_words_or_json(struct instruction *i, char escape, struct arena *a, struct err *e)
{
	int r = take_json(i, i->text, a, e);

	return r == 0 ? form_words(i, escape, a, e) : r;
}

static int form_text(struct instruction *i, char escape UNUSED, struct arena *a, struct err *e)
{
	return one_word(i, i->text, a, e);
}

/* ---- name=value ---- */

static void split_pair(const char *word, struct arena *a, struct instruction_pair *ret)
{
	const char *equals = strchr(word, '=');

	ret->name = equals ? arena_strndup(a, word, (size_t)(equals - word)) : word;
	ret->value = equals ? equals + 1 : NULL;
}

static int pairs_of(struct instruction *i, const struct words *w, struct arena *a, struct err *e)
{
	bool needs_value = i->kind != INSTRUCTION_ARG;

	i->pairs = arena_alloc(a, w->n, sizeof(*i->pairs));
	i->n_pairs = w->n;
	for (size_t n = 0; n < w->n; n++) {
		split_pair(w->items[n], a, &i->pairs[n]);
		if (needs_value && !i->pairs[n].value)
			return err_set(e, EINVAL,
				       "can't find = in \"%.80s\": must be of the form name=value",
				       w->items[n]);
		if (!*i->pairs[n].name)
			return err_set(e, EINVAL, "%s names can not be blank",
				       instruction_name(i->kind));
	}
	return 0;
}

/* "ENV name all the rest" */
static int old_pair(struct instruction *i, struct arena *a, struct err *e)
{
	const char *end = i->text, *value;

	while (*end && !is_blank(*end))
		end++;
	for (value = end; is_blank(*value);)
		value++;
	if (!*value)
		return err_set(e, EINVAL, "%s must have two arguments", instruction_name(i->kind));
	i->pairs = arena_alloc(a, 1, sizeof(*i->pairs));
	i->pairs[0] = (struct instruction_pair){ arena_strndup(a, i->text, (size_t)(end - i->text)),
						 value };
	i->n_pairs = 1;
	i->legacy_pair = true;
	return 0;
}

static int form_pairs(struct instruction *i, char escape, struct arena *a, struct err *e)
{
	struct words w = { 0 };
	int r = words_split(i->text, escape, a, &w, e);

	if (r < 0 || w.n == 0)
		return r;
	return strchr(w.items[0], '=') ? pairs_of(i, &w, a, e) : old_pair(i, a, e);
}

static int form_arguments(struct instruction *i, char escape, struct arena *a, struct err *e)
{
	struct words w = { 0 };
	int r = words_split(i->text, escape, a, &w, e);

	return r < 0 ? r : pairs_of(i, &w, a, e);
}

/* ---- HEALTHCHECK ---- */

static int health_command(struct instruction *i, const char *command, struct arena *a,
			  struct err *e)
{
	struct instruction args = { .kind = i->kind };
	struct words w = { 0 };
	int r = take_json(&args, command, a, e);

	if (r == 0)
		r = one_word(&args, command, a, e);
	i->json = args.json;
	if (r >= 0 && !*command)
		return err_set(e, EINVAL, "missing command after HEALTHCHECK CMD");
	if (r >= 0)
		r = words_add(&w, "CMD", a, e);
	for (size_t n = 0; n < args.n_words && r >= 0; n++)
		r = words_add(&w, args.words[n], a, e);
	keep(i, &w);
	return r;
}

static int form_health(struct instruction *i, char escape UNUSED, struct arena *a, struct err *e)
{
	const char *end = i->text, *rest;
	size_t len;

	while (*end && !is_blank(*end))
		end++;
	for (rest = end; is_blank(*rest);)
		rest++;
	len = (size_t)(end - i->text);
	if (len == 4 && strncasecmp(i->text, "NONE", 4) == 0) {
		if (*rest)
			return err_set(e, EINVAL, "HEALTHCHECK NONE takes no arguments");
		return one_word(i, "NONE", a, e);
	}
	if (len == 3 && strncasecmp(i->text, "CMD", 3) == 0)
		return health_command(i, rest, a, e);
	return err_set(e, EINVAL, "unknown type \"%.*s\" in HEALTHCHECK (try CMD)",
		       (int)(len < 40 ? len : 40), i->text);
}

/* ---- All forms ---- */

int args_parse(struct instruction *i, char escape, struct arena *a, struct err *e)
{
	static form_fn *const forms[] = {
		[FORM_COMMAND] = form_command,
		[FORM_JSON] = form_json,
		[FORM_WORDS_OR_JSON] = form_words_or_json,
		[FORM_WORDS] = form_words,
		[FORM_TEXT] = form_text,
		[FORM_PAIRS] = form_pairs,
		[FORM_ARGUMENTS] = form_arguments,
		[FORM_HEALTH] = form_health,
	};
	const struct instruction_row *row = instruction_row(i->kind);

	if (!*i->text && !row->may_be_empty)
		return err_set(e, EINVAL, "%s requires at least one argument", row->name);
	return forms[row->form](i, escape, a, e);
}
