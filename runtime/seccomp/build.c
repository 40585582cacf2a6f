/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libseccomp says what rules mean, but not in few instructions: it compiles the few calls that
 * need it, and shrink.h lays its answers and those of all other calls out anew.
 */
#include "runtime/seccomp/build.h"

#include <errno.h>
#include <seccomp.h>

#include "libutil/cleanup.h"
#include "libutil/log.h"
#include "runtime/seccomp/calls.h"
#include "runtime/seccomp/enosys.h"
#include "runtime/seccomp/fixed.h"
#include "runtime/seccomp/scmp.h"
#include "runtime/seccomp/shrink.h"

#define J "linux.seccomp."

/* A program, owned. */
struct code {
	struct sock_filter *v;
	size_t n;
};

static void code_done(struct code *c)
{
	free(c->v);
}
AUTO_DEFINE_DONE(code, code_done)

static struct enosys_arch newest_of(const struct rule_calls *c, size_t arch)
{
	bool x32 = c->archs[arch] == SCMP_ARCH_X32;
	int max = -1;

	for (size_t i = 0; i < c->n; i++) {
		int nr = rule_calls_number(c, i, arch);

		/* Negative ones are libseccomp's own, for what the architecture lacks. */
		if (nr >= 0 && x32)
			nr &= ~0x40000000;
		if (nr > max)
			max = nr;
	}
	return (struct enosys_arch){ seccomp_audit_arch(c->archs[arch]), x32, max };
}

static bool wants_enosys(const struct spec_seccomp *p)
{
	switch ((enum oci_seccomp_action)p->default_action) {
	case OCI_ACT_ERRNO:
		return !p->default_errno_ret.set || p->default_errno_ret.v != ENOSYS;
	case OCI_ACT_KILL:
	case OCI_ACT_KILL_PROCESS:
	case OCI_ACT_KILL_THREAD:
		return true;
	/* These let the call happen, or are meant to see every one. */
	case OCI_ACT_NONE:
	case OCI_ACT_TRAP:
	case OCI_ACT_TRACE:
	case OCI_ACT_ALLOW:
	case OCI_ACT_LOG:
	case OCI_ACT_NOTIFY:
		return false;
	}
	return false;
}

static size_t build_prologue(const struct spec_seccomp *p, const struct rule_calls *c,
			     struct sock_filter out[ENOSYS_MAX_INSNS])
{
	struct enosys_arch archs[ENOSYS_MAX_ARCHS];

	if (!wants_enosys(p))
		return 0;
	for (size_t i = 0; i < c->n_archs; i++)
		archs[i] = newest_of(c, i);
	return enosys_prologue(archs, c->n_archs, out);
}

/* What libseccomp makes of the calls that are not fixed, behind the prologue. */
static int build_whole(const struct spec_seccomp *p, const struct rule_calls *c, struct code *ret,
		       struct err *e)
{
	struct sock_filter head[ENOSYS_MAX_INSNS];
	auto_(code) struct code body = { 0 };
	size_t n_head;
	int r = scmp_build(c, seccomp_default_action(p), &body.v, &body.n, e);

	if (r < 0)
		return r;
	n_head = build_prologue(p, c, head);
	ret->n = n_head + body.n;
	ret->v = xcalloc(ret->n, sizeof(*ret->v));
	memcpy(ret->v, head, n_head * sizeof(*head));
	memcpy(ret->v + n_head, body.v, body.n * sizeof(*body.v));
	return 0;
}

static bool has(const uint32_t *list, size_t n, uint32_t item)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == item)
			return true;
	return false;
}

static int shrink(const struct rule_calls *c, const struct fixed_call *fixed, size_t n_fixed,
		  const struct code *whole, struct code *ret)
{
	uint32_t archs[SECCOMP_MAX_ARCHS];
	size_t n = 0;

	for (size_t i = 0; i < c->n_archs; i++) {
		uint32_t arch = seccomp_audit_arch(c->archs[i]);

		if (!has(archs, n, arch))
			archs[n++] = arch;
	}
	return seccomp_shrink(whole->v, whole->n, archs, n, fixed, n_fixed, &ret->v, &ret->n);
}

/* What goes wrong here is left to build_plain() to say, if it goes wrong there, too. */
static int build_small(const struct spec_seccomp *p, struct rule_calls *c, struct code *ret)
{
	autofree struct fixed_call *fixed = NULL;
	auto_(code) struct code whole = { 0 };
	size_t n_fixed = 0;
	int r;

	fixed_calls_find(c, &fixed, &n_fixed);
	r = build_whole(p, c, &whole, NULL);
	return r < 0 ? r : shrink(c, fixed, n_fixed, &whole, ret);
}

static int build_plain(const struct spec_seccomp *p, struct rule_calls *c, struct code *ret,
		       struct err *e)
{
	int r;

	for (size_t i = 0; i < c->n; i++)
		c->v[i].fixed = false;
	r = build_whole(p, c, ret, e);
	if (r == 0 && ret->n > BPF_MAXINSNS)
		return err_set(e, E2BIG, "linux.seccomp: %zu instructions, the kernel takes %d",
			       ret->n, BPF_MAXINSNS);
	return r;
}

static int build_small_or_plain(const struct spec_seccomp *p, struct rule_calls *c,
				struct code *ret, struct err *e)
{
	int r = build_small(p, c, ret);

	if (r == 0)
		return 0;
	log_debug("seccomp: not compiled to few instructions: %s", strerror(-r));
	return build_plain(p, c, ret, e);
}

static int build_by(int (*build)(const struct spec_seccomp *, struct rule_calls *, struct code *,
				 struct err *),
		    const struct spec_seccomp *p, bool fail_unknown, struct sock_filter **ret,
		    size_t *ret_n, struct err *e)
{
	auto_(rule_calls) struct rule_calls calls = { 0 };
	auto_(code) struct code code = { 0 };
	int r;

	if (p->default_action == OCI_ACT_NOTIFY)
		return err_set(e, EINVAL, J "defaultAction: SCMP_ACT_NOTIFY can't be the default");
	r = rule_calls_read(p, fail_unknown, &calls, e);
	if (r == 0)
		r = build(p, &calls, &code, e);
	if (r < 0)
		return r;
	*ret = steal_ptr(&code.v);
	*ret_n = code.n;
	return 0;
}

int seccomp_build(const struct spec_seccomp *profile, bool fail_unknown, struct sock_filter **ret,
		  size_t *ret_n, struct err *e)
{
	return build_by(build_small_or_plain, profile, fail_unknown, ret, ret_n, e);
}

int seccomp_build_plain(const struct spec_seccomp *profile, bool fail_unknown,
			struct sock_filter **ret, size_t *ret_n, struct err *e)
{
	return build_by(build_plain, profile, fail_unknown, ret, ret_n, e);
}
