/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the last lines of a log begin.  It is read forwards, for only so it is
 * known which records go on with a line; but from near its end first, and from
 * further away only when that was not enough.
 */
#include <errno.h>
#include <sys/stat.h>

#include "libutil/alloc.h"
#include "shim/client/follow.h"

#define FIRST_REACH ((uint64_t)256 << 10)

struct place {
	size_t file;
	uint64_t at;
};

/* Remembers where the last `n` lines began. */
struct tail {
	struct place *start; /* ring */
	uint64_t n, seen;
	bool open[2];  /* stdout's, stderr's line goes on */
	bool known[2]; /* it is known whether it does */
};

static uint64_t size_of(const struct follow *f, size_t file)
{
	struct stat st;

	return fstat(f->chain.file[file].fd, &st) < 0 ? 0 : (uint64_t)st.st_size;
}

/* `reach` bytes in front of the log's end, or its beginning. */
static struct place back(const struct follow *f, uint64_t reach)
{
	for (size_t i = f->chain.n; i-- > 0;) {
		uint64_t size = size_of(f, i);

		if (size > reach)
			return (struct place){ i, size - reach };
		reach -= size;
	}
	return (struct place){ 0, 0 };
}

static void note(struct follow *f, struct tail *t, const struct log_record *l, struct place where)
{
	int s = l->stream == STREAM_STDERR;

	if (t->known[s] && !t->open[s] && follow_wants(f, l))
		t->start[t->seen++ % t->n] = where;
	t->open[s] = l->partial;
	t->known[s] = true;
}

/* Begun in the middle: to the end of the record that is there. */
static size_t to_record(const struct follow *f)
{
	const char *end = memchr(f->buf, '\n', f->len);

	return end ? (size_t)(end - f->buf) + 1 : f->len;
}

static int scan_buffer(struct follow *f, struct tail *t, size_t file, size_t done, struct err *e)
{
	for (ssize_t used = 1; used > 0; done += (size_t)used) {
		struct log_record l;

		used = f->log.codec->read(f->buf + done, f->len - done, &l);
		if (used < 0)
			return follow_not_a_log(f, f->at + done, e);
		if (used > 0)
			note(f, t, &l, (struct place){ file, f->at + done });
	}
	follow_forget(f, done);
	return 0;
}

static int scan_file(struct follow *f, struct tail *t, struct place from, struct err *e)
{
	bool middle = from.at > 0;

	f->at = from.at;
	f->len = 0;
	for (;;) {
		ssize_t n = follow_read(f, from.file, e);
		int r;

		if (n <= 0)
			return (int)n;
		r = scan_buffer(f, t, from.file, middle ? to_record(f) : 0, e);
		if (r < 0)
			return r;
		middle = false;
	}
}

static int scan(struct follow *f, struct tail *t, struct place from, struct err *e)
{
	int r = 0;

	t->seen = 0;
	for (int s = 0; s < 2; s++) {
		t->open[s] = false;
		t->known[s] = from.file == 0 && from.at == 0;
	}
	for (; from.file < f->chain.n && r >= 0; from.file++, from.at = 0)
		r = scan_file(f, t, from, e);
	return r;
}

static int find_start(struct follow *f, struct tail *t, struct place *ret, struct err *e)
{
	struct place from = { 0, 1 };

	for (uint64_t reach = FIRST_REACH; from.file > 0 || from.at > 0; reach *= 8) {
		int r;

		from = back(f, reach);
		r = scan(f, t, from, e);
		if (r < 0)
			return r;
		if (t->seen >= t->n) {
			*ret = t->start[t->seen % t->n];
			return 0;
		}
	}
	*ret = (struct place){ 0, 0 };
	return 0;
}

int follow_tail(struct follow *f, uint64_t lines, struct err *e)
{
	struct place start = { f->chain.n - 1, size_of(f, f->chain.n - 1) };
	struct tail t = { .n = lines };
	autofree struct place *ring = NULL;
	int r = 0;

	if (lines > FOLLOW_TAIL_MAX)
		return err_set(e, ERANGE, "--tail: at most %d lines", FOLLOW_TAIL_MAX);
	if (lines > 0) {
		t.start = ring = xcalloc(lines, sizeof(*ring));
		r = find_start(f, &t, &start, e);
	}
	if (r < 0)
		return r;
	chain_drop(&f->chain, start.file);
	f->at = start.at;
	f->len = 0;
	f->past_window = false;
	return 0;
}
