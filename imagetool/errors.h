/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which errno says what in the image tool, and the exit status it becomes
 * (program.c holds the table).  The message carries the detail; the code only
 * sorts failures for scripts.
 */
#ifndef IMAGETOOL_ERRORS_H
#define IMAGETOOL_ERRORS_H

#include <errno.h>

/* No such image, blob or platform, here or in the registry. */
#define IMAGE_ENOTFOUND ENOENT
/* Content is not what its digest, size or media type promised. */
#define IMAGE_EVERIFY EBADMSG
/* The registry answered, and the answer is of no use. */
#define IMAGE_EREGISTRY EREMOTEIO
/* No answer at all: name resolution, connection, TLS, a stalled transfer. */
#define IMAGE_ENETWORK ECOMM
/* The registry wants credentials, or refuses the ones it got. */
#define IMAGE_EDENIED EKEYREJECTED
/* The command line asks for what cannot be; the tables of options could not know. */
#define IMAGE_EUSAGE EBADRQC

/* What was found while options were looked at, and nothing was done yet, is a wrong command line;
 * an interrupt, or a machine that has no more of something, is not. */
static inline int image_usage(int r)
{
	switch (-r) {
	case EINVAL:
	case ENOENT:
	case ENOTDIR:
	case EISDIR:
	case EACCES:
	case ENOTSUP:
	case E2BIG:
	case ERANGE:
		return -IMAGE_EUSAGE;
	}
	return r;
}

enum image_exit {
	IMAGE_EXIT_OK = 0,
	IMAGE_EXIT_FAILURE = 1,
	IMAGE_EXIT_USAGE = 2,
	IMAGE_EXIT_NOT_FOUND = 3,
	IMAGE_EXIT_VERIFY = 4,
	IMAGE_EXIT_REGISTRY = 5,
	IMAGE_EXIT_STORAGE = 6,
};

#endif
