/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/apply.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#include "libutil/log.h"
#include "libutil/parse.h"

#define CONTROLLER_MAX  64
#define CONTROLLERS_MAX 512

/* What the v2 tree of this host has to give. */
static int v2_controllers(const struct cgroup *cg, char buf[CONTROLLERS_MAX], struct err *e)
{
	const struct cgroup_tree *t = cgroup_tree_find(cg, "");
	autofree char *file = NULL;
	int r;

	if (!t)
		return 0;
	if (cg->v2_controllers) {
		(void)snprintf(buf, CONTROLLERS_MAX, "%s", cg->v2_controllers);
		return 0;
	}
	file = xasprintf("%s/cgroup.controllers", t->mount);
	r = tree_read_word(AT_FDCWD, file, buf, CONTROLLERS_MAX);
	return r < 0 ? err_set(e, -r, "read '%s': %s", file, strerror(-r)) : 0;
}

int apply_learn(struct cgroup *cg, struct err *e)
{
	char controllers[CONTROLLERS_MAX] = "";
	int r;

	/* The systemd driver knows better what a user was given. */
	if (cg->v2_controllers)
		return 0;
	r = v2_controllers(cg, controllers, e);
	if (r == 0)
		cg->v2_controllers = xstrdup(controllers);
	return r;
}

int apply_decide(const struct cgroup *cg, const struct spec_resources *r, struct limits *ret,
		 struct err *e)
{
	char controllers[CONTROLLERS_MAX] = "";
	int res;

	if (cg->layout == CGROUP_V2)
		return limits_v2(r, ret, e);
	res = v2_controllers(cg, controllers, e);
	if (res < 0)
		return res;
	return cg->layout == CGROUP_HYBRID ? limits_hybrid(r, controllers, ret, e)
					   : limits_v1(r, ret, e);
}

/* "memory.limit_in_bytes" -> "memory" */
static const char *controller_of(const struct limit *l, char buf[CONTROLLER_MAX])
{
	size_t len = strcspn(l->file, ".");

	if (len >= CONTROLLER_MAX)
		len = CONTROLLER_MAX - 1;
	memcpy(buf, l->file, len);
	buf[len] = '\0';
	return buf;
}

static int no_controller(const struct cgroup *cg, const struct limit *l, const char *controller,
			 struct err *e)
{
	if (cg->driver == CGROUP_DISABLED)
		return err_set(e, EINVAL, "%s: cgroups are disabled (--cgroup-manager=disabled)",
			       l->json);
	return err_set(e, EINVAL, "%s: the %s controller is not available %s", l->json, controller,
		       cg->rootless ? "to this user"
		       : l->v2      ? "in this cgroup v2 tree"
				    : "in this cgroup v1 layout");
}

static bool is_core_file(const char *controller)
{
	return streq(controller, "cgroup");
}

bool apply_needs_v2(const struct limits *l)
{
	char name[CONTROLLER_MAX];

	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].v2 && !is_core_file(controller_of(&l->v[i], name)))
			return true;
	return false;
}

static const struct cgroup_tree *tree_of(const struct cgroup *cg, const struct limit *l,
					 const char *controller)
{
	return cgroup_tree_find(cg, l->v2 ? "" : controller);
}

int apply_check(const struct cgroup *cg, const struct limits *l, struct err *e)
{
	char controllers[CONTROLLERS_MAX] = "", name[CONTROLLER_MAX];
	int r = l->n > 0 ? v2_controllers(cg, controllers, e) : 0;

	if (r < 0)
		return r;
	for (size_t i = 0; i < l->n; i++) {
		const struct limit *limit = &l->v[i];
		bool have;

		if (limit->flags & LIMIT_OPTIONAL)
			continue;
		have = tree_of(cg, limit, controller_of(limit, name)) != NULL;
		if (have && limit->v2)
			have = is_core_file(name) || limits_has_word(controllers, name);
		if (!have)
			return no_controller(cg, limit, name, e);
	}
	return 0;
}

/* One write(2).  Returns 0 or a negative errno. */
static int write_value(int dirfd, const char *file, const char *value, size_t len)
{
	autofd int fd = openat(dirfd, file, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, value, len);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

/* A limit on its way into a file. */
struct writing {
	int dirfd;
	const char *file;
	struct undo *undo; /* NULL: nobody wants the old value back */
};

static int write_noted(const struct writing *w, const char *value, size_t len)
{
	autofree char *text = NULL;

	int r;

	if (!w->undo)
		return write_value(w->dirfd, w->file, value, len);
	text = xstrndup(value, len);
	undo_note(w->undo, w->dirfd, w->file, text);
	r = write_value(w->dirfd, w->file, value, len);
	if (r < 0)
		undo_forget(w->undo);
	return r;
}

static int write_lines(const struct writing *w, const char *value)
{
	int r = 0;

	while (r == 0 && *value) {
		size_t len = strcspn(value, "\n");

		if (len > 0)
			r = write_noted(w, value, len);
		value += len + (value[len] == '\n');
	}
	return r;
}

/* "max 100000" and a new period -> "max 50000" */
static int write_period(const struct writing *w, const struct limit *l)
{
	char now[CONTROLLER_MAX];
	autofree char *value = NULL;
	int r = tree_read_word(w->dirfd, w->file, now, sizeof(now));

	if (r < 0)
		return r;
	now[strcspn(now, " ")] = '\0';
	value = xasprintf("%s %s", now, l->value);
	return write_noted(w, value, strlen(value));
}

static int write_limit(int dirfd, const struct limit *l, struct undo *undo)
{
	struct writing w = { dirfd, l->file, undo };
	int r;

	if (l->flags & LIMIT_LINES)
		return write_lines(&w, l->value);
	if (l->flags & LIMIT_KEEP_QUOTA)
		return write_period(&w, l);
	if (l->alt && faccessat(dirfd, l->file, F_OK, 0) < 0 && errno == ENOENT) {
		w.file = l->alt;
		r = write_noted(&w, l->alt_value, strlen(l->alt_value));
	} else {
		r = write_noted(&w, l->value, strlen(l->value));
	}
	return r;
}

static int memory_in_use(const struct cgroup *cg, int64_t *ret)
{
	const struct cgroup_tree *t = cgroup_tree_find(cg, "memory");
	const char *file = t ? "memory.usage_in_bytes" : "memory.current";
	char text[CONTROLLER_MAX];
	int r;

	if (!t)
		t = cgroup_tree_find(cg, "");
	if (!t || t->fd < 0)
		return -ENODEV;
	r = tree_read_word(t->fd, file, text, sizeof(text));
	return r < 0 ? r : parse_i64(text, ret);
}

static int too_much_in_use(int64_t limit, int64_t used, struct err *e)
{
	return err_set(e, EBUSY,
		       LIMITS_JSON "memory.limit: %" PRId64 " is below the %" PRId64
				   " bytes in use",
		       limit, used);
}

/* v1 does not take a limit that it can't bring the group below. */
static int explain_busy(const struct cgroup *cg, const struct limit *l, struct err *e)
{
	int64_t limit = 0, used = 0;

	if (streq(l->file, "memory.limit_in_bytes") && parse_i64(l->value, &limit) == 0 &&
	    memory_in_use(cg, &used) == 0)
		return too_much_in_use(limit, used, e);
	return err_set(e, EBUSY, "%s: write '%s' to '%s': %s", l->json, l->value, l->file,
		       strerror(EBUSY));
}

static int explain(const struct cgroup *cg, const struct limit *l, int r, struct err *e)
{
	char name[CONTROLLER_MAX];

	if (r == -EBUSY)
		return explain_busy(cg, l, e);
	if (r != -ENOENT)
		return err_set(e, -r, "%s: write '%s' to '%s': %s", l->json, l->value, l->file,
			       strerror(-r));
	(void)controller_of(l, name);
	if (l->v2 && !is_core_file(name)) {
		char controllers[CONTROLLERS_MAX] = "";

		(void)tree_read_word(cgroup_tree_find(cg, "")->fd, "cgroup.controllers",
				     controllers, sizeof(controllers));
		if (!limits_has_word(controllers, name))
			return no_controller(cg, l, name, e);
	}
	return err_set(e, ENOENT, "%s: this kernel has no '%s'", l->json, l->file);
}

/* Memory of the kernel counts as the container's: it has a limit, but not this one. */
static int tell_if_forgotten(const struct cgroup_tree *t, const struct limit *l, int r)
{
	int64_t wanted = 0, kept = INT64_MAX;
	char now[CONTROLLER_MAX];

	if (!(l->flags & LIMIT_FORGOTTEN) || (r < 0 && r != -EOPNOTSUPP))
		return r;
	if (parse_i64(l->value, &wanted) == 0 &&
	    tree_read_word(t->fd, l->file, now, sizeof(now)) == 0)
		(void)parse_i64(now, &kept);
	if (r < 0 || kept > wanted)
		log_warning("%s: this kernel keeps no such limit; memory.limit counts that memory, "
			    "too",
			    l->json);
	return 0;
}

/* 1: to be tried again after the others. */
static int apply_one(const struct cgroup *cg, const struct limit *l, bool again, struct undo *undo,
		     struct err *e)
{
	char name[CONTROLLER_MAX];
	const struct cgroup_tree *t = tree_of(cg, l, controller_of(l, name));
	int r = t && t->fd >= 0 ? write_limit(t->fd, l, undo) : -ENOENT;

	r = tell_if_forgotten(t, l, r);
	if (r >= 0)
		return 0;
	if (r == -EINVAL && (l->flags & LIMIT_RETRY) && !again)
		return 1;
	if (r == -ENOENT && (l->flags & LIMIT_OPTIONAL))
		return 0;
	if (!t || t->fd < 0)
		return no_controller(cg, l, name, e);
	return explain(cg, l, r, e);
}

int apply_limits(const struct cgroup *cg, const struct limits *l, struct undo *undo, struct err *e)
{
	bool later[256] = { false };

	if (l->n > ARRAY_LEN(later))
		return err_set(e, E2BIG, LIMITS_JSON ": more than %zu limits", ARRAY_LEN(later));
	for (size_t i = 0; i < l->n; i++) {
		int r = apply_one(cg, &l->v[i], false, undo, e);

		if (r < 0)
			return r;
		later[i] = r > 0;
	}
	for (size_t i = 0; i < l->n; i++) {
		int r = later[i] ? apply_one(cg, &l->v[i], true, undo, e) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

int apply_check_usage(const struct cgroup *cg, const struct spec_resources *r, struct err *e)
{
	const struct spec_memory *m = r ? r->memory : NULL;
	int64_t used = 0;
	int res;

	if (!m || !m->check_before_update.v || m->limit.v <= 0)
		return 0;
	res = memory_in_use(cg, &used);
	if (res < 0)
		return err_set(e, ENODATA,
			       LIMITS_JSON "memory.checkBeforeUpdate: what is in use can't be "
					   "read: %s",
			       strerror(-res));
	return m->limit.v < used ? too_much_in_use(m->limit.v, used, e) : 0;
}
