/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BUNDLE/image.json: which image a bundle was made of, and when its files stood.
 *
 * The file is made last.  An inode of the root file system whose ctime is older
 * than the file's was not touched since the bundle was made, which nothing but
 * the clock can forge.  A copy of a bundle has other inodes: the file states its
 * own, and where it is not that any more, ctime says nothing.
 */
#ifndef IMAGETOOL_BUNDLE_ORIGIN_H
#define IMAGETOOL_BUNDLE_ORIGIN_H

#include <time.h>

#include "imagetool/store/image.h"

#define ORIGIN_NAME "image.json"

struct origin {
	struct arena arena; /* owns the texts */
	const char *image;  /* the name it was made by, "" when it has none */
	const char *manifest;
	/* Of a bundle whose rootfs is an overlay: the upper directory, relative to the bundle. */
	const char *upper; /* or NULL */
	bool has_made;
	struct timespec made;
};

/* `upper` may be NULL. */
int origin_write(int bundlefd, const struct image *img, const char *upper, struct err *e);
/* -ENOENT when the bundle does not say. */
int origin_read(int bundlefd, struct origin *ret, struct err *e);
void origin_done(struct origin *o);
AUTO_DEFINE_DONE(origin, origin_done)

#endif
