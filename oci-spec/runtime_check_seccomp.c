/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of linux.seccomp (config-linux.md "Seccomp"). */
#include "oci-spec/runtime_check.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const architectures[] = {
	"SCMP_ARCH_X86",         "SCMP_ARCH_X86_64",      "SCMP_ARCH_X32",     "SCMP_ARCH_ARM",
	"SCMP_ARCH_AARCH64",     "SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K",    "SCMP_ARCH_MIPS",
	"SCMP_ARCH_MIPS64",      "SCMP_ARCH_MIPS64N32",   "SCMP_ARCH_MIPSEL",  "SCMP_ARCH_MIPSEL64",
	"SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PPC",         "SCMP_ARCH_PPC64",   "SCMP_ARCH_PPC64LE",
	"SCMP_ARCH_S390",        "SCMP_ARCH_S390X",       "SCMP_ARCH_SH",      "SCMP_ARCH_SHEB",
	"SCMP_ARCH_PARISC",      "SCMP_ARCH_PARISC64",    "SCMP_ARCH_RISCV64", NULL,
};

/* "When the action doesn't support an errno, the runtime MUST print an error and fail." */
static int check_errno(const struct check *c, const char *path, int action,
		       const struct opt_u64 *value)
{
	uint64_t max = action == OCI_ACT_ERRNO ? 4095 /* MAX_ERRNO */ : UINT16_MAX;

	if (!value->set)
		return 0;
	if (action != OCI_ACT_ERRNO && action != OCI_ACT_TRACE)
		return check_fail(c, "%s: action %s takes no errno", path,
				  field_word(&oci_seccomp_action_words, action));
	if (value->v > max)
		return check_fail(c, "%s: %" PRIu64 " is out of range 0 to %" PRIu64, path,
				  value->v, max);
	return 0;
}

static int check_rule(const struct check *c, size_t index, const struct spec_seccomp_rule *rule)
{
	const struct spec_seccomp_arg *args = rule->args.items;
	char path[64];
	int r;

	(void)snprintf(path, sizeof(path), "linux.seccomp.syscalls[%zu].errnoRet", index);
	r = check_errno(c, path, rule->action, &rule->errno_ret);
	if (r < 0)
		return r;
	for (size_t i = 0; i < rule->args.n; i++) {
		if (args[i].index.v > 5) {
			if (check_fail(c,
				       "linux.seccomp.syscalls[%zu].args[%zu].index: %" PRIu64
				       " is out of range 0 to 5",
				       index, i, args[i].index.v) < 0)
				return -EINVAL;
			continue;
		}
	}
	return 0;
}

int check_seccomp(const struct check *c, const struct spec_seccomp *s)
{
	const struct spec_seccomp_rule *rules = s->syscalls.items;
	int r = check_errno(c, "linux.seccomp.defaultErrnoRet", s->default_action,
			    &s->default_errno_ret);

	if (r < 0)
		return r;
	if (s->listener_metadata && !s->listener_path)
		return check_fail(c, "linux.seccomp.listenerMetadata: needs listenerPath");
	for (size_t i = 0; i < s->architectures.n; i++) {
		if (!check_word(s->architectures.items[i], architectures)) {
			if (check_fail(
				    c,
				    "linux.seccomp.architectures[%zu]: unknown architecture '%.60s'",
				    i, s->architectures.items[i]) < 0)
				return -EINVAL;
			continue;
		}
	}
	for (size_t i = 0; i < s->syscalls.n; i++) {
		r = check_rule(c, i, &rules[i]);
		if (r < 0)
			return r;
	}
	return 0;
}
