/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/archive/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imagetool/archive/foreign.h"
#include "imagetool/errors.h"
#include "imagetool/interrupt.h"
#include "imagetool/layer/budget.h"
#include "imagetool/layer/entry_path.h"
#include "imagetool/layer/layer.h"
#include "imagetool/tar/read.h"
#include "libutil/alloc.h"
#include "libutil/file.h"

#define WALK_SIZE ((size_t)64 << 10)

/* ---- From a pipe or out of a compressed file into one to seek in ---- */

int archive_spool(struct err *e)
{
	const char *dir = getenv("TMPDIR");
	int fd;

	/* Not /tmp, which is memory on many machines. */
	if (!dir || dir[0] != '/')
		dir = "/var/tmp";
	fd = open(dir, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	return fd < 0 ? err_sys(e, "create a file in '%s' (TMPDIR names another place)", dir) : fd;
}

static int spool(int from, int64_t max_bytes, struct err *e)
{
	struct layer_budget budget;
	auto_(decompress) struct decompress *d = NULL;
	autofd int to = archive_spool(e);
	const uint8_t *data;
	bool first = true;
	int r = to;

	layer_budget_init(&budget, max_bytes, 0);
	if (r >= 0)
		r = decompress_new((struct byte_source){ byte_source_read_fd, &from }, &d, e);
	while (r >= 0 && (r = decompress_next(d, &data, e)) > 0) {
		int n = r;

		r = first ? archive_check_foreign(data, (size_t)n, e) : interrupt_check(e);
		first = false;
		if (r >= 0)
			r = layer_budget_take_bytes(&budget, n, e);
		if (r >= 0)
			r = file_write_all(to, data, (size_t)n, e);
	}
	return r < 0 ? r : steal_fd(&to);
}

/* 1 for a plain file that can be read anywhere. */
static int is_seekable(int fd, struct err *e)
{
	uint8_t head[4];
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "look at the archive");
	if (!S_ISREG(st.st_mode))
		return 0;
	n = pread(fd, head, sizeof(head), 0);
	if (n < 0)
		return err_sys(e, "read the archive");
	return compression_detect(head, (size_t)n) == LAYER_PLAIN;
}

/* ---- The walk ---- */

struct walk {
	int fd;
	off_t at;
	uint8_t buf[WALK_SIZE];
};

static int walk_next(void *ctx, const uint8_t **ret, struct err *e)
{
	struct walk *w = ctx;
	int r = interrupt_check(e);
	ssize_t n;

	if (r < 0)
		return r;
	do
		n = pread(w->fd, w->buf, sizeof(w->buf), w->at);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, "read the archive");
	if (w->at == 0)
		r = archive_check_foreign(w->buf, (size_t)n, e);
	w->at += n;
	*ret = w->buf;
	return r < 0 ? r : (int)n;
}

static int walk_skip(void *ctx, int64_t n, struct err *e)
{
	struct walk *w = ctx;

	if (__builtin_add_overflow(w->at, n, &w->at))
		return err_set(e, EFBIG, "the archive claims to be larger than any file is");
	return 0;
}

static int add_entry(struct tar_reader *t, const struct tar_entry *n, struct members *members,
		     struct err *e)
{
	struct entry_path path;
	struct member m = { 0 };
	int r = entry_path_parse(n->name, &path, e);

	if (r < 0 || n->type == TAR_DIR)
		return r;
	m.name = xstrdup(path.text);
	m.size = n->size;
	m.offset = tar_data_position(t);
	m.kind = MEMBER_BLOB;
	if (n->type == TAR_SYMLINK || n->type == TAR_HARDLINK)
		r = member_set_link(&m, n->type == TAR_SYMLINK, n->link, e);
	else if (n->type != TAR_FILE)
		r = err_set(e, EINVAL, "neither a file nor a link");
	else if (m.offset < 0)
		r = err_set(e, EINVAL, "a sparse file can't be a part of an image");
	if (r >= 0)
		return members_add(members, &m, e);
	free(m.name);
	return err_wrap(e, r, "member '%.200s'", path.text);
}

static int walk_all(int fd, struct members *members, struct err *e)
{
	struct walk *w = xcalloc(1, sizeof(*w));
	struct tar_reader *t = tar_reader_new(
		(struct tar_source){ .next = walk_next, .ctx = w, .skip = walk_skip });
	struct tar_entry n;
	int r;

	w->fd = fd;
	while ((r = tar_next(t, &n, e)) > 0) {
		r = add_entry(t, &n, members, e);
		if (r < 0)
			break;
	}
	tar_reader_free(t);
	free(w);
	return r;
}

/* ---- */

static int open_plain(const char *path, int64_t max_bytes, struct err *e)
{
	autofd int fd = streq(path, "-") ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
					 : open(path, O_RDONLY | O_CLOEXEC);
	int r;

	if (fd < 0 && errno == ENOENT)
		return err_set(e, IMAGE_ENOTFOUND, "there is no archive '%s'", path);
	if (fd < 0)
		return err_sys(e, "open");
	r = is_seekable(fd, e);
	if (r < 0)
		return r;
	return r > 0 ? steal_fd(&fd) : spool(fd, max_bytes, e);
}

int archive_file_open(const char *path, int64_t max_bytes, struct archive_file *ret, struct err *e)
{
	auto_(archive_file) struct archive_file f = ARCHIVE_FILE_INIT;
	int r;

	f.fd = open_plain(path, max_bytes, e);
	r = f.fd < 0 ? f.fd : walk_all(f.fd, &f.members, e);
	if (r < 0)
		return err_wrap(e, r, "archive '%s'", path);
	*ret = f;
	f = (struct archive_file)ARCHIVE_FILE_INIT;
	return 0;
}

void archive_file_done(struct archive_file *f)
{
	if (f->fd >= 0)
		(void)close(f->fd);
	members_done(&f->members);
	*f = (struct archive_file)ARCHIVE_FILE_INIT;
}

const struct member *archive_file_find(const struct archive_file *f, const char *name,
				       struct err *e)
{
	const struct member *m = members_find(&f->members, name);

	if (!m)
		(void)err_set(e, IMAGE_EVERIFY, "the archive has no member '%.200s'", name);
	return m;
}

int archive_file_read(const struct archive_file *f, const struct member *m, size_t max, char **ret,
		      size_t *ret_len, struct err *e)
{
	autofree char *text = NULL;
	size_t got = 0;

	if (m->size < 0 || (uint64_t)m->size > max)
		return err_set(e, EFBIG, "member '%.200s' is larger than %zu bytes", m->name, max);
	text = xcalloc((size_t)m->size + 1, 1);
	while (got < (size_t)m->size) {
		ssize_t n = pread(f->fd, text + got, (size_t)m->size - got, m->offset + (off_t)got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? err_sys(e, "read member '%.200s'", m->name)
				     : err_set(e, IMAGE_EVERIFY, "the archive is cut short");
		got += (size_t)n;
	}
	*ret = steal_ptr(&text);
	*ret_len = got;
	return 0;
}
