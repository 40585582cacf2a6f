/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/opts.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "libutil/parse.h"
#include "libutil/suggest.h"

struct parser {
	const struct opt *rows;
	void *values;
	char *const *argv;
	int i; /* the argument being read */
	struct err *e;
};

/* An option as it stands on the command line. */
struct use {
	const struct opt *row;
	const char *dashes; /* with the name: how it was written, for messages */
	int name_len;
	const char *name;
};

bool opt_takes_value(const struct opt *o)
{
	return o->kind != OPT_FLAG && !(o->kind == OPT_CALL && !o->arg);
}

static const struct opt *find_long(const struct opt *rows, const char *name, size_t len)
{
	for (; !opt_is_end(rows); rows++)
		if (rows->name && strncmp(rows->name, name, len) == 0 && !rows->name[len])
			return rows;
	return NULL;
}

static const struct opt *find_letter(const struct opt *rows, char letter)
{
	for (; !opt_is_end(rows); rows++)
		if (rows->letter == letter)
			return rows;
	return NULL;
}

static bool is_help(const char *name, size_t len)
{
	return len == strlen("help") && strncmp(name, "help", len) == 0;
}

/* ---- Values ---- */

static int PRINTF(3, 4) refuse(const struct parser *p, const struct use *u, const char *fmt, ...)
{
	auto_(strbuf) struct strbuf text = { 0 };
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	return err_set(p->e, EINVAL, "option '%s%.*s': %s", u->dashes, u->name_len, u->name,
		       strbuf_str(&text));
}

static int store_choice(const struct parser *p, const struct use *u, const char *text, int *target)
{
	auto_(strbuf) struct strbuf known = { 0 };
	const char *const *choices = u->row->choices;

	for (int i = 0; choices[i]; i++) {
		if (streq(choices[i], text)) {
			*target = i;
			return 0;
		}
		strbuf_addf(&known, "%s%s", i ? ", " : "", choices[i]);
	}
	return refuse(p, u, "unknown value '%s', use one of: %s", text, strbuf_str(&known));
}

static int store_number(const struct parser *p, const struct use *u, const char *text, void *target)
{
	switch (u->row->kind) {
	case OPT_U32:
		if (parse_u32(text, target) == 0)
			return 0;
		return refuse(p, u, "'%s' is no number from 0 to %u", text, UINT32_MAX);
	case OPT_I64:
		if (parse_i64(text, target) == 0)
			return 0;
		return refuse(p, u, "'%s' is no whole number", text);
	case OPT_SIZE:
		if (parse_size(text, target) == 0)
			return 0;
		return refuse(p, u, "'%s' is no size such as 4096, 512k, 1.5g or -1", text);
	case OPT_FLAG:
	case OPT_STRING:
	case OPT_LIST:
	case OPT_CHOICE:
	case OPT_CALL:
		break;
	}
	assert(0);
	return -EINVAL;
}

/* `text` is NULL when an optional value is missing, or when the option takes none. */
static int store(const struct parser *p, const struct use *u, const char *text)
{
	void *target = (char *)p->values + u->row->offset;

	switch (u->row->kind) {
	case OPT_FLAG:
		if (parse_bool(text ? text : "true", target) == 0)
			return 0;
		return refuse(p, u, "'%s' is neither true nor false", text);
	case OPT_STRING:
		*(const char **)target = text ? text : "";
		return 0;
	case OPT_LIST:
		strv_add(target, text ? text : "");
		return 0;
	case OPT_CHOICE:
		if (text)
			return store_choice(p, u, text, target);
		*(int *)target = 0;
		return 0;
	case OPT_CALL:
		return u->row->call(p->values, text, p->e);
	case OPT_U32:
	case OPT_I64:
	case OPT_SIZE:
		assert(text);
		return store_number(p, u, text, target);
	}
	return -EINVAL;
}

/* `given` is what stood behind '=', or NULL: then the next argument may be the value. */
static int use_option(struct parser *p, const struct use *u, const char *given)
{
	if (!opt_takes_value(u->row)) {
		if (given && u->row->kind == OPT_CALL)
			return refuse(p, u, "takes no value");
		return store(p, u, given);
	}
	if (!given && !(u->row->bits & OPT_OPTIONAL)) {
		given = p->argv[p->i + 1];
		/* The words by which engines probe for an option ("restore --lsm-mount-context").
		 */
		if (!given)
			return refuse(p, u, "flag needs an argument (%s)",
				      u->row->arg ? u->row->arg : "VALUE");
		p->i++;
	}
	return store(p, u, given);
}

/* ---- Spellings ---- */

static int unknown(const struct parser *p, const char *arg)
{
	int len = (int)strcspn(arg, "=");
	char name[64];
	struct suggest near = { .typed = name };

	(void)snprintf(name, sizeof(name), "%.*s", len, arg + strspn(arg, "-"));
	name[strcspn(name, "=")] = '\0';
	for (const struct opt *row = p->rows; !opt_is_end(row); row++)
		if (row->name && !(row->bits & OPT_HIDDEN))
			suggest_try(&near, row->name);
	suggest_try(&near, "help");
	if (near.best)
		return err_set(p->e, EINVAL, "unknown option '%.*s', did you mean '--%s'?", len,
			       arg, near.best);
	return err_set(p->e, EINVAL, "unknown option '%.*s'", len, arg);
}

/* `name` is what follows the dashes. */
static int long_option(struct parser *p, const char *name)
{
	const char *arg = p->argv[p->i];
	size_t len = strcspn(name, "=");
	struct use u = { .row = find_long(p->rows, name, len),
			 .dashes = "--",
			 .name = name,
			 .name_len = (int)len };

	if (u.row)
		return use_option(p, &u, name[len] ? name + len + 1 : NULL);
	return is_help(name, len) ? 1 : unknown(p, arg);
}

/* One letter of "-abc"; *rest is what follows it and becomes "" when it was the value. */
static int one_letter(struct parser *p, const char *letter, const char **rest)
{
	struct use u = {
		.row = find_letter(p->rows, *letter), .dashes = "-", .name = letter, .name_len = 1
	};
	const char *given = NULL;

	if (!u.row && *letter == 'h')
		return 1;
	if (!u.row)
		return err_set(p->e, EINVAL, "unknown option '-%c' in '%s'", *letter,
			       p->argv[p->i]);
	if (**rest == '=') {
		given = *rest + 1;
		*rest = "";
	} else if (**rest && opt_takes_value(u.row) && !(u.row->bits & OPT_OPTIONAL)) {
		given = *rest;
		*rest = "";
	}
	return use_option(p, &u, given);
}

static int letters(struct parser *p, const char *arg)
{
	const char *s = arg + 1;

	if (!find_letter(p->rows, *s) && *s != 'h')
		return unknown(p, arg);
	while (*s) {
		const char *rest = s + 1;
		int r = one_letter(p, s, &rest);

		if (r != 0)
			return r;
		s = rest;
	}
	return 0;
}

static int option(struct parser *p)
{
	const char *arg = p->argv[p->i];
	size_t len;

	if (arg[1] == '-')
		return long_option(p, arg + 2);
	/* Go programs write long names with one dash. */
	len = strcspn(arg + 1, "=");
	if (len > 1 && (find_long(p->rows, arg + 1, len) || is_help(arg + 1, len)))
		return long_option(p, arg + 1);
	return letters(p, arg);
}

/* Returns 1 when help was asked for. */
static int parse_options(struct parser *p, int stop_after, struct strv *args)
{
	int taken = 0;

	for (p->i = 1; p->argv[p->i]; p->i++) {
		const char *arg = p->argv[p->i];
		int r;

		if (arg[0] != '-' || !arg[1]) {
			if (stop_after >= 0 && taken >= stop_after)
				return 0;
			strv_add(args, arg);
			if (++taken != stop_after)
				continue;
			p->i++;
			/* "exec ID -- ls" reads better to some; no program is called "--". */
			p->i += p->argv[p->i] && streq(p->argv[p->i], "--");
			return 0;
		}
		if (streq(arg, "--")) {
			p->i++;
			return 0;
		}
		r = option(p);
		if (r != 0)
			return r;
	}
	return 0;
}

int opts_parse(const struct opt *rows, void *values, char *const *argv, int stop_after,
	       struct strv *args, struct err *e)
{
	static const struct opt none[] = { OPT_END };
	struct parser p = { .rows = rows ? rows : none, .values = values, .argv = argv, .e = e };
	int r = argv[0] ? parse_options(&p, stop_after, args) : 0;

	if (r != 0)
		return r;
	strv_add_all(args, argv[0] ? argv + p.i : argv);
	return 0;
}

void opts_done(const struct opt *rows, void *values)
{
	for (; rows && !opt_is_end(rows); rows++)
		if (rows->kind == OPT_LIST)
			strv_done((struct strv *)(void *)((char *)values + rows->offset));
}
