/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One image of an archive, read in place.  OCI archives say everything about
 * themselves; of a docker-archive the manifest is made here.  Archives that are both
 * (docker 25 and later write them) are what the place's word says.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "imagetool/archive/load.h"
#include "imagetool/copy/docker_items.h"
#include "imagetool/copy/document.h"
#include "imagetool/copy/source.h"
#include "imagetool/errors.h"
#include "imagetool/store/image.h"
#include "libutil/alloc.h"

struct archive_source {
	struct image_source s; /* first: the functions cast */
	struct arena arena;
	struct archive_file file;
	const struct image_descriptor *top; /* OCI */
	struct docker_made made;            /* docker-archive: what was made of it */
};

/* ---- OCI ---- */

static const struct member *find_blob(const struct archive_source *a, const char *digest,
				      struct err *e)
{
	char name[sizeof("blobs//") + DIGEST_TEXT_SIZE];
	const struct member *made;

	if (digest_check(digest, e) < 0)
		return NULL;
	made = docker_made_find(&a->made, digest);
	if (made)
		return made;
	(void)snprintf(name, sizeof(name), "blobs/%.*s/%s", (int)(digest_hex(digest) - digest - 1),
		       digest, digest_hex(digest));
	return archive_file_find(&a->file, name, e);
}

static int read_document(struct image_source *s, const struct image_descriptor *desc,
			 struct registry_document *ret, struct err *e)
{
	struct archive_source *a = (struct archive_source *)s;
	const struct member *m = find_blob(a, desc->digest, e);
	char *text;
	size_t len;
	int r = m ? archive_file_read(&a->file, m, IMAGE_MANIFEST_MAX, &text, &len, e)
		  : -IMAGE_EVERIFY;

	return r < 0 ? r : document_of_blob(text, len, desc, ret, e);
}

static int read_top(struct image_source *s, struct registry_document *ret, struct err *e)
{
	struct archive_source *a = (struct archive_source *)s;

	if (a->top)
		return source_document(s, a->top, ret, e);
	return document_of_text(xstrndup(a->made.text, a->made.len), a->made.len,
				MEDIA_OCI_MANIFEST, ret, e);
}

static int open_blob(struct image_source *s, const struct image_descriptor *desc,
		     struct blob_stream **ret, struct err *e)
{
	struct archive_source *a = (struct archive_source *)s;
	const struct member *m = find_blob(a, desc->digest, e);
	int fd;

	if (!m)
		return -IMAGE_EVERIFY;
	fd = fcntl(a->file.fd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return err_sys(e, "open the archive again");
	*ret = stream_of_fd(fd, m->offset, m->size);
	return 0;
}

static void free_source(struct image_source *s)
{
	struct archive_source *a = (struct archive_source *)s;

	archive_file_done(&a->file);
	docker_made_done(&a->made);
	arena_done(&a->arena);
	free(a);
}

static const struct image_source_ops ops = { read_top, read_document, open_blob, free_source };

/* Of several names for one image any will do; without a name there must be one image. */
static bool is_wanted(const struct image_descriptor *entry, const char *name)
{
	const char *full = archive_name_of(entry);

	return !name || streq(store_name_of(entry), name) || (full && streq(full, name)) ||
	       streq(entry->digest, name);
}

static int choose(struct archive_source *a, const struct place *p, const struct image_index *index,
		  struct err *e)
{
	const struct image_descriptor *entries = index->manifests.items;

	if (!p->name && index->manifests.n != 1)
		return err_set(e, index->manifests.n ? EINVAL : IMAGE_ENOTFOUND,
			       "'%s' has %zu images: say which, 'oci-archive:%s:NAME'", p->path,
			       index->manifests.n, p->path);
	for (size_t i = 0; entries && i < index->manifests.n && !a->top; i++)
		if (is_wanted(&entries[i], p->name))
			a->top = &entries[i];
	if (!a->top)
		return err_set(e, IMAGE_ENOTFOUND, "'%s' has no image '%s'", p->path, p->name);
	if (archive_name_of(a->top))
		a->s.name = xstrdup(archive_name_of(a->top));
	return 0;
}

static int open_oci(struct archive_source *a, const struct place *p, struct err *e)
{
	const struct member *m = archive_file_find(&a->file, "index.json", e);
	struct image_index *index;
	autofree char *text = NULL;
	size_t len;
	int r = m ? archive_file_read(&a->file, m, JSON_MAX_SIZE, &text, &len, e) : -IMAGE_EVERIFY;

	if (r >= 0)
		r = image_index_decode("index.json", text, len, &a->arena, &index, e);
	return r < 0 ? err_wrap(e, r == -ENOMEM ? r : -IMAGE_EVERIFY, "archive '%s'", p->path)
		     : choose(a, p, index, e);
}

static int open_docker(struct archive_source *a, const struct place *p, struct err *e)
{
	int r = docker_make(&a->file, p, &a->arena, &a->made, e);

	if (r < 0)
		return err_wrap(e, r, "archive '%s'", p->path);
	if (a->made.name)
		a->s.name = xstrdup(a->made.name);
	return 0;
}

/* Which it is when the word says the other. */
static int open_found(struct archive_source *a, const struct place *p, struct err *e)
{
	bool oci = members_find(&a->file.members, "index.json") &&
		   members_find(&a->file.members, "oci-layout");
	bool docker = members_find(&a->file.members, "manifest.json");

	if (p->kind == PLACE_OCI_ARCHIVE && oci)
		return open_oci(a, p, e);
	if (p->kind == PLACE_DOCKER_ARCHIVE && docker)
		return open_docker(a, p, e);
	if (oci || docker)
		return err_set(e, EINVAL, "'%s' is an archive of the other kind: '%s:%s'", p->path,
			       oci ? "oci-archive" : "docker-archive", p->path);
	return err_set(e, EINVAL,
		       "'%s' is neither an OCI archive (no index.json with oci-layout) nor a "
		       "docker-archive (no manifest.json)",
		       p->path);
}

int source_open_archive(const struct place *p, const struct place_opts *opts,
			struct image_source **ret, struct err *e)
{
	struct archive_source *a = xcalloc(1, sizeof(*a));
	auto_(image_source) struct image_source *s = &a->s;
	int r;

	a->s.ops = &ops;
	a->file = (struct archive_file)ARCHIVE_FILE_INIT;
	r = archive_file_open(p->path, opts->max_bytes, &a->file, e);
	if (r >= 0)
		r = open_found(a, p, e);
	if (r < 0)
		return r;
	*ret = steal_ptr(&s);
	return 0;
}
