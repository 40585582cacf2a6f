/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/live/update.h"

#include <errno.h>

#include "runtime/verb/globals.h"
#include "runtime/verb/verbs.h"

/* No number or size has it: the option was not given. */
#define ABSENT INT64_MIN

struct values {
	const char *resources, *cpus, *mems, *l3, *mb;
	int64_t blkio_weight, cpu_period, cpu_quota, cpu_burst, cpu_share, cpu_idle, rt_period,
		rt_runtime;
	int64_t memory, reservation, swap, kernel, kernel_tcp, pids;
};

#define AT(member) offsetof(struct values, member)

static const struct opt opts[] = {
	{ 'r', "resources", OPT_STRING, 0, AT(resources), "FILE",
	  "read what is to be changed from FILE, or - for standard input: JSON as in config.json's linux.resources",
	  NULL, NULL },
	{ 0, "memory", OPT_SIZE, 0, AT(memory), "SIZE", "limit of memory, -1 for none", NULL,
	  NULL },
	{ 0, "memory-swap", OPT_SIZE, 0, AT(swap), "SIZE",
	  "limit of memory and swap together, -1 for none", NULL, NULL },
	{ 0, "memory-reservation", OPT_SIZE, 0, AT(reservation), "SIZE",
	  "memory that is left alone while others have more to give", NULL, NULL },
	{ 0, "cpu-quota", OPT_I64, 0, AT(cpu_quota), "MICROSECONDS",
	  "processor time in each period, -1 for no limit", NULL, NULL },
	{ 0, "cpu-period", OPT_I64, 0, AT(cpu_period), "MICROSECONDS", "length of a period", NULL,
	  NULL },
	{ 0, "cpu-burst", OPT_I64, 0, AT(cpu_burst), "MICROSECONDS",
	  "processor time that may be saved up for later periods", NULL, NULL },
	{ 0, "cpu-share", OPT_I64, 0, AT(cpu_share), "N",
	  "weight against other groups, 2 to 262144 (usually 1024)", NULL, NULL },
	{ 0, "cpu-idle", OPT_I64, 0, AT(cpu_idle), "N",
	  "1: run only when nobody else wants the processor; 0: as usual", NULL, NULL },
	{ 0, "cpu-rt-period", OPT_I64, 0, AT(rt_period), "MICROSECONDS",
	  "length of a period of realtime processes (cgroup v1)", NULL, NULL },
	{ 0, "cpu-rt-runtime", OPT_I64, 0, AT(rt_runtime), "MICROSECONDS",
	  "processor time of realtime processes in each period (cgroup v1)", NULL, NULL },
	{ 0, "cpuset-cpus", OPT_STRING, 0, AT(cpus), "LIST", "processors to use: 0-3,7", NULL,
	  NULL },
	{ 0, "cpuset-mems", OPT_STRING, 0, AT(mems), "LIST", "memory nodes to use", NULL, NULL },
	{ 0, "pids-limit", OPT_I64, 0, AT(pids), "N", "most processes, -1 for no limit", NULL,
	  NULL },
	{ 0, "blkio-weight", OPT_I64, 0, AT(blkio_weight), "N",
	  "weight for disks against other groups, 10 to 1000", NULL, NULL },
	{ 0, "l3-cache-schema", OPT_STRING, 0, AT(l3), "SCHEMA",
	  "share of the cache, by resctrl: L3:0=7f0;1=1f", NULL, NULL },
	{ 0, "mem-bw-schema", OPT_STRING, 0, AT(mb), "SCHEMA",
	  "share of memory bandwidth, by resctrl: MB:0=20;1=70", NULL, NULL },
	{ 0, "kernel-memory", OPT_SIZE, OPT_HIDDEN, AT(kernel), "SIZE",
	  "limit of the kernel's memory (cgroup v1, old kernels)", NULL, NULL },
	{ 0, "kernel-memory-tcp", OPT_SIZE, OPT_HIDDEN, AT(kernel_tcp), "SIZE",
	  "limit of the kernel's TCP buffers (cgroup v1)", NULL, NULL },
	OPT_END,
};

static void defaults(void *values)
{
	struct values *v = values;
	int64_t *const numbers[] = {
		&v->blkio_weight, &v->cpu_period, &v->cpu_quota,  &v->cpu_burst, &v->cpu_share,
		&v->cpu_idle,     &v->rt_period,  &v->rt_runtime, &v->memory,    &v->reservation,
		&v->swap,         &v->kernel,     &v->kernel_tcp, &v->pids,
	};

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		*numbers[i] = ABSENT;
}

static struct opt_i64 signed_number(int64_t v)
{
	return v == ABSENT ? (struct opt_i64){ 0 } : (struct opt_i64){ .set = true, .v = v };
}

struct unsigned_row {
	const char *option;
	int64_t v;
	int64_t max;
	struct opt_u64 *to;
};

static int set_unsigned(const struct unsigned_row *rows, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		const struct unsigned_row *row = &rows[i];

		if (row->v == ABSENT)
			continue;
		if (row->v < 0 || row->v > row->max)
			return err_set(e, EINVAL,
				       "option '--%s': '%lld' is no number from 0 to %lld",
				       row->option, (long long)row->v, (long long)row->max);
		*row->to = (struct opt_u64){ .set = true, .v = (uint64_t)row->v };
	}
	return 0;
}

struct blocks {
	struct spec_memory memory;
	struct spec_cpu cpu;
	struct spec_pids pids;
	struct spec_block_io block_io;
};

static int fill(const struct values *v, struct blocks *b, struct spec_resources *r, struct err *e)
{
	const struct unsigned_row rows[] = {
		{ "blkio-weight", v->blkio_weight, UINT16_MAX, &b->block_io.weight },
		{ "cpu-period", v->cpu_period, INT64_MAX, &b->cpu.period },
		{ "cpu-burst", v->cpu_burst, INT64_MAX, &b->cpu.burst },
		{ "cpu-share", v->cpu_share, INT64_MAX, &b->cpu.shares },
		{ "cpu-rt-period", v->rt_period, INT64_MAX, &b->cpu.realtime_period },
	};

	b->memory = (struct spec_memory){
		.limit = signed_number(v->memory),
		.swap = signed_number(v->swap),
		.reservation = signed_number(v->reservation),
		.kernel = signed_number(v->kernel),
		.kernel_tcp = signed_number(v->kernel_tcp),
	};
	b->cpu = (struct spec_cpu){
		.quota = signed_number(v->cpu_quota),
		.realtime_runtime = signed_number(v->rt_runtime),
		.idle = signed_number(v->cpu_idle),
		.cpus = v->cpus,
		.mems = v->mems,
	};
	b->pids.limit = signed_number(v->pids);
	*r = (struct spec_resources){
		.memory = &b->memory,
		.cpu = &b->cpu,
		.pids = b->pids.limit.set ? &b->pids : NULL,
		.block_io = &b->block_io,
	};
	return set_unsigned(rows, ARRAY_LEN(rows), e);
}

static int run(const void *global, void *values, char *const *args, int n UNUSED, struct err *e)
{
	const struct values *v = values;
	struct spec_resources extra;
	struct blocks blocks = { 0 };
	const struct spec_intel_rdt rdt = { .l3_cache_schema = v->l3, .mem_bw_schema = v->mb };
	const struct update_request req = {
		.host = globals_host(global),
		.id = args[0],
		.file = v->resources,
		.extra = &extra,
		.rdt = (v->l3 && *v->l3) || (v->mb && *v->mb) ? &rdt : NULL,
	};
	int r = fill(v, &blocks, &extra, e);

	return r < 0 ? r : container_update(&req, e);
}

const struct verb verb_update = {
	.name = "update",
	.args = "CONTAINER",
	.summary = "change the limits of a container",
	.details =
		"What is not named stays as it is. Sizes may end in k, m or g. The document of --resources and the "
		"options can be mixed; options win.",
	.opts = opts,
	.opts_size = sizeof(struct values),
	.defaults = defaults,
	.min_args = 1,
	.max_args = 1,
	.stop_after = -1,
	.run = run,
};
