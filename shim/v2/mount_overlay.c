/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/v2/mount_overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/dir.h"
#include "libutil/path.h"
#include "libutil/strbuf.h"
#include "libutil/sys.h"
#include "shim/v2/idmap.h"
#include "shim/v2/mount_one.h"

#define VALUE_MAX 255 /* fsconfig(2) */

/* ---- Layer by layer ---- */

static char *without_escapes(const char *layer)
{
	char *text = xstrdup(layer), *to = text;

	for (const char *at = text; *at; at++) {
		if (*at == '\\' && at[1])
			at++;
		*to++ = *at;
	}
	*to = '\0';
	return text;
}

static int set_string(int fsfd, const char *key, const char *value, struct err *e)
{
	if (strlen(value) > VALUE_MAX)
		return err_set(e, ENAMETOOLONG, "'%s=%s' is longer than the kernel's %d bytes", key,
			       value, VALUE_MAX);
	if (sys_fsconfig(fsfd, FSCONFIG_SET_STRING, key, value, 0) < 0)
		return err_sys(e, "option '%s=%s'", key, value);
	return 0;
}

static int set_word(int fsfd, const char *word, struct err *e)
{
	autofree char *key = xstrdup(word);
	char *value = strchr(key, '=');

	if (!value) {
		if (sys_fsconfig(fsfd, FSCONFIG_SET_FLAG, key, NULL, 0) < 0)
			return err_sys(e, "option '%s'", key);
		return 0;
	}
	*value++ = '\0';
	return streq(key, "lowerdir") ? 0 : set_string(fsfd, key, value, e);
}

static int configure(int fsfd, const struct mount_plan *p, const struct strv *layers,
		     const char *common, struct err *e)
{
	size_t skip = common ? strlen(common) + 1 : 0;
	int r = set_string(fsfd, "source", p->source, e);

	for (size_t i = 0; i < layers->n && r >= 0; i++) {
		autofree char *name = without_escapes(layers->v[i] + skip);

		r = set_string(fsfd, "lowerdir+", name, e);
	}
	for (size_t i = 0; i < p->words.n && r >= 0; i++)
		r = set_word(fsfd, p->words.v[i], e);
	if (r >= 0 && (p->flags & MS_RDONLY) &&
	    sys_fsconfig(fsfd, FSCONFIG_SET_FLAG, "ro", NULL, 0) < 0)
		r = err_sys(e, "option 'ro'");
	if (r >= 0 && sys_fsconfig(fsfd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		r = err_sys(e, "create it");
	return r;
}

struct attr_row {
	unsigned long flag;
	unsigned attr;
};

static const struct attr_row attr_rows[] = {
	{ MS_RDONLY, MOUNT_ATTR_RDONLY },         { MS_NOSUID, MOUNT_ATTR_NOSUID },
	{ MS_NODEV, MOUNT_ATTR_NODEV },           { MS_NOEXEC, MOUNT_ATTR_NOEXEC },
	{ MS_NODIRATIME, MOUNT_ATTR_NODIRATIME }, { MS_NOATIME, MOUNT_ATTR_NOATIME },
};

static int mount_by_layers(const struct mount_plan *p, const struct strv *layers,
			   const char *common, int targetfd, struct err *e)
{
	autofd int fsfd = sys_fsopen("overlay", FSOPEN_CLOEXEC), tree = -1;
	unsigned attrs = 0;
	int r;

	if (fsfd < 0)
		return err_sys(e, "open a context");
	r = configure(fsfd, p, layers, common, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_LEN(attr_rows); i++)
		attrs |= p->flags & attr_rows[i].flag ? attr_rows[i].attr : 0;
	tree = sys_fsmount(fsfd, FSMOUNT_CLOEXEC, attrs);
	if (tree < 0)
		return err_sys(e, "mount it");
	if (sys_move_mount(tree, "", targetfd, "",
			   MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return err_sys(e, "attach it");
	return 0;
}

/* ---- Short names ---- */

static size_t data_length(const struct mount_plan *p)
{
	autofree char *data = mount_plan_data(p);

	return strlen(data);
}

/* With the working directory where the layers are. */
static int mount_short(struct mount_plan *p, struct strv *layers, const char *common, int targetfd,
		       struct err *e)
{
	mount_plan_set_layers(p, layers, common);
	return data_length(p) < MOUNT_DATA_MAX ? mount_with_data(p, p->source, targetfd, e)
					       : mount_by_layers(p, layers, common, targetfd, e);
}

static int mount_long(struct mount_plan *p, struct strv *layers, int targetfd, struct err *e)
{
	autofree char *common = mount_layers_common(layers);
	autofd int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (!common)
		return mount_by_layers(p, layers, NULL, targetfd, e);
	if (here < 0)
		return err_sys(e, "open the working directory");
	if (chdir(common) < 0)
		return err_sys(e, "change to '%s'", common);
	r = mount_short(p, layers, common, targetfd, e);
	if (fchdir(here) < 0 && r >= 0)
		r = err_sys(e, "change back to the working directory");
	return r;
}

static int mount_layers(struct mount_plan *p, struct strv *layers, int targetfd, struct err *e)
{
	if (layers->n > MOUNT_LAYERS_MAX)
		return err_set(e, E2BIG, "%zu layers, and the kernel takes %d", layers->n,
			       MOUNT_LAYERS_MAX);
	if (data_length(p) < MOUNT_DATA_MAX)
		return mount_with_data(p, p->source, targetfd, e);
	return mount_long(p, layers, targetfd, e);
}

/* ---- Mapped layers ---- */

static int map_layer(const char *layer, int usernsfd, const char *dir, size_t i,
		     struct strv *mapped, struct err *e)
{
	autofree char *source = without_escapes(layer);
	autofree char *at = xasprintf("%s/%zu", dir, i);
	autofd int tree = idmap_clone(source, false, usernsfd, e);

	if (tree < 0)
		return tree;
	if (mkdir(at, 0700) < 0)
		return err_sys(e, "make '%s'", at);
	if (sys_move_mount(tree, "", AT_FDCWD, at, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_sys(e, "attach '%s'", at);
	strv_add(mapped, at);
	return 0;
}

static int map_layers(const struct mount_plan *p, const struct strv *layers, const char *dir,
		      struct strv *mapped, struct err *e)
{
	autofd int usernsfd = idmap_userns(&p->uids, &p->gids, e);
	int r = usernsfd;

	for (size_t i = 0; i < layers->n && r >= 0; i++)
		r = map_layer(layers->v[i], usernsfd, dir, i, mapped, e);
	return r < 0 ? r : 0;
}

/* The overlay has its own copies of these mounts by now. */
static void drop_mapped(const char *dir, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		autofree char *at = xasprintf("%s/%zu", dir, i);

		(void)umount2(at, MNT_DETACH | UMOUNT_NOFOLLOW);
		(void)rmdir(at);
	}
	(void)rmdir(dir);
}

static int mount_mapped(struct mount_plan *p, const struct strv *layers, const char *rootfs,
			int targetfd, struct err *e)
{
	auto_(strv) struct strv mapped = { 0 };
	autofree char *bundle = path_parent(rootfs), *name = NULL, *dir = NULL;
	autofd int bundlefd = dir_open_at(AT_FDCWD, bundle, e);
	int r;

	if (bundlefd < 0)
		return bundlefd;
	r = dir_make_temp_at(bundlefd, "layers-", 0700, &name, e);
	if (r < 0)
		return r;
	dir = path_join(bundle, name);
	r = map_layers(p, layers, dir, &mapped, e);
	if (r >= 0) {
		mount_plan_set_layers(p, &mapped, NULL);
		r = mount_layers(p, &mapped, targetfd, e);
	}
	drop_mapped(dir, layers->n);
	return r;
}

int mount_overlay(struct mount_plan *p, const char *rootfs, int targetfd, struct err *e)
{
	auto_(strv) struct strv layers = { 0 };
	const char *lowerdir = mount_plan_value(p, "lowerdir");

	if (!lowerdir)
		return err_set(e, EINVAL, "an overlay needs 'lowerdir='");
	mount_layers_split(lowerdir, &layers);
	return p->uids.n > 0 ? mount_mapped(p, &layers, rootfs, targetfd, e)
			     : mount_layers(p, &layers, targetfd, e);
}
