/* SPDX-License-Identifier: Apache-2.0 */
/* What resctrl says of a class of service, as the member intel_rdt of runc's statistics. */
#include <fcntl.h>
#include <stdlib.h>

#include "libutil/dir.h"
#include "libutil/file.h"
#include "libutil/parse.h"
#include "libutil/strv.h"
#include "runtime/resctrl/resctrl.h"

/* A line for each kind of resource, which names each domain of the machine. */
#define SCHEMATA_MAX ((size_t)64 << 10)
#define VALUE_MAX    128

struct info_row {
	const char *key; /* also the file's name */
	bool text;
};

static const struct info_row cache_rows[] = {
	{ "cbm_mask", true },
	{ "min_cbm_bits", false },
	{ "num_closids", false },
};
static const struct info_row bandwidth_rows[] = {
	{ "bandwidth_gran", false },
	{ "delay_linear", false },
	{ "min_bandwidth", false },
	{ "num_closids", false },
};

/* What the processor has shows in info/. */
static const struct {
	const char *dir;
	const char *info_key;
	const struct info_row *rows;
	size_t n;
	const char *line; /* of a schemata file */
	const char *root_key, *group_key;
} resources[] = {
	{ "info/L3", "l3_cache_info", cache_rows, ARRAY_LEN(cache_rows),
	  "L3:", "l3_cache_schema_root", "l3_cache_schema" },
	{ "info/MB", "mem_bw_info", bandwidth_rows, ARRAY_LEN(bandwidth_rows),
	  "MB:", "mem_bw_schema_root", "mem_bw_schema" },
};

static char *read_value(int dirfd, const char *file)
{
	char *text = NULL;

	if (file_read_at(dirfd, file, VALUE_MAX, &text, NULL, NULL) < 0)
		return NULL;
	text[strcspn(text, "\n")] = '\0';
	return text;
}

/* "Unavailable" is 0. */
static uint64_t read_number(int dirfd, const char *file)
{
	autofree char *text = read_value(dirfd, file);
	uint64_t v = 0;

	return text && parse_u64(text, &v) == 0 ? v : 0;
}

static void put_info(int dirfd, const struct info_row *rows, size_t n, struct json_writer *w)
{
	json_object(w);
	for (size_t i = 0; i < n; i++) {
		autofree char *text = rows[i].text ? read_value(dirfd, rows[i].key) : NULL;
		uint64_t v = rows[i].text ? 0 : read_number(dirfd, rows[i].key);

		if (text)
			json_kv_string(w, rows[i].key, text);
		if (v) {
			json_key(w, rows[i].key);
			json_u64(w, v);
		}
	}
	json_object_end(w);
}

/* The kernel aligns the names of resources: "    L3:0=7f". */
static void read_schemata(int dirfd, const char *file, struct strv *ret)
{
	auto_(strv) struct strv lines = { 0 };
	autofree char *text = NULL;

	if (file_read_at(dirfd, file, SCHEMATA_MAX, &text, NULL, NULL) < 0)
		return;
	strv_split(&lines, text, '\n', true);
	for (size_t i = 0; i < lines.n; i++)
		strv_add(ret, lines.v[i] + strspn(lines.v[i], " "));
}

static void put_line(const struct strv *schemata, const char *start, const char *key,
		     struct json_writer *w)
{
	for (size_t i = 0; i < schemata->n; i++) {
		if (!starts_with(schemata->v[i], start))
			continue;
		json_kv_string(w, key, schemata->v[i]);
		return;
	}
}

static void put_resources(int rootfd, const struct strv *root, const struct strv *group,
			  struct json_writer *w)
{
	for (size_t i = 0; i < ARRAY_LEN(resources); i++) {
		autofd int fd =
			openat(rootfd, resources[i].dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0)
			continue;
		json_key(w, resources[i].info_key);
		put_info(fd, resources[i].rows, resources[i].n, w);
		put_line(root, resources[i].line, resources[i].root_key, w);
		put_line(group, resources[i].line, resources[i].group_key, w);
	}
}

static int add_name(int dirfd UNUSED, const char *name, unsigned char type UNUSED, void *ctx,
		    struct err *e UNUSED)
{
	strv_add(ctx, name);
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* One object for each domain: "mon_L3_00", ... */
static void put_domains(int datafd, const struct strv *domains, const char *key,
			const char *const *files, struct json_writer *w)
{
	json_key(w, key);
	json_array(w);
	for (size_t i = 0; i < domains->n; i++) {
		autofd int fd = openat(datafd, domains->v[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0)
			continue;
		json_object(w);
		for (const char *const *file = files; *file; file++) {
			json_key(w, *file);
			json_u64(w, read_number(fd, *file));
		}
		json_object_end(w);
	}
	json_array_end(w);
}

static bool has_feature(const struct strv *features, const char *const *files)
{
	for (; *files; files++)
		if (strv_has(features, *files))
			return true;
	return false;
}

static void put_monitoring(int rootfd, int groupfd, const char *monitor, struct json_writer *w)
{
	static const char *const bandwidth[] = { "mbm_total_bytes", "mbm_local_bytes", NULL };
	static const char *const occupancy[] = { "llc_occupancy", NULL };
	autofree char *dir =
		monitor ? xasprintf("mon_groups/%s/mon_data", monitor) : xstrdup("mon_data");
	autofd int datafd = openat(groupfd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_(strv) struct strv features = { 0 }, domains = { 0 };

	read_schemata(rootfd, "info/L3_MON/mon_features", &features);
	if (datafd < 0 || dir_each(datafd, add_name, &domains, NULL) < 0)
		return;
	if (domains.n)
		qsort(domains.v, domains.n, sizeof(*domains.v), compare_names);
	if (has_feature(&features, bandwidth))
		put_domains(datafd, &domains, "mbm_stats", bandwidth, w);
	if (has_feature(&features, occupancy))
		put_domains(datafd, &domains, "cmt_stats", occupancy, w);
}

void resctrl_encode(int rootfd, const char *group, const char *monitor, struct json_writer *w)
{
	autofd int groupfd = openat(rootfd, group, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_(strv) struct strv root = { 0 }, own = { 0 };

	if (groupfd < 0)
		return;
	read_schemata(rootfd, "schemata", &root);
	read_schemata(groupfd, "schemata", &own);
	put_resources(rootfd, &root, &own, w);
	if (own.n)
		json_kv_strv(w, "schemata", &own);
	put_monitoring(rootfd, groupfd, monitor, w);
}
