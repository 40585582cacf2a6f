/* SPDX-License-Identifier: Apache-2.0 */
/* The group's places in the state file: callers of later verbs leave out the driver. */
#include <errno.h>

#include "libutil/path.h"
#include "runtime/cgroup/systemd.h"

static const char *const driver_name[] = {
	[CGROUP_FS] = "cgroupfs",
	[CGROUP_SYSTEMD] = "systemd",
	[CGROUP_DISABLED] = "disabled",
};
static const char *const layout_name[] = {
	[CGROUP_V2] = "v2",
	[CGROUP_V1] = "v1",
	[CGROUP_HYBRID] = "hybrid",
};

void cgroup_encode(const struct cgroup *cg, struct json_writer *w)
{
	json_object(w);
	json_kv_string(w, "driver", driver_name[cg->driver]);
	json_kv_string(w, "layout", layout_name[cg->layout]);
	json_kv_bool(w, "rootless", cg->rootless);
	if (cg->scope)
		systemd_encode(cg, w);
	json_key(w, "trees");
	json_array(w);
	for (size_t i = 0; i < cg->n; i++) {
		json_object(w);
		json_kv_string(w, "controllers", cg->trees[i].controllers);
		json_kv_string(w, "mount", cg->trees[i].mount);
		json_kv_string(w, "path", cg->trees[i].path);
		if (cg->trees[i].reused)
			json_kv_bool(w, "reused", true);
		json_object_end(w);
	}
	json_array_end(w);
	json_object_end(w);
}

static int decode_word(const struct json *v, const char *key, const char *const *words, size_t n,
		       struct err *e)
{
	const char *text = json_get_string(v, key);

	for (size_t i = 0; text && i < n; i++)
		if (streq(words[i], text))
			return (int)i;
	return err_set(e, EBADMSG, "cgroup.%s: '%s' is unknown", key, text ? text : "");
}

static bool is_true(const struct json *v)
{
	return v && v->kind == JSON_BOOL && v->boolean;
}

/* Groups are removed by these paths, so what was tampered with must not lead elsewhere. */
static int decode_tree(struct cgroup *cg, const struct json *v, struct err *e)
{
	const char *controllers = json_get_string(v, "controllers");
	const char *mount = json_get_string(v, "mount");
	const char *path = json_get_string(v, "path");
	const struct json *reused = json_get(v, "reused");
	int r;

	if (!controllers || !mount || !path)
		return err_set(e, EBADMSG, "cgroup.trees[%zu]: incomplete", cg->n);
	if (!path_is_absolute(mount) || !path_is_absolute(path) || path_has_dotdot(mount) ||
	    path_has_dotdot(path) || path[strspn(path, "/")] == '\0')
		return err_set(e, EBADMSG, "cgroup.trees[%zu]: '%s' '%s' is no group", cg->n, mount,
			       path);
	r = cgroup_add_tree(cg, controllers, mount, path, e);
	if (r == 0)
		cg->trees[cg->n - 1].reused = is_true(reused);
	return r;
}

int cgroup_decode(const struct json *v, struct cgroup **ret, struct err *e)
{
	const struct json *trees = json_get(v, "trees"), *rootless = json_get(v, "rootless");
	auto_(cgroup) struct cgroup *cg = NULL;
	int driver = decode_word(v, "driver", driver_name, ARRAY_LEN(driver_name), e);
	int layout = 0;

	if (driver >= 0)
		layout = decode_word(v, "layout", layout_name, ARRAY_LEN(layout_name), e);
	if (driver < 0 || layout < 0)
		return -EBADMSG;
	if (!trees || trees->kind != JSON_ARRAY)
		return err_set(e, EBADMSG, "cgroup.trees: missing");
	cg = cgroup_new((enum cgroup_driver)driver, (enum cgroup_layout)layout, is_true(rootless));
	for (size_t i = 0; i < trees->len; i++) {
		int r = decode_tree(cg, &trees->items[i], e);

		if (r < 0)
			return r;
	}
	if (cg->driver == CGROUP_SYSTEMD && systemd_decode(cg, v, e) < 0)
		return -EBADMSG;
	*ret = steal_ptr(&cg);
	return 0;
}
