/* SPDX-License-Identifier: Apache-2.0 */
/* Ways into a container's groups: at creation, and later for exec. */
#include <errno.h>
#include <fcntl.h>

#include "libutil/beneath.h"
#include "libutil/file.h"
#include "libutil/path.h"
#include "runtime/cgroup/layout.h"
#include "runtime/cgroup/systemd.h"
#include "runtime/cgroup/tree.h"

#define PROC_CGROUP_MAX 65536

/*
 * Not for a group that cgroup.kill was ever written to: the kernel counts that, compares with the
 * count of the caller's own group, and kills the child (seen on 6.18).  Nothing tells the count of
 * a group that is not of our making.
 */
int cgroup_clone_fd(const struct cgroup *cg)
{
	const struct cgroup_tree *t = cgroup_tree_find(cg, "");

	return t && !t->reused ? t->fd : -1;
}

/* Below a threaded group only threads of its own processes can be. */
static int explain(const struct cgroup_tree *t, struct err *e)
{
	int error = errno;
	char type[32];

	if (error == EOPNOTSUPP && tree_read_word(t->fd, "cgroup.type", type, sizeof(type)) > 0 &&
	    !streq(type, "domain"))
		return err_set(e, error,
			       "enter cgroup '%s%s': its type is '%s', because a group above is "
			       "threaded (choose another linux.cgroupsPath)",
			       t->mount, t->path, type);
	errno = error;
	return err_sys(e, "enter cgroup '%s%s'", t->mount, t->path);
}

static int enter(const struct cgroup *cg, const char *pid, bool cloned_into, struct err *e)
{
	for (size_t i = 0; i < cg->n; i++) {
		const struct cgroup_tree *t = &cg->trees[i];

		if (t->entryfd < 0 || (cloned_into && tree_is_v2(t)))
			continue;
		if (write(t->entryfd, pid, strlen(pid)) < 0)
			return explain(t, e);
	}
	return 0;
}

/* "0" is the writer itself. */
int cgroup_enter_self(const struct cgroup *cg, bool cloned_into, struct err *e)
{
	return enter(cg, "0", cloned_into, e);
}

int cgroup_enter(const struct cgroup *cg, pid_t pid, struct err *e)
{
	autofree char *text = xasprintf("%d", (int)pid);

	return enter(cg, text, false, e);
}

/*
 * Init may have moved to a group below its own and given the controllers away
 * there; then nobody can enter the one above any more (v2).
 */
static char *where_init_is(const struct cgroup_tree *t, const char *proc_cgroup)
{
	autofree char *path = proc_cgroup ? layout_path_of(proc_cgroup, t->controllers) : NULL;

	if (path && path_is_absolute(path) && !path_has_dotdot(path) &&
	    path_is_below(path, t->path))
		return steal_ptr(&path);
	return xstrdup(t->path);
}

static void note_below(struct systemd_scope *s, const struct cgroup_tree *t,
		       const char *proc_cgroup)
{
	autofree char *path = where_init_is(t, proc_cgroup);

	s->below = arena_strdup(&s->arena, path + strlen(t->path));
}

static int open_sub(struct cgroup_tree *t, const char *sub, struct err *e)
{
	autofd int top = tree_open(t, e);
	int fd;

	if (top < 0)
		return top;
	while (*sub == '/')
		sub++;
	/* What the user or a container's files name stays below the container's group. */
	fd = *sub ? beneath_open(top, sub, O_RDONLY | O_DIRECTORY, 0, BENEATH_STRICT, e)
		  : steal_fd(&top);
	return fd < 0 ? err_wrap(e, fd, "cgroup '%s%s'", t->mount, t->path) : fd;
}

static int open_group(struct cgroup_tree *t, const char *proc_cgroup, const char *sub,
		      struct err *e)
{
	const char *file = tree_is_v2(t) ? "cgroup.procs" : "tasks";

	if (sub) {
		t->reused = true;
		t->fd = open_sub(t, sub, e);
	} else {
		struct cgroup_tree now = *t;
		autofree char *path = where_init_is(t, tree_is_v2(t) ? proc_cgroup : NULL);

		now.path = path;
		t->fd = tree_open(&now, e);
	}
	if (t->fd < 0)
		return t->fd;
	t->entryfd = openat(t->fd, file, O_WRONLY | O_CLOEXEC);
	if (t->entryfd < 0)
		return err_sys(e, "open '%s' of cgroup '%s%s'", file, t->mount, t->path);
	return 0;
}

/* In the kernel's view of this process; a group seen through another root is not found and not
 * used. */
static char *read_proc_cgroup(pid_t pid)
{
	autofree char *name = xasprintf("/proc/%d/cgroup", (int)pid);
	char *text = NULL;

	if (pid <= 0 || file_read_at(AT_FDCWD, name, PROC_CGROUP_MAX, &text, NULL, NULL) < 0)
		return NULL;
	return text;
}

/* The controllers of "memory,cpu:a/b"; *ret_path is what follows them, all of a text without any.
 */
static size_t controllers_length(const char *arg, const char **ret_path)
{
	const char *colon = strchr(arg, ':');

	*ret_path = colon ? colon + 1 : arg;
	return colon ? (size_t)(colon - arg) : 0;
}

/* Where a controller is: "name=systemd" has an equals sign, none has a comma. */
static int find_named(const struct cgroup *cg, const char *name, const char *arg, struct err *e)
{
	for (size_t i = 0; i < cg->n; i++) {
		const struct cgroup_tree *t = &cg->trees[i];

		if (tree_is_v2(t) ? streq(name, "unified") : tree_has(t, name))
			return (int)i;
	}
	return err_set(e, EINVAL, "--cgroup: '%s': no hierarchy of the container has '%s'", arg,
		       name);
}

static int take_path(const struct cgroup *cg, size_t i, const char *arg, const char *path,
		     const char **subs, struct err *e)
{
	if (subs[i])
		return err_set(e, EINVAL, "--cgroup: '%s': there is a group for '%s' already", arg,
			       tree_is_v2(&cg->trees[i]) ? "unified" : cg->trees[i].controllers);
	subs[i] = path;
	return 0;
}

/* One argument of --cgroup: `subs` has a place for each hierarchy. */
static int read_sub(const struct cgroup *cg, const char *arg, const char **subs, struct err *e)
{
	const char *path;
	size_t len = controllers_length(arg, &path);
	autofree char *names = xstrndup(arg, len);
	char *save = NULL;
	int r = 0;

	if (path == arg) {
		for (size_t i = 0; r == 0 && i < cg->n; i++)
			r = take_path(cg, i, arg, path, subs, e);
		return r;
	}
	if (len == 0 || names[0] == ',' || names[len - 1] == ',' || strstr(names, ",,"))
		return err_set(e, EINVAL, "--cgroup: '%s': a controller's name is empty", arg);
	for (char *name = strtok_r(names, ",", &save); r >= 0 && name;
	     name = strtok_r(NULL, ",", &save)) {
		r = find_named(cg, name, arg, e);
		if (r >= 0)
			r = take_path(cg, (size_t)r, arg, path, subs, e);
	}
	return r;
}

static int read_subs(const struct cgroup *cg, const struct strv *args,
		     const char *subs[CGROUP_MAX_TREES], struct err *e)
{
	int r = 0;

	if (args && args->n > 0 && cg->n == 0)
		return err_set(e, EOPNOTSUPP, "--cgroup: the container has no control groups");
	for (size_t i = 0; r == 0 && args && i < args->n; i++)
		r = read_sub(cg, args->v[i], subs, e);
	return r;
}

int cgroup_open(struct cgroup *cg, pid_t init_pid, const struct strv *subs, struct err *e)
{
	autofree char *text = cgroup_tree_find(cg, "") ? read_proc_cgroup(init_pid) : NULL;
	const char *paths[CGROUP_MAX_TREES] = { NULL };
	int r = read_subs(cg, subs, paths, e);

	if (r == 0 && cg->scope)
		note_below(cg->scope, &cg->trees[0], text);
	for (size_t i = 0; r == 0 && i < cg->n; i++) {
		r = open_group(&cg->trees[i], text, paths[i], e);
		/* What creation had to do without. */
		if (cg->rootless && !paths[i] && (r == -ENOENT || r == -EACCES)) {
			err_clear(e);
			r = 0;
		}
	}
	return r;
}
