/* SPDX-License-Identifier: Apache-2.0 */
/* Values of cgroup v2 files as properties of a unit.  A value that is not understood here makes no
 * property: the kernel judges it when it is written to the file. */
#include <errno.h>
#include <inttypes.h>

#include "libutil/parse.h"
#include "libutil/strv.h"
#include "runtime/cgroup/systemd_props.h"
#include "runtime/init/cpulist.h"

#define USEC_PER_SEC 1000000
/* The kernel's own period; and what systemd keeps of a quota, in microseconds per second: whole
 * percents, also across a daemon-reload.  More than asked for is better than less. */
#define PERIOD_DEFAULT "100000"
#define QUOTA_STEP     10000
#define MAX_PATH       64

struct conversion {
	struct props *p;
	const struct limit *limit;
	const char *cpu_max;
	bool fresh;
};

struct rule {
	const char *file, *property;
	void (*convert)(const struct conversion *c, const char *property, const char *value);
	bool optional; /* not in the oldest systemd we work with */
};

static struct property *set_u64(const struct conversion *c, const char *name, uint64_t value)
{
	return props_set(c->p, name, arena_printf(c->p->arena, "uint64 %" PRIu64, value));
}

/* "max", or a number, with the kernel's K, M, G. */
static int read_u64(const char *text, uint64_t *ret)
{
	int64_t size = 0;

	if (streq(text, "max")) {
		*ret = UINT64_MAX;
		return 0;
	}
	if (parse_size(text, &size) < 0 || size < 0)
		return -EINVAL;
	*ret = (uint64_t)size;
	return 0;
}

static void number(const struct conversion *c, const char *property, const char *value)
{
	uint64_t n;

	if (read_u64(value, &n) == 0)
		set_u64(c, property, n);
}

/* Weight 0 is systemd's word for idle (252). */
static void idle(const struct conversion *c, const char *property, const char *value)
{
	if (streq(value, "1"))
		set_u64(c, property, 0);
}

/* "20000 100000", "max 50000", "20000", and a period alone, where the quota stays. */
static void quota(const struct conversion *c, const char *property, const char *value)
{
	bool alone = !c->cpu_max && (c->limit->flags & LIMIT_KEEP_QUOTA);
	const char *text = c->cpu_max ? c->cpu_max : value;
	size_t len = strcspn(text, " ");
	const char *amount = alone ? "max" : arena_strndup(c->p->arena, text, len);
	const char *period = alone ? text : text[len] ? text + len + 1 : PERIOD_DEFAULT;
	uint64_t q, every;

	if (parse_u64(period, &every) < 0 || every == 0 || read_u64(amount, &q) < 0)
		return;
	if (q != UINT64_MAX) {
		if (q > UINT64_MAX / USEC_PER_SEC)
			return;
		q = q * USEC_PER_SEC / every;
		q = (q + QUOTA_STEP - 1) / QUOTA_STEP * QUOTA_STEP;
	}
	set_u64(c, property, q);
	set_u64(c, "CPUQuotaPeriodUSec", every);
}

/* "0-3,8" as bytes, the lowest cpu first. */
static void set_of_numbers(const struct conversion *c, const char *property, const char *value)
{
	auto_(cpulist) struct cpulist l = { 0 };
	auto_(strbuf) struct strbuf out = { 0 };
	size_t bits = 8 * sizeof(*l.bits);

	if (cpulist_parse(value, &l, NULL) < 0)
		return;
	strbuf_adds(&out, "@ay [");
	for (size_t at = 0; at < l.n_bits; at += 8)
		strbuf_addf(&out, "%s%u", at ? ", " : "",
			    (unsigned)(l.bits[at / bits] >> (at % bits)) & 0xff);
	strbuf_adds(&out, "]");
	props_set(c->p, property, arena_strdup(c->p->arena, strbuf_str(&out)));
}

/* ---- block devices ---- */

/* One more pair in a list of type a(st). */
static void add_pair(const struct conversion *c, const char *property, const char *device,
		     uint64_t value)
{
	const char *pair =
		arena_printf(c->p->arena, "('/dev/block/%s', %" PRIu64 ")", device, value);

	for (size_t i = 0; i < c->p->n; i++) {
		const char *text = c->p->v[i].text;

		if (!streq(c->p->v[i].name, property))
			continue;
		props_set(
			c->p, property,
			arena_printf(c->p->arena, "%.*s, %s]", (int)strlen(text) - 1, text, pair));
		return;
	}
	props_set(c->p, property, arena_printf(c->p->arena, "@a(st) [%s]", pair));
}

/* "8:0" */
static bool is_device(const char *text)
{
	size_t major = strspn(text, "0123456789");
	size_t minor = text[major] == ':' ? strspn(text + major + 1, "0123456789") : 0;

	return major > 0 && minor > 0 && major + 1 + minor == strlen(text) &&
	       strlen(text) < MAX_PATH;
}

/* "default 100", "100", "8:0 100" */
static void io_weight(const struct conversion *c, const char *property, const char *value)
{
	const char *space = strchr(value, ' ');
	const char *what =
		space ? arena_strndup(c->p->arena, value, (size_t)(space - value)) : "default";
	uint64_t weight;

	if (parse_u64(space ? space + 1 : value, &weight) < 0)
		return;
	if (streq(what, "default"))
		set_u64(c, property, weight);
	else if (is_device(what))
		add_pair(c, "IODeviceWeight", what, weight);
}

/* BFQ's numbers have another file, whose range is the property's. */
static void bfq_weight(const struct conversion *c, const char *property, const char *value UNUSED)
{
	if (c->limit->alt_value)
		io_weight(c, property, c->limit->alt_value);
}

/* "8:0 rbps=1048576 wiops=max" */
static void io_max(const struct conversion *c, const char *property UNUSED, const char *value)
{
	static const char *const names[][2] = {
		{ "rbps", "IOReadBandwidthMax" },
		{ "wbps", "IOWriteBandwidthMax" },
		{ "riops", "IOReadIOPSMax" },
		{ "wiops", "IOWriteIOPSMax" },
	};
	char *text = arena_strdup(c->p->arena, value), *save = NULL;
	const char *device = strtok_r(text, " ", &save);

	if (!device || !is_device(device))
		return;
	for (char *word = strtok_r(NULL, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		char *is = strchr(word, '=');
		uint64_t rate;

		if (!is || read_u64(is + 1, &rate) < 0)
			continue;
		*is = '\0';
		for (size_t i = 0; i < ARRAY_LEN(names); i++)
			if (streq(names[i][0], word))
				add_pair(c, names[i][1], device, rate);
	}
}

/* The kernel ends the whole group: systemd has to want that, or it writes 0 to the file.  It can be
 * told at the start only. */
static void oom_group(const struct conversion *c, const char *property, const char *value)
{
	if (c->fresh && streq(value, "1"))
		props_set(c->p, property, "'kill'");
}

static const struct rule rules[] = {
	{ "memory.max", "MemoryMax", number, false },
	{ "memory.high", "MemoryHigh", number, false },
	{ "memory.low", "MemoryLow", number, false },
	{ "memory.min", "MemoryMin", number, false },
	{ "memory.swap.max", "MemorySwapMax", number, false },
	{ "memory.zswap.max", "MemoryZSwapMax", number, true }, /* 253 */
	{ "memory.oom.group", "OOMPolicy", oom_group, true },   /* 253, of scopes */
	{ "cpu.weight", "CPUWeight", number, false },
	{ "cpu.idle", "CPUWeight", idle, false },
	{ "cpu.max", "CPUQuotaPerSecUSec", quota, false },
	{ "cpuset.cpus", "AllowedCPUs", set_of_numbers, false },
	{ "cpuset.mems", "AllowedMemoryNodes", set_of_numbers, false },
	{ "pids.max", "TasksMax", number, false },
	{ "io.weight", "IOWeight", io_weight, false },
	{ "io.bfq.weight", "IOWeight", bfq_weight, false },
	{ "io.max", "", io_max, false },
};

/* A file of linux.resources.unified may have several lines. */
static void convert_lines(const struct conversion *c, const struct rule *rule)
{
	auto_(strv) struct strv lines = { 0 };

	strv_split(&lines, c->limit->value, '\n', true);
	for (size_t i = 0; i < lines.n; i++)
		rule->convert(c, rule->property, lines.v[i]);
}

void props_add_limits(struct props *p, const struct limits *l, const char *cpu_max, bool fresh)
{
	for (size_t i = 0; i < l->n; i++) {
		struct conversion c = {
			.p = p, .limit = &l->v[i], .cpu_max = cpu_max, .fresh = fresh
		};
		size_t before = p->n;

		for (size_t k = 0; k < ARRAY_LEN(rules); k++)
			if (streq(rules[k].file, l->v[i].file)) {
				convert_lines(&c, &rules[k]);
				for (size_t n = before; n < p->n; n++)
					p->v[n].optional = rules[k].optional;
			}
	}
}
