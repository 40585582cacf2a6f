/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/criu/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/major.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "libutil/file.h"
#include "libutil/json.h"
#include "libutil/parse.h"

#define FILE_MAX   ((size_t)512 << 10)
#define MOUNTS_MAX ((size_t)16 << 20)

static bool is_number(const char *text, size_t len, const char *digits)
{
	return len > 0 && len <= 20 && strspn(text, digits) == len;
}

/* "HEX:HEX]" */
static bool is_pair(const char *text)
{
	static const char hex[] = "0123456789abcdef";
	size_t first = strspn(text, hex), len = strlen(text);

	return is_number(text, first, hex) && text[first] == ':' && text[len - 1] == ']' &&
	       is_number(text + first + 1, len - first - 2, hex);
}

enum descriptor_kind descriptor_kind(const char *name)
{
	size_t len = strlen(name);

	if (len > 7 && starts_with(name, "pipe:[") && name[len - 1] == ']' &&
	    is_number(name + 6, len - 7, "0123456789"))
		return DESCRIPTOR_PIPE;
	if (starts_with(name, "file[") && is_pair(name + 5))
		return DESCRIPTOR_FILE;
	if (starts_with(name, "tty[") && is_pair(name + 4))
		return DESCRIPTOR_TTY;
	return DESCRIPTOR_OTHER;
}

int descriptors_write(int dirfd, const struct strv *names, struct err *e)
{
	auto_(strbuf) struct strbuf text = { 0 };
	struct json_writer w = { .out = &text };

	json_array(&w);
	for (size_t i = 0; i < names->n; i++)
		json_string(&w, names->v[i]);
	json_array_end(&w);
	return file_replace_at(dirfd, DESCRIPTORS_FILE, text.data, text.len, 0600, FILE_NO_SYNC, e);
}

static int take(const struct json *doc, struct strv *ret, struct err *e)
{
	if (doc->kind != JSON_ARRAY || doc->len > DESCRIPTORS_MAX)
		return err_set(e, EBADMSG, DESCRIPTORS_FILE ": not a list of %d texts at most",
			       DESCRIPTORS_MAX);
	for (size_t i = 0; i < doc->len; i++) {
		if (doc->items[i].kind != JSON_STRING)
			return err_set(e, EBADMSG, DESCRIPTORS_FILE ": [%zu] is not a text", i);
		strv_add(ret, doc->items[i].string);
	}
	return 0;
}

int descriptors_read(int dirfd, struct strv *ret, struct err *e)
{
	/* Not through a link: whoever made the image could aim it at anything. */
	autofd int fd = openat(dirfd, DESCRIPTORS_FILE,
			       O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	auto_(arena) struct arena a = { 0 };
	autofree char *text = NULL;
	struct json *doc = NULL;
	size_t len = 0;
	int r;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return err_sys(e, "open '" DESCRIPTORS_FILE "' of the image");
	r = file_read_fd(fd, DESCRIPTORS_FILE, FILE_MAX, &text, &len, e);
	if (r >= 0)
		r = json_parse(DESCRIPTORS_FILE, text, len, &a, &doc, e);
	return r < 0 ? r : take(doc, ret, e);
}

/* The number of a line "NAME:<blank>NUMBER" of /proc/PID/fdinfo/N. */
static int mount_of(pid_t pid, size_t fd, int *ret)
{
	autofree char *path = xasprintf("/proc/%d/fdinfo/%zu", (int)pid, fd), *text = NULL;
	const char *at;

	if (file_read_at(AT_FDCWD, path, 65536, &text, NULL, NULL) < 0)
		return -1;
	at = strstr(text, "mnt_id:");
	return at && sscanf(at, "mnt_id: %d", ret) == 1 ? 0 : -1;
}

/* Does a mount of its namespace have that number? */
static bool is_inside(const char *mountinfo, int mount)
{
	for (const char *line = mountinfo; line && *line; line = strchr(line, '\n')) {
		int id = -1;

		line += *line == '\n';
		if (sscanf(line, "%d ", &id) == 1 && id == mount)
			return true;
	}
	return false;
}

/* By the majors that criu takes for terminals. */
static bool is_terminal(const struct stat *st)
{
	unsigned n = major(st->st_rdev);

	return S_ISCHR(st->st_mode) && (n == TTY_MAJOR || n == TTYAUX_MAJOR ||
					(n >= UNIX98_PTY_SLAVE_MAJOR &&
					 n < UNIX98_PTY_SLAVE_MAJOR + UNIX98_PTY_MAJOR_COUNT));
}

/* Files, FIFOs and devices of the host have no name in the container, but criu may be told to leave
 * them out. */
static void add_file(pid_t pid, size_t fd, const char *path, const char *link,
		     const char *mountinfo, struct strv *ret)
{
	struct stat st;
	int mount = -1;

	if (link[0] != '/' || stat(path, &st) < 0 ||
	    !(S_ISREG(st.st_mode) || S_ISCHR(st.st_mode) || S_ISFIFO(st.st_mode)) ||
	    mount_of(pid, fd, &mount) < 0 || is_inside(mountinfo, mount))
		strv_add(ret, link);
	else if (is_terminal(&st))
		strv_addf(ret, "tty[%llx:%llx]", (unsigned long long)st.st_rdev,
			  (unsigned long long)st.st_dev);
	else
		strv_addf(ret, "file[%x:%llx]", (unsigned)mount, (unsigned long long)st.st_ino);
}

int descriptors_of(pid_t pid, struct strv *ret, struct err *e)
{
	autofree char *mounts = xasprintf("/proc/%d/mountinfo", (int)pid), *mountinfo = NULL;
	int r = file_read_at(AT_FDCWD, mounts, MOUNTS_MAX, &mountinfo, NULL, e);

	if (r < 0)
		return r;
	for (size_t fd = 0; fd < DESCRIPTORS_MAX; fd++) {
		autofree char *path = xasprintf("/proc/%d/fd/%zu", (int)pid, fd);
		char link[PATH_MAX];
		ssize_t n = readlink(path, link, sizeof(link) - 1);

		if (n < 0 && fd > 2)
			break;
		link[n < 0 ? 0 : n] = '\0';
		add_file(pid, fd, path, link, mountinfo, ret);
	}
	return 0;
}
