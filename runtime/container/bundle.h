/* SPDX-License-Identifier: Apache-2.0 */
/* Reading config.json. */
#ifndef RUNTIME_CONTAINER_BUNDLE_H
#define RUNTIME_CONTAINER_BUNDLE_H

#include "oci-spec/runtime_spec.h"

/* Bytes.  Kubernetes annotations alone may be 256 KiB; seccomp profiles are some tens. */
#define BUNDLE_CONFIG_MAX ((size_t)4 << 20)

/* Decode and check a configuration; memory comes from `a`.  `ret_text` (may be NULL) receives the
 * bytes as read. */
int bundle_read_config(int dirfd, const char *name, struct arena *a, struct strbuf *ret_text,
		       struct runtime_spec **ret, struct err *e);

#endif
