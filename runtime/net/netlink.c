/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/net/netlink.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* The kernel's answers fill at most this much at a time (NLMSG_GOODSIZE and some). */
#define ANSWER_SIZE 32768

int netlink_open(struct netlink *nl, struct err *e)
{
	nl->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	return nl->fd < 0 ? err_sys(e, "make a netlink socket") : 0;
}

void netlink_done(struct netlink *nl)
{
	close_at_exit(&nl->fd);
	nl->fd = -1;
}

void netlink_start(struct netlink_request *q, unsigned short type, unsigned short flags,
		   const void *body, size_t len)
{
	memset(q, 0, sizeof(*q));
	q->header.nlmsg_len = (unsigned)NLMSG_LENGTH(len);
	q->header.nlmsg_type = type;
	q->header.nlmsg_flags = (unsigned short)(NLM_F_REQUEST | flags);
	memcpy(NLMSG_DATA(&q->header), body, len);
}

void netlink_attr(struct netlink_request *q, unsigned short type, const void *data, size_t len)
{
	size_t at = NLMSG_ALIGN(q->header.nlmsg_len);
	struct rtattr *attr = (struct rtattr *)(void *)(q->bytes + at);

	assert(at + RTA_SPACE(len) <= sizeof(q->bytes));
	attr->rta_type = type;
	attr->rta_len = (unsigned short)RTA_LENGTH(len);
	memcpy(RTA_DATA(attr), data, len);
	q->header.nlmsg_len = (unsigned)(at + RTA_LENGTH(len));
}

static int send_request(struct netlink *nl, struct netlink_request *q, unsigned short flag)
{
	q->header.nlmsg_flags |= flag;
	q->header.nlmsg_seq = ++nl->seq;
	return send(nl->fd, q->bytes, q->header.nlmsg_len, 0) < 0 ? -errno : 0;
}

static int status_of(struct nlmsghdr *h)
{
	return ((struct nlmsgerr *)NLMSG_DATA(h))->error;
}

/* One datagram of answers.  1: the last was seen. */
static int take_answers(struct netlink *nl, netlink_fn *fn, void *ctx, int *ret_value)
{
	_Alignas(struct nlmsghdr) char answers[ANSWER_SIZE];
	ssize_t n = recv(nl->fd, answers, sizeof(answers), 0);
	struct nlmsghdr *h = (struct nlmsghdr *)(void *)answers;

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	for (; NLMSG_OK(h, (size_t)n); h = NLMSG_NEXT(h, n)) {
		if (h->nlmsg_seq != nl->seq)
			continue;
		if (h->nlmsg_type == NLMSG_DONE)
			return 1;
		if (h->nlmsg_type == NLMSG_ERROR) {
			*ret_value = *ret_value ? *ret_value : status_of(h);
			return 1;
		}
		if (fn && *ret_value == 0)
			*ret_value = fn(h, ctx);
	}
	return 0;
}

static int collect(struct netlink *nl, netlink_fn *fn, void *ctx)
{
	int value = 0;
	int r;

	do
		r = take_answers(nl, fn, ctx, &value);
	while (r == 0);
	return r < 0 ? r : value;
}

int netlink_call(struct netlink *nl, struct netlink_request *q)
{
	int r = send_request(nl, q, NLM_F_ACK);

	return r < 0 ? r : collect(nl, NULL, NULL);
}

int netlink_ask(struct netlink *nl, struct netlink_request *q, netlink_fn *fn, void *ctx)
{
	int r = send_request(nl, q, NLM_F_ACK);

	return r < 0 ? r : collect(nl, fn, ctx);
}

int netlink_each(struct netlink *nl, struct netlink_request *q, netlink_fn *fn, void *ctx)
{
	int r = send_request(nl, q, NLM_F_DUMP);

	return r < 0 ? r : collect(nl, fn, ctx);
}
