/* SPDX-License-Identifier: Apache-2.0 */
/* The files of an artifact on their way up. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "imagetool/push/artifact.h"
#include "imagetool/push/show.h"
#include "imagetool/registry/publish.h"
#include "imagetool/registry/upload.h"
#include "imagetool/store/digest_set.h"
#include "libutil/alloc.h"
#include "libutil/fd.h"

/* Where the bytes of one blob are. */
struct outgoing {
	const char *path; /* NULL: the two bytes of "there is none" */
	int fd;
	size_t at;
};

static int go_to(void *ctx, int64_t offset, struct err *e)
{
	struct outgoing *o = ctx;

	if (!o->path) {
		o->at = (size_t)offset;
		return 0;
	}
	if (o->fd < 0)
		o->fd = open(o->path, O_RDONLY | O_CLOEXEC);
	if (o->fd < 0 || lseek(o->fd, offset, SEEK_SET) < 0)
		return err_sys(e, "open '%s'", o->path);
	return 0;
}

static ssize_t read_some(void *ctx, void *buf, size_t len, struct err *e)
{
	struct outgoing *o = ctx;
	static const char empty[] = "{}";
	size_t left = o->at < 2 ? 2 - o->at : 0;
	ssize_t n;

	if (o->path) {
		n = read(o->fd, buf, len);
		return n < 0 ? err_sys(e, "read '%s'", o->path) : n;
	}
	if (len > left)
		len = left;
	memcpy(buf, &empty[o->at], len);
	o->at += len;
	return (ssize_t)len;
}

static void close_file(void *ctx)
{
	struct outgoing *o = ctx;

	fd_close(&o->fd);
}

struct sending {
	struct upload *items;
	struct outgoing *out;
	size_t n;
	struct digest_set seen;
};

static void sending_done(struct sending *s)
{
	for (size_t i = 0; i < s->n; i++)
		fd_close(&s->out[i].fd);
	free(s->items);
	free(s->out);
	digest_set_done(&s->seen);
}
AUTO_DEFINE_DONE(sending, sending_done)

static void add(struct sending *s, const char *path, const char *digest, int64_t size)
{
	struct outgoing *o = &s->out[s->n];

	if (!digest_set_add(&s->seen, digest))
		return;
	*o = (struct outgoing){ .path = path, .fd = -1 };
	s->items[s->n++] = (struct upload){ .digest = digest,
					    .size = size,
					    .reader = { o, go_to, read_some, close_file } };
}

static int send_files(struct registry *r, const struct artifact *a, enum blob_progress_mode mode,
		      struct artifact_result *ret, struct err *e)
{
	const struct upload_opts opts = { .sessions_dirfd = -1 };
	auto_(sending) struct sending s = { 0 };
	char empty[DIGEST_TEXT_SIZE];
	struct blob_progress progress;
	int n;

	s.items = xcalloc(a->n_files + 2, sizeof(*s.items));
	s.out = xcalloc(a->n_files + 2, sizeof(*s.out));
	digest_of(DIGEST_SHA256, "{}", 2, empty);
	if (a->config)
		add(&s, a->config->path, a->config->digest, a->config->size);
	if (!a->config || a->n_files == 0)
		add(&s, NULL, empty, 2);
	for (size_t i = 0; i < a->n_files; i++)
		add(&s, a->files[i].path, a->files[i].digest, a->files[i].size);
	blob_progress_start(&progress, mode, push_show_upload, s.items, s.n);
	n = registry_upload(r, &opts, s.items, s.n, blob_progress_tick, &progress, e);
	blob_progress_end(&progress);
	for (size_t i = 0; i < s.n; i++) {
		ret->size += (uint64_t)s.items[i].size;
		ret->pushed += (uint64_t)s.items[i].travelled;
	}
	return n;
}

int artifact_push(struct registry *r, struct artifact *a, const struct strv *tags,
		  enum blob_progress_mode progress, struct artifact_result *ret, struct err *e)
{
	auto_(manifest_put_result) struct manifest_put_result result = { 0 };
	auto_(strbuf) struct strbuf text = { 0 };
	struct manifest_put put = { .media_type = MEDIA_OCI_MANIFEST,
				    .digest = ret->digest,
				    .tags = tags };
	int n = artifact_manifest(a, &text, e);

	*ret = (struct artifact_result){ 0 };
	if (n >= 0)
		n = send_files(r, a, progress, ret, e);
	if (n < 0)
		return n;
	digest_of(DIGEST_SHA256, text.data, text.len, ret->digest);
	put.text = text.data;
	put.len = text.len;
	n = registry_put_manifest(r, &put, &result, e);
	if (n >= 0 && result.warning && progress != BLOB_PROGRESS_QUIET)
		(void)fprintf(stderr, "the registry warns: %s\n", result.warning);
	ret->fallback = result.fallback;
	return n;
}
