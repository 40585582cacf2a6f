/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/step/fetch_note.h"

#include <errno.h>
#include <string.h>

#include "imagetool/dockerfile/git_url.h"
#include "libutil/alloc.h"
#include "libutil/parse.h"

/* Lines of a kind, in order; headers' values hold no line ends. */
#define LINES_MAX 6

static size_t split(const char *note, char *lines[LINES_MAX])
{
	size_t n = 0;

	while (n < LINES_MAX && *note) {
		size_t len = strcspn(note, "\n");

		lines[n++] = xstrndup(note, len);
		note += len + (note[len] == '\n');
	}
	return n;
}

static void forget(char *lines[LINES_MAX], size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(lines[i]);
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

char *fetch_note_http(const struct fetch_http_facts *f)
{
	return xasprintf("http\n%s\n%lld\n%lld\n%s\n%s\n", f->digest, (long long)f->size,
			 f->has_mtime ? (long long)f->mtime.tv_sec : -1LL, or_empty(f->etag),
			 or_empty(f->last_modified));
}

static char *unless_empty(const char *text)
{
	return *text ? xstrdup(text) : NULL;
}

static int read_http(char *lines[LINES_MAX], size_t n, struct fetch_http_facts *ret)
{
	struct fetch_http_facts f = { 0 };
	int64_t mtime;

	if (n != 6 || !streq(lines[0], "http") || !*lines[1] ||
	    strlen(lines[1]) >= sizeof(f.digest) || parse_i64(lines[2], &f.size) < 0 ||
	    parse_i64(lines[3], &mtime) < 0)
		return -EBADMSG;
	memcpy(f.digest, lines[1], strlen(lines[1]));
	f.has_mtime = mtime >= 0;
	f.mtime.tv_sec = f.has_mtime ? mtime : 0;
	f.etag = unless_empty(lines[4]);
	f.last_modified = unless_empty(lines[5]);
	*ret = f;
	return 0;
}

int fetch_note_read_http(const char *note, struct fetch_http_facts *ret)
{
	char *lines[LINES_MAX];
	size_t n = split(note, lines);
	int r = read_http(lines, n, ret);

	forget(lines, n);
	return r;
}

char *fetch_note_git(const struct fetch_git_facts *f)
{
	return xasprintf("git\n%s\n%s\n%s\n", f->commit, f->object, or_empty(f->ref));
}

static int read_git(char *lines[LINES_MAX], size_t n, struct fetch_git_facts *ret)
{
	struct fetch_git_facts f = { 0 };

	if (n != 4 || !streq(lines[0], "git") || !git_is_commit(lines[1]) ||
	    !git_is_commit(lines[2]) || git_ref_check(lines[3], NULL) < 0)
		return -EBADMSG;
	memcpy(f.commit, lines[1], strlen(lines[1]));
	memcpy(f.object, lines[2], strlen(lines[2]));
	f.ref = unless_empty(lines[3]);
	*ret = f;
	return 0;
}

int fetch_note_read_git(const char *note, struct fetch_git_facts *ret)
{
	char *lines[LINES_MAX];
	size_t n = split(note, lines);
	int r = read_git(lines, n, ret);

	forget(lines, n);
	return r;
}
