/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which devices a container may use.  The policy is deny everything, then the
 * rules of linux.resources.devices, then the devices every container has; for
 * each kind of access the last rule that matches decides.
 */
#ifndef RUNTIME_CGROUP_DEVICES_H
#define RUNTIME_CGROUP_DEVICES_H

#include <linux/bpf.h>

#include "runtime/cgroup/tree.h"

enum device_access { DEVICE_MKNOD = 1, DEVICE_READ = 2, DEVICE_WRITE = 4, DEVICE_ALL = 7 };
#define DEVICE_ANY (-1)

struct device_rule {
	bool allow;
	char type;        /* 'a', 'b', 'c' */
	int major, minor; /* DEVICE_ANY */
	int access;       /* enum device_access bits */
};

struct device_policy {
	struct device_rule *v; /* owned */
	size_t n;
	bool allow_rest; /* what no rule in v decides */
};

void device_policy_done(struct device_policy *p);
AUTO_DEFINE_DONE(device_policy, device_policy_done)

/* Rules of a config without those that a later rule for everything makes void.  `r` may be NULL. */
int devices_decide(const struct spec_resources *r, struct device_policy *ret, struct err *e);
/* The rules can be understood, and said in the words of the group's layout; for planning. */
int devices_check(const struct cgroup *cg, const struct spec_resources *r, struct err *e);
static inline bool devices_allow_all(const struct device_policy *p)
{
	return p->n == 0 && p->allow_rest;
}

/* Instructions of a BPF_PROG_TYPE_CGROUP_DEVICE program: *ret is owned. */
int devices_bpf_build(const struct device_policy *p, struct bpf_insn **ret, size_t *ret_n,
		      struct err *e);
/* Load it and make it the only one on the group `dirfd`. `fresh`: the group is new and has none. */
int devices_bpf_attach(int dirfd, const struct device_policy *p, bool fresh, struct err *e);
/* v1: devices.deny and devices.allow of the group `dirfd`.  What a living container may use before
 * and after, it may use all the time. */
int devices_v1_write(const struct cgroup *cg, int dirfd, const struct device_policy *p, bool fresh,
		     struct err *e);
/* Pure: the policy as exceptions from `allow_rest` in any order; -EOPNOTSUPP when v1 can't say it.
 */
int devices_v1_decide(const struct device_policy *p, struct device_policy *ret, struct err *e);
/* Pure: the text of devices.list, which is cut up; -EBADMSG. */
int devices_v1_parse(char *list, struct device_policy *ret);
/* Pure: what to write, in order, to come from one set of permissions to another; both deny the
 * rest. */
void devices_v1_steps(const struct device_policy *now, const struct device_policy *want,
		      struct device_policy *ret);

/* By one system call (v2), or by a line for each rule (v1). */
bool devices_apply_at_once(const struct cgroup *cg);
/* Whichever the group's layout has. */
int devices_apply(const struct cgroup *cg, const struct spec_resources *r, bool fresh,
		  struct err *e);

#endif
