/* SPDX-License-Identifier: Apache-2.0 */
/* Rows: root, mounts, id mappings (config.md "Root", "Mounts"). */
#include "oci-spec/runtime_rows.h"

#define I(...) FIELD_ROW(struct spec_id_mapping, __VA_ARGS__)
static const struct field id_mapping_rows[] = {
	I(container_id, "containerID", FIELD_U64, .bits = FIELD_REQUIRED, ROW_U32),
	I(host_id, "hostID", FIELD_U64, .bits = FIELD_REQUIRED, ROW_U32),
	I(size, "size", FIELD_U64, .bits = FIELD_REQUIRED, ROW_U32),
};
const struct field_type spec_id_mapping_type =
	FIELD_TYPE("id mapping", struct spec_id_mapping, id_mapping_rows);

#define R(...) FIELD_ROW(struct spec_root, __VA_ARGS__)
static const struct field root_rows[] = {
	R(path, "path", FIELD_STRING, .bits = FIELD_REQUIRED | FIELD_NONEMPTY),
	R(readonly, "readonly", FIELD_BOOL),
};
const struct field_type spec_root_type = FIELD_TYPE("root", struct spec_root, root_rows);

#define M(...) FIELD_ROW(struct spec_mount, __VA_ARGS__)
static const struct field mount_rows[] = {
	M(destination, "destination", FIELD_STRING, .bits = FIELD_REQUIRED | FIELD_NONEMPTY),
	M(type, "type", FIELD_STRING),
	M(source, "source", FIELD_STRING),
	M(options, "options", FIELD_STRINGS),
	M(uid_mappings, "uidMappings", FIELD_OBJECTS, .type = &spec_id_mapping_type),
	M(gid_mappings, "gidMappings", FIELD_OBJECTS, .type = &spec_id_mapping_type),
};
const struct field_type spec_mount_type = FIELD_TYPE("mount", struct spec_mount, mount_rows);
