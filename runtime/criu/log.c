/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/criu/log.h"

#include <sys/stat.h>
#include <unistd.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"

/* Bytes at the end of a log that are looked at. */
#define TAIL_MAX ((size_t)64 << 10)
/* A message of ours has room for this much. */
#define ERRORS_MAX 3
#define ERROR_MAX  110

struct line {
	const char *text;
	size_t len;
};

/* "(03.175058)    206: Error (criu/files-reg.c:1710): Can't ..." -> "Can't ..." */
static const char *marked(const char *line, size_t len)
{
	static const char mark[] = "Error (", end[] = "): ";
	const char *at = memmem(line, len, mark, sizeof(mark) - 1);
	const char *text = at ? memmem(at, len - (size_t)(at - line), end, sizeof(end) - 1) : NULL;

	return text ? text + sizeof(end) - 1 : NULL;
}

/* What criu gives up after without calling it an error. */
static const char *unmarked(const char *line, size_t len)
{
	static const char *const reasons[] = { "Can't connect to server " };
	const char *text = NULL;

	for (size_t i = 0; !text && i < ARRAY_LEN(reasons); i++)
		text = memmem(line, len, reasons[i], strlen(reasons[i]));
	return text;
}

static bool find_error(const char *line, size_t len, struct line *ret)
{
	const char *text = marked(line, len);

	if (!text)
		text = unmarked(line, len);
	if (!text)
		return false;
	*ret = (struct line){ text, len - (size_t)(text - line) };
	while (ret->len > 0 && (ret->text[ret->len - 1] == '\n' || ret->text[ret->len - 1] == ' '))
		ret->len--;
	return ret->len > 0;
}

/* "Dumping FAILED.", "Restoring FAILED." */
static bool says_nothing(const struct line *l)
{
	static const char word[] = " FAILED.";

	return l->len >= sizeof(word) - 1 &&
	       memcmp(l->text + l->len - (sizeof(word) - 1), word, sizeof(word) - 1) == 0;
}

static void remember(struct line last[ERRORS_MAX], size_t *n, const struct line *l)
{
	if (*n > 0 && last[*n - 1].len == l->len && memcmp(last[*n - 1].text, l->text, l->len) == 0)
		return;
	if (*n == ERRORS_MAX) {
		memmove(last, last + 1, (ERRORS_MAX - 1) * sizeof(*last));
		(*n)--;
	}
	last[(*n)++] = *l;
}

/* Names of the container's files are in it. */
static void add_clean(const struct line *l, struct strbuf *out)
{
	for (size_t i = 0; i < l->len && i < ERROR_MAX; i++) {
		char c = l->text[i];

		strbuf_addc(out, (unsigned char)c < ' ' || c == 0x7f ? '?' : c);
	}
	if (l->len > ERROR_MAX)
		strbuf_adds(out, "...");
}

void criu_log_excerpt(const char *text, size_t len, struct strbuf *out)
{
	struct line last[ERRORS_MAX];
	size_t n = 0;

	while (len > 0) {
		const char *newline = memchr(text, '\n', len);
		size_t line = newline ? (size_t)(newline - text) + 1 : len;
		struct line found;

		if (find_error(text, line, &found) && !says_nothing(&found))
			remember(last, &n, &found);
		text += line;
		len -= line;
	}
	for (size_t i = 0; i < n; i++) {
		strbuf_adds(out, i ? "; " : "");
		add_clean(&last[i], out);
	}
}

void criu_log_excerpt_fd(int fd, struct strbuf *out)
{
	autofree char *text = NULL;
	struct stat st;
	size_t want;
	ssize_t n;

	if (fstat(fd, &st) < 0 || st.st_size <= 0)
		return;
	want = (size_t)st.st_size < TAIL_MAX ? (size_t)st.st_size : TAIL_MAX;
	text = xcalloc(1, want);
	n = pread(fd, text, want, st.st_size - (off_t)want);
	if (n > 0)
		criu_log_excerpt(text, (size_t)n, out);
}
