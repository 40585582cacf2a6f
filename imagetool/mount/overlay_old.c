/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overlays on kernels before Linux 6.7.  fsconfig(2) bears texts of 255 bytes
 * there, so that mount(2) is left, whose options are a page.  Names in it are as
 * short as names can be: they begin in /proc/self/fd, which a thread of its own
 * has as its working directory for this call.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "imagetool/mount/overlay_layers.h"
#include "libutil/cleanup.h"
#include "libutil/strbuf.h"
#include "libutil/sys.h"

#define OPTIONS_MAX 4095 /* a page, with its NUL */
#define FDS_DIR     "/proc/self/fd"

#ifndef SYS_open_tree_attr
#define SYS_open_tree_attr 467 /* Linux 6.15 */
#endif

/* ---- What the kernel knows ---- */

bool overlay_takes_descriptors(void)
{
	autofd int fs = sys_fsopen("overlay", FSOPEN_CLOEXEC);

	if (fs < 0)
		return false;
	/* Before Linux 6.5 every word is taken, and judged when it is too late. */
	if (sys_fsconfig(fs, FSCONFIG_SET_STRING, "creel", "1", 0) == 0)
		return false;
	return sys_fsconfig(fs, FSCONFIG_SET_STRING, "lowerdir+", "/", 0) == 0;
}

/* The call came with the copies of mounts that are nowhere. */
bool overlay_takes_detached(void)
{
	return syscall(SYS_open_tree_attr, -1, NULL, 0, NULL, 0) == 0 || !sys_is_refused(errno);
}

/* Who may not do it has no use for one. */
void overlay_hide_mounts(void)
{
	if (!overlay_takes_detached() && unshare(CLONE_NEWNS) == 0)
		(void)mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL);
}

/* ---- The options ---- */

struct naming {
	int dirfd;
	const struct layers *layers;
	enum overlay_mode mode;
	bool is_volatile; /* Linux 5.10 */
};

/* "userxattr" says the first two by itself, and bears no other word. */
static const char *for_mode(enum overlay_mode mode)
{
	if (mode != OVERLAY_BUILD)
		return overlay_is_users() ? ",userxattr" : "";
	return overlay_is_users() ? ",userxattr,index=off"
				  : ",redirect_dir=nofollow,metacopy=off,index=off";
}

static int make_options(const struct naming *m, struct strbuf *out, struct err *e)
{
	strbuf_adds(out, "lowerdir=");
	for (size_t i = 0; i < m->layers->n; i++)
		strbuf_addf(out, "%s%d", i ? ":" : "", m->layers->fds[i]);
	if (m->mode != OVERLAY_READ)
		strbuf_addf(out, ",upperdir=%d/" OVERLAY_UPPER ",workdir=%d/" OVERLAY_WORK,
			    m->dirfd, m->dirfd);
	strbuf_adds(out, for_mode(m->mode));
	if (m->is_volatile)
		strbuf_adds(out, ",volatile");
	return strbuf_check(out, "the list of layers (Linux 6.7 takes longer ones)", e);
}

/* ---- Mounting ---- */

static int mount_once(const struct naming *m, const char *target, struct err *e)
{
	auto_(strbuf) struct strbuf text = { .max = OPTIONS_MAX };
	unsigned long flags = m->mode == OVERLAY_READ ? MS_RDONLY : 0;
	int r = make_options(m, &text, e);

	if (r < 0)
		return r;
	if (mount("overlay", target, "overlay", flags, strbuf_str(&text)) < 0)
		return err_sys(e, "mount an overlay of %zu layers", m->layers->n);
	return 0;
}

static int mount_shown(struct naming *m, const char *target, struct err *e)
{
	int r;

	m->is_volatile = m->mode == OVERLAY_BUILD;
	r = mount_once(m, target, e);
	if (r != -EINVAL || !m->is_volatile)
		return r;
	err_clear(e);
	m->is_volatile = false;
	return mount_once(m, target, e);
}

/* What was shown becomes a mount that is nowhere, as those of newer kernels are from the start. */
static int take_down(const char *target, struct err *e)
{
	int fd = sys_open_tree(AT_FDCWD, target, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (fd < 0)
		fd = sys_is_refused(errno)
			     ? err_set(e, ENOTSUP,
				       "this kernel can't take a mount in hand: Linux 5.2 is needed")
			     : err_sys(e, "take a copy of a mount");
	if (umount2(target, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && fd >= 0) {
		(void)close(fd);
		return err_sys(e, "unmount an overlay");
	}
	return fd;
}

static int mount_named(struct naming *m, struct err *e)
{
	char target[32];
	int r;

	(void)snprintf(target, sizeof(target), "%d/" OVERLAY_SHOWN, m->dirfd);
	if (unshare(CLONE_FS) < 0)
		return err_sys(e, "have a working directory of its own");
	if (chdir(FDS_DIR) < 0)
		return err_sys(e, "enter '" FDS_DIR "'");
	if (mkdir(target, 0700) < 0 && errno != EEXIST)
		return err_sys(e, "make directory '" OVERLAY_SHOWN "'");
	r = mount_shown(m, target, e);
	if (r == -EINVAL && m->mode != OVERLAY_READ)
		r = overlay_no_upper(e);
	if (r >= 0)
		r = take_down(target, e);
	(void)rmdir(target);
	return r;
}

struct job {
	struct naming naming;
	struct err failure;
	int result;
};

static void *run_thread(void *arg)
{
	struct job *j = arg;

	j->result = mount_named(&j->naming, &j->failure);
	return NULL;
}

int overlay_mount_by_names(int dirfd, const struct layers *l, enum overlay_mode mode, struct err *e)
{
	struct job j = { .naming = { .dirfd = dirfd, .layers = l, .mode = mode } };
	pthread_t thread;
	int error = pthread_create(&thread, NULL, run_thread, &j);

	if (error)
		return err_set(e, error, "start a thread: %s", strerror(error));
	(void)pthread_join(thread, NULL);
	return j.result < 0 ? err_take(e, &j.failure) : j.result;
}
