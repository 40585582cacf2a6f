/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/apply.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>

#include "libutil/parse.h"

#define CONTROLLER_MAX  64
#define CONTROLLERS_MAX 512

int apply_decide(const struct cgroup *cg, const struct spec_resources *r, struct limits *ret,
		 struct err *e)
{
	return cg->layout == CGROUP_V2 ? limits_v2(r, ret, e) : limits_v1(r, ret, e);
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

/* Word of a list that blanks separate. */
static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; *at;) {
		size_t n = strcspn(at, " ");

		if (n == len && memcmp(at, word, n) == 0)
			return true;
		at += n + (at[n] == ' ');
	}
	return false;
}

static int no_controller(const struct cgroup *cg, const struct limit *l, const char *controller,
			 struct err *e)
{
	if (cg->driver == CGROUP_DISABLED)
		return err_set(e, EINVAL, "%s: cgroups are disabled (--cgroup-manager=disabled)",
			       l->json);
	return err_set(e, EINVAL, "%s: the %s controller is not available %s", l->json, controller,
		       cg->rootless              ? "to this user"
		       : cg->layout == CGROUP_V2 ? "in this cgroup v2 tree"
						 : "in this cgroup v1 layout");
}

static bool is_core_file(const char *controller)
{
	return streq(controller, "cgroup");
}

int apply_check(const struct cgroup *cg, const struct limits *l, struct err *e)
{
	char controllers[CONTROLLERS_MAX] = "", name[CONTROLLER_MAX];
	bool v2 = cg->layout == CGROUP_V2 && cg->n > 0;

	if (l->n == 0)
		return 0;
	if (v2) {
		autofree char *file = xasprintf("%s/cgroup.controllers", cg->trees[0].mount);
		int r = tree_read_word(AT_FDCWD, file, controllers, sizeof(controllers));

		if (r < 0)
			return err_set(e, -r, "read '%s': %s", file, strerror(-r));
	}
	for (size_t i = 0; i < l->n; i++) {
		bool have;

		if (l->v[i].flags & LIMIT_OPTIONAL)
			continue;
		(void)controller_of(&l->v[i], name);
		have = v2 ? has_word(controllers, name) || is_core_file(name)
			  : cgroup_tree_find(cg, name) != NULL;
		if (!have)
			return no_controller(cg, &l->v[i], name, e);
	}
	return 0;
}

static int group_fd(const struct cgroup *cg, const char *controller)
{
	const struct cgroup_tree *t =
		cg->layout == CGROUP_V2 ? &cg->trees[0] : cgroup_tree_find(cg, controller);

	return cg->n > 0 && t ? t->fd : -1;
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

static int write_lines(int dirfd, const char *file, const char *value)
{
	int r = 0;

	while (r == 0 && *value) {
		size_t len = strcspn(value, "\n");

		if (len > 0)
			r = write_value(dirfd, file, value, len);
		value += len + (value[len] == '\n');
	}
	return r;
}

/* "max 100000" and a new period -> "max 50000" */
static int write_period(int dirfd, const struct limit *l)
{
	char now[CONTROLLER_MAX];
	autofree char *value = NULL;
	int r = tree_read_word(dirfd, l->file, now, sizeof(now));

	if (r < 0)
		return r;
	now[strcspn(now, " ")] = '\0';
	value = xasprintf("%s %s", now, l->value);
	return write_value(dirfd, l->file, value, strlen(value));
}

static int write_limit(int dirfd, const struct limit *l)
{
	int r;

	if (l->flags & LIMIT_LINES)
		return write_lines(dirfd, l->file, l->value);
	if (l->flags & LIMIT_KEEP_QUOTA)
		return write_period(dirfd, l);
	r = write_value(dirfd, l->file, l->value, strlen(l->value));
	if (r == -ENOENT && l->alt)
		r = write_value(dirfd, l->alt, l->alt_value, strlen(l->alt_value));
	return r;
}

static int explain(const struct cgroup *cg, const struct limit *l, int r, struct err *e)
{
	char name[CONTROLLER_MAX];

	if (r != -ENOENT)
		return err_set(e, -r, "%s: write '%s' to '%s': %s", l->json, l->value, l->file,
			       strerror(-r));
	(void)controller_of(l, name);
	if (cg->layout == CGROUP_V2 && !is_core_file(name)) {
		char controllers[CONTROLLERS_MAX] = "";

		(void)tree_read_word(cg->trees[0].fd, "cgroup.controllers", controllers,
				     sizeof(controllers));
		if (!has_word(controllers, name))
			return no_controller(cg, l, name, e);
	}
	return err_set(e, ENOENT, "%s: this kernel has no '%s'", l->json, l->file);
}

/* 1: to be tried again after the others. */
static int apply_one(const struct cgroup *cg, const struct limit *l, bool again, struct err *e)
{
	char name[CONTROLLER_MAX];
	int dirfd = group_fd(cg, controller_of(l, name));
	int r = dirfd < 0 ? -ENOENT : write_limit(dirfd, l);

	if (r >= 0)
		return 0;
	if (r == -EINVAL && (l->flags & LIMIT_RETRY) && !again)
		return 1;
	if (r == -ENOENT && (l->flags & LIMIT_OPTIONAL))
		return 0;
	if (dirfd < 0)
		return no_controller(cg, l, name, e);
	return explain(cg, l, r, e);
}

int apply_limits(const struct cgroup *cg, const struct limits *l, struct err *e)
{
	bool later[256] = { false };

	if (l->n > ARRAY_LEN(later))
		return err_set(e, E2BIG, LIMITS_JSON ": more than %zu limits", ARRAY_LEN(later));
	for (size_t i = 0; i < l->n; i++) {
		int r = apply_one(cg, &l->v[i], false, e);

		if (r < 0)
			return r;
		later[i] = r > 0;
	}
	for (size_t i = 0; i < l->n; i++) {
		int r = later[i] ? apply_one(cg, &l->v[i], true, e) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

int apply_check_usage(const struct cgroup *cg, const struct spec_resources *r, struct err *e)
{
	const struct spec_memory *m = r ? r->memory : NULL;
	const char *file = cg->layout == CGROUP_V2 ? "memory.current" : "memory.usage_in_bytes";
	char text[CONTROLLER_MAX];
	int64_t used = 0;
	int dirfd;

	if (!m || !m->check_before_update.v || m->limit.v <= 0)
		return 0;
	dirfd = group_fd(cg, "memory");
	if (dirfd < 0 || tree_read_word(dirfd, file, text, sizeof(text)) < 0 ||
	    parse_i64(text, &used) < 0)
		return err_set(e, ENODATA,
			       LIMITS_JSON "memory.checkBeforeUpdate: "
					   "'%s' can't be read",
			       file);
	if (m->limit.v < used)
		return err_set(e, EBUSY,
			       LIMITS_JSON "memory.limit: %" PRId64 " is below the %" PRId64
					   " bytes in use",
			       m->limit.v, used);
	return 0;
}
