/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/checkpoint/netlock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/file.h"
#include "runtime/ns/visit.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71 /* Linux 5.14 */
#endif

/* A link to nowhere in the image, as criu's "parent" is one to somewhere. */
#define NOTE      "netns"
#define NOTE_SIZE 96
#define BOOT_ID   "/proc/sys/kernel/random/boot_id"

static int ask_cookie(void *ctx, struct err *e)
{
	uint64_t *cookie = ctx;
	socklen_t len = sizeof(*cookie);
	autofd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_sys(e, "make a socket");
	if (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, cookie, &len) < 0)
		return err_sys(e, "ask for the network namespace's number");
	return 0;
}

/* Inodes of namespaces are soon used again, cookies by no other of this boot. */
static int name_of(const char *path, char ret[NOTE_SIZE], struct err *e)
{
	autofd int fd = open(path, O_RDONLY | O_CLOEXEC);
	autofree char *boot = NULL;
	uint64_t cookie = 0;
	int r;

	if (fd < 0)
		return err_sys(e, "open '%s'", path);
	r = ns_visit_network(fd, ask_cookie, &cookie, e);
	if (r >= 0)
		r = file_read_at(AT_FDCWD, BOOT_ID, NOTE_SIZE, &boot, NULL, e);
	if (r < 0)
		return r;
	boot[strcspn(boot, "\n")] = '\0';
	(void)snprintf(ret, NOTE_SIZE, "%.40s:%" PRIu64, boot, cookie);
	return 0;
}

static const char *joined(const struct runtime_spec *spec)
{
	const struct spec_namespace *ns = spec_find_namespace(spec, OCI_NS_NETWORK);

	return ns ? ns->path : NULL;
}

int netlock_note(const struct runtime_spec *spec, pid_t pid, int imagefd, bool locked,
		 struct err *e)
{
	autofree char *path = xasprintf("/proc/%d/ns/net", (int)pid);
	char name[NOTE_SIZE];
	int r;

	if (!joined(spec))
		return 0;
	if (unlinkat(imagefd, NOTE, 0) < 0 && errno != ENOENT)
		return err_sys(e, "remove '" NOTE "' of the image");
	if (!locked)
		return 0;
	r = name_of(path, name, e);
	/* Before Linux 5.14: each restore locks. */
	if (r == -ENOPROTOOPT) {
		err_clear(e);
		return 0;
	}
	if (r >= 0 && symlinkat(name, imagefd, NOTE) < 0)
		return err_sys(e, "make '" NOTE "' in the image");
	return r;
}

/* The image may be a stranger's: its link is compared and never followed. */
static bool is_noted(const char *path, int imagefd)
{
	char name[NOTE_SIZE], noted[NOTE_SIZE];
	ssize_t n = readlinkat(imagefd, NOTE, noted, sizeof(noted) - 1);

	if (n < 0 || name_of(path, name, NULL) < 0)
		return false;
	noted[n] = '\0';
	return streq(name, noted);
}

int netlock_options(const struct runtime_spec *spec, int imagefd, struct criu_options *o,
		    struct err *e)
{
	const char *path = joined(spec);

	if (!path)
		return 0;
	if (access(path, F_OK) < 0)
		return err_sys(e, "config.json: linux.namespaces: network: '%s'", path);
	/* In another one packets must not meet half a connection: there it locks.  What is in a
	 * namespace by path, criu leaves as it is without being told. */
	if (!o->opts.tcp_established.v || is_noted(path, imagefd))
		o->opts.empty_ns = (struct pb_number){ 0 };
	return 0;
}
