/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "libutil/path.h"
#include "runtime/cgroup/systemd.h"

#define EVENTS_MAX 1024

struct cgroup *cgroup_new(enum cgroup_driver driver, enum cgroup_layout layout, bool rootless)
{
	struct cgroup *cg = xcalloc(1, sizeof(*cg));

	cg->driver = driver;
	cg->layout = layout;
	cg->rootless = rootless;
	return cg;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		(void)close(fd);
}

bool cgroup_is_none(const struct cgroup *cg)
{
	return cg->driver == CGROUP_DISABLED || cg->n == 0;
}

void cgroup_free(struct cgroup *cg)
{
	if (!cg)
		return;
	for (size_t i = 0; i < cg->n; i++) {
		struct cgroup_tree *t = &cg->trees[i];

		close_fd(t->fd);
		close_fd(t->entryfd);
		free(t->controllers);
		free(t->mount);
		free(t->path);
	}
	free(cg->v2_controllers);
	systemd_scope_free(cg->scope);
	free(cg);
}

int cgroup_add_tree(struct cgroup *cg, const char *controllers, const char *mount, const char *path,
		    struct err *e)
{
	if (cg->n == CGROUP_MAX_TREES)
		return err_set(e, E2BIG, "cgroup: more than %d hierarchies", CGROUP_MAX_TREES);
	cg->trees[cg->n++] = (struct cgroup_tree){ .controllers = xstrdup(controllers),
						   .mount = xstrdup(mount),
						   .path = xstrdup(path),
						   .kept = strlen(path),
						   .fd = -1,
						   .entryfd = -1 };
	return 0;
}

bool cgroup_has_group(const struct cgroup *cg)
{
	return cg->n > 0;
}

bool tree_list_has(const char *controllers, const char *controller)
{
	size_t len = strlen(controller);

	if (len == 0)
		return controllers[0] == '\0';
	for (const char *at = controllers; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, controller, len) == 0 && (at[len] == ',' || at[len] == '\0'))
			return true;
	}
	return false;
}

bool tree_has(const struct cgroup_tree *t, const char *controller)
{
	return tree_list_has(t->controllers, controller);
}

const struct cgroup_tree *cgroup_tree_find(const struct cgroup *cg, const char *controller)
{
	for (size_t i = 0; i < cg->n; i++)
		if (tree_has(&cg->trees[i], controller))
			return &cg->trees[i];
	return NULL;
}

size_t tree_component_end(const char *path, size_t at)
{
	at += strspn(path + at, "/");
	return at + strcspn(path + at, "/");
}

char *tree_dir(const struct cgroup_tree *t)
{
	return path_join(t->mount, t->path);
}

int tree_open(const struct cgroup_tree *t, struct err *e)
{
	autofree char *dir = tree_dir(t);
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? err_sys(e, "open cgroup '%s'", dir) : fd;
}

int tree_read_word(int dirfd, const char *file, char *buf, size_t size)
{
	autofd int fd = openat(dirfd, file, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	if (n < 0)
		return -errno;
	while (n > 0 && buf[n - 1] == '\n')
		n--;
	buf[n] = '\0';
	return (int)n;
}

int tree_read_key_fd(int fd, const char *key)
{
	char text[EVENTS_MAX];
	size_t len = strlen(key);
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	if (n < 0)
		return -errno;
	text[n] = '\0';
	for (const char *at = text; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (strncmp(at, key, len) == 0 && at[len] == ' ')
			return atoi(at + len + 1);
	}
	return -ENODATA;
}

int tree_read_key(int dirfd, const char *file, const char *key)
{
	autofd int fd = openat(dirfd, file, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : tree_read_key_fd(fd, key);
}
