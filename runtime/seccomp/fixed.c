/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/seccomp/fixed.h"

#include <linux/audit.h>
#include <seccomp.h>
#include <stdlib.h>

#include "libutil/cleanup.h"

/* libseccomp's numbers of calls that another one may stand for; below are those of calls that an
 * architecture does not have. */
#define SHARED_FIRST (-100)
#define SHARED_LAST  (-9999)

/* A rule's call on one architecture. */
struct entry {
	struct fixed_call call;
	const struct rule_call *rule_call;
	size_t order; /* in the profile */
};

static bool is_shared(int number)
{
	return number <= SHARED_FIRST && number >= SHARED_LAST;
}

static bool is_simple(const struct rule_calls *c, size_t i)
{
	if (c->v[i].rule->args.n > 0)
		return false;
	for (size_t k = 0; k < c->n_archs; k++) {
		int number = rule_calls_number(c, i, k);

		if (number == __NR_SCMP_ERROR || is_shared(number))
			return false;
	}
	return true;
}

static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a;
	const struct entry *y = b;

	if (x->call.arch != y->call.arch)
		return x->call.arch < y->call.arch ? -1 : 1;
	if (x->call.nr != y->call.nr)
		return x->call.nr < y->call.nr ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static int compare_int(const void *a, const void *b)
{
	int x = *(const int *)a;
	int y = *(const int *)b;

	return (x > y) - (x < y);
}

/* libseccomp leaves out those of the other byte order: nothing of theirs can run here. */
static bool has_rules(const struct rule_calls *c, size_t arch)
{
	return ((c->archs[arch] ^ c->archs[0]) & __AUDIT_ARCH_LE) == 0;
}

static bool is_same_number(const struct entry *a, const struct entry *b)
{
	return a->call.arch == b->call.arch && a->call.nr == b->call.nr;
}

/* Sorted: the rules for one number stand together, in the profile's order. */
static size_t list_entries(const struct rule_calls *c, struct entry *out)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++) {
		for (size_t k = 0; !c->v[i].idle && k < c->n_archs; k++) {
			int number = rule_calls_number(c, i, k);

			if (number >= 0 && has_rules(c, k))
				out[n++] = (struct entry){ { seccomp_audit_arch(c->archs[k]),
							     (uint32_t)number, c->v[i].action },
							   &c->v[i],
							   i };
		}
	}
	qsort(out, n, sizeof(*out), compare_entries);
	return n;
}

/* This machine's numbers, in order, of calls that are not fixed: one rule is enough for that, or a
 * number that two names share somewhere. */
static size_t list_open(const struct rule_calls *c, const struct entry *entries, size_t n_entries,
			int *out)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		if (!c->v[i].idle && !is_simple(c, i))
			out[n++] = c->v[i].nr;
	for (size_t i = 1; i < n_entries; i++) {
		const struct entry *a = &entries[i - 1];
		const struct entry *b = &entries[i];

		if (!is_same_number(a, b) || streq(a->rule_call->name, b->rule_call->name))
			continue;
		out[n++] = a->rule_call->nr;
		out[n++] = b->rule_call->nr;
	}
	qsort(out, n, sizeof(*out), compare_int);
	return n;
}

static void mark(struct rule_calls *c, const int *open, size_t n_open)
{
	for (size_t i = 0; i < c->n; i++)
		c->v[i].fixed = !c->v[i].idle &&
				!bsearch(&c->v[i].nr, open, n_open, sizeof(*open), compare_int);
}

/* Of several rules without conditions libseccomp, too, takes the first. */
static size_t keep_first(const struct entry *entries, size_t n_entries, struct fixed_call *out)
{
	size_t n = 0;

	for (size_t i = 0; i < n_entries; i++)
		if (entries[i].rule_call->fixed &&
		    (i == 0 || !is_same_number(&entries[i - 1], &entries[i])))
			out[n++] = entries[i].call;
	return n;
}

void fixed_calls_find(struct rule_calls *c, struct fixed_call **ret, size_t *ret_n)
{
	size_t room = c->n * c->n_archs + 1;
	autofree struct entry *entries = xcalloc(room, sizeof(*entries));
	autofree int *open = xcalloc(3 * room, sizeof(*open));
	size_t n = list_entries(c, entries);

	mark(c, open, list_open(c, entries, n, open));
	*ret = xcalloc(n + 1, sizeof(**ret));
	*ret_n = keep_first(entries, n, *ret);
}
