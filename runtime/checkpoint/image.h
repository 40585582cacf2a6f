/* SPDX-License-Identifier: Apache-2.0 */
/* Directories of a checkpoint: the images, and where criu works and writes its log. */
#ifndef RUNTIME_CHECKPOINT_IMAGE_H
#define RUNTIME_CHECKPOINT_IMAGE_H

#include "runtime/criu/options.h"

struct image {
	char *path, *work; /* owned, absolute; `work` is `path` without --work-path */
	int dirfd, workfd;
};
#define IMAGE_NONE                                                                                 \
	{                                                                                          \
		.dirfd = -1, .workfd = -1                                                          \
	}

/* Open them; `make`: for a dump, what is missing is made, for root's eyes only.  A memory dump
 * holds every secret of the container. */
int image_open(struct image *im, const struct criu_flags *flags, bool make, struct err *e);
/* Once more, in the mount namespace this process has come to (a mount_visit): criu mounts things in
 * its working directory, which must be one of its own namespace then.  The images, which are only
 * to be read, are shown to the container's root. */
int image_reopen(struct image *im, const struct runtime_spec *spec, struct err *e);
void image_done(struct image *im);
AUTO_DEFINE_DONE(image, image_done)

/* The options both verbs take from here: directories, log, and the file of options to obey. */
int image_options(const struct image *im, const struct runtime_spec *spec, const char *logfile,
		  struct criu_options *o, struct err *e);

#endif
