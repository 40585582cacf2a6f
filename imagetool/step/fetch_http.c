/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imagetool/dockerfile/redact.h"
#include "imagetool/errors.h"
#include "imagetool/registry/http.h"
#include "imagetool/step/fetch.h"
#include "imagetool/step/http_date.h"
#include "libutil/alloc.h"
#include "libutil/file.h"

#define TIMEOUT_S  60
#define POLL_MS    200                  /* how soon a cancel is seen */
#define REPORT_MIN ((int64_t)256 << 10) /* bytes between two words of progress */

void fetch_http_facts_done(struct fetch_http_facts *f)
{
	free(f->etag);
	free(f->last_modified);
	*f = (struct fetch_http_facts){ 0 };
}

/* ---- One download ---- */

struct download {
	const struct fetch_opts *opts;
	int fd; /* of the file */
	struct digest *digest;
	int64_t got, reported, max;
};

static void report(struct download *d, int64_t total)
{
	if (!d->opts->progress || d->got - d->reported < REPORT_MIN)
		return;
	d->reported = d->got;
	d->opts->progress(d->opts->ctx, d->got, total);
}

static int on_body(struct http_transfer *t, const void *data, size_t len, struct err *e)
{
	struct download *d = t->ctx;

	if ((int64_t)len > d->max - d->got)
		return err_set(e, EFBIG, "the file has more than %lld bytes", (long long)d->max);
	digest_update(d->digest, data, len);
	d->got += (int64_t)len;
	report(d, t->answer.length);
	return file_write_all(d->fd, data, len, e);
}

static int check_cancel(const struct fetch_opts *opts, struct err *e)
{
	struct pollfd p = { .fd = opts->cancelfd, .events = POLLIN };

	if (opts->cancelfd >= 0 && poll(&p, 1, 0) > 0)
		return err_set(e, EINTR, "cancelled");
	return 0;
}

static int wait_for(struct http *h, struct http_transfer *t, const struct fetch_opts *opts,
		    struct err *e)
{
	while (!t->done) {
		int r = http_poll(h, POLL_MS, e);

		if (r >= 0)
			r = check_cancel(opts, e);
		if (r < 0)
			return r;
	}
	return t->result < 0 ? err_take(e, &t->err) : 0;
}

static int check_status(const struct http_answer *a, struct err *e)
{
	if (a->status == 200)
		return 0;
	if (a->status == 401 || a->status == 403)
		return err_set(e, EACCES,
			       "the server refuses it: status %d: a secret HTTP_AUTH_TOKEN_HOST or "
			       "HTTP_AUTH_HEADER_HOST would be shown to it",
			       a->status);
	if (a->status == 404 || a->status == 410)
		return err_set(e, ENOENT, "the server has no such file: status %d", a->status);
	return err_set(e, IMAGE_EREGISTRY, "invalid response status %d", a->status);
}

/* ---- What is known ---- */

static char *copy_or_null(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

static void copy_facts(const struct fetch_http_facts *from, struct fetch_http_facts *ret)
{
	*ret = *from;
	ret->etag = copy_or_null(from->etag);
	ret->last_modified = copy_or_null(from->last_modified);
}

static void learn(const struct http_answer *a, struct download *d, struct fetch_http_facts *ret)
{
	*ret = (struct fetch_http_facts){
		.etag = copy_or_null(a->etag),
		.last_modified = copy_or_null(a->last_modified),
		.size = d->got,
	};
	ret->has_mtime =
		ret->last_modified && http_date_parse(ret->last_modified, &ret->mtime.tv_sec) == 0;
	digest_final(d->digest, ret->digest);
}

/* Only what the server is sure about, and what was kept whole, can be asked for. */
static void ask_if_changed(const struct fetch_http_facts *known, struct strv *headers)
{
	if (!known || !known->digest[0])
		return;
	if (known->etag)
		strv_addf(headers, "If-None-Match: %s", known->etag);
	else if (known->last_modified)
		strv_addf(headers, "If-Modified-Since: %s", known->last_modified);
}

static enum digest_alg algorithm_of(const char *checksum)
{
	return checksum && strncmp(checksum, "sha512:", 7) == 0 ? DIGEST_SHA512 : DIGEST_SHA256;
}

static int check_checksum(const struct vertex_http *v, const struct fetch_http_facts *f,
			  struct err *e)
{
	if (!v->checksum || streq(v->checksum, f->digest))
		return 0;
	return err_set(e, EBADMSG, "digest mismatch: %s (expected: %s)", f->digest, v->checksum);
}

/* ---- All of it ---- */

/* 1: it has not changed. */
static int transfer(const struct vertex_http *v, struct download *d,
		    const struct fetch_http_facts *known, struct fetch_http_facts *ret,
		    struct err *e)
{
	/* The URL leads where its writer wants, a redirect where the server wants. */
	const struct http_opts opts = { .verify_tls = true,
					.timeout_s = TIMEOUT_S,
					.ca = d->opts->ca,
					.guard = true,
					.wakefd = -1 };
	auto_(http) struct http *h = NULL;
	auto_(strv) struct strv headers = { 0 };
	autofree char *authorization = NULL;
	auto_(http_transfer) struct http_transfer t = { .url = v->url, .body = on_body, .ctx = d };
	int r = fetch_keys_http(d->opts->keys, v->url, &authorization, e);

	if (r < 0)
		return r;
	t.authorization = authorization;
	ask_if_changed(known, &headers);
	t.headers = headers.n > 0 ? &headers : NULL;
	t.foreign = d->opts->guard;
	r = http_new(&opts, &h, e);
	if (r >= 0)
		r = http_start(h, &t, e);
	if (r >= 0)
		r = wait_for(h, &t, d->opts, e);
	if (r >= 0 && headers.n > 0 && t.answer.status == 304) {
		copy_facts(known, ret);
		return 1;
	}
	if (r >= 0)
		r = check_status(&t.answer, e);
	if (r >= 0)
		learn(&t.answer, d, ret);
	return r;
}

static int open_target(const struct vertex_http *v, int dirfd, struct err *e)
{
	const char *name = v->filename;
	int fd;

	/* It is the graph's to choose; and whatever it chose, it stays in the directory. */
	if (!name || !*name || strchr(name, '/') || streq(name, ".") || streq(name, ".."))
		return err_set(e, EINVAL, "'%.100s' is no name of a file", name ? name : "");
	(void)unlinkat(dirfd, name, 0);
	fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd >= 0 ? fd : err_sys(e, "create '%.100s'", name);
}

/* 1970 unless the server says, so that nothing depends on the day of the build. */
static int set_time(int fd, const struct fetch_http_facts *f, struct err *e)
{
	const struct timespec times[2] = { f->mtime, f->mtime };

	return futimens(fd, times) < 0 ? err_sys(e, "set times") : 0;
}

int fetch_http(const struct vertex_http *v, const struct fetch_opts *opts,
	       const struct fetch_http_facts *known, int dirfd, struct fetch_http_facts *ret,
	       struct err *e)
{
	auto_(digest) struct digest *digest = digest_new(algorithm_of(v->checksum));
	auto_(fetch_http_facts) struct fetch_http_facts facts = { 0 };
	autofree char *shown = redact_url(v->url);
	autofd int fd = open_target(v, dirfd, e);
	struct download d = { .opts = opts, .fd = fd, .digest = digest };
	int r = fd;

	d.max = opts->max > 0 ? opts->max : FETCH_HTTP_MAX;
	if (r >= 0)
		r = transfer(v, &d, known, &facts, e);
	if (r >= 0) {
		int bad = check_checksum(v, &facts, e);

		r = bad < 0 ? bad : r;
	}
	if (r == 0)
		r = set_time(fd, &facts, e);
	if (r != 0 && fd >= 0)
		(void)unlinkat(dirfd, v->filename, 0);
	if (r < 0)
		return err_wrap(e, r, "download '%.200s'", shown);
	*ret = facts;
	facts = (struct fetch_http_facts){ 0 };
	return r;
}
