/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/net/netstat.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "libutil/file.h"

#define NET_DEV_MAX ((size_t)1 << 20)

/* "  eth0: " and sixteen numbers: bytes packets errs drop fifo frame compressed multicast, and the
 * same eight for what was sent. */
static bool parse_line(const char *line, struct netstat *ret)
{
	struct netstat s = { .name = "" };
	int n = sscanf(line,
		       " %31[^: \n]: %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
		       " %*u %*u %*u %*u %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64,
		       s.name, &s.rx_bytes, &s.rx_packets, &s.rx_errors, &s.rx_dropped, &s.tx_bytes,
		       &s.tx_packets, &s.tx_errors, &s.tx_dropped);

	if (n != 9 || streq(s.name, "lo"))
		return false;
	*ret = s;
	return true;
}

void netstat_parse(const char *text, struct netstat **ret, size_t *ret_n)
{
	struct netstat *v = NULL, one;
	size_t n = 0;

	while (*text && n < NETSTAT_MAX) {
		if (parse_line(text, &one)) {
			v = xreallocarray(v, n + 1, sizeof(*v));
			v[n++] = one;
		}
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	*ret = v;
	*ret_n = n;
}

static bool is_our_namespace(pid_t pid)
{
	char path[40];
	struct stat own, its;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	return stat(path, &its) < 0 || stat("/proc/self/ns/net", &own) < 0 ||
	       (own.st_dev == its.st_dev && own.st_ino == its.st_ino);
}

void netstat_read(pid_t pid, struct netstat **ret, size_t *ret_n)
{
	autofree char *text = NULL;
	char path[40];

	*ret = NULL;
	*ret_n = 0;
	(void)snprintf(path, sizeof(path), "/proc/%d/net/dev", (int)pid);
	if (pid <= 0 || is_our_namespace(pid) ||
	    file_read_at(AT_FDCWD, path, NET_DEV_MAX, &text, NULL, NULL) < 0)
		return;
	netstat_parse(text, ret, ret_n);
}

static void encode_one(const struct netstat *s, struct json_writer *w)
{
	const struct {
		const char *key;
		uint64_t value;
	} members[] = {
		{ "RxBytes", s->rx_bytes },   { "RxPackets", s->rx_packets },
		{ "RxErrors", s->rx_errors }, { "RxDropped", s->rx_dropped },
		{ "TxBytes", s->tx_bytes },   { "TxPackets", s->tx_packets },
		{ "TxErrors", s->tx_errors }, { "TxDropped", s->tx_dropped },
	};

	json_object(w);
	json_kv_string(w, "Name", s->name);
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		json_key(w, members[i].key);
		json_u64(w, members[i].value);
	}
	json_object_end(w);
}

void netstat_encode(const struct netstat *v, size_t n, struct json_writer *w)
{
	if (n == 0) {
		json_null(w);
		return;
	}
	json_array(w);
	for (size_t i = 0; i < n; i++)
		encode_one(&v[i], w);
	json_array_end(w);
}
