/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/step/mode_set.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define STANDARD ((mode_t)(S_ISUID | S_ISGID | 0777)) /* all but sticky */

/* What is being read. */
struct reading {
	const char *at;
	struct mode_set *set;
	char op;
	mode_t who;         /* 0: nobody was named */
	mode_t perm, permx; /* not yet added */
	bool equals_done;   /* '=' has cleared */
	bool full;
};

static void add(struct reading *q, struct mode_change c)
{
	if (q->set->n == MODE_SET_MAX)
		q->full = true;
	else
		q->set->changes[q->set->n++] = c;
}

static mode_t limited(const struct reading *q, mode_t bits)
{
	return q->who ? q->who & bits : bits;
}

/* What was read of "rwx" so far; "=" clears first, also when it is alone. */
static void flush(struct reading *q, bool at_end)
{
	if (q->perm || (at_end && q->op == '=' && !q->equals_done)) {
		if (q->op == '=')
			add(q,
			    (struct mode_change){ .op = '-', .bits = q->who ? q->who : STANDARD });
		add(q, (struct mode_change){ .op = q->op == '-' ? '-' : '+',
					     .bits = limited(q, q->perm) });
		q->perm = 0;
		q->equals_done = q->equals_done || (at_end && q->op == '=');
	}
	if (!at_end && q->op == '=')
		q->equals_done = true;
	if (q->permx)
		add(q, (struct mode_change){ .op = 'X', .bits = limited(q, q->permx) });
	q->permx = 0;
}

/* "g=u": classes that are named get the bits of another. */
static void add_copy(struct reading *q, char from)
{
	mode_t to = 0777;

	flush(q, false);
	if (q->who)
		to = ((q->who & S_IRUSR) ? 0700 : 0) | ((q->who & S_IRGRP) ? 070 : 0) |
		     ((q->who & S_IROTH) ? 07 : 0);
	add(q, (struct mode_change){ .from = from,
				     .op = q->op == '-' ? '-' : '+',
				     .clear = q->op == '=',
				     .bits = to });
}

/* Set-id and sticky bits are not the others'. */
static bool is_not_others(const struct reading *q)
{
	return q->who == 0 || (q->who & ~(mode_t)S_IRWXO) != 0;
}

/* One letter of what is changed; false: it is none. */
static bool read_letter(struct reading *q)
{
	switch (*q->at) {
	case 'r':
		q->perm |= 0444;
		return true;
	case 'w':
		q->perm |= 0222;
		return true;
	case 'x':
		q->perm |= 0111;
		return true;
	case 'X':
		*(q->op == '-' ? &q->perm : &q->permx) |= 0111;
		return true;
	case 's':
		if (is_not_others(q))
			q->perm |= S_ISUID | S_ISGID;
		return true;
	case 't':
		if (is_not_others(q)) {
			q->who |= S_ISVTX;
			q->perm |= S_ISVTX;
		}
		return true;
	case 'u':
	case 'g':
	case 'o':
		add_copy(q, *q->at);
		return true;
	default:
		return false;
	}
}

static void read_who(struct reading *q)
{
	q->who = 0;
	for (;; q->at++) {
		switch (*q->at) {
		case 'a':
			q->who |= STANDARD;
			continue;
		case 'u':
			q->who |= S_ISUID | S_IRWXU;
			continue;
		case 'g':
			q->who |= S_ISGID | S_IRWXG;
			continue;
		case 'o':
			q->who |= S_IRWXO;
			continue;
		default:
			return;
		}
	}
}

/* "u=rwX" of "u=rwX,go=rX"; false: it is wrong. */
static bool read_clause(struct reading *q)
{
	read_who(q);
	do {
		if (*q->at == '\0' || !strchr("+-=", *q->at))
			return false;
		q->op = *q->at++;
		if (q->op == '=')
			q->equals_done = false;
		q->who &= ~(mode_t)S_ISVTX;
		while (read_letter(q))
			q->at++;
		flush(q, true);
	} while (*q->at && *q->at != ',');
	return true;
}

static int bad(const char *text, struct err *e)
{
	return err_set(e, EINVAL,
		       "invalid chmod parameter: '%.100s'. it should be octal string and between 0 "
		       "and 07777, or symbolic as in 'u=rwX,go=rX'",
		       text);
}

static int parse_octal(const char *text, struct mode_set *ret, struct err *e)
{
	mode_t mode = 0;

	for (const char *p = text; *p; p++) {
		if (*p < '0' || *p > '7' || mode > 07777)
			return bad(text, e);
		mode = mode * 8 + (mode_t)(*p - '0');
	}
	if (mode > 07777)
		return bad(text, e);
	*ret = (struct mode_set){ .octal = true, .mode = mode };
	return 0;
}

int mode_set_parse(const char *text, struct mode_set *ret, struct err *e)
{
	struct mode_set set = { 0 };
	struct reading q = { .at = text, .set = &set };

	if (*text >= '0' && *text <= '9')
		return parse_octal(text, ret, e);
	for (;;) {
		if (!read_clause(&q))
			return bad(text, e);
		if (q.full)
			return err_set(e, E2BIG, "chmod parameter '%.100s' has too many parts",
				       text);
		if (*q.at == '\0')
			break;
		q.at++;
	}
	*ret = set;
	return 0;
}

/* ---- Applying ---- */

/* The bits of one class, in all three. */
static mode_t spread(mode_t mode, char from)
{
	mode_t bits = from == 'u' ? mode >> 6 & 7 : from == 'g' ? mode >> 3 & 7 : mode & 7;

	return bits << 6 | bits << 3 | bits;
}

static mode_t change(mode_t now, mode_t before, const struct mode_change *c)
{
	mode_t bits = c->from ? spread(now, c->from) & c->bits : c->bits;

	if (c->op == 'X' && !(before & 0111) && !S_ISDIR(before))
		return now;
	if (c->op == '-')
		return now & ~bits;
	if (c->clear)
		now &= ~c->bits;
	return now | bits;
}

mode_t mode_set_apply(const struct mode_set *s, mode_t mode)
{
	mode_t now = mode & 07777;

	if (s->octal)
		return s->mode;
	for (size_t i = 0; i < s->n; i++)
		now = change(now, mode, &s->changes[i]);
	return now;
}
