/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Landlock: the annotation org.creel.landlock holds rules by which a container's program gives up
 * rights to files, ports, and processes outside, whatever its user and capabilities.  Its value is
 * JSON:
 *
 *   {"handledAccessFs":  ["write_file", "make_reg", "0x8000"],
 *    "handledAccessNet": ["bind_tcp"],
 *    "scoped":           ["signal"],
 *    "pathBeneath": [{"paths": ["/tmp"], "allowedAccess": ["write_file", "make_reg"]}],
 *    "netPort":     [{"ports": [80, 443], "allowedAccess": ["bind_tcp"]}],
 *    "bestEffort":  false}
 *
 * What is handled is forbidden but where a rule allows it; what is not handled is as without
 * Landlock.  Rights have the names of linux/landlock.h in small letters, or are numbers, for those
 * of newer kernels.  Both sides call this room: the host side to refuse early, init to enforce.
 */
#ifndef RUNTIME_LANDLOCK_LANDLOCK_H
#define RUNTIME_LANDLOCK_LANDLOCK_H

#include "oci-spec/runtime_spec.h"
#include "runtime/landlock/rights.h"

/* Rights by kind, as masks. */
struct landlock_rights {
	uint64_t v[LANDLOCK_KIND_COUNT];
};

/* One of pathBeneath[] or netPort[]. */
struct landlock_rule {
	struct oci_strings paths; /* absolute, in the container */
	struct oci_u32s ports;
	uint64_t allowed;
};

struct landlock_rules {
	struct landlock_rights handled;
	struct landlock_rule *paths, *ports;
	size_t n_paths, n_ports;
	bool best_effort; /* do without what the kernel does not know */
};

/* Pure: the rules in the annotation's text; *ret lies in `a`. */
int landlock_parse(const char *text, struct arena *a, struct landlock_rules **ret, struct err *e);
/* The rules of a document; NULL when it has none. */
int landlock_of(const struct runtime_spec *spec, struct arena *a, struct landlock_rules **ret,
		struct err *e);

/* Pure: what a kernel with version `abi` (0: none) of the interface does not know is an error, or
 * with bestEffort left out: 1 when rules are left to be enforced, 0 when none are. */
int landlock_fit(struct landlock_rules *rules, int abi, struct err *e);

/* The kernel's version of the interface; 0: it has none, or it is off. */
int landlock_abi(void);
/* A ruleset that handles `handled`.  Returns a descriptor. */
int landlock_ruleset(const struct landlock_rights *handled, struct err *e);
/* Allow rights below what `fd` (O_PATH) names; those that a file, which is no directory, cannot
 * have are left out. */
int landlock_allow_path(int rulesetfd, int fd, uint64_t allowed, struct err *e);
int landlock_allow_port(int rulesetfd, uint32_t port, uint64_t allowed, struct err *e);
/* From now on, for this process and all it becomes. */
int landlock_enforce(int rulesetfd, struct err *e);

#endif
