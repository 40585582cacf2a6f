/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/archive/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "imagetool/interrupt.h"
#include "imagetool/tar/write.h"
#include "libutil/alloc.h"
#include "libutil/file.h"

int sink_text(struct sink *s, const char *name, const char *text, size_t len, struct err *e)
{
	int r = s->file(s, name, (int64_t)len, e);

	return r < 0 ? r : s->data(s, text, len, e);
}

/* ---- Archive ---- */

struct sink_tar {
	struct sink sink; /* first: the functions cast */
	struct tar_writer writer;
};

static int tar_dir(struct sink *s, const char *name, struct err *e)
{
	autofree char *slash = xasprintf("%s/", name);

	return tar_write_dir(&((struct sink_tar *)s)->writer, slash, e);
}

static int tar_file(struct sink *s, const char *name, int64_t size, struct err *e)
{
	return tar_write_file(&((struct sink_tar *)s)->writer, name, size, e);
}

static int tar_data_out(struct sink *s, const void *data, size_t len, struct err *e)
{
	return tar_write_data(&((struct sink_tar *)s)->writer, data, len, e);
}

static int tar_end(struct sink *s, struct err *e)
{
	return tar_write_end(&((struct sink_tar *)s)->writer, e);
}

struct sink *sink_tar_new(int fd)
{
	struct sink_tar *t = xcalloc(1, sizeof(*t));

	tar_writer_init(&t->writer, fd);
	t->sink = (struct sink){ tar_dir, tar_file, tar_data_out, tar_end };
	return &t->sink;
}

void sink_tar_free(struct sink *s)
{
	free(s);
}

/* ---- Directory ---- */

struct sink_dir {
	struct sink sink; /* first: the functions cast */
	int dirfd;
	int fd; /* of the file being written, or -1 */
};

static int dir_dir(struct sink *s, const char *name, struct err *e)
{
	if (mkdirat(((struct sink_dir *)s)->dirfd, name, 0755) < 0)
		return err_sys(e, "make directory '%s'", name);
	return 0;
}

static void dir_close(struct sink_dir *d)
{
	if (d->fd >= 0)
		(void)close(d->fd);
	d->fd = -1;
}

static int dir_file(struct sink *s, const char *name, int64_t size UNUSED, struct err *e)
{
	struct sink_dir *d = (struct sink_dir *)s;

	dir_close(d);
	d->fd = openat(d->dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	return d->fd < 0 ? err_sys(e, "create '%s'", name) : 0;
}

static int dir_data(struct sink *s, const void *data, size_t len, struct err *e)
{
	int r = interrupt_check(e);

	return r < 0 ? r : file_write_all(((struct sink_dir *)s)->fd, data, len, e);
}

static int dir_end(struct sink *s, struct err *e UNUSED)
{
	dir_close((struct sink_dir *)s);
	return 0;
}

struct sink *sink_dir_new(int dirfd)
{
	struct sink_dir *d = xcalloc(1, sizeof(*d));

	d->dirfd = dirfd;
	d->fd = -1;
	d->sink = (struct sink){ dir_dir, dir_file, dir_data, dir_end };
	return &d->sink;
}

void sink_dir_free(struct sink *s)
{
	if (s)
		dir_close((struct sink_dir *)s);
	free(s);
}
