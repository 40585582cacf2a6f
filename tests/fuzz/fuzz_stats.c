/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of the kernel, which a container may choose the names in: any text is
 * understood or refused as each kind of file, and what was understood can be
 * written.
 */
#include <stdint.h>
#include <stdlib.h>

#include "runtime/cgroup/stats.h"
#include "runtime/net/netstat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define AT(member) offsetof(struct stats, member)

static const struct stat_row rows[] = {
	{ "", "n", STAT_NUMBER, AT(pids), NULL, 0 },
	{ "", "s", STAT_SIGNED, AT(cpuset.sched_relax_domain_level), NULL, 0 },
	{ "", "k", STAT_KEY, AT(cpu.total), "usage_usec", 1000 },
	{ "", "a", STAT_ALL_KEYS, AT(memory.raw), NULL, 0 },
	{ "", "l", STAT_LIST, AT(cpu.percpu), NULL, 0 },
	{ "", "c", STAT_COLUMN, AT(cpu.percpu_user), "user", 0 },
	{ "", "r", STAT_RANGES, AT(cpuset.cpus), NULL, 0 },
	{ "", "p", STAT_PSI, AT(cpu.psi), NULL, 0 },
	{ "", "i", STAT_IO, AT(io[STATS_IO_TIME]), NULL, 0 },
	{ "", "I", STAT_IO_V2, AT(io), NULL, 0 },
};

static void write_all(const struct stats *s, const struct netstat *net, size_t n)
{
	auto_(strbuf) struct strbuf out = { .max = (size_t)64 << 20 };
	struct json_writer w = { .out = &out };

	json_object(&w);
	stats_encode(s, &w);
	json_key(&w, "net");
	netstat_encode(net, n, &w);
	json_object_end(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = xstrndup((const char *)data, size);
	auto_(stats) struct stats s = { 0 };
	autofree struct netstat *net = NULL;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		(void)stats_parse(&s, &rows[i], text);
	netstat_parse(text, &net, &n);
	write_all(&s, net, n);
	return 0;
}
