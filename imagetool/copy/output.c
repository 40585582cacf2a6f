/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/copy/output.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libutil/macro.h"

int output_open_file(const char *path, struct output *o, struct err *e)
{
	int r = 0;

	if (streq(path, "-")) {
		if (isatty(STDOUT_FILENO))
			return err_set(e, EINVAL, "standard output is a terminal: name a file");
		o->file.fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
		r = o->file.fd < 0 ? err_sys(e, "standard output") : 0;
	} else {
		r = staging_file_begin(path, &o->file, e);
	}
	if (r < 0)
		return r;
	/* What has a name before it is ready must go when the signal comes. */
	if (o->file.temp)
		interrupt_hold(&o->held);
	o->sink = sink_tar_new(o->file.fd);
	return 0;
}

int output_open_dir(const char *path, struct output *o, struct err *e)
{
	int r;

	o->is_dir = true;
	r = staging_begin(path, &o->stage, e);
	if (r < 0)
		return r;
	interrupt_hold(&o->held);
	/* Nothing in an image's files is secret or setuid. */
	if (fchmod(o->stage.fd, 0755) < 0)
		return err_sys(e, "set the mode of '%s'", path);
	o->sink = sink_dir_new(o->stage.fd);
	return 0;
}

/* Pipes and devices have nothing to bring anywhere. */
static int sync_file(int fd, struct err *e)
{
	return fsync(fd) < 0 && errno != EINVAL && errno != EROFS ? err_sys(e, "sync the archive")
								  : 0;
}

/* One call instead of one a file. */
static int sync_dir(int fd, struct err *e)
{
	return syncfs(fd) < 0 ? err_sys(e, "sync the files") : 0;
}

int output_commit(struct output *o, struct err *e)
{
	int r = o->sink->end(o->sink, e);

	/* What has its name must have its bytes, also after the power failed. */
	if (r >= 0)
		r = o->is_dir ? sync_dir(o->stage.fd, e) : sync_file(o->file.fd, e);
	if (r < 0)
		return r;
	return o->is_dir ? staging_commit(&o->stage, NULL, e) : staging_file_commit(&o->file, e);
}

void output_done(struct output *o)
{
	if (o->sink && o->is_dir)
		sink_dir_free(o->sink);
	else if (o->sink)
		sink_tar_free(o->sink);
	staging_file_done(&o->file);
	staging_done(&o->stage);
	/* Last: a signal that waited ends the process here. */
	interrupt_release(&o->held);
	*o = (struct output)OUTPUT_INIT;
}
