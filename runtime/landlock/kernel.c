/* SPDX-License-Identifier: Apache-2.0 */
/* The three system calls, with structs of our own: linux/landlock.h may be older than the kernel.
 */
#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/landlock/landlock.h"

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule       445
#define SYS_landlock_restrict_self  446
#endif

#define CREATE_RULESET_VERSION 1
#define RULE_PATH_BENEATH      1
#define RULE_NET_PORT          2

struct ruleset {
	uint64_t fs, net, scoped;
};

struct path_beneath {
	uint64_t allowed;
	int32_t fd;
} __attribute__((packed));

struct net_port {
	uint64_t allowed, port;
};

int landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);

	return abi > 0 ? (int)abi : 0;
}

int landlock_ruleset(const struct landlock_rights *handled, struct err *e)
{
	const struct ruleset attr = { .fs = handled->v[LANDLOCK_FS],
				      .net = handled->v[LANDLOCK_NET],
				      .scoped = handled->v[LANDLOCK_SCOPED] };
	/* Older kernels take a longer struct when what they do not know is 0. */
	int fd = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);

	if (fd < 0 && errno == EINVAL)
		return err_set(e, EINVAL, "this kernel does not know all of these rights");
	return fd < 0 ? err_sys(e, "make a ruleset") : fd;
}

int landlock_allow_path(int rulesetfd, int fd, uint64_t allowed, struct err *e)
{
	struct path_beneath rule = { .allowed = allowed, .fd = fd };
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat");
	if (!S_ISDIR(st.st_mode))
		rule.allowed &= landlock_file_rights();
	/* Nothing is left to be allowed. */
	if (rule.allowed == 0)
		return 0;
	if (syscall(SYS_landlock_add_rule, rulesetfd, RULE_PATH_BENEATH, &rule, 0) < 0)
		return err_sys(e, "add the rule");
	return 0;
}

int landlock_allow_port(int rulesetfd, uint32_t port, uint64_t allowed, struct err *e)
{
	const struct net_port rule = { .allowed = allowed, .port = port };

	if (allowed == 0)
		return 0;
	if (syscall(SYS_landlock_add_rule, rulesetfd, RULE_NET_PORT, &rule, 0) < 0)
		return err_sys(e, "add the rule for port %" PRIu32, port);
	return 0;
}

int landlock_enforce(int rulesetfd, struct err *e)
{
	if (syscall(SYS_landlock_restrict_self, rulesetfd, 0) == 0)
		return 0;
	if (errno == EPERM)
		return err_set(e, EPERM,
			       "taking rights away needs process.noNewPrivileges, or "
			       "CAP_SYS_ADMIN, which this process does not hold");
	if (errno == E2BIG)
		return err_set(e, E2BIG, "more than 16 rulesets lie on one another");
	return err_sys(e, "restrict the process");
}
