/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The messages of CRIU's RPC (https://criu.org/RPC): the fields that are sent
 * and read here; others are skipped.  Rows are in rpc.c.
 */
#ifndef RUNTIME_CRIU_RPC_H
#define RUNTIME_CRIU_RPC_H

#include "libutil/protobuf.h"

enum criu_req_type {
	CRIU_EMPTY = 0, /* an answer to what was not understood */
	CRIU_DUMP = 1,
	CRIU_RESTORE = 2,
	CRIU_PRE_DUMP = 4,
	CRIU_NOTIFY = 6,
	CRIU_FEATURE_CHECK = 9,
	CRIU_VERSION = 10,
	CRIU_SINGLE_PRE_DUMP = 13,
};

enum criu_cg_mode {
	CRIU_CG_IGNORE,
	CRIU_CG_NONE,
	CRIU_CG_PROPS,
	CRIU_CG_SOFT,
	CRIU_CG_FULL,
	CRIU_CG_STRICT,
	CRIU_CG_DEFAULT,
};

enum criu_network_lock { CRIU_LOCK_IPTABLES = 1, CRIU_LOCK_NFTABLES, CRIU_LOCK_SKIP };

struct criu_page_server {
	const char *address;
	struct pb_number port;
};

struct criu_join_ns {
	const char *ns, *ns_file;
};

struct criu_inherit_fd {
	const char *key;
	struct pb_number fd;
};

struct criu_cgroup_root {
	const char *ctrl, *path;
};

struct criu_opts {
	struct pb_number images_dir_fd, pid, leave_running, ext_unix_sk, tcp_established;
	struct pb_number evasive_devices, shell_job, file_locks, log_level;
	const char *log_file;
	struct criu_page_server *ps;
	struct pb_number notify_scripts;
	const char *root, *parent_img;
	struct pb_number track_mem, auto_dedup, work_dir_fd, link_remap;
	struct pb_list cg_root; /* struct criu_cgroup_root */
	struct pb_number rst_sibling;
	struct pb_list inherit_fd; /* struct criu_inherit_fd */
	struct pb_number ext_sharing, ext_masters, manage_cgroups_mode;
	struct pb_list external; /* const char * */
	struct pb_number empty_ns;
	struct pb_list join_ns; /* struct criu_join_ns */
	const char *freeze_cgroup;
	struct pb_number tcp_skip_in_flight, lazy_pages, orphan_pts_master;
	const char *config_file;
	struct pb_number tcp_close;
	const char *lsm_profile, *lsm_mount_context;
	struct pb_number network_lock;
};

struct criu_features {
	struct pb_number mem_track, lazy_pages;
};

struct criu_req {
	struct pb_number type;
	struct criu_opts *opts;
	struct pb_number notify_success, keep_open;
	struct criu_features *features;
};

struct criu_notify {
	const char *script;
	struct pb_number pid;
};

struct criu_restored {
	struct pb_number pid;
};

struct criu_version {
	struct pb_number major, minor, sublevel;
};

struct criu_resp {
	struct pb_number type, success;
	struct criu_restored *restore;
	struct criu_notify *notify;
	struct pb_number cr_errno;
	struct criu_features *features;
	const char *cr_errmsg;
	struct criu_version *version;
};

extern const struct pb_message criu_req_message;
extern const struct pb_message criu_resp_message;

/* "dump", for messages. */
const char *criu_req_name(int64_t type);

#endif
