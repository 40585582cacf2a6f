/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/dir.h"
#include "shim/cgroup/group_file.h"
#include "shim/v2/metrics.h"

/* The members are called as the kernel calls them. */
#define KEY(type, name) { #name, offsetof(struct type, name) },

#define X(name, number) KEY(msg_v2_cpu, name)
static const struct group_key cpu_keys[] = { MSG_V2_CPU(X) };
#undef X
#define X(name, number) KEY(msg_v2_memory, name)
static const struct group_key memory_keys[] = { MSG_V2_MEMORY(X) };
#undef X
#define X(name, number) KEY(msg_v2_memory_events, name)
static const struct group_key events_keys[] = { MSG_V2_MEMORY_EVENTS(X) };
#undef X
#define X(name, number) KEY(msg_v2_io_entry, name)
static const struct group_key io_keys[] = { MSG_V2_IO(X) };
#undef X

static struct msg_v2_pids *read_pids(int dir, struct arena *a)
{
	struct msg_v2_pids *pids = arena_alloc(a, 1, sizeof(*pids));

	pids->current = group_number(dir, "pids.current");
	pids->limit = group_number(dir, "pids.max");
	/* No limit is 0 here, and only here. */
	if (pids->limit.set && (uint64_t)pids->limit.v == UINT64_MAX)
		pids->limit.v = 0;
	return pids->current.set ? pids : NULL;
}

/* Newer kernels count the working set by kind, of which the sum is what older ones gave. */
static void add_working_set(int dir, struct msg_v2_memory *m)
{
	struct pair {
		struct pb_number anon, file;
	};
	static const struct row {
		size_t offset;
		struct group_key keys[2];
	} rows[] = {
#define ROW(name)                                                                                  \
	{                                                                                          \
		offsetof(struct msg_v2_memory, name),                                              \
		{                                                                                  \
			{ #name "_anon", offsetof(struct pair, anon) },                            \
			{                                                                          \
#name "_file", offsetof(struct pair, file)                         \
			}                                                                          \
		}                                                                                  \
	}
		ROW(workingset_refault),
		ROW(workingset_activate),
#undef ROW
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct pb_number *sum = (struct pb_number *)((char *)m + rows[i].offset);
		struct pair p = { 0 };

		if (sum->set)
			continue;
		group_keys(dir, "memory.stat", rows[i].keys, 2, &p);
		if (p.anon.set || p.file.set)
			*sum = pb_set(p.anon.v + p.file.v);
	}
}

static struct msg_v2_memory *read_memory(int dir, struct arena *a)
{
	struct msg_v2_memory *m = arena_alloc(a, 1, sizeof(*m));

	group_keys(dir, "memory.stat", memory_keys, ARRAY_LEN(memory_keys), m);
	add_working_set(dir, m);
	m->usage = group_number(dir, "memory.current");
	m->usage_limit = group_number(dir, "memory.max");
	m->swap_usage = group_number(dir, "memory.swap.current");
	m->swap_limit = group_number(dir, "memory.swap.max");
	return m->usage.set || m->anon.set ? m : NULL;
}

static struct msg_v2_io *read_io(int dir, struct arena *a)
{
	struct msg_v2_io *io = arena_alloc(a, 1, sizeof(*io));
	char *text = group_text(dir, "io.stat", a);

	for (char *line; text && (line = group_next_line(&text));) {
		const char *device = group_next_word(&line);
		struct msg_v2_io_entry entry = { 0 };

		if (!device || !group_device(device, &entry.major, &entry.minor))
			continue;
		group_pairs(line, io_keys, ARRAY_LEN(io_keys), &entry);
		*(struct msg_v2_io_entry *)group_append(&io->usage, sizeof(entry), a) = entry;
	}
	return io->usage.n ? io : NULL;
}

/* ---- hugetlb: a file per page size ---- */

struct hugetlb_visit {
	int dir;
	struct arena *a;
	struct pb_list *list;
};

static int visit_hugetlb(int dirfd UNUSED, const char *name, unsigned char d_type UNUSED, void *ctx,
			 struct err *e UNUSED)
{
	struct hugetlb_visit *v = ctx;
	const char *size = metrics_page_size(name, ".current", v->a);
	struct msg_v2_hugetlb *h;

	if (!size)
		return 0;
	h = group_append(v->list, sizeof(*h), v->a);
	h->pagesize = size;
	h->current = group_number(v->dir, name);
	h->max = group_number(v->dir, arena_printf(v->a, "hugetlb.%s.max", size));
	return 0;
}

static void read_hugetlb(int dir, struct arena *a, struct pb_list *ret)
{
	struct hugetlb_visit v = { .dir = dir, .a = a, .list = ret };
	autofd int fd = dir_open_at(dir, ".", NULL);

	if (fd >= 0)
		(void)dir_each(fd, visit_hugetlb, &v, NULL);
}

void metrics_read_v2(int dir, struct arena *a, struct msg_metrics_v2 *ret)
{
	ret->pids = read_pids(dir, a);
	ret->cpu = arena_alloc(a, 1, sizeof(*ret->cpu));
	group_keys(dir, "cpu.stat", cpu_keys, ARRAY_LEN(cpu_keys), ret->cpu);
	ret->memory = read_memory(dir, a);
	ret->rdma = metrics_read_rdma(dir, a);
	ret->io = read_io(dir, a);
	read_hugetlb(dir, a, &ret->hugetlb);
	ret->memory_events = arena_alloc(a, 1, sizeof(*ret->memory_events));
	group_keys(dir, "memory.events", events_keys, ARRAY_LEN(events_keys), ret->memory_events);
}
