/* SPDX-License-Identifier: Apache-2.0 */
/* rtnetlink: one request, one answer. */
#ifndef RUNTIME_NET_NETLINK_H
#define RUNTIME_NET_NETLINK_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "libutil/cleanup.h"
#include "libutil/err.h"

/* A socket belongs to the network namespace in which it was made, wherever its owner goes later. */
struct netlink {
	int fd;
	unsigned seq;
};
#define NETLINK_NONE                                                                               \
	{                                                                                          \
		.fd = -1                                                                           \
	}

int netlink_open(struct netlink *nl, struct err *e);
void netlink_done(struct netlink *nl);
AUTO_DEFINE_DONE(netlink, netlink_done)

/* A request under construction; attributes that do not fit are a programming error. */
#define NETLINK_REQUEST_SIZE 512
struct netlink_request {
	union {
		struct nlmsghdr header;
		char bytes[NETLINK_REQUEST_SIZE];
	};
};

/* `body` is the fixed part that belongs to the type: struct ifinfomsg, ... */
void netlink_start(struct netlink_request *q, unsigned short type, unsigned short flags,
		   const void *body, size_t len);
void netlink_attr(struct netlink_request *q, unsigned short type, const void *data, size_t len);

/* Send and wait for the acknowledgement; the kernel's errno is returned, `e` is not set. */
int netlink_call(struct netlink *nl, struct netlink_request *q);
/* Call `fn` for every answer of the same kind; a value != 0 from it ends the walk and is returned.
 */
/* Not const, since the macros of netlink(3) cast to char *. */
typedef int netlink_fn(struct nlmsghdr *answer, void *ctx);
/* One object. */
int netlink_ask(struct netlink *nl, struct netlink_request *q, netlink_fn *fn, void *ctx);
/* A whole list. */
int netlink_each(struct netlink *nl, struct netlink_request *q, netlink_fn *fn, void *ctx);

#endif
