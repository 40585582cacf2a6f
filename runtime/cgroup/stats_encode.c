/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runc's spelling, member by member, also where it is odd: what Go leaves out
 * when it is empty is left out, "ioQueueRecursive" has no d.
 */
#include "runtime/cgroup/stats.h"

/* Left out when it is 0. */
static void put(struct json_writer *w, const char *key, uint64_t v)
{
	if (!v)
		return;
	json_key(w, key);
	json_u64(w, v);
}

static void put_always(struct json_writer *w, const char *key, uint64_t v)
{
	json_key(w, key);
	json_u64(w, v);
}

static void put_list(struct json_writer *w, const char *key, const struct stats_list *list)
{
	if (!list->n)
		return;
	json_key(w, key);
	json_array(w);
	for (size_t i = 0; i < list->n; i++)
		json_u64(w, list->v[i]);
	json_array_end(w);
}

static void put_pressure(struct json_writer *w, const char *key, const struct stats_pressure *p)
{
	json_key(w, key);
	json_object(w);
	json_key(w, "avg10");
	json_real(w, p->avg10);
	json_key(w, "avg60");
	json_real(w, p->avg60);
	json_key(w, "avg300");
	json_real(w, p->avg300);
	put_always(w, "total", p->total);
	json_object_end(w);
}

void stats_encode_psi(const struct stats_psi *psi, struct json_writer *w)
{
	if (!psi->set)
		return;
	json_key(w, "psi");
	json_object(w);
	put_pressure(w, "some", &psi->some);
	put_pressure(w, "full", &psi->full);
	json_object_end(w);
}

static void put_cpu(struct json_writer *w, const struct stats_cpu *c)
{
	json_key(w, "cpu");
	json_object(w);
	json_key(w, "usage");
	json_object(w);
	put(w, "total", c->total);
	put_list(w, "percpu", &c->percpu);
	put_list(w, "percpu_kernel", &c->percpu_kernel);
	put_list(w, "percpu_user", &c->percpu_user);
	put_always(w, "kernel", c->kernel);
	put_always(w, "user", c->user);
	json_object_end(w);
	json_key(w, "throttling");
	json_object(w);
	put(w, "periods", c->periods);
	put(w, "throttledPeriods", c->throttled_periods);
	put(w, "throttledTime", c->throttled_time);
	json_object_end(w);
	stats_encode_psi(&c->psi, w);
	json_object_end(w);
}

static void put_cpuset(struct json_writer *w, const struct stats_cpuset *c)
{
	json_key(w, "cpuset");
	json_object(w);
	put_list(w, "cpus", &c->cpus);
	put_always(w, "cpu_exclusive", c->cpu_exclusive);
	put_list(w, "mems", &c->mems);
	put_always(w, "mem_hardwall", c->mem_hardwall);
	put_always(w, "mem_exclusive", c->mem_exclusive);
	put_always(w, "memory_migrate", c->memory_migrate);
	put_always(w, "memory_spread_page", c->memory_spread_page);
	put_always(w, "memory_spread_slab", c->memory_spread_slab);
	put_always(w, "memory_pressure", c->memory_pressure);
	put_always(w, "sched_load_balance", c->sched_load_balance);
	json_kv_i64(w, "sched_relax_domain_level", c->sched_relax_domain_level);
	json_object_end(w);
}

static void put_memory_entry(struct json_writer *w, const char *key,
			     const struct stats_memory_entry *m)
{
	json_key(w, key);
	json_object(w);
	put_always(w, "limit", m->limit);
	put(w, "usage", m->usage);
	put(w, "max", m->max);
	put_always(w, "failcnt", m->failcnt);
	json_object_end(w);
}

static void put_memory(struct json_writer *w, const struct stats_memory *m)
{
	json_key(w, "memory");
	json_object(w);
	put(w, "cache", m->cache);
	put_memory_entry(w, "usage", &m->usage);
	put_memory_entry(w, "swap", &m->swap);
	put_memory_entry(w, "kernel", &m->kernel);
	put_memory_entry(w, "kernelTCP", &m->kernel_tcp);
	if (m->raw.n) {
		json_key(w, "raw");
		json_object(w);
		for (size_t i = 0; i < m->raw.n; i++)
			put_always(w, m->raw.v[i].name, m->raw.v[i].value);
		json_object_end(w);
	}
	stats_encode_psi(&m->psi, w);
	json_object_end(w);
}

static void put_io_entry(struct json_writer *w, const struct stats_io_entry *entry)
{
	json_object(w);
	put(w, "major", entry->major);
	put(w, "minor", entry->minor);
	if (*entry->op)
		json_kv_string(w, "op", entry->op);
	put(w, "value", entry->value);
	json_object_end(w);
}

static void put_io(struct json_writer *w, const struct stats *s)
{
	static const char *const keys[STATS_IO_TABLES] = {
		[STATS_IO_BYTES] = "ioServiceBytesRecursive",
		[STATS_IO_SERVICED] = "ioServicedRecursive",
		[STATS_IO_QUEUED] = "ioQueueRecursive",
		[STATS_IO_SERVICE_TIME] = "ioServiceTimeRecursive",
		[STATS_IO_WAIT_TIME] = "ioWaitTimeRecursive",
		[STATS_IO_MERGED] = "ioMergedRecursive",
		[STATS_IO_TIME] = "ioTimeRecursive",
		[STATS_IO_SECTORS] = "sectorsRecursive",
	};

	json_key(w, "blkio");
	json_object(w);
	for (size_t i = 0; i < STATS_IO_TABLES; i++) {
		if (!s->io[i].n)
			continue;
		json_key(w, keys[i]);
		json_array(w);
		for (size_t j = 0; j < s->io[i].n; j++)
			put_io_entry(w, &s->io[i].v[j]);
		json_array_end(w);
	}
	stats_encode_psi(&s->io_psi, w);
	json_object_end(w);
}

static void put_hugetlb(struct json_writer *w, const struct stats *s)
{
	json_key(w, "hugetlb");
	json_object(w);
	for (size_t i = 0; i < s->n_hugetlb; i++) {
		const struct stats_hugetlb *h = &s->hugetlb[i];

		json_key(w, h->size);
		json_object(w);
		put(w, "usage", h->usage);
		put(w, "max", h->max);
		put_always(w, "failcnt", h->failcnt);
		json_object_end(w);
	}
	json_object_end(w);
}

void stats_encode(const struct stats *s, struct json_writer *w)
{
	put_cpu(w, &s->cpu);
	put_cpuset(w, &s->cpuset);
	put_memory(w, &s->memory);
	json_key(w, "pids");
	json_object(w);
	put(w, "current", s->pids);
	put(w, "limit", s->pids_limit);
	json_object_end(w);
	put_io(w, s);
	put_hugetlb(w, s);
}
