/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Annotations of config.json that this runtime obeys, and those that another runtime would obey and
 * this one can't.  Every room may include this: it holds names, and asks nobody.
 */
#ifndef RUNTIME_ANNOTATION_H
#define RUNTIME_ANNOTATION_H

#include "oci-spec/runtime_spec.h"

/* Name, key, and what it takes who may set it to be trusted with (NULL: nothing); sorted by key, as
 * `features` prints them.  A key that ends in '.' stands for all that begin with it. */
#define ANNOTATIONS(X)                                                                             \
	X(LANDLOCK, "org.creel.landlock", NULL)                                                    \
	X(ROOTFS_IDMAP, "org.creel.rootfs.idmap", NULL)                                            \
	X(CRIU_CONFIG, "org.criu.config", "names a file that runs any program as you")             \
	X(STOP_SIGNAL, "org.opencontainers.image.stopSignal", NULL)                                \
	X(SYSTEMD_PROPERTY, "org.systemd.property.",                                               \
	  "can stop, start and reboot what the host runs")                                         \
	X(HOOKS_STDERR, "run.oci.hooks.stderr", "writes to any file of the host")                  \
	X(HOOKS_STDOUT, "run.oci.hooks.stdout", "writes to any file of the host")                  \
	X(KEEP_GROUPS, "run.oci.keep_original_groups", "gives the program your groups")            \
	X(MOUNT_CONTEXT, "run.oci.mount_context_type", NULL)                                       \
	X(PIDFD_RECEIVER, "run.oci.pidfd_receiver",                                                \
	  "gives any process of the host a hold on the container")                                 \
	X(SECCOMP_RECEIVER, "run.oci.seccomp.receiver",                                            \
	  "lets any process of the host answer for the kernel")                                    \
	X(SECCOMP_BPF, "run.oci.seccomp_bpf_data", "takes the place of linux.seccomp")             \
	X(SECCOMP_UNKNOWN, "run.oci.seccomp_fail_unknown_syscall", NULL)                           \
	X(SYSTEMD_SUBGROUP, "run.oci.systemd.subgroup", NULL)

#define X(name, key, power) ANNOTATION_##name,
enum annotation { ANNOTATIONS(X) ANNOTATION_COUNT };
#undef X

const char *annotation_key(enum annotation which);
/* What a stranger who set this key would have got, or NULL; also for a key that is not one. */
const char *annotation_power(const char *key);
/* The value, or NULL. */
const char *annotation_of(const struct oci_strmap *annotations, enum annotation which);
/* One that says yes or no; absent is no. */
int annotation_flag(const struct oci_strmap *annotations, enum annotation which, bool *ret,
		    struct err *e);

/* Refuse what was meant for another runtime and would be missed. */
int annotations_check(const struct oci_strmap *annotations, struct err *e);

#endif
