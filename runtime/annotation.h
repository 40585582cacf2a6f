/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Annotations of config.json that this runtime obeys, and those that another runtime would obey and
 * this one can't.  Every room may include this: it holds names, and asks nobody.
 */
#ifndef RUNTIME_ANNOTATION_H
#define RUNTIME_ANNOTATION_H

#include "oci-spec/runtime_spec.h"

/* Name, key; sorted by key, as `features` prints them.  A key that ends in '.' stands for all that
 * begin with it. */
#define ANNOTATIONS(X)                                                                             \
	X(LANDLOCK, "org.creel.landlock")                                                          \
	X(ROOTFS_IDMAP, "org.creel.rootfs.idmap")                                                  \
	X(CRIU_CONFIG, "org.criu.config")                                                          \
	X(STOP_SIGNAL, "org.opencontainers.image.stopSignal")                                      \
	X(SYSTEMD_PROPERTY, "org.systemd.property.")                                               \
	X(HOOKS_STDERR, "run.oci.hooks.stderr")                                                    \
	X(HOOKS_STDOUT, "run.oci.hooks.stdout")                                                    \
	X(KEEP_GROUPS, "run.oci.keep_original_groups")                                             \
	X(MOUNT_CONTEXT, "run.oci.mount_context_type")                                             \
	X(PIDFD_RECEIVER, "run.oci.pidfd_receiver")                                                \
	X(SECCOMP_RECEIVER, "run.oci.seccomp.receiver")                                            \
	X(SECCOMP_BPF, "run.oci.seccomp_bpf_data")                                                 \
	X(SECCOMP_UNKNOWN, "run.oci.seccomp_fail_unknown_syscall")                                 \
	X(SYSTEMD_SUBGROUP, "run.oci.systemd.subgroup")

#define X(name, key) ANNOTATION_##name,
enum annotation { ANNOTATIONS(X) ANNOTATION_COUNT };
#undef X

const char *annotation_key(enum annotation which);
/* The value, or NULL. */
const char *annotation_of(const struct oci_strmap *annotations, enum annotation which);
/* One that says yes or no; absent is no. */
int annotation_flag(const struct oci_strmap *annotations, enum annotation which, bool *ret,
		    struct err *e);

/* Refuse what was meant for another runtime and would be missed. */
int annotations_check(const struct oci_strmap *annotations, struct err *e);

#endif
