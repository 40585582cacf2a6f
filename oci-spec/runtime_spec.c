/* SPDX-License-Identifier: Apache-2.0 */
/* The top of config.json, and questions about it. */
#include "oci-spec/runtime_rows.h"

#define R(...) FIELD_ROW(struct runtime_spec, __VA_ARGS__)

static const struct field rows[] = {
	R(oci_version, "ociVersion", FIELD_STRING, .bits = FIELD_REQUIRED),
	R(process, "process", FIELD_OBJECT, .type = &spec_process_type),
	R(root, "root", FIELD_OBJECT, .type = &spec_root_type),
	R(hostname, "hostname", FIELD_STRING),
	R(domainname, "domainname", FIELD_STRING),
	R(mounts, "mounts", FIELD_OBJECTS, .type = &spec_mount_type),
	R(hooks, "hooks", FIELD_OBJECT, .type = &spec_hooks_type),
	R(annotations, "annotations", FIELD_STRMAP),
	R(linux_, "linux", FIELD_OBJECT, .type = &spec_linux_type),
	/* Other platforms. */
	FIELD_ROW_IGNORED("solaris"),
	FIELD_ROW_IGNORED("windows"),
	FIELD_ROW_IGNORED("vm"),
	FIELD_ROW_IGNORED("zos"),
	FIELD_ROW_IGNORED("freebsd"),
};

const struct field_type runtime_spec_type = FIELD_TYPE("runtime config", struct runtime_spec, rows);

bool runtime_spec_is_path(const char *text, size_t len)
{
	size_t name = strcspn(text, ".[:");

	if (memchr(text, ' ', len) || memchr(text, '\'', len) || name > len)
		return false;
	for (size_t i = 0; i < runtime_spec_type.n_fields; i++) {
		const char *key = runtime_spec_type.fields[i].key;

		if (strlen(key) == name && memcmp(key, text, name) == 0)
			return true;
	}
	return false;
}

const struct spec_namespace *spec_find_namespace(const struct runtime_spec *spec,
						 enum oci_namespace type)
{
	const struct spec_namespace *items;

	if (!spec->linux_)
		return NULL;
	items = spec->linux_->namespaces.items;
	for (size_t i = 0; i < spec->linux_->namespaces.n; i++) {
		if (items[i].type == (int)type)
			return &items[i];
	}
	return NULL;
}
