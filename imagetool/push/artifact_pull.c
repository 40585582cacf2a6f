/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of an artifact into a directory.  Their names were written by others: they
 * are made below the directory's descriptor, through no link, and a file is there under
 * its name only when all of it came and was what its digest said.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "imagetool/errors.h"
#include "imagetool/push/artifact.h"
#include "imagetool/registry/remote_blob.h"
#include "imagetool/store/descriptor.h"
#include "libutil/alloc.h"
#include "libutil/beneath.h"
#include "libutil/file.h"
#include "libutil/path.h"
#include "libutil/random.h"

#define PIECE ((size_t)256 << 10)

static int copy_blob(struct registry *r, const struct image_descriptor *desc, int fd, struct err *e)
{
	bool is_512 = starts_with(desc->digest, "sha512:");
	auto_(digest) struct digest *hash = digest_new(is_512 ? DIGEST_SHA512 : DIGEST_SHA256);
	auto_(remote_blob) struct remote_blob *blob = NULL;
	autofree char *buf = xcalloc(PIECE, 1);
	char found[DIGEST_TEXT_SIZE];
	int64_t left = descriptor_size(desc);
	int n = remote_blob_new(r, desc->digest, left, &blob, e);

	while (n >= 0 && (n = remote_blob_read(blob, buf, PIECE, e)) > 0) {
		if (n > left)
			return err_set(e, IMAGE_EVERIFY, "it is longer than the manifest says");
		left -= n;
		digest_update(hash, buf, (size_t)n);
		n = file_write_all(fd, buf, (size_t)n, e);
	}
	if (n < 0)
		return n;
	digest_final(hash, found);
	if (left != 0 || !streq(found, desc->digest))
		return err_set(e, IMAGE_EVERIFY, "what came has digest %s", found);
	return 0;
}

/* A file of any name in the directory, and then its own. */
static int write_file(struct registry *r, const struct image_descriptor *desc, int dirfd,
		      const char *name, bool keep, struct err *e)
{
	char temp[64], random[RANDOM_NAME_SIZE];
	autofd int fd = -1;
	int n;

	(void)snprintf(temp, sizeof(temp), ".creel-image-%s", random_name(random));
	fd = openat(dirfd, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (fd < 0)
		return err_sys(e, "create a file beside '%s'", name);
	n = copy_blob(r, desc, fd, e);
	if (n >= 0 && renameat2(dirfd, temp, dirfd, name, keep ? RENAME_NOREPLACE : 0) < 0)
		n = err_sys(e, "rename to '%s'", name);
	if (n < 0)
		(void)unlinkat(dirfd, temp, 0);
	return n;
}

/* Its title, or what it is called by its digest. */
static char *file_name(const struct image_descriptor *desc)
{
	const char *title = descriptor_annotation(desc, ARTIFACT_TITLE);

	return xstrdup(title[0] ? title : digest_hex(desc->digest));
}

/* `path` NULL: the root itself. */
static int open_parent(int rootfd, const char *path, struct err *e)
{
	int fd;

	if (!path) {
		fd = openat(rootfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		return fd < 0 ? err_sys(e, "open the directory") : fd;
	}
	fd = beneath_mkdir_p(rootfd, path, 0777, BENEATH_STRICT, e);
	if (fd < 0)
		return fd;
	(void)close(fd);
	return beneath_open(rootfd, path, O_RDONLY | O_DIRECTORY, 0, BENEATH_STRICT, e);
}

static int pull_file(struct registry *r, const struct image_descriptor *desc, int rootfd,
		     const struct artifact_pull_opts *opts, struct strv *ret_paths, struct err *e)
{
	autofree char *title = file_name(desc);
	autofree char *parent = NULL;
	autofree char *name = NULL;
	autofd int dirfd = -1;
	const char *slash;

	if (!artifact_title_is_safe(title))
		return err_set(e, IMAGE_EVERIFY,
			       "a file of the artifact is called '%.200s', which would lie "
			       "elsewhere: refused",
			       title);
	slash = strrchr(title, '/');
	if (slash)
		parent = xstrndup(title, (size_t)(slash - title));
	dirfd = open_parent(rootfd, parent, e);
	if (dirfd < 0)
		return dirfd;
	if (write_file(r, desc, dirfd, slash ? slash + 1 : title, opts->keep, e) < 0)
		return err_wrap(e, e ? -e->code : -EIO, "file '%s'", title);
	name = path_join(opts->dir, title);
	strv_add(ret_paths, name);
	return 0;
}

static int open_dir(const char *dir, struct err *e)
{
	int fd;

	if (mkdir(dir, 0777) < 0 && errno != EEXIST)
		return err_sys(e, "make directory '%s'", dir);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open directory '%s'", dir) : fd;
}

static int check_manifest(const struct registry_document *d, const struct image_manifest *m,
			  struct err *e)
{
	const struct image_descriptor *layers = m->layers.items;

	if (m->layers.n > ARTIFACT_FILES_MAX)
		return err_set(e, IMAGE_EVERIFY, "it has more than %d files", ARTIFACT_FILES_MAX);
	for (size_t i = 0; i < m->layers.n; i++) {
		if (descriptor_size(&layers[i]) < 0)
			return err_set(e, IMAGE_EVERIFY, "manifest '%s' gives no size for '%s'",
				       d->digest, layers[i].digest);
	}
	return 0;
}

static bool is_wanted(const struct image_descriptor *desc, const struct artifact_pull_opts *opts)
{
	const char *type = desc->media_type ? desc->media_type : "";

	if (streq(type, MEDIA_OCI_EMPTY))
		return false;
	return !opts->type || streq(type, opts->type);
}

int artifact_pull(struct registry *r, const char *reference, const struct artifact_pull_opts *opts,
		  struct strv *ret_paths, struct err *e)
{
	auto_(registry_document) struct registry_document d = { 0 };
	auto_(arena) struct arena a = { 0 };
	const struct image_descriptor *layers;
	struct image_manifest *m;
	autofd int rootfd = -1;
	int n = registry_get_manifest(r, reference, NULL, &d, e);

	if (n < 0)
		return n;
	if (media_type_parse(d.media_type, NULL, NULL) != MEDIA_MANIFEST)
		return err_set(e, IMAGE_EVERIFY,
			       "'%s' is an index: name one of its manifests by digest", reference);
	n = image_manifest_decode(d.digest, d.text, d.len, &a, &m, e);
	if (n < 0)
		return err_wrap(e, -IMAGE_EVERIFY, "manifest");
	n = check_manifest(&d, m, e);
	if (n < 0)
		return n;
	rootfd = n = open_dir(opts->dir, e);
	layers = m->layers.items;
	for (size_t i = 0; i < m->layers.n && n >= 0; i++) {
		if (is_wanted(&layers[i], opts))
			n = pull_file(r, &layers[i], rootfd, opts, ret_paths, e);
	}
	return n < 0 ? n : 0;
}
