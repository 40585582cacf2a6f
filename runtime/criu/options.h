/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pure: from the command line and config.json to the options of a request.
 *
 * Names by which image and restore find each other ("cookies") are those of
 * runc: a bind mount is called like its destination, a network namespace
 * extRootNetNS, a pid namespace extRootPidNS.
 */
#ifndef RUNTIME_CRIU_OPTIONS_H
#define RUNTIME_CRIU_OPTIONS_H

#include "libutil/strv.h"
#include "oci-spec/runtime_spec.h"
#include "runtime/criu/rpc.h"

/* The options of `checkpoint` and `restore`. */
struct criu_flags {
	const char *image_path, *work_path, *parent_path, *page_server; /* NULL: not given */
	const char *lsm_profile, *lsm_mount_context;
	bool leave_running, pre_dump, lazy_pages, auto_dedup;
	bool tcp_established, tcp_skip_in_flight, tcp_close;
	bool link_remap, ext_unix_sk, shell_job, file_locks;
	int cgroups_mode;  /* index into criu_cgroups_modes */
	int network_lock;  /* index into criu_network_locks */
	int64_t status_fd; /* 0: not given */
	struct strv empty_ns;
};

/* NULL-terminated; the first is what holds without the option. */
extern const char *const criu_cgroups_modes[];
extern const char *const criu_network_locks[];

/* Options under construction; what they point to lies in `a`. */
struct criu_options {
	struct arena *a;
	struct criu_opts opts;
};

/* What the command line decides alone, and what is the same for both verbs. */
int criu_options_flags(struct criu_options *o, const struct criu_flags *flags, struct err *e);

void criu_options_external(struct criu_options *o, const char *text);
void criu_options_inherit(struct criu_options *o, const char *key, int fd);
void criu_options_cgroup_root(struct criu_options *o, const char *ctrl, const char *path);
void criu_options_join(struct criu_options *o, const char *ns, const char *path);

/* The cookie of a namespace that stays outside the image, or NULL: criu knows network and pid. */
const char *criu_namespace_cookie(enum oci_namespace type);
/* Namespaces by path that criu can join when it restores, by its word for them; NULL: it cannot. */
const char *criu_namespace_join(enum oci_namespace type);
/* Refuse namespaces by path that can't be restored, with their JSON path. */
int criu_check_namespaces(const struct runtime_spec *spec, struct err *e);
/* Refuse rules that neither a dump nor a restore keeps. */
int criu_check_landlock(const struct runtime_spec *spec, struct err *e);

/* "mnt[KEY]:VALUE"; a key with a ']' is told from another by nobody and refused. */
int criu_options_mount(struct criu_options *o, const char *key, const char *value, struct err *e);

#endif
