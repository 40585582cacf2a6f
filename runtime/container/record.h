/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a container's state.json says: who its first process is, where it came
 * from, and which control groups belong to it.  Pure: text to struct and back.
 *
 * The first version is written before anything else is made and has no pid; it
 * is what `delete --force` needs to clear up after a creator that was killed.
 */
#ifndef RUNTIME_CONTAINER_RECORD_H
#define RUNTIME_CONTAINER_RECORD_H

#include "oci-spec/runtime_spec.h"
#include "runtime/cgroup/cgroup.h"

/* Bytes.  The annotations of the largest configuration fit, whatever their characters. */
#define RECORD_MAX ((size_t)32 << 20)

/* How far creation came; whether the process lives is never recorded but asked. */
enum record_phase {
	RECORD_CREATING = 1, /* no pid yet */
	RECORD_MADE,         /* pid and start time name the first process */
};

/* Where it is in resctrl. */
struct record_rdt {
	const char *root;  /* absolute: where resctrl is mounted */
	const char *group; /* directory below; "." is the default class of service */
	bool made;         /* ours alone: goes with the container */
	bool monitor;      /* it has a monitoring group of its id */
};

struct record {
	const char *id;
	int phase; /* enum record_phase */
	struct opt_i64 pid;
	struct opt_u64 start_time;  /* of the pid, in clock ticks since boot: together they name a
				       process */
	struct opt_u64 pidfd_inode; /* of its pidfd; see identity.h */
	const char *created;        /* RFC 3339 */
	const char *bundle;         /* absolute */
	const char *rootfs;         /* absolute */
	bool rootless;
	bool in_timens; /* criu restored it into a time namespace that config.json does not name */
	bool gateless;  /* made by `run`: there never was a start.sock */
	bool own_pidns; /* all processes die with the first one */
	bool has_poststart; /* hooks: without, start and delete need not read config.json again */
	bool has_poststop;
	struct oci_strmap annotations;
	struct oci_array mounts;            /* struct spec_mount: added while it ran */
	struct oci_array devices;           /* struct spec_device: the same */
	struct record_rdt *rdt;             /* NULL: resctrl is not touched */
	const struct cgroup_record *cgroup; /* NULL: none; only set by record_decode() */
};

/* *ret lies in `a`. */
int record_decode(const char *name, const char *text, size_t len, struct arena *a,
		  struct record **ret, struct err *e);
/* `cgroup` may be NULL: none. */
void record_encode(const struct record *rec, const struct cgroup *cgroup, struct strbuf *out);

#endif
