/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/unpack/rootfs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imagetool/errors.h"
#include "imagetool/layer/layer.h"
#include "libutil/dir.h"
#include "libutil/log.h"

/* A layer counts only with the diffID the config states for it. */
static int check_layers(const struct image *img, struct err *e)
{
	const struct image_rootfs *fs = img->config ? img->config->rootfs : NULL;

	if (!img->config)
		return err_set(e, EINVAL, "'%s' is not a container image: it has nothing to unpack",
			       img->name);
	if (!fs || fs->diff_ids.n != img->manifest->layers.n)
		return err_set(e, IMAGE_EVERIFY, "the manifest has %zu layers, the config %zu",
			       img->manifest->layers.n, fs ? fs->diff_ids.n : 0);
	return 0;
}

static int apply_one(const struct store *s, struct apply *a, const struct image_descriptor *desc,
		     const char *diff_id, struct layer_budget *budget, struct err *e)
{
	autofd int fd = -1;
	int r = digest_check(diff_id, e);

	if (r < 0)
		return r;
	fd = blob_open(s, desc->digest, NULL, e);
	return fd < 0 ? fd : layer_apply_fd(a, fd, desc, diff_id, budget, e);
}

static int unpack(const struct store *s, const struct image *img, int dirfd,
		  const struct rootfs_opts *opts, struct apply_notes *ret_notes, struct err *e)
{
	struct layer_budget budget;
	auto_(apply) struct apply *a = NULL;
	autofd int rootfd = -1;
	const struct image_descriptor *layers = img->manifest->layers.items;
	int r = check_layers(img, e);

	if (r < 0)
		return r;
	if (mkdirat(dirfd, ROOTFS_NAME, 0755) < 0)
		return err_sys(e, "make directory '%s'", ROOTFS_NAME);
	/* The caller's umask is about its files; a root file system is readable. */
	rootfd = dir_open_at(dirfd, ROOTFS_NAME, e);
	if (rootfd < 0)
		return rootfd;
	if (fchmod(rootfd, 0755) < 0)
		return err_sys(e, "set the mode of '%s'", ROOTFS_NAME);
	layer_budget_init(&budget, opts->budget.max_size, opts->budget.max_entries);
	a = apply_new(rootfd);
	for (size_t i = 0; i < img->manifest->layers.n; i++) {
		r = apply_one(s, a, &layers[i], img->config->rootfs->diff_ids.items[i], &budget, e);
		if (r < 0)
			return err_wrap(e, r, "unpack '%s'", img->name);
	}
	if (!opts->no_sync && syncfs(rootfd) < 0)
		return err_sys(e, "write the files to the disk");
	*ret_notes = *apply_notes(a);
	return steal_fd(&rootfd);
}

int rootfs_unpack(const struct store *s, const struct image *img, int dirfd,
		  const struct rootfs_opts *opts, struct apply_notes *ret_notes, struct err *e)
{
	static const struct rootfs_opts none;
	mode_t mask = umask(0);
	int r = unpack(s, img, dirfd, opts ? opts : &none, ret_notes, e);

	(void)umask(mask);
	return r;
}

void rootfs_warn(const struct apply_notes *notes)
{
	if (notes->devices)
		log_warning("%llu device nodes were left out: only root may make them",
			    (unsigned long long)notes->devices);
	if (notes->xattrs)
		log_warning(
			"%llu extended attributes were left out: not permitted or not supported here",
			(unsigned long long)notes->xattrs);
}
