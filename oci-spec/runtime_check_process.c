/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of process (config.md "Process" and below). */
#include "oci-spec/runtime_check.h"

#include <inttypes.h>
#include <limits.h>

static int check_rlimits(const struct check *c, const struct oci_array *list)
{
	const struct spec_rlimit *items = list->items;
	uint32_t seen = 0;

	for (size_t i = 0; i < list->n; i++) {
		int number = oci_rlimit_number(items[i].type);

		if (number < 0) {
			if (check_fail(c, "rlimits[%zu].type: unknown limit '%.60s'", i,
				       items[i].type) < 0)
				return -EINVAL;
			continue;
		}
		if (seen & UINT32_C(1) << number) {
			if (check_fail(c, "rlimits[%zu].type: '%s' is given twice", i,
				       items[i].type) < 0)
				return -EINVAL;
			continue;
		}
		seen |= UINT32_C(1) << number;
		if (items[i].soft.v > items[i].hard.v) {
			if (check_fail(c, "rlimits[%zu].soft: %" PRIu64 " is above hard %" PRIu64,
				       i, items[i].soft.v, items[i].hard.v) < 0)
				return -EINVAL;
			continue;
		}
	}
	return 0;
}

/* sched(7): at least 1024 ns, and runtime <= deadline <= period; a period of 0 is the deadline. */
static int check_deadline_order(const struct check *c, const struct spec_scheduler *s)
{
	if (s->runtime.v < 1024)
		return check_fail(c, "scheduler.runtime: %" PRIu64 " is below 1024 ns",
				  s->runtime.v);
	if (s->deadline.v < s->runtime.v)
		return check_fail(c, "scheduler.deadline: %" PRIu64 " is below runtime %" PRIu64,
				  s->deadline.v, s->runtime.v);
	if (s->period.v && s->period.v < s->deadline.v)
		return check_fail(c, "scheduler.period: %" PRIu64 " is below deadline %" PRIu64,
				  s->period.v, s->deadline.v);
	return 0;
}

static int check_deadline(const struct check *c, const struct spec_scheduler *s)
{
	const struct {
		const char *key;
		uint64_t v;
	} numbers[] = {
		{ "runtime", s->runtime.v },
		{ "deadline", s->deadline.v },
		{ "period", s->period.v },
	};

	for (size_t i = 0; s->policy != OCI_SCHED_DEADLINE && i < ARRAY_LEN(numbers); i++) {
		if (numbers[i].v) {
			if (check_fail(c, "scheduler.%s: only SCHED_DEADLINE takes it",
				       numbers[i].key) < 0)
				return -EINVAL;
			continue;
		}
	}
	return s->policy == OCI_SCHED_DEADLINE ? check_deadline_order(c, s) : 0;
}

/* sched_setattr(2) would say EINVAL and no more. */
static int check_scheduler(const struct check *c, const struct spec_scheduler *s)
{
	bool realtime = s->policy == OCI_SCHED_FIFO || s->policy == OCI_SCHED_RR;

	if (s->nice.v < -20 || s->nice.v > 19)
		return check_fail(c, "scheduler.nice: %" PRId64 " is out of range -20 to 19",
				  s->nice.v);
	if (realtime && (s->priority.v < 1 || s->priority.v > 99))
		return check_fail(c, "scheduler.priority: %" PRId64 " is out of range 1 to 99",
				  s->priority.v);
	if (!realtime && s->priority.v != 0)
		return check_fail(c, "scheduler.priority: only SCHED_FIFO and SCHED_RR take it");
	return check_deadline(c, s);
}

static int check_cpu_list(const struct check *c, const char *key, const char *list)
{
	if (list && list[strspn(list, "0123456789, -")])
		return check_fail(c,
				  "execCPUAffinity.%s: '%.60s' is not a list of CPUs like '0-3,7'",
				  key, list);
	return 0;
}

static int check_affinity(const struct check *c, const struct spec_exec_cpu_affinity *a)
{
	int r = check_cpu_list(c, "initial", a->initial);

	return r < 0 ? r : check_cpu_list(c, "final", a->final);
}

/* A terminal's size has 16 bits; without a terminal it must be ignored. */
static int check_console(const struct check *c, const struct spec_process *p)
{
	if (!p->terminal || !p->console_size)
		return 0;
	if (p->console_size->height.v > USHRT_MAX)
		return check_fail(c, "consoleSize.height: %" PRIu64 " is out of range 0 to 65535",
				  p->console_size->height.v);
	if (p->console_size->width.v > USHRT_MAX)
		return check_fail(c, "consoleSize.width: %" PRIu64 " is out of range 0 to 65535",
				  p->console_size->width.v);
	return 0;
}

int check_process(const struct check *c, const struct spec_process *p)
{
	const struct spec_io_priority *io = p->io_priority;
	int r = check_console(c, p);

	/* "at least one entry is REQUIRED (non-Windows)" */
	if (r == 0 && !p->args.n)
		r = check_fail(c, p->args.items ? "args: must not be empty" : "args: is required");
	if (r == 0)
		r = check_env(c, "env", &p->env);
	/* Capabilities that nobody knows are no error: the runtime says so and goes on. */
	if (r == 0)
		r = check_rlimits(c, &p->rlimits);
	if (r == 0 && p->scheduler)
		r = check_scheduler(c, p->scheduler);
	if (r == 0 && io && (io->priority.v < 0 || io->priority.v > 7))
		r = check_fail(c, "ioPriority.priority: %" PRId64 " is out of range 0 to 7",
			       io->priority.v);
	if (r == 0 && p->exec_cpu_affinity)
		r = check_affinity(c, p->exec_cpu_affinity);
	return r;
}
