/* SPDX-License-Identifier: Apache-2.0 */
/* Limits of memory, processor time and processes; docker's numbers and rules. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "imagetool/bundle/edit.h"
#include "libutil/parse.h"
#include "libutil/path.h"

#define MEMORY_MIN ((int64_t)6 << 20)
#define PERIOD_US  100000
/* More processors than any machine has. */
#define CPUS_MAX 1e6

/* ---- Numbers, one row each ---- */

enum number_place { IN_MEMORY, IN_CPU };
enum number_kind { IS_SIZE, IS_NUMBER };

struct number_row {
	const char *option;
	size_t from; /* in struct container_options */
	enum number_place place;
	size_t to; /* of a struct opt_i64, or opt_u64, which lies as it does */
	enum number_kind kind;
	int64_t min, max;
	bool unlimited; /* -1 is one more value */
};

#define FROM(m) offsetof(struct container_options, m)
#define MEM(m)  IN_MEMORY, offsetof(struct spec_memory, m)
#define CPU(m)  IN_CPU, offsetof(struct spec_cpu, m)

/* Bounds are the kernel's. */
static const struct number_row rows[] = {
	{ "--memory", FROM(memory), MEM(limit), IS_SIZE, MEMORY_MIN, INT64_MAX, false },
	{ "--memory-swap", FROM(memory_swap), MEM(swap), IS_SIZE, 1, INT64_MAX, true },
	{ "--memory-reservation", FROM(memory_reservation), MEM(reservation), IS_SIZE, MEMORY_MIN,
	  INT64_MAX, false },
	{ "--memory-swappiness", FROM(memory_swappiness), MEM(swappiness), IS_NUMBER, 0, 100,
	  false },
	{ "--cpu-shares", FROM(cpu_shares), CPU(shares), IS_NUMBER, 2, 262144, false },
	{ "--cpu-quota", FROM(cpu_quota), CPU(quota), IS_NUMBER, 1000, INT64_MAX, true },
	{ "--cpu-period", FROM(cpu_period), CPU(period), IS_NUMBER, 1000, 1000000, false },
	{ "--cpu-rt-runtime", FROM(cpu_rt_runtime), CPU(realtime_runtime), IS_NUMBER, 0, INT64_MAX,
	  false },
	{ "--cpu-rt-period", FROM(cpu_rt_period), CPU(realtime_period), IS_NUMBER, 1, INT64_MAX,
	  false },
};

_Static_assert(sizeof(struct opt_i64) == sizeof(struct opt_u64), "written through one type");

static struct spec_memory *memory_of(struct spec_edit *ed)
{
	struct spec_resources *r = edit_resources_of(ed);

	if (!r->memory)
		r->memory = arena_alloc(ed->a, 1, sizeof(*r->memory));
	return r->memory;
}

static struct spec_cpu *cpu_of(struct spec_edit *ed)
{
	struct spec_resources *r = edit_resources_of(ed);

	if (!r->cpu)
		r->cpu = arena_alloc(ed->a, 1, sizeof(*r->cpu));
	return r->cpu;
}

static int parse_number(const struct number_row *row, const char *text, int64_t *ret, struct err *e)
{
	int r = row->kind == IS_SIZE ? parse_size(text, ret) : parse_i64(text, ret);

	if (r < 0)
		return err_set(e, EINVAL, "%s '%s': no %s", row->option, text,
			       row->kind == IS_SIZE ? "size such as 512m" : "whole number");
	if (row->unlimited && *ret == -1)
		return 0;
	if (*ret < row->min)
		return err_set(e, EINVAL, "%s '%s': the least is %lld%s", row->option, text,
			       (long long)row->min, row->unlimited ? ", and -1 is no limit" : "");
	if (*ret > row->max)
		return err_set(e, EINVAL, "%s '%s': the most is %lld", row->option, text,
			       (long long)row->max);
	return 0;
}

static int set_number(struct spec_edit *ed, const struct number_row *row, struct err *e)
{
	const char *text =
		*(const char *const *)(const void *)((const char *)ed->options + row->from);
	struct opt_i64 value = { .set = true };
	char *base;
	int r;

	if (!text)
		return 0;
	r = parse_number(row, text, &value.v, e);
	if (r < 0)
		return r;
	base = row->place == IN_MEMORY ? (char *)memory_of(ed) : (char *)cpu_of(ed);
	memcpy(base + row->to, &value, sizeof(value));
	return 0;
}

/* ---- What has rules of its own ---- */

static int check_memory(struct spec_edit *ed, struct err *e)
{
	struct spec_memory *m;

	if (ed->options->oom_kill_disable)
		memory_of(ed)->disable_oom_killer = (struct opt_bool){ true, true };
	if (!ed->spec->linux_->resources || !ed->spec->linux_->resources->memory)
		return 0;
	m = ed->spec->linux_->resources->memory;
	if (m->swap.set && !m->limit.set)
		return err_set(e, EINVAL, "--memory-swap: --memory is needed with it");
	if (m->swap.set && m->swap.v != -1 && m->swap.v < m->limit.v)
		return err_set(
			e, EINVAL,
			"--memory-swap: it counts memory and swap together, and is less than "
			"--memory");
	if (m->reservation.set && m->limit.set && m->reservation.v > m->limit.v)
		return err_set(e, EINVAL, "--memory-reservation: it is more than --memory");
	/* As much swap as memory, docker's default. */
	if (m->limit.set && !m->swap.set && m->limit.v <= INT64_MAX / 2)
		m->swap = (struct opt_i64){ true, 2 * m->limit.v };
	return 0;
}

/* "1.5" */
static int set_cpus(struct spec_edit *ed, struct err *e)
{
	const char *text = ed->options->cpus;
	char *end;
	double n;

	if (!text)
		return 0;
	if (ed->options->cpu_quota || ed->options->cpu_period)
		return err_set(
			e, EINVAL,
			"--cpus: it sets what --cpu-quota and --cpu-period set, give only one");
	n = strtod(text, &end);
	if (*end || strspn(text, "0123456789.") != strlen(text) || end == text || !isfinite(n) ||
	    n > CPUS_MAX)
		return err_set(e, EINVAL, "--cpus '%s': no number of processors such as 1.5", text);
	/* The kernel takes no less than a millisecond. */
	if (n * PERIOD_US < 1000)
		return err_set(e, EINVAL, "--cpus '%s': the least is 0.01", text);
	cpu_of(ed)->quota = (struct opt_i64){ true, (int64_t)(n * PERIOD_US + 0.5) };
	cpu_of(ed)->period = (struct opt_u64){ true, PERIOD_US };
	return 0;
}

/* "0-3,6": which of them there are the runtime knows. */
static bool is_list(const char *text)
{
	auto_(strv) struct strv parts = { 0 };

	strv_split(&parts, text, ',', false);
	for (size_t i = 0; i < parts.n; i++) {
		char *dash = strchr(parts.v[i], '-');
		uint32_t first, last;

		if (dash)
			*dash = '\0';
		if (parse_u32(parts.v[i], &first) < 0)
			return false;
		if (dash && (parse_u32(dash + 1, &last) < 0 || last < first))
			return false;
	}
	return parts.n > 0;
}

static int set_cpusets(struct spec_edit *ed, struct err *e)
{
	const char *cpus = ed->options->cpuset_cpus, *mems = ed->options->cpuset_mems;

	if (cpus && !is_list(cpus))
		return err_set(e, EINVAL, "--cpuset-cpus '%s': no list such as 0-3,6", cpus);
	if (mems && !is_list(mems))
		return err_set(e, EINVAL, "--cpuset-mems '%s': no list such as 0,1", mems);
	if (cpus)
		cpu_of(ed)->cpus = cpus;
	if (mems)
		cpu_of(ed)->mems = mems;
	return 0;
}

static int set_pids(struct spec_edit *ed, struct err *e)
{
	const char *text = ed->options->pids_limit;
	struct spec_resources *r;
	int64_t n;

	if (!text)
		return 0;
	if (parse_i64(text, &n) < 0 || n < -1)
		return err_set(e, EINVAL, "--pids-limit '%s': no number, and not -1 for no limit",
			       text);
	r = edit_resources_of(ed);
	r->pids = arena_alloc(ed->a, 1, sizeof(*r->pids));
	/* Docker's 0 means no limit too. */
	r->pids->limit = (struct opt_i64){ true, n ? n : -1 };
	return 0;
}

/* ---- The control group ---- */

static int set_cgroup_conf(struct spec_edit *ed, const char *text, struct err *e)
{
	const char *equals = strchr(text, '=');
	autofree char *file = NULL;

	if (!equals || equals == text)
		return err_set(e, EINVAL, "--cgroup-conf '%s': expected FILE=VALUE", text);
	file = xstrndup(text, (size_t)(equals - text));
	if (strchr(file, '/') || file[0] == '.')
		return err_set(e, EINVAL, "--cgroup-conf '%s': '%s' is no file of a control group",
			       text, file);
	edit_set_pair(ed->a, &edit_resources_of(ed)->unified, file, equals + 1);
	return 0;
}

/* Whose group it is below the parent: without a name, what the directory is called. */
static int set_cgroup_path(struct spec_edit *ed, struct err *e)
{
	const char *parent = ed->options->cgroup_parent, *name = ed->options->name;

	if (name && !parent)
		return err_set(
			e, EINVAL,
			"--name: a bundle has none, the runtime gives it: creel run -b DIR NAME "
			"(with --cgroup-parent it names the control group)");
	if (!parent)
		return 0;
	name = name ? name : ed->name;
	if (!*parent || path_has_dotdot(parent))
		return err_set(e, EINVAL, "--cgroup-parent '%s': no name of a control group",
			       parent);
	if (strchr(name, '/') || !*name || name[0] == '.')
		return err_set(e, EINVAL, "--name '%s': no name of a control group", name);
	/* What systemd's driver understands: slice, prefix, name. */
	if (strlen(parent) > 6 && streq(parent + strlen(parent) - 6, ".slice"))
		ed->spec->linux_->cgroups_path = arena_printf(ed->a, "%s:creel:%s", parent, name);
	else
		ed->spec->linux_->cgroups_path =
			arena_printf(ed->a, "%s%s/%s", parent[0] == '/' ? "" : "/", parent, name);
	return 0;
}

int edit_resources(struct spec_edit *ed, struct err *e)
{
	const struct container_options *o = ed->options;
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(rows) && r >= 0; i++)
		r = set_number(ed, &rows[i], e);
	if (r >= 0)
		r = check_memory(ed, e);
	if (r >= 0)
		r = set_cpus(ed, e);
	if (r >= 0)
		r = set_cpusets(ed, e);
	if (r >= 0)
		r = set_pids(ed, e);
	for (size_t i = 0; i < o->cgroup_conf.n && r >= 0; i++)
		r = set_cgroup_conf(ed, o->cgroup_conf.v[i], e);
	return r < 0 ? r : set_cgroup_path(ed, e);
}
