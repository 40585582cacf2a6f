/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/hook/output.h"

#include <errno.h>
#include <fcntl.h>

#include "libutil/cleanup.h"
#include "libutil/path.h"
#include "runtime/annotation.h"

static int open_one(const struct oci_strmap *annotations, enum annotation which, int *ret_fd,
		    struct err *e)
{
	const char *path = annotation_of(annotations, which);
	int fd;

	if (!path || !path[0])
		return 0;
	if (!path_is_absolute(path))
		return err_set(e, EINVAL, "annotations.%s: '%s' is not an absolute path",
			       annotation_key(which), path);
	/* A fifo without a reader would keep even `delete` waiting. */
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
	if (fd < 0 && errno == ENXIO)
		return err_set(e, ENXIO, "annotations.%s: nobody reads from '%s'",
			       annotation_key(which), path);
	if (fd < 0 || fcntl(fd, F_SETFL, O_APPEND) < 0) {
		int r = err_sys(e, "annotations.%s: open '%s'", annotation_key(which), path);

		close_at_exit(&fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

int hook_output_open(const struct oci_strmap *annotations, struct hook_output *ret, struct err *e)
{
	struct hook_output o = HOOK_OUTPUT_NONE;
	int r = open_one(annotations, ANNOTATION_HOOKS_STDOUT, &o.outfd, e);

	if (r >= 0)
		r = open_one(annotations, ANNOTATION_HOOKS_STDERR, &o.errfd, e);
	if (r < 0) {
		hook_output_done(&o);
		return r;
	}
	*ret = o;
	return 0;
}

void hook_output_done(struct hook_output *o)
{
	close_at_exit(&o->outfd);
	close_at_exit(&o->errfd);
	*o = (struct hook_output)HOOK_OUTPUT_NONE;
}
