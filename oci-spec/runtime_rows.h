/* SPDX-License-Identifier: Apache-2.0 */
/* Row tables of config.json that one file needs from another. */
#ifndef OCI_SPEC_RUNTIME_ROWS_H
#define OCI_SPEC_RUNTIME_ROWS_H

#include "oci-spec/runtime_spec.h"

extern const struct field_type spec_root_type;       /* runtime_spec_root.c */
extern const struct field_type spec_mount_type;      /* runtime_spec_root.c */
extern const struct field_type spec_id_mapping_type; /* runtime_spec_root.c */
extern const struct field_type spec_hooks_type;      /* runtime_spec_hooks.c */
extern const struct field_type spec_linux_type;      /* runtime_spec_linux.c */
extern const struct field_type spec_device_type;     /* runtime_spec_linux.c */
extern const struct field_type spec_seccomp_type;    /* runtime_spec_seccomp.c */

/* Ids and other numbers that the kernel keeps in 32 bits. */
#define ROW_U32 .min = 0, .max = UINT32_MAX
/* Users and groups: to setresuid(2) and chown(2) the last number of all says "leave it as it is",
 * so whoever asked for it would stay root. */
#define ROW_ID  .min = 0, .max = UINT32_MAX - 1
#define ROW_I32 .min = INT32_MIN, .max = INT32_MAX

#endif
