/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/registry/upload_session.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "imagetool/registry/url.h"
#include "libutil/digest.h"
#include "libutil/fd.h"
#include "libutil/file.h"
#include "libutil/json.h"
#include "libutil/log.h"

#define SESSION_FILE_MAX ((size_t)64 << 10)
#define SESSION_SUFFIX   ".json"
#define SESSION_DAYS     7

/* ---- The file's content ---- */

int upload_session_decode(const char *text, size_t len, const char *key, char **ret_location,
			  struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	const char *own, *location;
	struct json *doc;
	struct url url;
	int r = json_parse("upload", text, len, &a, &doc, e);

	if (r < 0)
		return r;
	own = json_get_string(doc, "blob");
	location = json_get_string(doc, "location");
	if (!own || !location || !streq(own, key))
		return err_set(e, EINVAL, "it is about another upload");
	r = url_parse(location, &url, e);
	if (r < 0)
		return r;
	*ret_location = xstrdup(location);
	return 0;
}

void upload_session_encode(const char *key, const char *location, struct strbuf *out)
{
	struct json_writer w = { .out = out };

	json_object(&w);
	json_kv_string(&w, "blob", key);
	json_kv_string(&w, "location", location);
	json_object_end(&w);
}

/* ---- The file ---- */

static void session_name(const char *key, char name[UPLOAD_SESSION_NAME_SIZE])
{
	char digest[DIGEST_TEXT_SIZE];

	digest_of(DIGEST_SHA256, key, strlen(key), digest);
	(void)snprintf(name, UPLOAD_SESSION_NAME_SIZE, "%.64s" SESSION_SUFFIX,
		       strchr(digest, ':') + 1);
}

static char *read_location(int fd, const char *key)
{
	auto_(strbuf) struct strbuf text = { 0 };
	char buf[4096], *location = NULL;
	off_t at = 0;
	ssize_t n;

	while ((n = pread(fd, buf, sizeof(buf), at)) > 0 && text.len < SESSION_FILE_MAX) {
		strbuf_add(&text, buf, (size_t)n);
		at += n;
	}
	/* Empty when new; cut short when the machine stopped. */
	if (text.len == 0 || upload_session_decode(text.data, text.len, key, &location, NULL) < 0)
		return NULL;
	return location;
}

void upload_session_open(struct upload_session *s, int dirfd, const char *key, char **ret_location)
{
	autofd int fd = -1;

	*s = (struct upload_session){ .dirfd = dirfd, .fd = -1 };
	*ret_location = NULL;
	if (dirfd < 0)
		return;
	session_name(key, s->name);
	fd = openat(dirfd, s->name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0) {
		log_debug("upload of '%s' is not remembered: %m", key);
		return;
	}
	*ret_location = read_location(fd, key);
	s->fd = steal_fd(&fd);
}

void upload_session_write(struct upload_session *s, const char *key, const char *location)
{
	auto_(strbuf) struct strbuf text = { 0 };

	if (s->fd < 0)
		return;
	upload_session_encode(key, location, &text);
	if (ftruncate(s->fd, 0) < 0 || lseek(s->fd, 0, SEEK_SET) < 0 ||
	    file_write_all(s->fd, text.data, text.len, NULL) < 0)
		log_debug("upload of '%s' is not remembered: %m", key);
}

void upload_session_forget(struct upload_session *s)
{
	if (s->fd >= 0)
		(void)unlinkat(s->dirfd, s->name, 0);
	upload_session_close(s);
}

void upload_session_close(struct upload_session *s)
{
	fd_close(&s->fd);
}

static bool is_abandoned(int dirfd, const char *name)
{
	struct stat st;

	return fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	       time(NULL) - st.st_mtime > (time_t)SESSION_DAYS * 24 * 3600;
}

void upload_session_clean(int dirfd)
{
	int fd = dirfd < 0 ? -1 : openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir) {
		fd_close(&fd);
		return;
	}
	while ((entry = readdir(dir)) != NULL) {
		if (strlen(entry->d_name) == 64 + strlen(SESSION_SUFFIX) &&
		    is_abandoned(dirfd, entry->d_name))
			(void)unlinkat(dirfd, entry->d_name, 0);
	}
	(void)closedir(dir);
}
