/* SPDX-License-Identifier: Apache-2.0 */
/* How the kernel schedules the program: cpu, io, memory nodes, personality. */
#include <errno.h>
#include <limits.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "runtime/init/cpulist.h"
#include "runtime/init/stage.h"

/* uapi linux/sched/types.h; glibc before 2.41 has no sched_setattr(). */
struct sched_attributes {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min,
		util_max; /* for SCHED_FLAG_UTIL_CLAMP_*: config.json has no value, so 0 */
};

static const uint32_t policies[] = {
	[OCI_SCHED_OTHER] = 0,    [OCI_SCHED_FIFO] = 1, [OCI_SCHED_RR] = 2,
	[OCI_SCHED_BATCH] = 3,    [OCI_SCHED_ISO] = 4,  [OCI_SCHED_IDLE] = 5,
	[OCI_SCHED_DEADLINE] = 6,
};

static const uint64_t flag_bits[] = {
	[OCI_SCHED_FLAG_RESET_ON_FORK] = 0x01,  [OCI_SCHED_FLAG_RECLAIM] = 0x02,
	[OCI_SCHED_FLAG_DL_OVERRUN] = 0x04,     [OCI_SCHED_FLAG_KEEP_POLICY] = 0x08,
	[OCI_SCHED_FLAG_KEEP_PARAMS] = 0x10,    [OCI_SCHED_FLAG_UTIL_CLAMP_MIN] = 0x20,
	[OCI_SCHED_FLAG_UTIL_CLAMP_MAX] = 0x40,
};

static const char *why_refused(const struct spec_scheduler *s, int error)
{
	bool deadline = s->policy == OCI_SCHED_DEADLINE;

	if (error == EBUSY && deadline)
		return "the cpus have no room for runtime in every period";
	if (error == EPERM && deadline)
		return "it takes CAP_SYS_NICE, and all cpus of the machine in the cpuset";
	if (error == EPERM || error == EACCES)
		return "it takes CAP_SYS_NICE (or limits RTPRIO, NICE), and for realtime with cgroup "
		       "v1 a share: linux.resources.cpu.realtimeRuntime";
	if (error == EINVAL && s->policy == OCI_SCHED_ISO)
		return "this kernel has no SCHED_ISO";
	if (error == EINVAL && deadline)
		return "period is not between sched_deadline_period_min_us and _max_us of "
		       "/proc/sys/kernel, or a flag is unknown";
	if (error == EOPNOTSUPP)
		return "this kernel has no utilization clamping";
	return NULL;
}

static int set_scheduler(const struct spec_scheduler *s, struct err *e)
{
	struct sched_attributes a = {
		.size = sizeof(a),
		.policy = policies[s->policy],
		.nice = (int32_t)s->nice.v,
		.priority = (uint32_t)s->priority.v,
		.runtime = s->runtime.v,
		.deadline = s->deadline.v,
		.period = s->period.v,
	};
	const char *why;

	for (size_t i = 0; i < s->flags.n; i++)
		a.flags |= flag_bits[s->flags.items[i]];
	if (syscall(SYS_sched_setattr, 0, &a, 0) == 0)
		return 0;
	why = why_refused(s, errno);
	return why ? err_set(e, errno, "process.scheduler: %s: %s", strerror(errno), why)
		   : err_sys(e, "process.scheduler: sched_setattr");
}

#define IOPRIO_WHO_PROCESS 1
#define IOPRIO_CLASS_SHIFT 13

static int set_io_priority(const struct spec_io_priority *p, struct err *e)
{
	int value = (p->io_class << IOPRIO_CLASS_SHIFT) | (int)p->priority.v;

	if (p->priority.v < 0 || p->priority.v > 7)
		return err_set(e, ERANGE, "process.ioPriority.priority: %lld is not 0 to 7",
			       (long long)p->priority.v);
	/* The enum counts as the kernel does: realtime 1, best effort 2, idle 3. */
	/* What this process becomes and starts inherits it.  Its process group may still be the
	 * caller's, whose own priority is no business of the container. */
	if (syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, value) < 0)
		return err_sys(e, "process.ioPriority: ioprio_set");
	return 0;
}

#ifndef MPOL_WEIGHTED_INTERLEAVE
#define MPOL_WEIGHTED_INTERLEAVE 6
#endif

static const struct mode_row {
	const char *name;
	int value;
} modes[] = {
	{ "MPOL_BIND", MPOL_BIND },
	{ "MPOL_DEFAULT", MPOL_DEFAULT },
	{ "MPOL_INTERLEAVE", MPOL_INTERLEAVE },
	{ "MPOL_LOCAL", MPOL_LOCAL },
	{ "MPOL_PREFERRED", MPOL_PREFERRED },
	{ "MPOL_PREFERRED_MANY", MPOL_PREFERRED_MANY },
	{ "MPOL_WEIGHTED_INTERLEAVE", MPOL_WEIGHTED_INTERLEAVE },
};

static const struct mode_row mode_flags[] = {
	{ "MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING },
	{ "MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES },
	{ "MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES },
};

static int find_mode(const struct mode_row *rows, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (streq(rows[i].name, name))
			return rows[i].value;
	return -1;
}

static int set_memory_policy(const struct spec_memory_policy *p, struct err *e)
{
	auto_(cpulist) struct cpulist nodes = { 0 };
	int mode = find_mode(modes, ARRAY_LEN(modes), p->mode ? p->mode : "MPOL_DEFAULT");
	int r;

	if (mode < 0)
		return err_set(e, EINVAL, "linux.memoryPolicy.mode: unknown mode '%s'", p->mode);
	for (size_t i = 0; i < p->flags.n; i++) {
		int bit = find_mode(mode_flags, ARRAY_LEN(mode_flags), p->flags.items[i]);

		if (bit < 0)
			return err_set(e, EINVAL,
				       "linux.memoryPolicy.flags[%zu]: unknown flag '%s'", i,
				       p->flags.items[i]);
		mode |= bit;
	}
	r = cpulist_parse(p->nodes ? p->nodes : "", &nodes, e);
	if (r < 0)
		return err_wrap(e, r, "linux.memoryPolicy.nodes");
	/* The kernel reads one bit fewer than it is told. */
	if (syscall(SYS_set_mempolicy, mode, nodes.bits, nodes.n_bits ? nodes.n_bits + 1 : 0) < 0)
		return err_sys(e, "linux.memoryPolicy: set_mempolicy %s, nodes '%s'", p->mode,
			       p->nodes ? p->nodes : "");
	return 0;
}

static int set_personality(const struct spec_personality *p, struct err *e)
{
	unsigned long domain = PER_LINUX;

	if (p->flags.n > 0)
		return err_set(e, EINVAL, "linux.personality.flags: none is defined");
	if (p->domain && streq(p->domain, "LINUX32"))
		domain = PER_LINUX32;
	else if (p->domain && !streq(p->domain, "LINUX"))
		return err_set(e, EINVAL, "linux.personality.domain: unknown domain '%s'",
			       p->domain);
	if (personality(domain) < 0)
		return err_sys(e, "linux.personality");
	return 0;
}

int sched_apply(struct init *in, struct err *e)
{
	const struct spec_process *p = in->process;
	int r = 0;

	if (p->scheduler && p->scheduler->policy)
		r = set_scheduler(p->scheduler, e);
	if (r >= 0 && p->io_priority && p->io_priority->io_class)
		r = set_io_priority(p->io_priority, e);
	if (r >= 0 && in->linux_->memory_policy)
		r = set_memory_policy(in->linux_->memory_policy, e);
	/* Before seccomp, whose default profile allows only some personalities. */
	if (r >= 0 && in->linux_->personality)
		r = set_personality(in->linux_->personality, e);
	return r;
}

static int set_affinity(const char *cpus, const char *path, struct err *e)
{
	auto_(cpulist) struct cpulist list = { 0 };
	int r = cpulist_parse(cpus, &list, e);

	if (r < 0)
		return err_wrap(e, r, "%s", path);
	if (syscall(SYS_sched_setaffinity, 0, cpulist_bytes(&list), list.bits) < 0)
		return err_sys(e, "%s: run on cpus '%s'", path, cpus);
	return 0;
}

static const struct spec_exec_cpu_affinity *exec_affinity(const struct init *in)
{
	return in->job->kind == INIT_EXEC ? in->process->exec_cpu_affinity : NULL;
}

int sched_affinity_initial(struct init *in, struct err *e)
{
	const struct spec_exec_cpu_affinity *a = exec_affinity(in);

	if (!a || !a->initial || !a->initial[0])
		return 0;
	return set_affinity(a->initial, "process.execCPUAffinity.initial", e);
}

/* Room for every cpu a kernel can be built for. */
#define ALL_CPUS_BYTES 1024

int sched_affinity_final(struct init *in, struct err *e)
{
	const struct spec_exec_cpu_affinity *a = exec_affinity(in);
	unsigned long all[ALL_CPUS_BYTES / sizeof(unsigned long)];

	if (a && a->final && a->final[0])
		return set_affinity(a->final, "process.execCPUAffinity.final", e);
	if (a && a->initial && a->initial[0])
		return 0;
	/* A caller that systemd bound to some cpus must not bind the container, whose cgroup says
	 * where it may run.  Refused: then it stays as it is. */
	memset(all, 0xff, sizeof(all));
	(void)syscall(SYS_sched_setaffinity, 0, sizeof(all), all);
	return 0;
}
