/* SPDX-License-Identifier: Apache-2.0 */
/* The flags in front of an instruction's arguments. */
#include <errno.h>

#include "imagetool/dockerfile/words.h"
#include "libutil/suggest.h"

#define FLAGS_MAX 1024

/* One word, its quotes taken away. */
static const char *flag_word(const char *p, struct strbuf *word)
{
	char quote = '\0';

	for (; *p && (quote || !is_blank(*p)); p++) {
		if (quote ? *p == quote : *p == '\'' || *p == '"') {
			quote = quote ? '\0' : *p;
			continue;
		}
		if (*p == '\\' && !*++p)
			break;
		strbuf_addc(word, *p);
	}
	return p;
}

static const struct flag_row *find(const struct flag_row *known, const char *name)
{
	for (; known->name; known++)
		if (streq(known->name, name))
			return known;
	return NULL;
}

static int unknown_flag(const struct flag_row *known, const char *name, struct err *e)
{
	struct suggest s = { .typed = name };

	for (; known->name; known++)
		suggest_try(&s, known->name);
	return err_set(e, EINVAL, "unknown flag: --%.80s%s%s%s", name,
		       s.best ? " (did you mean " : "", s.best ? s.best : "", s.best ? "?)" : "");
}

static int check(const struct instruction *i, const struct flag_row *row,
		 const struct instruction_flag *flag, struct err *e)
{
	bool is_switch = row->bits & FLAG_SWITCH;

	if (!(row->bits & FLAG_REPEATS) && instruction_flag(i, row->name))
		return err_set(e, EINVAL, "duplicate flag specified: %s", row->name);
	if (!flag->value)
		return is_switch ? 0 : err_set(e, EINVAL, "missing a value on flag: %s", row->name);
	if (is_switch && !streq(flag->value, "true") && !streq(flag->value, "false"))
		return err_set(e, EINVAL, "expecting boolean value for flag %s, not: %.80s",
			       row->name, flag->value);
	return 0;
}

static int add(struct instruction *i, const struct flag_row *known, char *word, struct arena *a,
	       struct err *e)
{
	char *equals = strchr(word, '=');
	struct instruction_flag flag = { .name = word + 2 };
	const struct flag_row *row;
	int r;

	if (equals) {
		*equals = '\0';
		flag.value = equals + 1;
	}
	row = find(known, flag.name);
	if (!row)
		return unknown_flag(known, flag.name, e);
	r = check(i, row, &flag, e);
	if (r < 0)
		return r;
	if (i->n_flags == FLAGS_MAX)
		return err_set(e, E2BIG, "more than %d flags", FLAGS_MAX);
	if ((i->n_flags & (i->n_flags - 1)) == 0)
		i->flags = arena_grow(a, i->flags, i->n_flags, i->n_flags ? 2 * i->n_flags : 1,
				      sizeof(*i->flags));
	i->flags[i->n_flags++] = flag;
	return 0;
}

int flags_take(const char **text, const struct flag_row *known, struct arena *a,
	       struct instruction *ret, struct err *e)
{
	auto_(strbuf) struct strbuf word = { 0 };
	const char *p = *text;
	int r = 0;

	while (r >= 0 && starts_with(p, "--")) {
		strbuf_truncate(&word, 0);
		p = flag_word(p, &word);
		while (is_blank(*p))
			p++;
		if (streq(strbuf_str(&word), "--"))
			break;
		r = add(ret, known, arena_strndup(a, strbuf_str(&word), word.len), a, e);
	}
	*text = p;
	return r;
}
