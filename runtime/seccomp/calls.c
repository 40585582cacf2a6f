/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/seccomp/calls.h"

#include <errno.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <stdlib.h>

#include "libutil/log.h"
#include "runtime/seccomp/arch.h"

#define J "linux.seccomp."

static uint32_t action_of(int action, const struct opt_u64 *errno_ret)
{
	uint32_t data = errno_ret->set ? (uint32_t)errno_ret->v & 0xffff : EPERM;

	switch ((enum oci_seccomp_action)action) {
	case OCI_ACT_KILL_PROCESS:
		return SCMP_ACT_KILL_PROCESS;
	case OCI_ACT_TRAP:
		return SCMP_ACT_TRAP;
	case OCI_ACT_ERRNO:
		return SCMP_ACT_ERRNO(data);
	case OCI_ACT_TRACE:
		return SCMP_ACT_TRACE(data);
	case OCI_ACT_ALLOW:
		return SCMP_ACT_ALLOW;
	case OCI_ACT_LOG:
		return SCMP_ACT_LOG;
	case OCI_ACT_NOTIFY:
		return SCMP_ACT_NOTIFY;
	case OCI_ACT_NONE:
	case OCI_ACT_KILL:
	case OCI_ACT_KILL_THREAD:
		return SCMP_ACT_KILL_THREAD;
	}
	return SCMP_ACT_KILL_THREAD;
}

uint32_t seccomp_default_action(const struct spec_seccomp *p)
{
	return action_of(p->default_action, &p->default_errno_ret);
}

uint32_t seccomp_audit_arch(uint32_t token)
{
	return token == SCMP_ARCH_X32 ? AUDIT_ARCH_X86_64 : token;
}

static int check_args(const struct spec_seccomp_rule *rule, size_t i, struct err *e)
{
	const struct spec_seccomp_arg *a = rule->args.items;

	if (rule->args.n > SECCOMP_MAX_ARGS)
		return err_set(e, EINVAL, J "syscalls[%zu].args: more than %d", i,
			       SECCOMP_MAX_ARGS);
	for (size_t k = 0; k < rule->args.n; k++) {
		if (a[k].index.v >= SECCOMP_MAX_ARGS)
			return err_set(e, EINVAL,
				       J "syscalls[%zu].args[%zu].index: system calls have %d "
					 "arguments",
				       i, k, SECCOMP_MAX_ARGS);
		if (a[k].op <= OCI_CMP_NONE || a[k].op > OCI_CMP_MASKED_EQ)
			return err_set(e, EINVAL, J "syscalls[%zu].args[%zu].op: missing", i, k);
	}
	return 0;
}

static void add(struct rule_calls *c, struct rule_call call)
{
	if (c->n == c->room) {
		c->room = c->room ? 2 * c->room : 512;
		c->v = xreallocarray(c->v, c->room, sizeof(*c->v));
	}
	c->v[c->n++] = call;
}

static int read_rule(const struct spec_seccomp *p, size_t i, bool fail_unknown,
		     struct rule_calls *ret, struct err *e)
{
	const struct spec_seccomp_rule *rule =
		&((const struct spec_seccomp_rule *)p->syscalls.items)[i];
	uint32_t action = action_of(rule->action, &rule->errno_ret);
	bool idle = action == seccomp_default_action(p);
	int r = check_args(rule, i, e);

	for (size_t k = 0; r == 0 && k < rule->names.n; k++) {
		const char *name = rule->names.items[k];
		int nr = seccomp_syscall_resolve_name(name);

		if (nr != __NR_SCMP_ERROR)
			add(ret, (struct rule_call){ rule, i, name, nr, action, idle, false });
		else if (fail_unknown && !idle)
			r = err_set(e, EINVAL,
				    J "syscalls[%zu].names[%zu]: unknown system call '%.60s'", i, k,
				    name);
		else
			log_debug("seccomp: unknown system call '%s' is skipped", name);
	}
	return r;
}

static bool has_arch(const struct rule_calls *c, uint32_t token)
{
	for (size_t i = 0; i < c->n_archs; i++)
		if (c->archs[i] == token)
			return true;
	return false;
}

static int read_archs(const struct spec_seccomp *p, struct rule_calls *ret, struct err *e)
{
	const struct scmp_version *version = seccomp_version();

	ret->archs[ret->n_archs++] = seccomp_arch_native();
	for (size_t i = 0; i < p->architectures.n; i++) {
		const char *name = p->architectures.items[i];
		uint32_t token = 0;

		if (seccomp_arch_parse(name, &token) < 0)
			return err_set(e, EINVAL, J "architectures[%zu]: unknown architecture '%s'",
				       i, name);
		if (token == 0)
			return err_set(e, EOPNOTSUPP,
				       J "architectures[%zu]: '%s' is unknown to libseccomp "
					 "%u.%u.%u, with which this program was built: leave it "
					 "out",
				       i, name, version->major, version->minor, version->micro);
		if (!has_arch(ret, token) && ret->n_archs < SECCOMP_MAX_ARCHS)
			ret->archs[ret->n_archs++] = token;
	}
	return 0;
}

static void resolve(struct rule_calls *c)
{
	int *at = c->numbers = xcalloc(c->n, c->n_archs * sizeof(*at));

	for (size_t i = 0; i < c->n; i++) {
		*at++ = c->v[i].nr;
		for (size_t k = 1; k < c->n_archs; k++)
			*at++ = seccomp_syscall_resolve_name_arch(c->archs[k], c->v[i].name);
	}
}

int rule_calls_read(const struct spec_seccomp *p, bool fail_unknown, struct rule_calls *ret,
		    struct err *e)
{
	auto_(rule_calls) struct rule_calls c = { 0 };
	int r = read_archs(p, &c, e);

	for (size_t i = 0; r == 0 && i < p->syscalls.n; i++)
		r = read_rule(p, i, fail_unknown, &c, e);
	if (r < 0)
		return r;
	resolve(&c);
	*ret = c;
	c = (struct rule_calls){ 0 };
	return 0;
}

void rule_calls_done(struct rule_calls *c)
{
	free(c->v);
	free(c->numbers);
}

int rule_calls_number(const struct rule_calls *c, size_t call, size_t arch)
{
	return c->numbers[call * c->n_archs + arch];
}
