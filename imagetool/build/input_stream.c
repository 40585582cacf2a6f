/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/build/input_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imagetool/build/input_fetch.h"
#include "imagetool/dockerfile/redact.h"
#include "imagetool/layer/layer.h"
#include "libutil/file.h"
#include "libutil/path.h"

/* Where ustar's magic ends. */
#define HEAD_SIZE 512

bool input_is_archive(const void *data, size_t len)
{
	static const struct {
		size_t at, len;
		const char *magic;
	} magics[] = {
		{ 0, 2, "\x1f\x8b" },
		{ 0, 3, "BZh" },
		{ 0, 6,
		  "\xfd"
		  "7zXZ\0" },
		{ 0, 4, "\x28\xb5\x2f\xfd" },
		{ 257, 5, "ustar" },
	};

	for (size_t i = 0; i < ARRAY_LEN(magics); i++)
		if (len >= magics[i].at + magics[i].len &&
		    memcmp((const char *)data + magics[i].at, magics[i].magic, magics[i].len) == 0)
			return true;
	return false;
}

/* ---- A stream whose first bytes were looked at ---- */

struct stream {
	char head[HEAD_SIZE];
	size_t len, at;
	int fd;
};

static int stream_begin(struct stream *s, struct err *e)
{
	int n = 1;

	while (s->len < HEAD_SIZE && n > 0) {
		n = byte_source_read_fd(&s->fd, s->head + s->len, HEAD_SIZE - s->len, e);
		if (n > 0)
			s->len += (size_t)n;
	}
	return n < 0 ? n : 0;
}

static int stream_read(void *ctx, void *buf, size_t size, struct err *e)
{
	struct stream *s = ctx;
	size_t n = s->len - s->at < size ? s->len - s->at : size;

	if (!n)
		return byte_source_read_fd(&s->fd, buf, size, e);
	memcpy(buf, s->head + s->at, n);
	s->at += n;
	return (int)n;
}

static int stream_text(struct stream *s, char **ret, size_t *ret_len, struct err *e)
{
	auto_(strbuf) struct strbuf text = { .max = DOCKERFILE_MAX };
	int n;

	do {
		char *to = strbuf_reserve(&text, 64 << 10);

		if (!to)
			return err_set(e, EFBIG, "the Dockerfile has more than %zu bytes",
				       DOCKERFILE_MAX);
		n = stream_read(s, to, 64 << 10, e);
		if (n > 0)
			strbuf_commit(&text, (size_t)n);
	} while (n > 0);
	if (n < 0)
		return n;
	*ret_len = text.len;
	*ret = text.len ? strbuf_steal(&text) : xstrdup("");
	return 0;
}

/* Where NAME.dockerignore is looked for; NULL: the Dockerfile is not of this context. */
static const char *name_in_context(const struct build_input *in, const char *file)
{
	if (in->text)
		return NULL;
	return file ? file : "Dockerfile";
}

/* A layer's rules apply to what is unpacked, and these want a umask of 0; no other thread makes
 * files yet. */
static int open_tar(struct build_input *in, struct stream *s, const char *file,
		    const struct build_place *at, struct err *e)
{
	struct context_opts opts = { .dockerfile = name_in_context(in, file),
				     .ignore_file = in->ignore_file,
				     .store = at->store };
	mode_t before = umask(0);
	int r = context_open_tar((struct byte_source){ stream_read, s }, &opts, &in->budget,
				 &in->context, e);

	(void)umask(before);
	if (r < 0)
		return err_wrap(e, r, "context from a tar archive");
	return in->text ? 0 : input_read_dockerfile(in, file, e);
}

static int open_text(struct build_input *in, struct stream *s, struct err *e)
{
	int r;

	/* There is no context in it, then. */
	if (in->text)
		return 0;
	r = stream_text(s, &in->text, &in->len, e);
	if (r < 0)
		return r;
	in->name = xstrdup("Dockerfile");
	return 0;
}

/* ---- Standard input ---- */

static int check_terminal(struct err *e)
{
	return isatty(STDIN_FILENO)
		       ? err_set(e, EINVAL,
				 "standard input is a terminal: pipe a Dockerfile or a tar archive "
				 "into it")
		       : 0;
}

int input_read_text(int fd, char **ret, size_t *ret_len, struct err *e)
{
	struct stream s = { .fd = fd };

	return stream_text(&s, ret, ret_len, e);
}

int input_read_stdin(char **ret, size_t *ret_len, struct err *e)
{
	struct stream s = { .fd = STDIN_FILENO };
	int r = check_terminal(e);

	return r < 0 ? r : stream_text(&s, ret, ret_len, e);
}

int input_open_stdin(struct build_input *in, const char *file, const struct build_place *at,
		     struct err *e)
{
	struct stream s = { .fd = STDIN_FILENO };
	int r = check_terminal(e);

	if (r >= 0)
		r = stream_begin(&s, e);
	if (r < 0)
		return err_wrap(e, r, "standard input");
	if (input_is_archive(s.head, s.len))
		return open_tar(in, &s, file, at, e);
	if (file || in->text)
		return err_set(e, EINVAL,
			       "ambiguous Dockerfile source: both stdin and flag correspond to "
			       "Dockerfiles");
	return open_text(in, &s, e);
}

/* ---- URLs ---- */

int input_open_http(struct build_input *in, const struct build_options *o,
		    const struct build_place *at, struct err *e)
{
	autofree char *shown = redact_url(o->context);
	autofd int fd = input_fetch_http(o->context, at, &in->scratch, &in->origin, e);
	struct stream s = { .fd = fd };
	int r = fd < 0 ? fd : stream_begin(&s, e);

	if (r < 0)
		return err_wrap(e, r, "context '%.200s'", shown);
	if (input_is_archive(s.head, s.len))
		return open_tar(in, &s, in->text ? NULL : o->file, at, e);
	return open_text(in, &s, e);
}

int input_open_git(struct build_input *in, const struct git_url *url, const char *file,
		   const struct build_place *at, struct err *e)
{
	struct context_opts opts = { .dockerfile = name_in_context(in, file),
				     .ignore_file = in->ignore_file,
				     .store = at->store };
	autofree char *shown = redact_url(url->remote), *dir = NULL;
	int r = input_fetch_git(url, at, &in->scratch, &in->origin, &dir, e);

	if (r >= 0)
		r = context_open_dir(dir, &opts, &in->context, e);
	if (r < 0)
		return err_wrap(e, r, "context '%.200s'", shown);
	return in->text ? 0 : input_read_dockerfile(in, file, e);
}
