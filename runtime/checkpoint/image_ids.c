/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/checkpoint/image_ids.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "libutil/cleanup.h"
#include "libutil/dir.h"
#include "libutil/path.h"
#include "runtime/init/mount.h"
#include "runtime/ns/idmap.h"

/* criu's link from a dump to the pre-dump it goes on from. */
#define PARENT "parent"
/* Pre-dumps in a row; a link that leads to itself ends here, too. */
#define CHAIN_MAX 64

static int open_userns(const struct runtime_spec *spec, const struct spec_namespace *ns,
		       struct err *e)
{
	int fd;

	if (!ns->path)
		return idmap_userns_fd(&spec->linux_->uid_mappings, &spec->linux_->gid_mappings, e);
	fd = open(ns->path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open '%s'", ns->path) : fd;
}

static int show(int dirfd, int usernsfd, struct err *e)
{
	autofd int treefd = mount_clone(dirfd, false, e);
	int r = treefd < 0 ? treefd : mount_idmap(treefd, usernsfd, false, e);

	return r < 0 ? r : mount_attach(treefd, dirfd, e);
}

/* Not every file system can map ids, nor every kernel; without, everybody must be let in. */
static int show_or_leave(const char *path, int dirfd, int usernsfd, struct err *e)
{
	struct stat st;
	int r = show(dirfd, usernsfd, e);

	if (r >= 0)
		return 0;
	if (fstat(dirfd, &st) == 0 && (st.st_mode & S_IXOTH)) {
		err_clear(e);
		return 0;
	}
	return err_wrap(e, r,
			"'%s' is closed to the root of the container's user namespace, who has to "
			"read it (chmod o+x lets everybody in)",
			path);
}

int image_show(const char *path, const struct runtime_spec *spec, struct err *e)
{
	const struct spec_namespace *ns = spec_find_namespace(spec, OCI_NS_USER);
	autofree char *at = xstrdup(path);
	autofd int usernsfd = ns ? open_userns(spec, ns, e) : -1;
	int r = ns && usernsfd < 0 ? usernsfd : 0;

	for (int i = 0; ns && r >= 0 && i < CHAIN_MAX; i++) {
		autofd int dirfd = dir_open_at(AT_FDCWD, at, i > 0 ? NULL : e);
		char *next;

		/* The chain ends at one without. */
		if (dirfd < 0)
			return i > 0 ? 0 : dirfd;
		r = show_or_leave(at, dirfd, usernsfd, e);
		next = path_join(at, PARENT);
		free(at);
		at = next;
	}
	return r;
}
