/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/bundle/seccomp.h"

#include "imagetool/bundle/edit.h"

#if defined(__x86_64__)
const char *const seccomp_architectures[] = { "SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32",
					      NULL };
#elif defined(__aarch64__)
const char *const seccomp_architectures[] = { "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM", NULL };
#elif defined(__i386__)
const char *const seccomp_architectures[] = { "SCMP_ARCH_X86", NULL };
#elif defined(__arm__)
const char *const seccomp_architectures[] = { "SCMP_ARCH_ARM", NULL };
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
const char *const seccomp_architectures[] = { "SCMP_ARCH_PPC64LE", NULL };
#elif defined(__s390x__)
const char *const seccomp_architectures[] = { "SCMP_ARCH_S390X", "SCMP_ARCH_S390", NULL };
#elif defined(__riscv) && __riscv_xlen == 64
const char *const seccomp_architectures[] = { "SCMP_ARCH_RISCV64", NULL };
#elif defined(__loongarch64)
const char *const seccomp_architectures[] = { "SCMP_ARCH_LOONGARCH64", NULL };
#else
/* The runtime's own one. */
const char *const seccomp_architectures[] = { NULL };
#endif

static void add_names(struct spec_seccomp_rule *rule, const char *names, struct arena *a)
{
	size_t n = 1, len;

	for (const char *p = names; *p; p++)
		n += *p == ' ';
	rule->names.items = arena_alloc(a, n + 1, sizeof(*rule->names.items));
	for (const char *p = names; *p; p += len + strspn(p + len, " ")) {
		len = strcspn(p, " ");
		rule->names.items[rule->names.n++] = arena_strndup(a, p, len);
	}
}

static void add_row(struct spec_seccomp *s, const struct seccomp_row *row, struct arena *a)
{
	struct spec_seccomp_rule *rule = edit_push(a, &s->syscalls, sizeof(*rule));

	add_names(rule, row->names, a);
	rule->action = row->action;
	if (row->errno_ret)
		rule->errno_ret = (struct opt_u64){ true, row->errno_ret };
	if (row->n_args)
		*(struct spec_seccomp_arg *)edit_push(a, &rule->args, sizeof(row->arg)) = row->arg;
}

struct spec_seccomp *seccomp_default(const struct oci_strings *caps, struct arena *a)
{
	struct spec_seccomp *s = arena_alloc(a, 1, sizeof(*s));

	s->default_action = OCI_ACT_ERRNO;
	s->default_errno_ret = (struct opt_u64){ true, 1 };
	for (const char *const *p = seccomp_architectures; *p; p++)
		edit_push_string(a, &s->architectures, *p);
	for (size_t i = 0; i < seccomp_n_rows; i++) {
		const struct seccomp_row *row = &seccomp_rows[i];

		if (!row->capability || edit_has_string(caps, row->capability) != row->without)
			add_row(s, row, a);
	}
	return s;
}
