/* SPDX-License-Identifier: Apache-2.0 */
/* A Dockerfile, parsed, and every text in it expanded. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "imagetool/dockerfile/dockerfile.h"
#include "imagetool/dockerfile/expand.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *get(void *ctx UNUSED, const char *name)
{
	return strlen(name) & 1 ? "some/value.tar.gz \xc3\xa9" : NULL;
}

static void expand(const char *text, char escape)
{
	const struct expand x = { .get = get, .escape = escape };
	auto_(strbuf) struct strbuf out = { 0 };
	auto_(strv) struct strv words = { 0 };
	struct err e = { 0 };

	if (expand_text(&x, text, &out, &e) < 0 && !e.code)
		abort();
	err_clear(&e);
	if (expand_words(&x, text, &words, &e) < 0 && !e.code)
		abort();
}

static void check_instruction(const struct instruction *i, const struct dockerfile *f)
{
	if (i->first_line == 0 || i->last_line < i->first_line)
		abort();
	expand(i->text, f->escape);
	for (size_t n = 0; n < i->n_words; n++)
		if (strlen(i->words[n]) > DOCKERFILE_MAX)
			abort();
	for (size_t n = 0; n < i->n_pairs; n++)
		if (!*i->pairs[n].name)
			abort();
	for (size_t n = 0; n < i->n_heredocs; n++)
		if (strlen(i->heredocs[n].content) != i->heredocs[n].len)
			abort();
	if (i->trigger)
		check_instruction(i->trigger, f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_(arena) struct arena a = { 0 };
	struct dockerfile f;
	struct err e = { 0 };

	if (dockerfile_parse((const char *)data, size, &a, &f, &e) < 0) {
		if (!e.code)
			abort();
		return 0;
	}
	for (size_t i = 0; i < f.n; i++)
		check_instruction(&f.items[i], &f);
	return 0;
}
