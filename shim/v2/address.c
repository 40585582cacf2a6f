/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/v2/address.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/dir.h"
#include "libutil/json.h"
#include "libutil/path.h"
#include "libutil/sha256.h"

#define DIR_MODE    0700
#define SOCKET_MODE 0600

/* The first that is there counts. */
static const char *const group_keys[] = {
	"io.containerd.runc.v2.group",
	"io.kubernetes.cri.sandbox-id",
};

char *address_path(const char *dir, const char *containerd, const char *ns, const char *group)
{
	autofree char *text = xasprintf("%s/%s/%s", containerd, ns, group);
	autofree char *clean = path_clean(text);
	char hash[SHA256_TEXT_SIZE];

	sha256_hex(clean, strlen(clean), hash);
	return path_join(dir, hash);
}

int address_group(const char *text, size_t len, char **ret, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	struct json *doc = NULL;
	int r = json_parse("config.json", text, len, &a, &doc, e);
	const char *group = NULL;

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_LEN(group_keys) && !group; i++)
		group = json_get_string(json_get(doc, "annotations"), group_keys[i]);
	*ret = group && *group ? xstrdup(group) : NULL;
	return 0;
}

/* One at a time between the question who serves and the answer.  Returns the lock. */
static int lock_dir(const char *dir, struct err *e)
{
	autofd int fd = -1;
	int r = dir_make_all_at(AT_FDCWD, dir, DIR_MODE, e);

	if (r < 0)
		return r;
	fd = dir_open_at(AT_FDCWD, dir, e);
	if (fd < 0)
		return fd;
	while (flock(fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return err_sys(e, "lock '%s'", dir);
	return steal_fd(&fd);
}

static int make_address(const char *path, struct sockaddr_un *ret, struct err *e)
{
	size_t len = strlen(path);

	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	/* containerd takes one byte less than the kernel. */
	if (len >= sizeof(ret->sun_path) - 1)
		return err_set(e, ENAMETOOLONG, "socket '%s' is longer than %zu bytes", path,
			       sizeof(ret->sun_path) - 2);
	memcpy(ret->sun_path, path, len + 1);
	return 0;
}

static int open_socket(struct err *e)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd < 0 ? err_sys(e, "make a socket") : fd;
}

/* One that has too much to do to be reached is served all the same (EAGAIN). */
static bool is_served(const struct sockaddr_un *sa)
{
	autofd int fd = open_socket(NULL);

	return fd >= 0 && (connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) == 0 ||
			   errno == EAGAIN || errno == EINPROGRESS);
}

static int bind_and_listen(int fd, const struct sockaddr_un *sa, struct err *e)
{
	if (fchmod(fd, SOCKET_MODE) < 0 || bind(fd, (const struct sockaddr *)sa, sizeof(*sa)) < 0)
		return err_sys(e, "bind socket '%s'", sa->sun_path);
	if (chmod(sa->sun_path, SOCKET_MODE) < 0 || listen(fd, SOMAXCONN) < 0) {
		int r = err_sys(e, "listen on socket '%s'", sa->sun_path);

		(void)unlink(sa->sun_path);
		return r;
	}
	return 0;
}

static int claim(const struct sockaddr_un *sa, int *ret_fd, struct err *e)
{
	autofd int fd = open_socket(e);
	int r;

	if (fd < 0)
		return fd;
	r = bind_and_listen(fd, sa, e);
	if (r == -EADDRINUSE) {
		err_clear(e);
		if (is_served(sa)) {
			*ret_fd = -1;
			return 0;
		}
		if (unlink(sa->sun_path) < 0 && errno != ENOENT)
			return err_sys(e, "remove the socket '%s' that nobody serves",
				       sa->sun_path);
		r = bind_and_listen(fd, sa, e);
	}
	if (r < 0)
		return r;
	*ret_fd = steal_fd(&fd);
	return 0;
}

int address_claim(const char *path, int *ret_fd, struct err *e)
{
	autofree char *dir = path_parent(path);
	autofd int lockfd = -1;
	struct sockaddr_un sa;
	int r = make_address(path, &sa, e);

	if (r < 0)
		return r;
	lockfd = lock_dir(dir, e);
	return lockfd < 0 ? lockfd : claim(&sa, ret_fd, e);
}

void address_sweep(const char *path)
{
	autofree char *dir = path_parent(path);
	autofd int lockfd = -1;
	struct sockaddr_un sa;
	struct stat st;

	if (make_address(path, &sa, NULL) < 0)
		return;
	/* Or a shim that has bound it and does not listen yet would seem dead. */
	lockfd = lock_dir(dir, NULL);
	if (lockfd >= 0 && lstat(path, &st) == 0 && S_ISSOCK(st.st_mode) && !is_served(&sa))
		(void)unlink(path);
}
