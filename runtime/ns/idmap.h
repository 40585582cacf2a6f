/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Id maps of user namespaces.  Arrays are of struct spec_id_mapping.
 */
#ifndef RUNTIME_NS_IDMAP_H
#define RUNTIME_NS_IDMAP_H

#include <sys/types.h>

#include "libutil/strbuf.h"
#include "oci-spec/runtime_spec.h"

/* Pure: the text of /proc/PID/uid_map.  `path` names the array in messages. */
int idmap_format(const struct oci_array *mappings, const char *path, struct strbuf *out,
		 struct err *e);

/* Host side, at SYNC_IDS_WANTED: write the maps of process `pid`, gids first, directly or with
 * newuidmap(1) and newgidmap(1) where this process may not.  `rootless`: where our own group
 * is all that is mapped, setgroups(2) is denied first, which the kernel demands of an unprivileged
 * writer of gid_map. */
int idmap_write(pid_t pid, const struct oci_array *uids, const struct oci_array *gids,
		bool rootless, struct err *e);

/* Pure: does the text of a uid_map say the same as the mappings?  The order of lines is free. */
bool idmap_same(const struct oci_array *mappings, const char *text);
/* Init side, in a user namespace that was joined by path: callers send its maps as well
 * (containerd, CRI-O), and others than it has would be a misunderstanding.  `procfd` is the host's
 * /proc. */
int idmap_check_joined(int procfd, const struct oci_array *uids, const struct oci_array *gids,
		       struct err *e);

/* A descriptor of a user namespace that exists for its maps only (idmapped mounts). */
int idmap_userns_fd(const struct oci_array *uids, const struct oci_array *gids, struct err *e);

/* True when container id `id` has a place on the host; an empty array maps nothing. */
bool idmap_has(const struct oci_array *mappings, uint64_t id);

#endif
