/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/log/filelog.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libutil/alloc.h"

/* After a rotation that failed the file grows by this much before it is tried again. */
#define RETRY_GROWTH ((uint64_t)64 << 10)

/* ---- the file ---- */

static int open_path(const char *path, bool *ret_made, struct err *e)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0640);

	*ret_made = fd >= 0;
	if (fd < 0 && errno == EEXIST)
		fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open log '%s'", path) : fd;
}

static uint64_t size_of(int fd)
{
	off_t end = lseek(fd, 0, SEEK_END);

	return end < 0 ? 0 : (uint64_t)end;
}

uint64_t filelog_end(const struct filelog *l)
{
	return size_of(l->fd);
}

int filelog_open(struct filelog *l, const struct log_codec *codec, const char *path,
		 const struct file_limits *limits, struct err *e)
{
	bool made = false;
	int fd = open_path(path, &made, e);

	if (fd < 0)
		return fd;
	*l = (struct filelog){
		.codec = codec,
		.path = xstrdup(path),
		.fd = fd,
		.made = made,
		.limits = *limits,
		.size = size_of(fd),
	};
	return 0;
}

static void use(struct filelog *l, int fd)
{
	(void)close(l->fd);
	l->fd = fd;
	l->size = size_of(fd);
	l->retry_size = 0;
}

int filelog_reopen(struct filelog *l, struct err *e)
{
	bool made;
	int fd = open_path(l->path, &made, e);

	if (fd < 0)
		return fd;
	use(l, fd);
	return 0;
}

/* ---- writing ---- */

/* `done` bytes of the iovecs are written: what remains begins at the one returned. */
static size_t advance(struct iovec *iov, size_t n, size_t done)
{
	size_t i = 0;

	for (; i < n && done >= iov[i].iov_len; i++)
		done -= iov[i].iov_len;
	if (i < n) {
		iov[i].iov_base = (char *)iov[i].iov_base + done;
		iov[i].iov_len -= done;
	}
	return i;
}

/* Returns how many bytes were written; fewer than all only with *ret_error set. */
static size_t write_batch(int fd, struct iovec *iov, size_t n, int *ret_error)
{
	size_t total = 0;

	while (n > 0) {
		ssize_t done = writev(fd, iov, (int)n);
		size_t whole;

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0) {
			*ret_error = done < 0 ? errno : ENOSPC;
			return total;
		}
		total += (size_t)done;
		whole = advance(iov, n, (size_t)done);
		iov += whole;
		n -= whole;
	}
	return total;
}

/* Of the first `len` bytes of a batch: where the last whole record ends, and how many there are. */
static size_t whole_records(const struct batch *b, size_t len, size_t *ret_records)
{
	size_t at = 0, end = 0;

	*ret_records = 0;
	for (size_t i = 0; i < b->n && at < len; i++) {
		const char *p = b->iov[i].iov_base;
		size_t n = b->iov[i].iov_len < len - at ? b->iov[i].iov_len : len - at;

		/* Every record ends with its only newline. */
		for (const char *nl = p; (nl = memchr(nl, '\n', n - (size_t)(nl - p))); nl++) {
			++*ret_records;
			end = at + (size_t)(nl - p) + 1;
		}
		at += n;
	}
	return end;
}

/* Bytes of output that the first `records` records cover. */
static size_t covered(const struct filelog *l, const char *data, size_t len, size_t records)
{
	size_t at = 0;

	for (; records > 0 && at < len; records--)
		at += l->codec->piece(data + at, len - at);
	return at;
}

/* The disk took `done` bytes of a batch of `data`.  What it took of a torn record is cut off again,
 * so that the next one starts on a line of its own. */
static void undo_torn(struct filelog *l, const struct batch *b, size_t done, const char *data,
		      size_t len, int error)
{
	size_t records, keep = whole_records(b, done, &records);
	uint64_t end = size_of(l->fd);

	if (end >= done - keep && done > keep)
		(void)!ftruncate(l->fd, (off_t)(end - (done - keep)));
	l->size += keep;
	l->total += keep;
	log_loss_add(&l->loss, len - covered(l, data, len, records), error);
}

static bool flush(struct filelog *l, const struct batch *b, const char *data, size_t len)
{
	struct iovec iov[BATCH_IOV];
	int error = 0;
	size_t done;

	memcpy(iov, b->iov, b->n * sizeof(*iov));
	done = write_batch(l->fd, iov, b->n, &error);
	if (done < b->bytes) {
		undo_torn(l, b, done, data, len, error);
		return false;
	}
	l->size += done;
	l->total += done;
	return true;
}

/* ---- limits ---- */

/* Somebody else's file, or none: only what was written counts. */
static bool can_rotate(const struct filelog *l)
{
	struct stat st;

	return fstat(l->fd, &st) == 0 && S_ISREG(st.st_mode);
}

static void try_rotation(struct filelog *l)
{
	struct err e = { 0 };
	int fd = can_rotate(l) ? rotate(l->path, l->limits.max_files, &e) : -EINVAL;

	if (fd >= 0) {
		use(l, fd);
		return;
	}
	if (l->rotation.code == 0)
		l->rotation = e;
	l->retry_size = l->size + RETRY_GROWTH;
}

/* Bytes of records that may be written before anything has to be decided anew. */
static uint64_t room(const struct filelog *l)
{
	uint64_t limit = l->retry_size > 0 ? l->retry_size : l->limits.max_size;

	if (limit == 0)
		return SIZE_MAX;
	return l->size < limit ? limit - l->size : 0;
}

static uint64_t room_ever(const struct filelog *l)
{
	uint64_t limit = l->limits.total_max;

	if (limit == 0)
		return SIZE_MAX;
	return l->total < limit ? limit - l->total : 0;
}

/* Records from the beginning of `data`, as many as may be in one write.  Returns how many bytes
 * they cover; 0 when the log must not become any longer. */
static size_t fill(struct filelog *l, struct batch *b, const struct log_head *h, const char *data,
		   size_t len)
{
	uint64_t ever = room_ever(l), now = room(l);
	size_t used = l->codec->fill(b, h, data, len, ever < now ? ever : now);

	if (used > 0 || ever <= now)
		return used;
	try_rotation(l);
	now = room(l);
	used = l->codec->fill(b, h, data, len, ever < now ? ever : now);
	if (used > 0)
		return used;
	/* A record that is longer than an empty file may be goes there all the same, alone. */
	return l->codec->fill(b, h, data, l->codec->piece(data, len), ever);
}

static bool write_all(struct filelog *l, enum stream stream, struct timespec when, const char *data,
		      size_t len, char *buf, size_t size)
{
	char time[LOG_TIME_SIZE];
	struct log_head h;

	l->codec->begin(&h, stream, log_time(&l->clock, when, time));
	for (size_t done = 0; done < len;) {
		struct batch b;
		size_t used;
		bool ok;

		batch_init(&b, buf, size);
		used = fill(l, &b, &h, data + done, len - done);
		ok = used > 0 && flush(l, &b, data + done, used);
		done += used;
		if (ok)
			continue;
		/* Nothing shorter may slip in behind the gap. */
		if (used == 0)
			l->total = l->limits.total_max;
		log_loss_add(&l->loss, len - done, used == 0 ? EFBIG : l->loss.error);
		return false;
	}
	return true;
}

/* ---- characters that two batches share ---- */

static unsigned character_length(unsigned char first)
{
	if (first < 0xc2 || first > 0xf4)
		return 1;
	return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* How many of the last bytes are the beginning of a character. */
static unsigned unfinished(const char *s, size_t len)
{
	for (unsigned back = 1; back <= 3 && back <= len; back++) {
		char c = s[len - back];

		if (!is_continuation(c))
			return character_length((unsigned char)c) > back ? back : 0;
	}
	return 0;
}

/* Complete the character that was kept back.  Returns how many bytes of `data` belong to it. */
static size_t complete(char *carry, unsigned *carry_len, const char *data, size_t len)
{
	unsigned want = character_length((unsigned char)carry[0]);
	size_t used = 0;

	while (used < len && *carry_len < want && is_continuation(data[used]))
		carry[(*carry_len)++] = data[used++];
	return used;
}

static bool write_utf8(struct filelog *l, enum stream stream, struct timespec when,
		       const char *data, size_t len, char *buf, size_t size)
{
	bool err = stream == STREAM_STDERR, ok = true;
	unsigned *carry_len = &l->carry_len[err];
	char *carry = l->carry[err];

	if (*carry_len > 0) {
		size_t used = complete(carry, carry_len, data, len);

		if (used == len && unfinished(carry, *carry_len) == *carry_len)
			return true;
		ok = write_all(l, stream, when, carry, *carry_len, buf, size);
		data += used;
		len -= used;
	}
	*carry_len = unfinished(data, len);
	len -= *carry_len;
	memcpy(carry, data + len, *carry_len);
	return write_all(l, stream, when, data, len, buf, size) && ok;
}

bool filelog_write(struct filelog *l, enum stream stream, struct timespec when, const char *data,
		   size_t len, char *buf, size_t size)
{
	return l->codec->only_utf8 ? write_utf8(l, stream, when, data, len, buf, size)
				   : write_all(l, stream, when, data, len, buf, size);
}

void filelog_close(struct filelog *l, char *buf, size_t size)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	for (int i = 0; i < 2 && l->fd >= 0; i++)
		if (l->carry_len[i] > 0)
			(void)write_all(l, i ? STREAM_STDERR : STREAM_STDOUT, now, l->carry[i],
					l->carry_len[i], buf, size);
	if (l->fd >= 0)
		(void)close(l->fd);
	l->fd = -1;
	free(l->path);
	l->path = NULL;
}
