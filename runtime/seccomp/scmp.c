/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/seccomp/scmp.h"

#include <errno.h>
#include <seccomp.h>
#include <sys/mman.h>

#include "libutil/cleanup.h"
#include "libutil/file.h"

#define J "linux.seccomp."
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

static const enum scmp_compare compare_of[] = {
	[OCI_CMP_NE] = SCMP_CMP_NE,
	[OCI_CMP_LT] = SCMP_CMP_LT,
	[OCI_CMP_LE] = SCMP_CMP_LE,
	[OCI_CMP_EQ] = SCMP_CMP_EQ,
	[OCI_CMP_GE] = SCMP_CMP_GE,
	[OCI_CMP_GT] = SCMP_CMP_GT,
	[OCI_CMP_MASKED_EQ] = SCMP_CMP_MASKED_EQ,
};

static int add_archs(scmp_filter_ctx ctx, const struct rule_calls *c, struct err *e)
{
	/* The first is this machine's, with which every context begins. */
	for (size_t i = 1; i < c->n_archs; i++) {
		int r = seccomp_arch_add(ctx, c->archs[i]);

		/* Of the other byte order, of which nothing can run here. */
		if (r < 0 && r != -EDOM)
			return err_set(e, -r, J "architectures: add '0x%x': %s", c->archs[i],
				       strerror(-r));
	}
	return 0;
}

static size_t convert_args(const struct spec_seccomp_rule *rule,
			   struct scmp_arg_cmp out[SECCOMP_MAX_ARGS])
{
	const struct spec_seccomp_arg *a = rule->args.items;

	for (size_t k = 0; k < rule->args.n; k++)
		out[k] = (struct scmp_arg_cmp){ .arg = (unsigned)a[k].index.v,
						.op = compare_of[a[k].op],
						.datum_a = a[k].value.v,
						.datum_b = a[k].value_two.v };
	return rule->args.n;
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
static int add_call(scmp_filter_ctx ctx, const struct rule_call *call)
{
	struct scmp_arg_cmp args[SECCOMP_MAX_ARGS];
	size_t n = convert_args(call->rule, args);
	int r = 0;

	if (!repeats_argument(args, n))
		return seccomp_rule_add_array(ctx, call->action, call->nr, (unsigned)n, args);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = seccomp_rule_add_array(ctx, call->action, call->nr, 1, &args[i]);
	return r;
}

static int add_calls(scmp_filter_ctx ctx, const struct rule_calls *c, struct err *e)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct rule_call *call = &c->v[i];
		int r;

		/* What says the same as the default is not taken by libseccomp. */
		if (call->idle || call->fixed)
			continue;
		r = add_call(ctx, call);
		if (r < 0)
			return err_set(e, -r, J "syscalls[%zu]: add '%s': %s", call->rule_index,
				       call->name, strerror(-r));
	}
	return 0;
}

static int export(scmp_filter_ctx ctx, struct sock_filter **ret, size_t *ret_n, struct err *e)
{
	autofd int fd = memfd_create("seccomp", MFD_CLOEXEC);
	char *text = NULL;
	size_t len = 0;
	int r;

	if (fd < 0)
		return err_sys(e, "make room for the seccomp program");
	r = seccomp_export_bpf(ctx, fd);
	if (r < 0)
		return err_set(e, -r, "compile the seccomp profile: %s", strerror(-r));
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, "read the seccomp program");
	r = file_read_fd(fd, "the seccomp program", PROGRAM_MAX, &text, &len, e);
	if (r < 0)
		return r;
	*ret = (struct sock_filter *)(void *)text; /* malloc's alignment is enough */
	*ret_n = len / sizeof(**ret);
	return 0;
}

int scmp_build(const struct rule_calls *calls, uint32_t default_action, struct sock_filter **ret,
	       size_t *ret_n, struct err *e)
{
	auto_(scmp) struct scmp s = { .ctx = seccomp_init(default_action) };
	int r;

	if (!s.ctx)
		return err_set(e, EINVAL, J "defaultAction: libseccomp refuses it on this kernel");
	/* Many hundred calls: a tree of comparisons instead of a row.  Older versions can't. */
	(void)seccomp_attr_set(s.ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	r = add_archs(s.ctx, calls, e);
	if (r == 0)
		r = add_calls(s.ctx, calls, e);
	return r < 0 ? r : export(s.ctx, ret, ret_n, e);
}
