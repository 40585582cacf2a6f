/* SPDX-License-Identifier: Apache-2.0 */
/*
 * skopeo's dir: one image as files, manifest.json and each blob by the hex of its
 * digest; of an index, the manifests as HEX.manifest.json.  Digests are checked for
 * form before they become names.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imagetool/copy/dir_names.h"
#include "imagetool/copy/document.h"
#include "imagetool/copy/source.h"
#include "imagetool/errors.h"
#include "imagetool/store/image.h"
#include "libutil/alloc.h"
#include "libutil/dir.h"
#include "libutil/file.h"

struct dir_source {
	struct image_source s; /* first: the functions cast */
	int dirfd;
	char *path;
};

static int open_file(const struct dir_source *d, const char *name, int64_t *ret_size, struct err *e)
{
	autofd int fd = openat(d->dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return err_set(e, IMAGE_ENOTFOUND, "'%s' has no file '%s'", d->path, name);
	if ((fd < 0 && errno != ELOOP) || (fd >= 0 && fstat(fd, &st) < 0))
		return err_sys(e, "open '%s/%s'", d->path, name);
	if (fd < 0 || !S_ISREG(st.st_mode))
		return err_set(e, IMAGE_EVERIFY, "'%s/%s' is not a regular file", d->path, name);
	*ret_size = st.st_size;
	return steal_fd(&fd);
}

static int read_named(const struct dir_source *d, const char *name, const char *type,
		      struct registry_document *ret, struct err *e)
{
	int64_t size;
	char *text;
	size_t len;
	autofd int fd = open_file(d, name, &size, e);
	int r = fd < 0 ? fd : file_read_fd(fd, name, IMAGE_MANIFEST_MAX, &text, &len, e);

	return r < 0 ? r : document_of_text(text, len, type, ret, e);
}

static int read_top(struct image_source *s, struct registry_document *ret, struct err *e)
{
	return read_named((struct dir_source *)s, DIR_MANIFEST, NULL, ret, e);
}

static int read_document(struct image_source *s, const struct image_descriptor *desc,
			 struct registry_document *ret, struct err *e)
{
	char name[DIR_NAME_SIZE];
	int r = dir_manifest_name(desc->digest, name, e);

	if (r >= 0)
		r = read_named((struct dir_source *)s, name, desc->media_type, ret, e);
	if (r >= 0)
		(void)snprintf(ret->digest, sizeof(ret->digest), "%s", desc->digest);
	return r;
}

static int open_blob(struct image_source *s, const struct image_descriptor *desc,
		     struct blob_stream **ret, struct err *e)
{
	char name[DIR_NAME_SIZE];
	int64_t size;
	int fd, r = dir_blob_name(desc->digest, name, e);

	if (r < 0)
		return r;
	fd = open_file((struct dir_source *)s, name, &size, e);
	if (fd < 0)
		return fd;
	*ret = stream_of_fd(fd, 0, size);
	return 0;
}

static void free_source(struct image_source *s)
{
	struct dir_source *d = (struct dir_source *)s;

	if (d->dirfd >= 0)
		(void)close(d->dirfd);
	free(d->path);
	free(d);
}

static const struct image_source_ops ops = { read_top, read_document, open_blob, free_source };

int source_open_dir(const struct place *p, const struct place_opts *opts UNUSED,
		    struct image_source **ret, struct err *e)
{
	struct dir_source *d = xcalloc(1, sizeof(*d));
	auto_(image_source) struct image_source *s = &d->s;

	d->s.ops = &ops;
	d->path = xstrdup(p->path);
	d->dirfd = dir_open_at(AT_FDCWD, p->path, e);
	if (d->dirfd < 0)
		return d->dirfd;
	*ret = steal_ptr(&s);
	return 0;
}
