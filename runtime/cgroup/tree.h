/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share: one container's directory in each hierarchy. */
#ifndef RUNTIME_CGROUP_TREE_H
#define RUNTIME_CGROUP_TREE_H

#include "libutil/cleanup.h"
#include "runtime/cgroup/cgroup.h"

/* The kernel has fewer than twenty controllers; named hierarchies come on top. */
#define CGROUP_MAX_TREES 32

struct cgroup_tree {
	char *controllers; /* "cpu,cpuacct", "name=systemd", "" for v2 */
	char *mount;       /* "/sys/fs/cgroup/cpu" */
	char *path;        /* of the group below the mount; begins with a slash */
	int fd;            /* O_RDONLY directory of the group; -1 while not open */
	size_t kept; /* so much of `path` existed before cgroup_make(): what follows is ours */
	bool reused; /* it was there already, and perhaps killed before; see cgroup_clone_fd() */
	int entryfd; /* file that moves its writer into the group; -1 while not open */
};

struct systemd_scope; /* systemd.h */

struct cgroup {
	enum cgroup_driver driver;
	enum cgroup_layout layout;
	bool rootless;
	char *v2_controllers; /* owned: what the v2 tree of this host has; NULL: not asked yet */
	struct cgroup_tree trees[CGROUP_MAX_TREES];
	size_t n;
	struct systemd_scope *scope; /* CGROUP_SYSTEMD; owned */
};

AUTO_DEFINE(cgroup, cgroup_free)
struct cgroup *cgroup_new(enum cgroup_driver driver, enum cgroup_layout layout, bool rootless);
/* Takes nothing: copies the texts. */
int cgroup_add_tree(struct cgroup *cg, const char *controllers, const char *mount, const char *path,
		    struct err *e);

static inline bool tree_is_v2(const struct cgroup_tree *t)
{
	return t->controllers[0] == '\0';
}
/* "cpu" is one of "cpu,cpuacct"; "" is none. */
bool tree_list_has(const char *controllers, const char *controller);
bool tree_has(const struct cgroup_tree *t, const char *controller);
/* The hierarchy with a v1 controller ("memory", "name=systemd"); "" finds v2.  NULL: none. */
const struct cgroup_tree *cgroup_tree_find(const struct cgroup *cg, const char *controller);

/* Mount point and path in one; owned. */
char *tree_dir(const struct cgroup_tree *t);
/* Length of `path` up to the end of the component that begins at or after `at`. */
size_t tree_component_end(const char *path, size_t at);
/* Open the group's directory; -ENOENT when it is gone. */
int tree_open(const struct cgroup_tree *t, struct err *e);

/* A word of a short cgroup file, without the newline.  Returns its length or a negative errno. */
int tree_read_word(int dirfd, const char *file, char *buf, size_t size);
/* The value of `key` in a flat-keyed file (cgroup.events), or a negative errno. */
int tree_read_key(int dirfd, const char *file, const char *key);
/* Same, of an open file, for polling. */
int tree_read_key_fd(int fd, const char *key);

#endif
