/* SPDX-License-Identifier: Apache-2.0 */
/* Findings about linux.seccomp. */
#include <seccomp.h>

#include "runtime/lint/lint.h"

/* How many names are told of many. */
#define NAMES_SHOWN 8

/* Runtimes send the listener to the host side under the filter already, and this one would do so by
 * the same call if it could (seccomp.h). */
#define HANDING_OVER "sendmsg"

/* Engines' profiles name calls of all architectures and of newer kernels: one note for all. */
static void check_names(struct lint *l, const struct spec_seccomp *s)
{
	const struct spec_seccomp_rule *rules = s->syscalls.items;
	auto_(strbuf) struct strbuf names = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < s->syscalls.n; i++) {
		for (size_t k = 0; k < rules[i].names.n; k++) {
			const char *name = rules[i].names.items[k];

			if (seccomp_syscall_resolve_name(name) != __NR_SCMP_ERROR)
				continue;
			if (n++ < NAMES_SHOWN)
				strbuf_addf(&names, "%s'%.40s'", names.len ? ", " : "", name);
		}
	}
	if (n > 0)
		lint_add(l, LINT_RULE_CALLS, "linux.seccomp.syscalls", "%s%s", strbuf_str(&names),
			 n > NAMES_SHOWN ? ", ..." : "");
}

static void check_handover(struct lint *l, const struct spec_seccomp *s)
{
	const struct spec_seccomp_rule *rules = s->syscalls.items;

	for (size_t i = 0; i < s->syscalls.n; i++)
		if (rules[i].action == OCI_ACT_NOTIFY &&
		    lint_has_word(&rules[i].names, HANDING_OVER))
			lint_add(l, LINT_RULE_DEADLOCK,
				 lint_path(l, "linux.seccomp.syscalls[%zu]", i),
				 "'" HANDING_OVER "': this runtime uses another call");
}

void lint_seccomp(struct lint *l)
{
	const struct spec_seccomp *s = l->linux_->seccomp;

	if (!s) {
		lint_add(l, LINT_RULE_NO_SECCOMP, "linux.seccomp", "is not there");
		return;
	}
	check_names(l, s);
	check_handover(l, s);
	if (s->default_action == OCI_ACT_ALLOW || s->default_action == OCI_ACT_LOG)
		lint_add(l, LINT_RULE_ALLOW_LIST, "linux.seccomp.defaultAction", "%s",
			 field_word(&oci_seccomp_action_words, s->default_action));
}
