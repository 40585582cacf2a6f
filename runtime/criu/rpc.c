/* SPDX-License-Identifier: Apache-2.0 */
/* Rows: CRIU's RPC.  Numbers are the protocol's. */
#include "runtime/criu/rpc.h"

#define P(member, number, ...) PB_FIELD(struct criu_page_server, member, number, __VA_ARGS__)
static const struct pb_field page_server_rows[] = {
	P(address, 1, PB_STRING),
	P(port, 2, PB_INT32),
};
static const struct pb_message page_server_message =
	PB_MESSAGE_TYPE("page server", struct criu_page_server, page_server_rows);

#define J(member, number, ...) PB_FIELD(struct criu_join_ns, member, number, __VA_ARGS__)
static const struct pb_field join_ns_rows[] = {
	J(ns, 1, PB_STRING, .bits = PB_REQUIRED),
	J(ns_file, 2, PB_STRING, .bits = PB_REQUIRED),
};
static const struct pb_message join_ns_message =
	PB_MESSAGE_TYPE("join_namespace", struct criu_join_ns, join_ns_rows);

#define H(member, number, ...) PB_FIELD(struct criu_inherit_fd, member, number, __VA_ARGS__)
static const struct pb_field inherit_fd_rows[] = {
	H(key, 1, PB_STRING, .bits = PB_REQUIRED),
	H(fd, 2, PB_INT32, .bits = PB_REQUIRED),
};
static const struct pb_message inherit_fd_message =
	PB_MESSAGE_TYPE("inherit_fd", struct criu_inherit_fd, inherit_fd_rows);

#define G(member, number, ...) PB_FIELD(struct criu_cgroup_root, member, number, __VA_ARGS__)
static const struct pb_field cgroup_root_rows[] = {
	G(ctrl, 1, PB_STRING),
	G(path, 2, PB_STRING, .bits = PB_REQUIRED),
};
static const struct pb_message cgroup_root_message =
	PB_MESSAGE_TYPE("cgroup_root", struct criu_cgroup_root, cgroup_root_rows);

#define O(member, number, ...) PB_FIELD(struct criu_opts, member, number, __VA_ARGS__)
static const struct pb_field opts_rows[] = {
	O(images_dir_fd, 1, PB_INT32, .bits = PB_REQUIRED),
	O(pid, 2, PB_INT32),
	O(leave_running, 3, PB_BOOL),
	O(ext_unix_sk, 4, PB_BOOL),
	O(tcp_established, 5, PB_BOOL),
	O(evasive_devices, 6, PB_BOOL),
	O(shell_job, 7, PB_BOOL),
	O(file_locks, 8, PB_BOOL),
	O(log_level, 9, PB_INT32),
	O(log_file, 10, PB_STRING),
	O(ps, 11, PB_MESSAGE, .type = &page_server_message),
	O(notify_scripts, 12, PB_BOOL),
	O(root, 13, PB_STRING),
	O(parent_img, 14, PB_STRING),
	O(track_mem, 15, PB_BOOL),
	O(auto_dedup, 16, PB_BOOL),
	O(work_dir_fd, 17, PB_INT32),
	O(link_remap, 18, PB_BOOL),
	O(cg_root, 25, PB_MESSAGE, .bits = PB_REPEATED, .type = &cgroup_root_message),
	O(rst_sibling, 26, PB_BOOL),
	O(inherit_fd, 27, PB_MESSAGE, .bits = PB_REPEATED, .type = &inherit_fd_message),
	O(ext_sharing, 29, PB_BOOL),
	O(ext_masters, 30, PB_BOOL),
	O(manage_cgroups_mode, 34, PB_INT32),
	O(external, 37, PB_STRING, .bits = PB_REPEATED),
	O(empty_ns, 38, PB_UINT32),
	O(join_ns, 39, PB_MESSAGE, .bits = PB_REPEATED, .type = &join_ns_message),
	O(freeze_cgroup, 44, PB_STRING),
	O(tcp_skip_in_flight, 46, PB_BOOL),
	O(lazy_pages, 48, PB_BOOL),
	O(orphan_pts_master, 50, PB_BOOL),
	O(config_file, 51, PB_STRING),
	O(tcp_close, 52, PB_BOOL),
	O(lsm_profile, 53, PB_STRING),
	O(lsm_mount_context, 63, PB_STRING),
	O(network_lock, 64, PB_INT32),
};
static const struct pb_message opts_message =
	PB_MESSAGE_TYPE("criu_opts", struct criu_opts, opts_rows);

#define F(member, number, ...) PB_FIELD(struct criu_features, member, number, __VA_ARGS__)
static const struct pb_field features_rows[] = {
	F(mem_track, 1, PB_BOOL),
	F(lazy_pages, 2, PB_BOOL),
};
static const struct pb_message features_message =
	PB_MESSAGE_TYPE("criu_features", struct criu_features, features_rows);

#define Q(member, number, ...) PB_FIELD(struct criu_req, member, number, __VA_ARGS__)
static const struct pb_field req_rows[] = {
	Q(type, 1, PB_INT32, .bits = PB_REQUIRED),
	Q(opts, 2, PB_MESSAGE, .type = &opts_message),
	Q(notify_success, 3, PB_BOOL),
	Q(keep_open, 4, PB_BOOL),
	Q(features, 5, PB_MESSAGE, .type = &features_message),
};
const struct pb_message criu_req_message = PB_MESSAGE_TYPE("criu_req", struct criu_req, req_rows);

#define N(member, number, ...) PB_FIELD(struct criu_notify, member, number, __VA_ARGS__)
static const struct pb_field notify_rows[] = {
	N(script, 1, PB_STRING),
	N(pid, 2, PB_INT32),
};
static const struct pb_message notify_message =
	PB_MESSAGE_TYPE("criu_notify", struct criu_notify, notify_rows);

#define E(member, number, ...) PB_FIELD(struct criu_restored, member, number, __VA_ARGS__)
static const struct pb_field restored_rows[] = {
	E(pid, 1, PB_INT32, .bits = PB_REQUIRED),
};
static const struct pb_message restored_message =
	PB_MESSAGE_TYPE("criu_restore_resp", struct criu_restored, restored_rows);

#define V(member, number, ...) PB_FIELD(struct criu_version, member, number, __VA_ARGS__)
static const struct pb_field version_rows[] = {
	V(major, 1, PB_INT32, .bits = PB_REQUIRED),
	V(minor, 2, PB_INT32, .bits = PB_REQUIRED),
	V(sublevel, 4, PB_INT32),
};
static const struct pb_message version_message =
	PB_MESSAGE_TYPE("criu_version", struct criu_version, version_rows);

#define R(member, number, ...) PB_FIELD(struct criu_resp, member, number, __VA_ARGS__)
static const struct pb_field resp_rows[] = {
	R(type, 1, PB_INT32, .bits = PB_REQUIRED),
	R(success, 2, PB_BOOL, .bits = PB_REQUIRED),
	R(restore, 4, PB_MESSAGE, .type = &restored_message),
	R(notify, 5, PB_MESSAGE, .type = &notify_message),
	R(cr_errno, 7, PB_INT32),
	R(features, 8, PB_MESSAGE, .type = &features_message),
	R(cr_errmsg, 9, PB_STRING),
	R(version, 10, PB_MESSAGE, .type = &version_message),
};
const struct pb_message criu_resp_message =
	PB_MESSAGE_TYPE("criu_resp", struct criu_resp, resp_rows);

const char *criu_req_name(int64_t type)
{
	static const char *const names[] = {
		[CRIU_EMPTY] = "error",     [CRIU_DUMP] = "dump",
		[CRIU_RESTORE] = "restore", [CRIU_PRE_DUMP] = "pre-dump",
		[CRIU_NOTIFY] = "notify",   [CRIU_FEATURE_CHECK] = "feature check",
		[CRIU_VERSION] = "version", [CRIU_SINGLE_PRE_DUMP] = "pre-dump",
	};

	if (type < 0 || type >= (int64_t)ARRAY_LEN(names) || !names[type])
		return "unknown";
	return names[type];
}
