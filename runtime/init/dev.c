/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices and links in the container's /dev.  An image may have made /dev, or a
 * name in it, a symbolic link to lead this code out (CVE-2026-41579): every step
 * is relative to a descriptor below the root, and no name made is followed.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "libutil/beneath.h"
#include "libutil/cleanup.h"
#include "libutil/path.h"
#include "runtime/init/mount.h"
#include "runtime/init/stage.h"

/* config-linux.md "Default Devices"; console and ptmx are below. */
static const struct default_device {
	const char *path;
	unsigned minor_; /* of major 1, but for tty */
	unsigned major_;
} default_devices[] = {
	{ "/dev/null", 3, 1 },   { "/dev/zero", 5, 1 },    { "/dev/full", 7, 1 },
	{ "/dev/random", 8, 1 }, { "/dev/urandom", 9, 1 }, { "/dev/tty", 0, 5 },
};

static const struct link_row {
	const char *name, *target;
} links[] = {
	{ "fd", "/proc/self/fd" },       { "stdin", "/proc/self/fd/0" },
	{ "stdout", "/proc/self/fd/1" }, { "stderr", "/proc/self/fd/2" },
	{ "core", "/proc/kcore" },       { "ptmx", "pts/ptmx" },
};

struct node {
	const char *path; /* as config.json names it */
	mode_t mode;      /* type and permissions */
	dev_t rdev;
	bool has_owner;
	uid_t uid;
	gid_t gid;
	bool keep;  /* what is there already stays as it is: a default, not a wish */
	int treefd; /* the host's, detached, in case it has to be bound; 0: open it by its path */
};

static bool same_device(const struct stat *st, const struct node *n)
{
	return (st->st_mode & S_IFMT) == (n->mode & S_IFMT) &&
	       (S_ISFIFO(n->mode) || st->st_rdev == n->rdev);
}

/* "an existing different file is an error" */
static int check_existing(int dirfd, const char *name, const struct node *n, struct err *e)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "stat '%s'", n->path);
	if (same_device(&st, n) || n->keep)
		return 0;
	return err_set(e, EEXIST, "make device '%s': something else is there", n->path);
}

/* A file to bind a device on. */
static int make_place(int dirfd, const char *name, const struct node *n, struct err *e)
{
	int fd = openat(dirfd, name, O_CREAT | O_EXCL | O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0644);

	return fd < 0 ? err_sys(e, "make '%s'", n->path) : fd;
}

static int attach_device(int dirfd, const char *name, const struct node *n, struct err *e)
{
	autofd int target = make_place(dirfd, name, n, e);
	int r = target < 0 ? target : mount_attach(n->treefd, target, e);

	if (target >= 0 && r < 0)
		(void)unlinkat(dirfd, name, 0);
	return r;
}

/* A user namespace makes no devices: bind the host's, after a look at what it is. */
static int bind_device(struct init *in, int dirfd, const char *name, const struct node *n,
		       struct err *e)
{
	static const struct mount_attrs no_change;
	/* The host's names may be links, as those below /dev/disk are. */
	autofd int src = open(n->path, O_PATH | O_CLOEXEC);
	autofd int target = -1;
	struct stat st;

	if (src < 0 || fstat(src, &st) < 0)
		return err_sys(e, "bind device '%s' of the host", n->path);
	if (!same_device(&st, n))
		return err_set(e, ENODEV, "bind device '%s': the host has another device there",
			       n->path);
	if (!in->job->plan.has[OCI_NS_MOUNT])
		return err_set(e, EPERM, "make device '%s': needs a mount namespace", n->path);
	target = make_place(dirfd, name, n, e);
	if (target < 0)
		return target;
	return mount_bind(src, target, false, &no_change, e);
}

/* In a volume the name may be another file by now, with a second link somewhere that matters. */
static int own_device(int dirfd, const char *name, const struct node *n, struct err *e)
{
	autofd int fd = -1;
	struct stat st;

	if (!n->has_owner || (n->uid == 0 && n->gid == 0))
		return 0;
	fd = openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "open device '%s'", n->path);
	if (!same_device(&st, n))
		return err_set(e, ESTALE, "device '%s' was replaced meanwhile", n->path);
	if (fchownat(fd, "", n->uid, n->gid, AT_EMPTY_PATH) < 0)
		return err_sys(e, "chown device '%s'", n->path);
	return 0;
}

/* The umask is 0 here, so the mode needs no second call.  1: made, 0: it was there. */
static int make_node(struct init *in, int dirfd, const char *name, const struct node *n,
		     struct err *e)
{
	int r;

	if (mknodat(dirfd, name, n->mode, n->rdev) == 0) {
		r = own_device(dirfd, name, n, e);
		/* In a running container nobody else would remove it. */
		if (r < 0 && r != -ESTALE)
			(void)unlinkat(dirfd, name, 0);
	} else {
		if (errno == EEXIST)
			return check_existing(dirfd, name, n, e);
		if (errno != EPERM || S_ISFIFO(n->mode))
			return err_sys(e, "make device '%s'", n->path);
		r = n->treefd > 0 ? attach_device(dirfd, name, n, e)
				  : bind_device(in, dirfd, name, n, e);
	}
	return r < 0 ? r : 1;
}

static int make_defaults(struct init *in, int devfd, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(default_devices); i++) {
		const struct default_device *d = &default_devices[i];
		struct node n = { .path = d->path,
				  .mode = S_IFCHR | 0666,
				  .rdev = makedev(d->major_, d->minor_),
				  .keep = true };
		int r = make_node(in, devfd, path_base(d->path), &n, e);

		if (r < 0)
			return r;
	}
	return 0;
}

static mode_t device_type(const char *type)
{
	switch (type[0]) {
	case 'b':
		return S_IFBLK;
	case 'p':
		return S_IFIFO;
	default: /* c, and u: unbuffered, the same to Linux */
		return S_IFCHR;
	}
}

int dev_make(struct init *in, const struct spec_device *d, int treefd, enum beneath_rule rule,
	     struct err *e)
{
	autofree char *rooted = path_join("/", d->path);
	autofree char *clean = path_clean(rooted);
	autofree char *parent = path_parent(clean);
	autofd int dirfd = -1;
	struct node n = {
		.path = clean,
		.mode = device_type(d->type) | (d->file_mode.set ? d->file_mode.v & 07777 : 0666),
		.rdev = makedev((unsigned)d->major.v, (unsigned)d->minor.v),
		.has_owner = d->uid.set || d->gid.set,
		.uid = (uid_t)d->uid.v,
		.gid = (gid_t)d->gid.v,
		.treefd = treefd,
	};

	/* A link to the devpts' own, whatever the caller's host has there. */
	if (streq(clean, "/dev/ptmx") || streq(clean, "/"))
		return 0;
	/* The strict rule wants a relative path. */
	dirfd = beneath_mkdir_p(in->rootfd,
				rule == BENEATH_CHROOT || !parent[1] ? parent : parent + 1, 0755,
				parent[1] ? rule : BENEATH_CHROOT, e);
	if (dirfd < 0)
		return dirfd;
	return make_node(in, dirfd, path_base(clean), &n, e);
}

static int make_devices(struct init *in, struct err *e)
{
	const struct spec_device *d = in->linux_->devices.items;

	for (size_t i = 0; i < in->linux_->devices.n; i++) {
		int r = dev_make(in, &d[i], 0, BENEATH_CHROOT, e);

		if (r < 0)
			return err_wrap(e, r, "linux.devices[%zu]", i);
	}
	return 0;
}

/* An image's own ptmx device would open the host's terminals: replace it. */
static int replace_ptmx(int devfd, const char *target, struct err *e)
{
	char now[32] = "";
	ssize_t n = readlinkat(devfd, "ptmx", now, sizeof(now) - 1);

	if (n > 0 && streq(now, target))
		return 0;
	if (unlinkat(devfd, "ptmx", 0) < 0 || symlinkat(target, devfd, "ptmx") < 0)
		return err_sys(e, "replace '/dev/ptmx'");
	return 0;
}

static int make_links(int devfd, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(links); i++) {
		int r;

		if (symlinkat(links[i].target, devfd, links[i].name) == 0)
			continue;
		if (errno != EEXIST)
			return err_sys(e, "link '/dev/%s'", links[i].name);
		r = streq(links[i].name, "ptmx") ? replace_ptmx(devfd, links[i].target, e) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * A link in the image can make /dev a volume, or a volume /dev.  Nodes would be made, and a ptmx
 * replaced, in a directory of the host: perhaps in its own /dev.
 */
static bool is_ours(const struct init *in, int devfd)
{
	uint64_t id = mount_id(devfd);

	return id == in->dev_mount || id == mount_id(in->rootfd);
}

int dev_setup(struct init *in, struct err *e)
{
	autofd int devfd = -1;
	int r;

	/* A tree of the host's: what is there is what the caller wants there. */
	if (in->mounts.dev_is_bind)
		return 0;
	devfd = beneath_mkdir_p(in->rootfd, "/dev", 0755, BENEATH_CHROOT, e);
	if (devfd < 0)
		return devfd;
	if (!is_ours(in, devfd))
		return 0;
	/* Asked for first: /dev/null with another mode or owner is not a default then. */
	r = make_devices(in, e);
	if (r >= 0)
		r = make_defaults(in, devfd, e);
	return r < 0 ? r : make_links(devfd, e);
}
