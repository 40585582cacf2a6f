/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which runtime, and how it is called: what came in the Any of `start` or of
 * Create, over the defaults.  The Any holds containerd.runc.v1.Options, or
 * runtimeoptions.v1.Options with TOML, or containerd.linux.runc.CreateOptions;
 * of other types nothing is believed, and it is no error.
 */
#ifndef SHIM_V2_OPTIONS_H
#define SHIM_V2_OPTIONS_H

#include "shim/message/options.h"

/* Strings lie in the arena that was given, or are constants. */
struct v2_options {
	const char *binary;      /* name or path of the runtime; never NULL */
	const char *root;        /* its state, without the namespace; never NULL */
	const char *shim_cgroup; /* NULL: none */
	const char *criu_image_path, *criu_work_path;
	bool systemd_cgroup, no_pivot_root, no_new_keyring;
	uint32_t io_uid, io_gid;
};

/* Is it of a type that is read? */
bool v2_options_known(const struct msg_any *any);

/* `any` may be NULL: the defaults. */
int v2_options_decode(const struct msg_any *any, struct arena *a, struct v2_options *ret,
		      struct err *e);

/* The runtime's absolute path, as a copy, by PATH; and where this namespace's state is. */
char *v2_options_path(const struct v2_options *o, struct arena *a, struct err *e);
char *v2_options_root(const struct v2_options *o, const char *namespace_name, struct arena *a);

/* Kept in the bundle (options.json, and the runtime's path in `runtime`), for a `delete` that comes
 * when this shim is no more. */
int v2_options_save(int bundlefd, const struct v2_options *o, const char *path, struct err *e);
/* The defaults where nothing was kept; *ret_path is then what v2_options_path() gives. */
int v2_options_load(int bundlefd, struct arena *a, struct v2_options *ret, const char **ret_path,
		    struct err *e);

#endif
