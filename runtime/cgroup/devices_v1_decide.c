/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy in the words of the v1 controller: one answer for everything, and
 * exceptions of which the order does not matter.  The kernel takes an exception
 * back only by its exact numbers, so that a hole in a wildcard can't be said.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libutil/parse.h"
#include "runtime/cgroup/devices.h"

#define OPEN_BITS (DEVICE_READ | DEVICE_WRITE)

static bool same_devices(const struct device_rule *x, const struct device_rule *y)
{
	return x->type == y->type && x->major == y->major && x->minor == y->minor;
}

/* Every device of `x` is one of `y`. */
static bool is_inside(const struct device_rule *x, const struct device_rule *y)
{
	return x->type == y->type && (y->major == DEVICE_ANY || x->major == y->major) &&
	       (y->minor == DEVICE_ANY || x->minor == y->minor);
}

static bool overlap(const struct device_rule *x, const struct device_rule *y)
{
	return x->type == y->type &&
	       (x->major == DEVICE_ANY || y->major == DEVICE_ANY || x->major == y->major) &&
	       (x->minor == DEVICE_ANY || y->minor == DEVICE_ANY || x->minor == y->minor);
}

static void drop(struct device_policy *p, size_t i)
{
	p->v[i] = p->v[--p->n];
}

static int refuse(const struct device_rule *rule, const struct device_rule *old, struct err *e)
{
	return err_set(
		e, EOPNOTSUPP,
		"linux.resources.devices: cgroup v1 can't %s %c %d:%d apart from %c %d:%d (-1 is any)",
		rule->allow ? "allow" : "deny", rule->type, rule->major, rule->minor, old->type,
		old->major, old->minor);
}

/* To open for reading and writing, one exception has to name both. */
static int widen(struct device_policy *p, struct device_rule *rule, struct err *e)
{
	for (size_t i = 0; i < p->n; i++) {
		struct device_rule *old = &p->v[i];
		int both = (old->access | rule->access) & OPEN_BITS;

		if (is_inside(rule, old))
			rule->access |= both & old->access;
		else if (is_inside(old, rule))
			old->access |= both & rule->access;
		else if (overlap(old, rule) && (old->access & OPEN_BITS) != both &&
			 (rule->access & OPEN_BITS) != both)
			return refuse(rule, old, e);
	}
	return 0;
}

/* Room for one more is the caller's. */
static int add_exception(struct device_policy *p, struct device_rule rule, struct err *e)
{
	int r = p->allow_rest ? 0 : widen(p, &rule, e);
	size_t at = 0;

	while (at < p->n && !same_devices(&p->v[at], &rule))
		at++;
	if (at < p->n)
		p->v[at].access |= rule.access;
	else
		p->v[p->n++] = rule;
	return r;
}

static int take_exceptions_back(struct device_policy *p, const struct device_rule *rule,
				struct err *e)
{
	for (size_t i = p->n; i-- > 0;) {
		struct device_rule *old = &p->v[i];

		if (!overlap(old, rule) || (old->access & rule->access) == 0)
			continue;
		if (!is_inside(old, rule))
			return refuse(rule, old, e);
		old->access &= ~rule->access;
		if (old->access == 0)
			drop(p, i);
	}
	return 0;
}

static int add_rule(struct device_policy *p, struct device_rule rule, char type, struct err *e)
{
	rule.type = type;
	if (rule.allow == p->allow_rest)
		return take_exceptions_back(p, &rule, e);
	return add_exception(p, rule, e);
}

int devices_v1_decide(const struct device_policy *p, struct device_policy *ret, struct err *e)
{
	auto_(device_policy) struct device_policy v1 = { .allow_rest = p->allow_rest };
	int r = 0;

	v1.v = xcalloc(2 * p->n + 1, sizeof(*v1.v));
	for (size_t i = 0; r == 0 && i < p->n; i++) {
		const struct device_rule *rule = &p->v[i];

		if (rule->type != 'a') {
			r = add_rule(&v1, *rule, rule->type, e);
			continue;
		}
		/* The kernel takes "a" for everything, whatever numbers follow. */
		r = add_rule(&v1, *rule, 'c', e);
		if (r == 0)
			r = add_rule(&v1, *rule, 'b', e);
	}
	if (r < 0)
		return r;
	*ret = v1;
	v1.v = NULL;
	return 0;
}

/* ---- devices.list ---- */

static bool read_number(const char *text, int *ret)
{
	if (streq(text, "*")) {
		*ret = DEVICE_ANY;
		return true;
	}
	return parse_int(text, ret) == 0;
}

/* "c 1:3 rwm" */
static bool read_line(char *line, struct device_rule *ret)
{
	char *save = NULL;
	const char *type = strtok_r(line, " ", &save), *major = strtok_r(NULL, ":", &save);
	const char *minor = strtok_r(NULL, " ", &save), *access = strtok_r(NULL, " ", &save);

	if (!access || !type[0] || type[1])
		return false;
	*ret = (struct device_rule){
		.allow = true,
		.type = type[0],
		.access = (strchr(access, 'r') ? DEVICE_READ : 0) |
			  (strchr(access, 'w') ? DEVICE_WRITE : 0) |
			  (strchr(access, 'm') ? DEVICE_MKNOD : 0),
	};
	return read_number(major, &ret->major) && read_number(minor, &ret->minor);
}

int devices_v1_parse(char *list, struct device_policy *ret)
{
	auto_(device_policy) struct device_policy p = { 0 };
	size_t lines = 1;
	char *save = NULL;

	for (const char *at = list; (at = strchr(at, '\n')); at++)
		lines++;
	p.v = xcalloc(lines, sizeof(*p.v));
	for (char *line = strtok_r(list, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (!read_line(line, &p.v[p.n]))
			return -EBADMSG;
		if (p.v[p.n].type == 'a')
			p.allow_rest = true;
		else
			p.n++;
	}
	/* Then the kernel does not tell what is denied. */
	if (p.allow_rest)
		p.n = 0;
	*ret = p;
	p.v = NULL;
	return 0;
}

/* What `p` allows of the devices that `rule` names, by an exception of its own. */
static int access_in(const struct device_policy *p, const struct device_rule *rule)
{
	for (size_t i = 0; i < p->n; i++)
		if (same_devices(&p->v[i], rule))
			return p->v[i].access;
	return 0;
}

static void add_difference(const struct device_policy *from, const struct device_policy *other,
			   bool allow, struct device_policy *ret)
{
	for (size_t i = 0; i < from->n; i++) {
		struct device_rule rule = from->v[i];

		rule.allow = allow;
		rule.access &= ~access_in(other, &rule);
		if (rule.access)
			ret->v[ret->n++] = rule;
	}
}

void devices_v1_steps(const struct device_policy *now, const struct device_policy *want,
		      struct device_policy *ret)
{
	*ret = (struct device_policy){ .v = xcalloc(now->n + want->n + 1, sizeof(*ret->v)) };
	add_difference(want, now, true, ret);
	add_difference(now, want, false, ret);
}
