/* SPDX-License-Identifier: Apache-2.0 */
/* Give a container's group to the user it runs as. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "libutil/file.h"
#include "libutil/path.h"
#include "libutil/strv.h"
#include "runtime/cgroup/layout.h"
#include "runtime/cgroup/systemd.h"

#define DELEGATE_FILE "/sys/kernel/cgroup/delegate"
#define DELEGATE_MAX  4096
#define KEEP_GROUP    ((gid_t)-1)

static bool has_option(const struct spec_mount *m, const char *option)
{
	for (size_t i = 0; i < m->options.n; i++)
		if (streq(m->options.items[i], option))
			return true;
	return false;
}

static bool sees_it_writable(const struct runtime_spec *spec)
{
	const struct spec_mount *m = spec->mounts.items;

	for (size_t i = 0; i < spec->mounts.n; i++) {
		autofree char *where = path_clean(m[i].destination);

		if (streq(where, CGROUP_ROOT) && m[i].type &&
		    (streq(m[i].type, "cgroup") || streq(m[i].type, "cgroup2")))
			return !has_option(&m[i], "ro");
	}
	return false;
}

/* The host's number of process.user.uid; false where that can't be told. */
static bool host_uid(const struct runtime_spec *spec, uid_t *ret)
{
	const struct spec_linux *l = spec->linux_;
	const struct spec_id_mapping *m = l->uid_mappings.items;
	const struct spec_user *user = spec->process ? spec->process->user : NULL;
	uint64_t uid = user ? user->uid.v : 0;

	for (size_t i = 0; i < l->uid_mappings.n; i++) {
		if (uid < m[i].container_id.v || uid - m[i].container_id.v >= m[i].size.v)
			continue;
		*ret = (uid_t)(m[i].host_id.v + (uid - m[i].container_id.v));
		return true;
	}
	*ret = (uid_t)uid;
	return l->uid_mappings.n == 0;
}

static bool joins_user_namespace(const struct runtime_spec *spec)
{
	const struct spec_namespace *n = spec_find_namespace(spec, OCI_NS_USER);

	return n && n->path;
}

/* The files that a group's owner may write; older kernels do not list them. */
static void delegate_files(struct strv *ret)
{
	autofree char *text = NULL;

	if (file_read_at(AT_FDCWD, DELEGATE_FILE, DELEGATE_MAX, &text, NULL, NULL) < 0)
		text = xstrdup("cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n");
	strv_split(ret, text, '\n', true);
}

static int give(int dirfd, uid_t uid, struct err *e)
{
	auto_(strv) struct strv files = { 0 };
	struct stat st;

	if (fstat(dirfd, &st) < 0)
		return err_sys(e, "look at the cgroup");
	if (st.st_uid == uid)
		return 0;
	delegate_files(&files);
	if (fchown(dirfd, uid, KEEP_GROUP) < 0)
		return err_sys(e, "give the cgroup to user %u", (unsigned)uid);
	for (size_t i = 0; i < files.n; i++)
		if (fchownat(dirfd, files.v[i], uid, KEEP_GROUP, AT_SYMLINK_NOFOLLOW) < 0 &&
		    errno != ENOENT)
			return err_sys(e, "give '%s' of the cgroup to user %u", files.v[i],
				       (unsigned)uid);
	return 0;
}

static int open_own(const struct cgroup *cg, struct err *e)
{
	const struct cgroup_tree *t = &cg->trees[0];
	const char *sub = cg->scope ? cg->scope->subgroup : NULL;
	autofree char *dir = tree_dir(t);
	autofree char *below = path_join(dir, sub ? sub : "");
	int fd = open(below, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? err_sys(e, "open cgroup '%s'", below) : fd;
}

int cgroup_delegate(const struct cgroup *cg, const struct runtime_spec *spec, bool own_namespace,
		    struct err *e)
{
	autofd int fd = -1;
	uid_t uid = 0;
	int r;

	if (cg->layout != CGROUP_V2 || cg->n == 0 || !own_namespace || !sees_it_writable(spec) ||
	    joins_user_namespace(spec) || !host_uid(spec, &uid))
		return 0;
	fd = open_own(cg, e);
	if (fd < 0)
		return fd;
	r = give(fd, uid, e);
	/* Nobody but root gives files away; its own ones it has. */
	if (r < 0 && cg->rootless && (r == -EPERM || r == -EINVAL)) {
		err_clear(e);
		return 0;
	}
	return r;
}
