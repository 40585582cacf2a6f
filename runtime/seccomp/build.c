/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/seccomp/build.h"

#include <errno.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "libutil/cleanup.h"
#include "libutil/file.h"
#include "libutil/log.h"
#include "runtime/seccomp/arch.h"
#include "runtime/seccomp/enosys.h"

#define J        "linux.seccomp."
#define MAX_ARGS 6
/* Rules of one arch grow by more than the kernel's limit before libseccomp says so. */
#define PROGRAM_MAX (BPF_MAXINSNS * sizeof(struct sock_filter))

/* libseccomp's context is an opaque pointer; the tag lets auto_() see it. */
struct scmp {
	scmp_filter_ctx ctx;
};

static void scmp_done(struct scmp *s)
{
	if (s->ctx)
		seccomp_release(s->ctx);
}
AUTO_DEFINE_DONE(scmp, scmp_done)

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

static const enum scmp_compare compare_of[] = {
	[OCI_CMP_NE] = SCMP_CMP_NE,
	[OCI_CMP_LT] = SCMP_CMP_LT,
	[OCI_CMP_LE] = SCMP_CMP_LE,
	[OCI_CMP_EQ] = SCMP_CMP_EQ,
	[OCI_CMP_GE] = SCMP_CMP_GE,
	[OCI_CMP_GT] = SCMP_CMP_GT,
	[OCI_CMP_MASKED_EQ] = SCMP_CMP_MASKED_EQ,
};

static int add_archs(scmp_filter_ctx ctx, const struct spec_seccomp *p, struct err *e)
{
	for (size_t i = 0; i < p->architectures.n; i++) {
		uint32_t token = 0;
		int r = seccomp_arch_parse(p->architectures.items[i], &token);

		if (r < 0)
			return err_set(e, EINVAL, J "architectures[%zu]: unknown architecture '%s'",
				       i, p->architectures.items[i]);
		if (token == 0) {
			const struct scmp_version *v = seccomp_version();

			return err_set(e, EOPNOTSUPP,
				       J
				       "architectures[%zu]: '%s' is unknown to libseccomp "
				       "%u.%u.%u, with which this program was built: leave it out",
				       i, p->architectures.items[i], v->major, v->minor, v->micro);
		}
		r = seccomp_arch_add(ctx, token);
		/* There already; or of the other byte order, of which nothing can run here. */
		if (r < 0 && r != -EEXIST && r != -EDOM)
			return err_set(e, -r, J "architectures[%zu]: add '%s': %s", i,
				       p->architectures.items[i], strerror(-r));
	}
	return 0;
}

static int convert_args(const struct spec_seccomp_rule *rule, size_t i,
			struct scmp_arg_cmp out[MAX_ARGS], struct err *e)
{
	const struct spec_seccomp_arg *a = rule->args.items;

	if (rule->args.n > MAX_ARGS)
		return err_set(e, EINVAL, J "syscalls[%zu].args: more than %d", i, MAX_ARGS);
	for (size_t k = 0; k < rule->args.n; k++) {
		if (a[k].index.v >= MAX_ARGS)
			return err_set(e, EINVAL,
				       J "syscalls[%zu].args[%zu].index: system calls have %d "
					 "arguments",
				       i, k, MAX_ARGS);
		if (a[k].op <= OCI_CMP_NONE || (size_t)a[k].op >= ARRAY_LEN(compare_of))
			return err_set(e, EINVAL, J "syscalls[%zu].args[%zu].op: missing", i, k);
		out[k] = (struct scmp_arg_cmp){ .arg = (unsigned)a[k].index.v,
						.op = compare_of[a[k].op],
						.datum_a = a[k].value.v,
						.datum_b = a[k].value_two.v };
	}
	return 0;
}

/* libseccomp can't join two conditions on one argument. */
static bool repeats_argument(const struct scmp_arg_cmp *args, size_t n)
{
	unsigned seen = 0;

	for (size_t i = 0; i < n; i++) {
		if (seen & (1U << args[i].arg))
			return true;
		seen |= 1U << args[i].arg;
	}
	return false;
}

/* Conditions of one rule hold together, but several on one argument are alternatives, as with every
 * runtime. */
static int add_call(scmp_filter_ctx ctx, uint32_t action, int nr, const struct scmp_arg_cmp *args,
		    size_t n)
{
	int r = 0;

	if (!repeats_argument(args, n))
		return seccomp_rule_add_array(ctx, action, nr, (unsigned)n, args);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = seccomp_rule_add_array(ctx, action, nr, 1, &args[i]);
	return r;
}

static int add_rule(scmp_filter_ctx ctx, const struct spec_seccomp *p, size_t i, bool fail_unknown,
		    struct err *e)
{
	const struct spec_seccomp_rule *rule =
		&((const struct spec_seccomp_rule *)p->syscalls.items)[i];
	uint32_t action = action_of(rule->action, &rule->errno_ret);
	struct scmp_arg_cmp args[MAX_ARGS];
	int r = convert_args(rule, i, args, e);

	if (r < 0)
		return r;
	/* What says the same as the default is not taken by libseccomp, and not needed. */
	if (action == action_of(p->default_action, &p->default_errno_ret))
		return 0;
	for (size_t k = 0; k < rule->names.n; k++) {
		const char *name = rule->names.items[k];
		int nr = seccomp_syscall_resolve_name(name);

		if (nr == __NR_SCMP_ERROR && fail_unknown)
			return err_set(e, EINVAL,
				       J "syscalls[%zu].names[%zu]: unknown system call '%.60s'", i,
				       k, name);
		if (nr == __NR_SCMP_ERROR) {
			log_debug("seccomp: unknown system call '%s' is skipped", name);
			continue;
		}
		r = add_call(ctx, action, nr, args, rule->args.n);
		if (r < 0)
			return err_set(e, -r, J "syscalls[%zu]: add '%s': %s", i, name,
				       strerror(-r));
	}
	return 0;
}

static int export(scmp_filter_ctx ctx, char **ret, size_t *ret_len, struct err *e)
{
	autofd int fd = memfd_create("seccomp", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return err_sys(e, "make room for the seccomp program");
	r = seccomp_export_bpf(ctx, fd);
	if (r < 0)
		return err_set(e, -r, "compile the seccomp profile: %s", strerror(-r));
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, "read the seccomp program");
	return file_read_fd(fd, "the seccomp program", PROGRAM_MAX, ret, ret_len, e);
}

/* The kernel's number of the architecture; libseccomp's token is the same but for x32. */
static struct enosys_arch arch_of(uint32_t token)
{
	bool x32 = token == SCMP_ARCH_X32;

	return (struct enosys_arch){ .audit = x32 ? AUDIT_ARCH_X86_64 : token,
				     .x32 = x32,
				     .max = -1 };
}

static void raise_max(struct enosys_arch *arch, uint32_t token, const struct spec_seccomp *p)
{
	const struct spec_seccomp_rule *rules = p->syscalls.items;

	for (size_t i = 0; i < p->syscalls.n; i++) {
		for (size_t k = 0; k < rules[i].names.n; k++) {
			int nr = seccomp_syscall_resolve_name_arch(token, rules[i].names.items[k]);

			/* Negative ones are libseccomp's own, for what the architecture lacks. */
			if (nr >= 0 && arch->x32)
				nr &= ~0x40000000;
			if (nr > arch->max)
				arch->max = nr;
		}
	}
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

static size_t build_prologue(const struct spec_seccomp *p, struct sock_filter out[ENOSYS_MAX_INSNS])
{
	struct enosys_arch archs[ENOSYS_MAX_ARCHS];
	uint32_t native = seccomp_arch_native();
	size_t n = 0;

	if (!wants_enosys(p))
		return 0;
	archs[n] = arch_of(native);
	raise_max(&archs[n++], native, p);
	for (size_t i = 0; i < p->architectures.n && n < ENOSYS_MAX_ARCHS; i++) {
		uint32_t token = 0;

		if (seccomp_arch_parse(p->architectures.items[i], &token) < 0 || token == 0 ||
		    token == native)
			continue;
		archs[n] = arch_of(token);
		raise_max(&archs[n++], token, p);
	}
	return enosys_prologue(archs, n, out);
}

static int join(const struct sock_filter *head, size_t n_head, const char *body, size_t body_len,
		struct sock_filter **ret, size_t *ret_n, struct err *e)
{
	size_t n = n_head + body_len / sizeof(*head);
	struct sock_filter *all;

	if (n > BPF_MAXINSNS)
		return err_set(e, E2BIG, "linux.seccomp: %zu instructions, the kernel takes %d", n,
			       BPF_MAXINSNS);
	all = xcalloc(n, sizeof(*all));
	memcpy(all, head, n_head * sizeof(*head));
	memcpy(all + n_head, body, body_len);
	*ret = all;
	*ret_n = n;
	return 0;
}

int seccomp_build(const struct spec_seccomp *p, bool fail_unknown, struct sock_filter **ret,
		  size_t *ret_n, struct err *e)
{
	auto_(scmp) struct scmp s = { 0 };
	struct sock_filter head[ENOSYS_MAX_INSNS];
	autofree char *body = NULL;
	size_t body_len = 0;
	int r;

	if (p->default_action == OCI_ACT_NOTIFY)
		return err_set(e, EINVAL, J "defaultAction: SCMP_ACT_NOTIFY can't be the default");
	s.ctx = seccomp_init(action_of(p->default_action, &p->default_errno_ret));
	if (!s.ctx)
		return err_set(e, EINVAL, J "defaultAction: libseccomp refuses it on this kernel");
	/* Many hundred calls: a tree of comparisons instead of a row.  Older versions can't. */
	(void)seccomp_attr_set(s.ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	r = add_archs(s.ctx, p, e);
	for (size_t i = 0; r == 0 && i < p->syscalls.n; i++)
		r = add_rule(s.ctx, p, i, fail_unknown, e);
	if (r == 0)
		r = export(s.ctx, &body, &body_len, e);
	if (r < 0)
		return r;
	return join(head, build_prologue(p, head), body, body_len, ret, ret_n, e);
}
