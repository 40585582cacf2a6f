/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/annotation.h"

#include <errno.h>

#include "libutil/log.h"
#include "libutil/parse.h"

#define X(name, key, power) [ANNOTATION_##name] = key,
static const char *const keys[ANNOTATION_COUNT] = { ANNOTATIONS(X) };
#undef X
#define X(name, key, power) [ANNOTATION_##name] = power,
static const char *const powers[ANNOTATION_COUNT] = { ANNOTATIONS(X) };
#undef X

/* A container without what these ask for would run, and not be what was asked for. */
static const struct refused_row {
	const char *key;
	const char *why;
} refused[] = {
	{ "run.oci.delegate-cgroup", "control groups are not delegated below the container's" },
	{ "run.oci.handler", "programs are executed by the kernel alone" },
	{ "run.oci.seccomp.plugins", "no code is loaded; use linux.seccomp.listenerPath" },
	{ "run.oci.systemd.force_cgroup_v1", "no hierarchy is mounted that the host lacks" },
};

const char *annotation_key(enum annotation which)
{
	return keys[which];
}

static bool is_key(const char *key, const char *row)
{
	return row[strlen(row) - 1] == '.' ? starts_with(key, row) : streq(key, row);
}

const char *annotation_power(const char *key)
{
	for (int i = 0; i < ANNOTATION_COUNT; i++)
		if (is_key(key, keys[i]))
			return powers[i];
	return NULL;
}

const char *annotation_of(const struct oci_strmap *annotations, enum annotation which)
{
	for (size_t i = 0; i < annotations->n; i++)
		if (streq(annotations->items[i].key, keys[which]))
			return annotations->items[i].value;
	return NULL;
}

int annotation_flag(const struct oci_strmap *annotations, enum annotation which, bool *ret,
		    struct err *e)
{
	const char *value = annotation_of(annotations, which);

	*ret = false;
	if (!value || parse_bool(value, ret) == 0)
		return 0;
	return err_set(e, EINVAL, "annotations.%s: '%.60s' is not true or false", keys[which],
		       value);
}

static bool is_obeyed(const char *key)
{
	for (int i = 0; i < ANNOTATION_COUNT; i++)
		if (streq(keys[i], key))
			return true;
	return false;
}

/* "" switches a feature off, which needs none. */
static int check_one(const struct oci_pair *a, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		if (streq(a->key, refused[i].key) && a->value && a->value[0])
			return err_set(e, EOPNOTSUPP,
				       "annotations.%s: not possible with this runtime: %s "
				       "(remove it to run without)",
				       a->key, refused[i].why);
	return 0;
}

int annotations_check(const struct oci_strmap *annotations, struct err *e)
{
	bool flag;
	int res = annotation_flag(annotations, ANNOTATION_KEEP_GROUPS, &flag, e);

	if (res >= 0)
		res = annotation_flag(annotations, ANNOTATION_ROOTFS_IDMAP, &flag, e);
	if (res < 0)
		return res;
	for (size_t i = 0; i < annotations->n; i++) {
		const struct oci_pair *a = &annotations->items[i];
		int r = check_one(a, e);

		if (r < 0)
			return r;
		/* "MUST NOT generate an error if they encounter an unknown annotation key" */
		if (starts_with(a->key, "run.oci.") && !is_obeyed(a->key))
			log_warning("annotations.%s: unknown, and without effect", a->key);
	}
	return 0;
}
