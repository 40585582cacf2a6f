/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of a profile, call by call and checked. */
#ifndef RUNTIME_SECCOMP_CALLS_H
#define RUNTIME_SECCOMP_CALLS_H

#include "libutil/cleanup.h"
#include "runtime/seccomp/seccomp.h"

#define SECCOMP_MAX_ARGS  6
#define SECCOMP_MAX_ARCHS 24

/* A name in a rule. */
struct rule_call {
	const struct spec_seccomp_rule *rule;
	size_t rule_index;
	const char *name;
	int nr;          /* libseccomp's on this machine; negative for what only others have */
	uint32_t action; /* SCMP_ACT_* */
	bool idle;       /* it says what the default says: nothing is to be done */
	bool fixed;      /* filled in by fixed.h */
};

struct rule_calls {
	struct rule_call *v; /* those that libseccomp knows, in the profile's order */
	size_t n, room;
	uint32_t
		archs[SECCOMP_MAX_ARCHS]; /* libseccomp's tokens, this machine's first, each once */
	size_t n_archs;
	int *numbers; /* of v[i] on archs[k] at i * n_archs + k, as libseccomp resolves it */
};

int rule_calls_read(const struct spec_seccomp *profile, bool fail_unknown, struct rule_calls *ret,
		    struct err *e);
void rule_calls_done(struct rule_calls *c);
AUTO_DEFINE_DONE(rule_calls, rule_calls_done)
int rule_calls_number(const struct rule_calls *c, size_t call, size_t arch);

/* What the kernel calls an architecture: x32 is not one of its own. */
uint32_t seccomp_audit_arch(uint32_t token);
/* SCMP_ACT_* for calls that no rule is about. */
uint32_t seccomp_default_action(const struct spec_seccomp *profile);

#endif
