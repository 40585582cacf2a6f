/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/step/fetch_note.h"

#include <errno.h>
#include <string.h>

#include "imagetool/dockerfile/git_url.h"
#include "libutil/alloc.h"
#include "libutil/parse.h"

/* Lines of a kind, in order; headers' values hold no line ends. */
#define LINES_MAX 6

struct lines {
	char *v[LINES_MAX]; /* owned */
	size_t n;
};

static void lines_done(struct lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
}
AUTO_DEFINE_DONE(lines, lines_done)

static struct lines split(const char *note)
{
	struct lines l = { 0 };

	while (l.n < LINES_MAX && *note) {
		size_t len = strcspn(note, "\n");

		l.v[l.n++] = xstrndup(note, len);
		note += len + (note[len] == '\n');
	}
	return l;
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

int fetch_note_read_http(const char *note, struct fetch_http_facts *ret)
{
	auto_(lines) struct lines l = split(note);
	struct fetch_http_facts f = { 0 };
	int64_t mtime;

	if (l.n != 6 || !streq(l.v[0], "http") || !*l.v[1] || strlen(l.v[1]) >= sizeof(f.digest) ||
	    parse_i64(l.v[2], &f.size) < 0 || parse_i64(l.v[3], &mtime) < 0)
		return -EBADMSG;
	memcpy(f.digest, l.v[1], strlen(l.v[1]));
	f.has_mtime = mtime >= 0;
	f.mtime.tv_sec = f.has_mtime ? mtime : 0;
	f.etag = unless_empty(l.v[4]);
	f.last_modified = unless_empty(l.v[5]);
	*ret = f;
	return 0;
}

char *fetch_note_git(const struct fetch_git_facts *f)
{
	return xasprintf("git\n%s\n%s\n%s\n", f->commit, f->object, or_empty(f->ref));
}

int fetch_note_read_git(const char *note, struct fetch_git_facts *ret)
{
	auto_(lines) struct lines l = split(note);
	struct fetch_git_facts f = { 0 };

	if (l.n != 4 || !streq(l.v[0], "git") || !git_is_commit(l.v[1]) || !git_is_commit(l.v[2]) ||
	    git_ref_check(l.v[3], NULL) < 0)
		return -EBADMSG;
	memcpy(f.commit, l.v[1], strlen(l.v[1]));
	memcpy(f.object, l.v[2], strlen(l.v[2]));
	f.ref = unless_empty(l.v[3]);
	*ret = f;
	return 0;
}
