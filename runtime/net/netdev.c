/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/net/netdev.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>

#include "libutil/alloc.h"
#include "libutil/caps.h"
#include "runtime/net/netlink.h"
#include "runtime/ns/visit.h"

/* Numbers tried for "eth%d". */
#define NETDEV_NUMBERS 4096

struct address {
	struct ifaddrmsg body;
	unsigned char local[16], broadcast[4];
	size_t len, broadcast_len;
};

/* Both ends of a move. */
struct mover {
	struct netlink here, there;
	int nsfd; /* the container's network namespace */
};

struct addresses {
	unsigned index; /* of the interface */
	struct address *items;
	size_t n;
};

static void take_attrs(struct nlmsghdr *h, struct address *a)
{
	struct ifaddrmsg *body = NLMSG_DATA(h);
	struct rtattr *attr = IFA_RTA(body);
	size_t left = IFA_PAYLOAD(h);

	for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left)) {
		size_t len = RTA_PAYLOAD(attr);
		/* On point-to-point links the two differ, and LOCAL is the own one. */
		bool own = attr->rta_type == IFA_LOCAL ||
			   (attr->rta_type == IFA_ADDRESS && a->len == 0);

		if (own && len <= sizeof(a->local)) {
			memcpy(a->local, RTA_DATA(attr), len);
			a->len = len;
		} else if (attr->rta_type == IFA_BROADCAST && len <= sizeof(a->broadcast)) {
			memcpy(a->broadcast, RTA_DATA(attr), len);
			a->broadcast_len = len;
		}
	}
}

static int note_address(struct nlmsghdr *h, void *ctx)
{
	struct ifaddrmsg *body = NLMSG_DATA(h);
	struct addresses *list = ctx;
	struct address *a;

	if (h->nlmsg_type != RTM_NEWADDR || body->ifa_index != list->index)
		return 0;
	if (!(body->ifa_flags & IFA_F_PERMANENT) || body->ifa_scope != RT_SCOPE_UNIVERSE)
		return 0;
	list->items = xreallocarray(list->items, list->n + 1, sizeof(*list->items));
	a = &list->items[list->n++];
	*a = (struct address){ .body = *body };
	take_attrs(h, a);
	return 0;
}

static int list_addresses(struct netlink *nl, struct addresses *list)
{
	struct ifaddrmsg body = { .ifa_family = AF_UNSPEC };
	struct netlink_request q;

	netlink_start(&q, RTM_GETADDR, 0, &body, sizeof(body));
	return netlink_each(nl, &q, note_address, list);
}

static int add_address(struct netlink *nl, const struct address *a, unsigned index)
{
	struct ifaddrmsg body = a->body;
	struct netlink_request q;

	body.ifa_index = index;
	netlink_start(&q, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &body, sizeof(body));
	netlink_attr(&q, IFA_LOCAL, a->local, a->len);
	netlink_attr(&q, IFA_ADDRESS, a->local, a->len);
	if (a->broadcast_len > 0)
		netlink_attr(&q, IFA_BROADCAST, a->broadcast, a->broadcast_len);
	return netlink_call(nl, &q);
}

static int note_index(struct nlmsghdr *h, void *ctx)
{
	if (h->nlmsg_type == RTM_NEWLINK)
		*(unsigned *)ctx = (unsigned)((struct ifinfomsg *)NLMSG_DATA(h))->ifi_index;
	return 0;
}

/* The index of an interface, or -ENODEV. */
static int find_link(struct netlink *nl, const char *name, unsigned *ret_index)
{
	struct ifinfomsg body = { .ifi_family = AF_UNSPEC };
	struct netlink_request q;

	netlink_start(&q, RTM_GETLINK, 0, &body, sizeof(body));
	netlink_attr(&q, IFLA_IFNAME, name, strlen(name) + 1);
	return netlink_ask(nl, &q, note_index, ret_index);
}

static int set_flags(struct netlink *nl, unsigned index, bool up)
{
	struct ifinfomsg body = { .ifi_family = AF_UNSPEC,
				  .ifi_index = (int)index,
				  .ifi_flags = up ? IFF_UP : 0,
				  .ifi_change = IFF_UP };
	struct netlink_request q;

	netlink_start(&q, RTM_NEWLINK, 0, &body, sizeof(body));
	return netlink_call(nl, &q);
}

static int send_away(struct mover *m, unsigned index, const char *name)
{
	struct ifinfomsg body = { .ifi_family = AF_UNSPEC, .ifi_index = (int)index };
	struct netlink_request q;

	netlink_start(&q, RTM_NEWLINK, 0, &body, sizeof(body));
	netlink_attr(&q, IFLA_NET_NS_FD, &m->nsfd, sizeof(m->nsfd));
	netlink_attr(&q, IFLA_IFNAME, name, strlen(name) + 1);
	return netlink_call(&m->here, &q);
}

/* The name it will have: one that is free in the container. */
static int choose_name(struct mover *m, const char *wanted, char name[IFNAMSIZ], struct err *e)
{
	const char *percent = strstr(wanted, "%d");
	unsigned index = 0;
	int r = 0;

	for (int n = 0; n < NETDEV_NUMBERS; n++) {
		if (percent)
			(void)snprintf(name, IFNAMSIZ, "%.*s%d%s", (int)(percent - wanted), wanted,
				       n, percent + 2);
		else
			(void)snprintf(name, IFNAMSIZ, "%s", wanted);
		r = find_link(&m->there, name, &index);
		if (r == -ENODEV)
			return 0;
		if (r < 0 || !percent)
			break;
	}
	if (r < 0)
		return err_set(e, -r, "look for '%s' in the container: %s", name,
			       strerrordesc_np(-r));
	return err_set(e, EEXIST, "the container has an interface '%s' already", name);
}

static int failed(struct err *e, int r, const char *what)
{
	return err_set(e, -r, "%s: %s", what, strerrordesc_np(-r));
}

static int arrive(struct mover *m, const char *name, const struct addresses *list, struct err *e)
{
	unsigned index = 0;
	int r = find_link(&m->there, name, &index);

	for (size_t i = 0; r >= 0 && i < list->n; i++)
		r = add_address(&m->there, &list->items[i], index);
	if (r < 0)
		return failed(e, r, "give the addresses back");
	r = set_flags(&m->there, index, true);
	return r < 0 ? failed(e, r, "set it up") : 0;
}

static int move_one(struct mover *m, const struct spec_net_device *d, struct err *e)
{
	autofree void *owned = NULL;
	struct addresses list = { 0 };
	char name[IFNAMSIZ];
	int r = find_link(&m->here, d->key, &list.index);

	if (r < 0)
		return failed(e, r, "find it on the host");
	r = choose_name(m, d->name && d->name[0] ? d->name : d->key, name, e);
	if (r < 0)
		return r;
	r = list_addresses(&m->here, &list);
	owned = list.items;
	if (r < 0)
		return failed(e, r, "read its addresses");
	/* Before Linux 6.2 an interface that is up has a name that cannot change. */
	r = set_flags(&m->here, list.index, false);
	if (r >= 0)
		r = send_away(m, list.index, name);
	return r < 0 ? failed(e, r, "move it into the container") : arrive(m, name, &list, e);
}

static int open_socket(void *ctx, struct err *e)
{
	return netlink_open(ctx, e);
}

static int open_there(struct mover *m, pid_t pid, struct err *e)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	m->nsfd = open(path, O_RDONLY | O_CLOEXEC);
	if (m->nsfd < 0)
		return err_sys(e, "open '%s'", path);
	return ns_visit_network(m->nsfd, open_socket, &m->there, e);
}

int netdev_move(const struct oci_array *devices, pid_t pid, struct err *e)
{
	const struct spec_net_device *list = devices->items;
	struct mover m = { .here = NETLINK_NONE, .there = NETLINK_NONE, .nsfd = -1 };
	int r;

	if (!caps_hold(CAP_NET_ADMIN))
		return err_set(
			e, EPERM,
			"linux.netDevices: moving a network device takes CAP_NET_ADMIN, which this "
			"process does not hold");
	r = netlink_open(&m.here, e);
	if (r >= 0)
		r = open_there(&m, pid, e);
	for (size_t i = 0; r >= 0 && i < devices->n; i++) {
		r = move_one(&m, &list[i], e);
		if (r < 0)
			(void)err_wrap(e, r, "linux.netDevices: '%s'", list[i].key);
	}
	netlink_done(&m.here);
	netlink_done(&m.there);
	close_at_exit(&m.nsfd);
	return r;
}
