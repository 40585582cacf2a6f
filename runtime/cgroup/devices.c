/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/devices.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "libutil/log.h"

/*
 * What a container has whatever its config says, as with other runtimes: nodes
 * of any device may be made (opening them is another matter), and the devices
 * config-linux.md lists as default are open, and /dev/net/tun with them.
 */
static const struct device_rule defaults[] = {
	{ true, 'c', DEVICE_ANY, DEVICE_ANY, DEVICE_MKNOD },
	{ true, 'b', DEVICE_ANY, DEVICE_ANY, DEVICE_MKNOD },
	{ true, 'c', 1, 3, DEVICE_ALL },            /* null */
	{ true, 'c', 1, 5, DEVICE_ALL },            /* zero */
	{ true, 'c', 1, 7, DEVICE_ALL },            /* full */
	{ true, 'c', 1, 8, DEVICE_ALL },            /* random */
	{ true, 'c', 1, 9, DEVICE_ALL },            /* urandom */
	{ true, 'c', 5, 0, DEVICE_ALL },            /* tty */
	{ true, 'c', 5, 1, DEVICE_ALL },            /* console */
	{ true, 'c', 5, 2, DEVICE_ALL },            /* ptmx */
	{ true, 'c', 136, DEVICE_ANY, DEVICE_ALL }, /* pts/N */
	{ true, 'c', 10, 200, DEVICE_ALL },         /* net/tun */
};

void device_policy_done(struct device_policy *p)
{
	free(p->v);
}

static int read_access(const char *text, int *ret)
{
	int access = 0;

	if (!text || !*text) {
		*ret = DEVICE_ALL;
		return 0;
	}
	for (; *text; text++) {
		switch (*text) {
		case 'r':
			access |= DEVICE_READ;
			break;
		case 'w':
			access |= DEVICE_WRITE;
			break;
		case 'm':
			access |= DEVICE_MKNOD;
			break;
		default:
			return -EINVAL;
		}
	}
	*ret = access;
	return 0;
}

/* Absent and -1 both mean any number. */
static int read_number(const struct opt_i64 *n, int *ret)
{
	if (!n->set || n->v == DEVICE_ANY) {
		*ret = DEVICE_ANY;
		return 0;
	}
	if (n->v < 0 || n->v > INT32_MAX)
		return -EINVAL;
	*ret = (int)n->v;
	return 0;
}

static int read_rule(const struct spec_device_rule *in, size_t i, struct device_rule *ret,
		     struct err *e)
{
	const char *type = in->type && *in->type ? in->type : "a";
	struct device_rule rule = { .allow = in->allow, .type = type[0] };

	if (type[1] != '\0' || !strchr("abc", type[0]))
		return err_set(e, EINVAL,
			       "linux.resources.devices[%zu].type: '%s' is not a, b or c", i, type);
	if (read_access(in->access, &rule.access) < 0)
		return err_set(e, EINVAL,
			       "linux.resources.devices[%zu].access: '%s' has more than r, w and m",
			       i, in->access);
	if (read_number(&in->major, &rule.major) < 0)
		return err_set(e, EINVAL,
			       "linux.resources.devices[%zu].major: %" PRId64
			       " is no device number",
			       i, in->major.v);
	if (read_number(&in->minor, &rule.minor) < 0)
		return err_set(e, EINVAL,
			       "linux.resources.devices[%zu].minor: %" PRId64
			       " is no device number",
			       i, in->minor.v);
	*ret = rule;
	return 0;
}

/* What a later rule decides for the same devices. */
static bool is_void(const struct device_rule *old, const struct device_rule *later)
{
	return old->type == later->type && old->major == later->major &&
	       old->minor == later->minor && (old->access & ~later->access) == 0;
}

/* Engines list the default devices themselves: half of the rules are there twice. */
static void drop_void(struct device_policy *p, const struct device_rule *later)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->n; i++)
		if (!is_void(&p->v[i], later))
			p->v[kept++] = p->v[i];
	p->n = kept;
}

/* A rule for everything makes all before it void. */
static void add_rule(struct device_policy *p, const struct device_rule *rule)
{
	if (rule->type == 'a' && rule->major == DEVICE_ANY && rule->minor == DEVICE_ANY &&
	    rule->access == DEVICE_ALL) {
		p->n = 0;
		p->allow_rest = rule->allow;
		return;
	}
	drop_void(p, rule);
	if (p->n == 0 && rule->allow == p->allow_rest)
		return;
	p->v[p->n++] = *rule;
}

int devices_decide(const struct spec_resources *r, struct device_policy *ret, struct err *e)
{
	const struct spec_device_rule *in = r ? r->devices.items : NULL;
	size_t n = r ? r->devices.n : 0;
	auto_(device_policy) struct device_policy p = { 0 };

	p.v = xcalloc(n + ARRAY_LEN(defaults), sizeof(*p.v));
	for (size_t i = 0; i < n; i++) {
		struct device_rule rule;
		int res = read_rule(&in[i], i, &rule, e);

		if (res < 0)
			return res;
		add_rule(&p, &rule);
	}
	for (size_t i = 0; i < ARRAY_LEN(defaults); i++)
		add_rule(&p, &defaults[i]);
	*ret = p;
	p.v = NULL;
	return 0;
}

static bool same_rule(const struct device_rule *x, const struct device_rule *y)
{
	return x->allow == y->allow && x->type == y->type && x->major == y->major &&
	       x->minor == y->minor && x->access == y->access;
}

bool cgroup_same_devices(const struct spec_resources *x, const struct spec_resources *y)
{
	auto_(device_policy) struct device_policy p = { 0 }, q = { 0 };

	if (devices_decide(x, &p, NULL) < 0 || devices_decide(y, &q, NULL) < 0 ||
	    p.allow_rest != q.allow_rest || p.n != q.n)
		return false;
	for (size_t i = 0; i < p.n; i++)
		if (!same_rule(&p.v[i], &q.v[i]))
			return false;
	return true;
}

/* A v1 host without that controller may still have a v2 tree, and programs need none. */
static const struct cgroup_tree *tree_for_devices(const struct cgroup *cg)
{
	const struct cgroup_tree *t = cgroup_tree_find(cg, "devices");

	return t ? t : cgroup_tree_find(cg, "");
}

int devices_check(const struct cgroup *cg, const struct spec_resources *r, struct err *e)
{
	auto_(device_policy) struct device_policy p = { 0 }, v1 = { 0 };
	const struct cgroup_tree *t = tree_for_devices(cg);
	int res = devices_decide(r, &p, e);

	return res < 0 || !t || tree_is_v2(t) ? res : devices_v1_decide(&p, &v1, e);
}

bool devices_apply_at_once(const struct cgroup *cg)
{
	const struct cgroup_tree *t = tree_for_devices(cg);

	return !t || tree_is_v2(t);
}

/*
 * A user namespace can't be given device nodes that work, and may not load the
 * program: there the policy guards nothing.
 */
static int forgive(const struct cgroup *cg, int r, struct err *e)
{
	if (!cg->rootless || (r != -EPERM && r != -EACCES))
		return r;
	log_debug("device policy is left out: %s", e ? e->msg : "not permitted");
	err_clear(e);
	return 0;
}

int devices_apply(const struct cgroup *cg, const struct spec_resources *r, bool fresh,
		  struct err *e)
{
	const struct cgroup_tree *t = tree_for_devices(cg);
	auto_(device_policy) struct device_policy p = { 0 };
	int res = devices_decide(r, &p, e);

	if (res < 0 || cg->n == 0)
		return res;
	if (fresh && devices_allow_all(&p))
		return 0;
	/* An ordinary user was given other groups than that; he makes no devices either. */
	if (!t && cg->rootless)
		return 0;
	if (!t)
		return err_set(e, EOPNOTSUPP,
			       "linux.resources.devices: the devices controller is "
			       "not mounted");
	res = tree_is_v2(t) ? devices_bpf_attach(t->fd, &p, fresh, e)
			    : devices_v1_write(cg, t->fd, &p, fresh, e);
	return res < 0 ? forgive(cg, res, e) : 0;
}
