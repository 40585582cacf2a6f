/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/init/sysctl.h"

#include <ctype.h>
#include <errno.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "libutil/path.h"
#include "runtime/init/procfs.h"
#include "runtime/init/stage.h"

/* Where the kernel keeps a value per namespace.  A name that ends in '/' stands for all below. */
static const struct sysctl_row {
	const char *path;
	enum oci_namespace owner;
} sysctl_rows[] = {
	{ "sys/fs/mqueue/", OCI_NS_IPC },
	{ "sys/kernel/domainname", OCI_NS_UTS },
	{ "sys/kernel/msg_next_id", OCI_NS_IPC },
	{ "sys/kernel/msgmax", OCI_NS_IPC },
	{ "sys/kernel/msgmnb", OCI_NS_IPC },
	{ "sys/kernel/msgmni", OCI_NS_IPC },
	{ "sys/kernel/sem", OCI_NS_IPC },
	{ "sys/kernel/sem_next_id", OCI_NS_IPC },
	{ "sys/kernel/shm_next_id", OCI_NS_IPC },
	{ "sys/kernel/shm_rmid_forced", OCI_NS_IPC },
	{ "sys/kernel/shmall", OCI_NS_IPC },
	{ "sys/kernel/shmmax", OCI_NS_IPC },
	{ "sys/kernel/shmmni", OCI_NS_IPC },
	{ "sys/net/", OCI_NS_NETWORK },
	{ "sys/user/", OCI_NS_USER },
};

char *sysctl_path(const char *key)
{
	char *path = path_join("sys", key);
	size_t slash = strcspn(key, "/");
	size_t dot = strcspn(key, ".");

	/* As sysctl(8): the first separator decides; after a dot, a slash stands for a dot in a
	 * name. */
	if (dot >= slash)
		return path;
	for (char *p = path + strlen("sys/"); *p; p++)
		*p = *p == '.' ? '/' : *p == '/' ? '.' : *p;
	return path;
}

static bool row_matches(const struct sysctl_row *row, const char *path)
{
	size_t len = strlen(row->path);

	return row->path[len - 1] == '/' ? starts_with(path, row->path) : streq(path, row->path);
}

static bool is_clean(const char *path)
{
	autofree char *clean = path_clean(path);

	return streq(clean, path) && !path_has_dotdot(path);
}

/* Values are numbers and words; a control character is somebody's attempt at a second line. */
static bool has_control(const char *value)
{
	for (; *value; value++)
		if (iscntrl((unsigned char)*value) && *value != '\t')
			return true;
	return false;
}

int sysctl_check(const char *key, const char *value, const bool has[OCI_NS_COUNT], struct err *e)
{
	autofree char *path = sysctl_path(key);

	if (streq(path, "sys/kernel/hostname"))
		return err_set(e, EINVAL, "linux.sysctl: '%s': use hostname instead", key);
	if (!is_clean(path))
		return err_set(e, EINVAL, "linux.sysctl: '%s' is not the name of a sysctl", key);
	if (has_control(value))
		return err_set(e, EINVAL, "linux.sysctl: '%s': control character in the value",
			       key);
	for (size_t i = 0; i < ARRAY_LEN(sysctl_rows); i++) {
		const struct sysctl_row *row = &sysctl_rows[i];

		if (!row_matches(row, path))
			continue;
		if (!has[row->owner])
			return err_set(
				e, EINVAL,
				"linux.sysctl: '%s' would change the host: the container has "
				"no %s namespace of its own",
				key, ns_name(row->owner));
		return 0;
	}
	return err_set(e, EINVAL, "linux.sysctl: '%s' belongs to the host, not to a namespace",
		       key);
}

static int write_one(struct init *in, const struct oci_pair *s, struct err *e)
{
	autofree char *path = sysctl_path(s->key);
	int r = procfs_write(in->procfd, path, s->value, e);

	/* The host covers its own, as inside a container: make one that is not. */
	if (r == -EXDEV || r == -EROFS) {
		autofd int fd = procfs_private(NULL);

		if (fd >= 0) {
			err_clear(e);
			r = procfs_write(fd, path, s->value, e);
		}
	}
	return r < 0 ? err_wrap(e, r, "linux.sysctl: '%s'", s->key) : 0;
}

int sysctl_apply(struct init *in, struct err *e)
{
	const struct oci_strmap *map = &in->linux_->sysctl;

	for (size_t i = 0; i < map->n; i++) {
		const struct oci_pair *s = &map->items[i];
		int r = sysctl_check(s->key, s->value, in->job->plan.has, e);

		if (r >= 0)
			r = write_one(in, s, e);
		if (r < 0)
			return r;
	}
	return 0;
}
