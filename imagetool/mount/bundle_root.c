/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/mount/bundle_root.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "imagetool/mount/overlay.h"
#include "libutil/alloc.h"
#include "libutil/dir.h"
#include "libutil/fd.h"
#include "libutil/path.h"
#include "libutil/sys.h"

static int begin(struct bundle_root *b, struct store *s, const struct image *img, const char *dir,
		 enum snapshot_choice form, struct apply_notes *notes, struct err *e)
{
	autofree char *full = path_absolute(dir);
	auto_(home) struct home h = { 0 };
	int r = overlay_may_mount(e);

	if (r >= 0)
		r = layers_ready(s, img, form, &b->stack, notes, e);
	if (r < 0)
		return r;
	home_init(&h, s, img, full, NULL, true);
	r = home_write(&h, b->stagefd, e);
	if (r >= 0 && mkdirat(b->stagefd, HOME_ROOTFS, 0755) < 0)
		r = err_sys(e, "make directory '%s'", HOME_ROOTFS);
	if (r >= 0)
		r = overlay_prepare(b->stagefd, &b->stack, true, e);
	if (r < 0)
		return r;
	b->rootfd = overlay_mount(b->stagefd, &b->stack, OVERLAY_WRITE, NULL, e);
	return b->rootfd;
}

int bundle_root_begin(struct bundle_root *b, struct store *s, const struct image *img, int stagefd,
		      const char *dir, enum snapshot_choice form, struct apply_notes *notes,
		      struct err *e)
{
	static const char *const made[] = { HOME_RECORD, HOME_ROOTFS, OVERLAY_UPPER, OVERLAY_WORK,
					    OVERLAY_TOP };
	int r;

	b->stagefd = stagefd;
	r = begin(b, s, img, dir, form, notes, e);
	if (r >= 0)
		return r;
	bundle_root_done(b);
	for (size_t i = 0; i < ARRAY_LEN(made); i++)
		(void)dir_remove_all_at(stagefd, made[i], NULL);
	return r;
}

int bundle_root_finish(struct bundle_root *b, struct store *s, const struct image *img,
		       const char *dir, struct err *e)
{
	autofree char *full = realpath(dir, NULL), *target = NULL;
	int r;

	if (!full)
		return err_sys(e, "resolve '%s'", dir);
	r = layers_lease(s, img, &b->stack, full, e);
	if (r < 0)
		return r;
	target = path_join(full, HOME_ROOTFS);
	if (sys_move_mount(b->rootfd, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_sys(e, "mount on '%s'", target);
	return 0;
}

void bundle_root_done(struct bundle_root *b)
{
	fd_close(&b->rootfd);
	snapshot_stack_done(&b->stack);
	*b = (struct bundle_root)BUNDLE_ROOT_INIT;
}
