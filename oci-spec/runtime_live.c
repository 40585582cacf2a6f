/* SPDX-License-Identifier: Apache-2.0 */
/* Rows and rules: what is added to a running container, as documents of their own. */
#include "oci-spec/runtime_check.h"
#include "oci-spec/runtime_rows.h"

#define D(...) FIELD_ROW(struct spec_live_device, __VA_ARGS__)
static const struct field live_device_rows[] = {
	D(node.path, "path", FIELD_STRING, .bits = FIELD_REQUIRED | FIELD_NONEMPTY),
	D(node.type, "type", FIELD_STRING, .bits = FIELD_REQUIRED | FIELD_NONEMPTY),
	D(node.major, "major", FIELD_I64),
	D(node.minor, "minor", FIELD_I64),
	D(node.file_mode, "fileMode", FIELD_U64, ROW_U32),
	D(node.uid, "uid", FIELD_U64, ROW_U32),
	D(node.gid, "gid", FIELD_U64, ROW_U32),
	D(access, "access", FIELD_STRING),
};
static const struct field_type live_device_type =
	FIELD_TYPE("device", struct spec_live_device, live_device_rows);

int spec_mounts_decode(const char *name, const char *text, size_t len, struct arena *a,
		       struct oci_array *ret, struct err *e)
{
	const struct check c = { .name = name, .prefix = "", .e = e };
	struct oci_array mounts = { 0 };
	int r = oci_decode_array(&spec_mount_type, name, text, len, NULL, a, &mounts, e);

	if (r == 0)
		r = check_mounts(&c, &mounts);
	if (r == 0)
		*ret = mounts;
	return r;
}

static int check_access(const struct check *c, const struct oci_array *devices)
{
	const struct spec_live_device *v = devices->items;

	for (size_t i = 0; i < devices->n; i++)
		if (v[i].access && v[i].access[strspn(v[i].access, "rwm")])
			return check_fail(c, "[%zu].access: '%.20s' is not made of r, w and m", i,
					  v[i].access);
	return 0;
}

int spec_live_devices_decode(const char *name, const char *text, size_t len, struct arena *a,
			     struct oci_array *ret, struct err *e)
{
	const struct check c = { .name = name, .prefix = "", .e = e };
	struct oci_array devices = { 0 };
	int r = oci_decode_array(&live_device_type, name, text, len, NULL, a, &devices, e);

	for (size_t i = 0; r == 0 && i < devices.n; i++) {
		struct spec_live_device *d = (struct spec_live_device *)devices.items + i;
		const struct oci_array one = { &d->node, 1 };

		r = check_devices(&c, &one);
	}
	if (r == 0)
		r = check_access(&c, &devices);
	if (r == 0)
		*ret = devices;
	return r;
}
