/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What containerd 2 gives a shim's `start` and `-info` on standard input, and
 * gets back.
 */
#ifndef SHIM_MESSAGE_BOOTSTRAP_H
#define SHIM_MESSAGE_BOOTSTRAP_H

#include "shim/message/types.h"

/* The type of the OCI features document, which is JSON, in RuntimeInfo. */
#define MSG_SPEC_FEATURES "types.containerd.io/opencontainers/runtime-spec/1/features/Features"

struct msg_extension {
	struct msg_any *value;
};

/*
 * An Any with options has the same first two fields: containerd before 2.3
 * sends that in this place.  In BootstrapParams the version is always there.
 */
struct msg_bootstrap_params {
	const char *instance_id, *namespace_name;
	struct pb_number log_level; /* 0 info, -4 debug, -8 trace, 4 warning */
	const char *containerd_version, *ttrpc_address, *grpc_address, *containerd_binary;
	struct pb_list extensions; /* struct msg_extension */
	const char *socket_dir;
};

struct msg_bootstrap_result {
	struct pb_number version;
	const char *address, *protocol;
};

struct msg_runtime_version {
	const char *version, *revision;
};

struct msg_runtime_info {
	const char *name;
	struct msg_runtime_version *version;
	struct msg_any *options, *features;
	struct pb_list annotations; /* struct msg_pair */
};

extern const struct pb_message msg_bootstrap_params_message;
extern const struct pb_message msg_bootstrap_result_message;
extern const struct pb_message msg_runtime_info_message;

#endif
