/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/ns/loopback.h"

#include <errno.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "libutil/cleanup.h"
#include "runtime/ns/visit.h"

static int set_up(int sockfd, struct err *e)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };

	if (ioctl(sockfd, SIOCSIFFLAGS, &request) == 0)
		return 0;
	if (errno == EPERM)
		return err_set(
			e, EPERM,
			"bring up the loopback interface: needs CAP_NET_ADMIN, which this process "
			"does not hold (leave out the network namespace to share the caller's)");
	return err_sys(e, "bring up the loopback interface");
}

/* Any socket reaches the interfaces of the network namespace it was made in, wherever its owner
 * goes later; this family is always built in. */
static int any_socket(struct err *e)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? err_sys(e, "make a socket for the loopback interface") : fd;
}

int loopback_up(struct err *e)
{
	autofd int fd = any_socket(e);

	return fd < 0 ? fd : set_up(fd, e);
}

static int make_socket(void *ctx, struct err *e)
{
	int *fd = ctx;

	return *fd = any_socket(e);
}

int loopback_up_in(int pidfd, struct err *e)
{
	autofd int fd = -1;
	int r = ns_visit_network(pidfd, make_socket, &fd, e);

	return r < 0 ? r : set_up(fd, e);
}
