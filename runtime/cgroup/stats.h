/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a container's control groups count, as the document of `events`: the
 * keys, units and quirks are those of runc, whose callers read it.
 *
 * stats_read.c has the tables (file, key -> member) of v1 and v2 and reads the
 * files, stats_parse.c is pure, stats_encode.c writes the JSON.  A file that is
 * not there leaves its members 0; a file that cannot be understood is an error.
 */
#ifndef RUNTIME_CGROUP_STATS_H
#define RUNTIME_CGROUP_STATS_H

#include "libutil/json.h"
#include "runtime/cgroup/cgroup.h"

/* Processors and memory nodes; the kernel's largest configuration has 8192. */
#define STATS_MAX_NUMBERS ((size_t)1 << 16)

struct stats_list {
	uint64_t *v;
	size_t n;
};

struct stats_pressure {
	double avg10, avg60, avg300;
	uint64_t total; /* microseconds */
};

struct stats_psi {
	bool set; /* the kernel has it */
	struct stats_pressure some, full;
};

struct stats_cpu {
	uint64_t total, kernel, user; /* nanoseconds, as the lists */
	struct stats_list percpu, percpu_kernel, percpu_user;
	uint64_t periods, throttled_periods, throttled_time;
	struct stats_psi psi;
};

struct stats_cpuset {
	struct stats_list cpus, mems;
	uint64_t cpu_exclusive, mem_hardwall, mem_exclusive, memory_migrate, memory_spread_page,
		memory_spread_slab, memory_pressure, sched_load_balance;
	int64_t sched_relax_domain_level;
};

struct stats_memory_entry {
	uint64_t limit, usage, max, failcnt;
};

struct stats_named {
	const char *name;
	uint64_t value;
};

struct stats_memory {
	uint64_t cache;
	/* `swap` is memory and swap together, also in v2. */
	struct stats_memory_entry usage, swap, kernel, kernel_tcp;
	struct stats_raw { /* memory.stat */
		struct stats_named *v;
		size_t n;
	} raw;
	struct stats_psi psi;
};

struct stats_io_entry {
	uint64_t major, minor;
	const char *op; /* "Read"; "" for counters without */
	uint64_t value;
};

enum stats_io_table {
	STATS_IO_BYTES,
	STATS_IO_SERVICED,
	STATS_IO_QUEUED,
	STATS_IO_SERVICE_TIME,
	STATS_IO_WAIT_TIME,
	STATS_IO_MERGED,
	STATS_IO_TIME,
	STATS_IO_SECTORS,
	STATS_IO_TABLES,
};

struct stats_io {
	struct stats_io_entry *v;
	size_t n;
};

struct stats_hugetlb {
	const char *size; /* "2MB" */
	uint64_t usage, max, failcnt;
};

struct stats {
	struct arena arena; /* owns lists and names */
	struct stats_cpu cpu;
	struct stats_cpuset cpuset;
	struct stats_memory memory;
	uint64_t pids, pids_limit; /* limit 0: none */
	struct stats_io io[STATS_IO_TABLES];
	struct stats_psi io_psi;
	struct stats_hugetlb *hugetlb;
	size_t n_hugetlb;
};

void stats_done(struct stats *s);
AUTO_DEFINE_DONE(stats, stats_done)

/* Read everything that counts in the groups. */
int stats_read(const struct cgroup *cg, struct stats *ret, struct err *e);
/* The members of runc's document up to "hugetlb", inside an object that is open. */
void stats_encode(const struct stats *s, struct json_writer *w);
void stats_encode_psi(const struct stats_psi *psi, struct json_writer *w);

/* ---- For the files of this subject ---- */

enum stat_kind {
	STAT_NUMBER,   /* the whole file; "max" is all ones */
	STAT_SIGNED,   /* the same, int64_t */
	STAT_KEY,      /* the value of `key` in lines "key value" */
	STAT_ALL_KEYS, /* struct stats_raw */
	STAT_LIST,     /* numbers between blanks: struct stats_list */
	STAT_COLUMN,   /* the column that the first line calls `key`: struct stats_list */
	STAT_RANGES,   /* "0-3,7": struct stats_list */
	STAT_PSI,      /* struct stats_psi */
	STAT_IO,       /* v1: "8:0 Read 4096"; skipped when the table has entries */
	STAT_IO_V2,    /* "8:0 rbytes=1 wios=2": fills two tables; the offset is that of `io` */
};

struct stat_row {
	const char *controller; /* v1: of the hierarchy */
	const char *file;
	enum stat_kind kind;
	size_t offset; /* in struct stats */
	const char *key;
	uint64_t scale; /* to the unit of the member; 0 is 1 */
};

/* Put what the text of row->file says into `s`; -EBADMSG when it is not of that kind.  Pure. */
int stats_parse(struct stats *s, const struct stat_row *row, const char *text);

#endif
