/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.resources as a list of files to write: decided here without a system
 * call, done by apply.c.  What a layout can't express is an error that names
 * the JSON path; values that mean "no limit asked" make no entry.
 */
#ifndef RUNTIME_CGROUP_LIMITS_H
#define RUNTIME_CGROUP_LIMITS_H

#include "oci-spec/runtime_spec.h"

enum limit_flag {
	/* No controller or no file: nothing is lost, because the value is what happens without. */
	LIMIT_OPTIONAL = 1 << 0,
	/* EINVAL may come from the value of another file: once more after all the others. */
	LIMIT_RETRY = 1 << 1,
	/* cpu.max with only the period known: the quota in front of it is read from the file. */
	LIMIT_KEEP_QUOTA = 1 << 2,
	/* Each line is a write(2) of its own. */
	LIMIT_LINES = 1 << 3,
	/* A number of bytes that newer kernels take and forget: what became of it is looked up. */
	LIMIT_FORGOTTEN = 1 << 4,
};

struct limit {
	const char *file;  /* "memory.max"; what is before the first dot is the controller */
	const char *alt;   /* tried when `file` is missing (the older scheduler's name) */
	const char *value; /* for `file` */
	const char *alt_value;
	const char *json; /* "linux.resources.memory.limit" */
	unsigned flags;   /* enum limit_flag */
	bool v2;          /* a file of the v2 tree */
};

struct limits {
	struct arena arena; /* owns list and texts */
	struct limit *v;
	size_t n, cap;
};

void limits_done(struct limits *l);
AUTO_DEFINE_DONE(limits, limits_done)

/* `r` may be NULL. */
int limits_v1(const struct spec_resources *r, struct limits *ret, struct err *e);
int limits_v2(const struct spec_resources *r, struct limits *ret, struct err *e);
/* A hybrid layout: `v2_controllers` ("hugetlb io") are in its v2 tree, the others in v1. */
int limits_hybrid(const struct spec_resources *r, const char *v2_controllers, struct limits *ret,
		  struct err *e);
/* Word of a list that blanks separate. */
bool limits_has_word(const char *list, const char *word);

/* For the two above. */
#define LIMITS_JSON "linux.resources."
struct limit *limits_add(struct limits *l, const char *file, const char *json, const char *value);
struct limit *limits_add_i64(struct limits *l, const char *file, const char *json, int64_t value);
struct limit *limits_add_u64(struct limits *l, const char *file, const char *json, uint64_t value);
/* "cannot be expressed in cgroup v2" */
int limits_refuse(const char *json, const char *why, struct err *e);
/* hugepageLimits and rdma are alike but for the names. */
int limits_add_hugetlb(struct limits *l, const struct spec_resources *r, const char *suffix,
		       struct err *e);
int limits_add_rdma(struct limits *l, const struct spec_resources *r, struct err *e);
/* "8:0" of a block device of blockIO; checks that both numbers are there. */
int limits_device(struct limits *l, const struct opt_i64 *major, const struct opt_i64 *minor,
		  const char *json, const char **ret, struct err *e);
/* pids.limit: -1 (and less) is "max", 0 becomes 1: a limit of 0 would forbid init itself. */
void limits_add_pids(struct limits *l, const struct spec_resources *r);

/* cpu.shares (2 .. 262144, 0 unset) to cpu.weight (1 .. 10000); 0 stays 0. */
uint64_t limits_weight_of_shares(uint64_t shares);
/* blockIO weights (10 .. 1000) to io.weight (1 .. 10000). */
uint64_t limits_io_weight(uint64_t weight);

#endif
