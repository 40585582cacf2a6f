/* SPDX-License-Identifier: Apache-2.0 */
/* Findings about process: capabilities and the like. */
#include <inttypes.h>

#include "runtime/lint/lint.h"

/* -1000 is never; -999 is never while anybody else is left. */
#define NEVER_KILLED (-999)

/* Each is, in the first user namespace, by itself enough to rule the host, or to look into all of
 * it. */
static const struct {
	const char *name;
	bool by_pid; /* only among the host's processes */
} dangerous[] = {
	{ "CAP_BPF", false },        { "CAP_DAC_READ_SEARCH", false },
	{ "CAP_MAC_ADMIN", false },  { "CAP_MAC_OVERRIDE", false },
	{ "CAP_PERFMON", false },    { "CAP_SYSLOG", false },
	{ "CAP_SYS_ADMIN", false },  { "CAP_SYS_BOOT", false },
	{ "CAP_SYS_MODULE", false }, { "CAP_SYS_PTRACE", true },
	{ "CAP_SYS_RAWIO", false },  { "CAP_SYS_TIME", false },
};

static const struct {
	const char *name;
	size_t offset;
} sets[] = {
	{ "bounding", offsetof(struct spec_capabilities, bounding) },
	{ "effective", offsetof(struct spec_capabilities, effective) },
	{ "inheritable", offsetof(struct spec_capabilities, inheritable) },
	{ "permitted", offsetof(struct spec_capabilities, permitted) },
	{ "ambient", offsetof(struct spec_capabilities, ambient) },
};

static const struct oci_strings *set_at(const struct spec_capabilities *c, size_t i)
{
	return (const struct oci_strings *)((const char *)c + sets[i].offset);
}

static void check_names(struct lint *l, const struct spec_capabilities *c)
{
	for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
		const struct oci_strings *set = set_at(c, i);

		for (size_t k = 0; k < set->n; k++)
			if (oci_capability_number(set->items[k]) < 0)
				lint_add(l, LINT_RULE_CAPABILITY,
					 lint_path(l, "process.capabilities.%s[%zu]", sets[i].name,
						   k),
					 "unknown capability '%.60s'", set->items[k]);
	}
}

/* What the program can have: bits of all sets but the inheritable one. */
static uint64_t granted(const struct spec_capabilities *c)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
		const struct oci_strings *set = set_at(c, i);

		for (size_t k = 0; set != &c->inheritable && k < set->n; k++) {
			int number = oci_capability_number(set->items[k]);

			if (number >= 0)
				bits |= UINT64_C(1) << number;
		}
	}
	return bits;
}

static void check_power(struct lint *l, uint64_t bits)
{
	auto_(strbuf) struct strbuf names = { 0 };

	/* In a user namespace of its own they have power over what belongs to that. */
	if (lint_has_namespace(l, OCI_NS_USER))
		return;
	/* The youngest two may be unknown to the engine. */
	if (__builtin_popcountll(bits) >= OCI_CAPABILITY_COUNT - 3) {
		lint_add(l, LINT_RULE_ALL_CAPS, "process.capabilities",
			 "%d of %d capabilities are granted", __builtin_popcountll(bits),
			 OCI_CAPABILITY_COUNT);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(dangerous); i++) {
		const char *name = dangerous[i].name;

		if (!(bits & UINT64_C(1) << oci_capability_number(name)) ||
		    (dangerous[i].by_pid && lint_has_namespace(l, OCI_NS_PID)))
			continue;
		strbuf_addf(&names, "%s%s", names.len ? ", " : "", name);
	}
	if (names.len)
		lint_add(l, LINT_RULE_DANGEROUS_CAPS, "process.capabilities", "granted: %s",
			 strbuf_str(&names));
}

/* An ambient capability has to be inheritable, and then is meant. */
static void check_inheritable(struct lint *l, const struct spec_capabilities *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->inheritable.n; i++)
		n += !lint_has_word(&c->ambient, c->inheritable.items[i]);
	if (n > 0)
		lint_add(l, LINT_RULE_INHERITABLE, "process.capabilities.inheritable",
			 "%zu of them %s not ambient", n, n == 1 ? "is" : "are");
}

void lint_process(struct lint *l)
{
	const struct spec_process *p = l->process;

	if (p->capabilities) {
		check_names(l, p->capabilities);
		check_power(l, granted(p->capabilities));
		check_inheritable(l, p->capabilities);
	}
	if (l->spec->process && !p->no_new_privileges)
		lint_add(l, LINT_RULE_NEW_PRIVILEGES, "process.noNewPrivileges", "is not set");
	if (p->oom_score_adj.set && p->oom_score_adj.v <= NEVER_KILLED)
		lint_add(l, LINT_RULE_OOM_EXEMPT, "process.oomScoreAdj", "%" PRId64,
			 p->oom_score_adj.v);
}
