/* SPDX-License-Identifier: Apache-2.0 */
/* What the network interfaces of a container have moved. */
#ifndef RUNTIME_NET_NETSTAT_H
#define RUNTIME_NET_NETSTAT_H

#include <sys/types.h>

#include "libutil/json.h"

/* Interfaces; a text with more is cut there. */
#define NETSTAT_MAX 4096

struct netstat {
	char name[32];
	uint64_t rx_bytes, rx_packets, rx_errors, rx_dropped;
	uint64_t tx_bytes, tx_packets, tx_errors, tx_dropped;
};

/* The interfaces of a text of /proc/PID/net/dev but for the loopback one; *ret is owned.  Lines
 * that are no interfaces are left out.  Pure. */
void netstat_parse(const char *text, struct netstat **ret, size_t *ret_n);
/* The same of a process's network namespace, when it is not ours: the host's interfaces are
 * nobody's statistics.  None is no failure. */
void netstat_read(pid_t pid, struct netstat **ret, size_t *ret_n);
/* An array, or null when there is none, as Go writes it. */
void netstat_encode(const struct netstat *v, size_t n, struct json_writer *w);

#endif
