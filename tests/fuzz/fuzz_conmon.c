/* SPDX-License-Identifier: Apache-2.0 */
/* What comes to conmon's front from outside: arguments, a container's sd_notify messages, a
 * runtime's last words, and the kernel's tables of control groups. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libutil/alloc.h"
#include "libutil/json.h"
#include "shim/cgroup/find.h"
#include "shim/cgroup/oom.h"
#include "shim/conmon/command.h"
#include "shim/conmon/notify_filter.h"
#include "shim/conmon/pipes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Arguments are lines.  Options that are understood make one command line of the runtime, in which
 * the container's id is last. */
static void check_options(const char *text)
{
	auto_(strv) struct strv argv = { 0 };
	auto_(strv) struct strv command = { 0 };
	auto_(conmon_opts) struct conmon_opts o;

	conmon_opts_defaults(&o);
	strv_add(&argv, "conmon");
	strv_split(&argv, text, '\n', false);
	if (conmon_opts_parse(&o, strv_argv(&argv), NULL) != 0)
		return;
	if (!o.cid || !o.runtime || !o.pid_file || !o.bundle || !o.exec_process_spec)
		return;
	conmon_command(&command, &o, NULL);
	if (!streq(command.v[0], o.runtime) || !streq(command.v[command.n - 1], o.cid))
		abort();
}

/* What has passed once passes again unchanged, and nothing is added. */
static void check_notify(const char *text, size_t len)
{
	autofree char *once = xcalloc(1, len + 1);
	autofree char *twice = xcalloc(1, len + 1);
	size_t n, m;

	memcpy(once, text, len);
	n = notify_filter(once, len);
	if (n > len)
		abort();
	memcpy(twice, once, n);
	m = notify_filter(twice, n);
	if (m != n || memcmp(once, twice, n) != 0)
		abort();
	if (memmem(once, n, "MAINPID=", 8) == once)
		abort();
}

/* One line, and JSON. */
static void check_line(const char *text)
{
	struct conmon_opts o = { .api = 1 };
	auto_(strbuf) struct strbuf line = { 0 };
	auto_(arena) struct arena a = { 0 };
	struct json *doc = NULL;

	pipes_line(&line, &o, -1, text);
	if (strchr(strbuf_str(&line), '\n') != strbuf_str(&line) + line.len - 1)
		abort();
	if (json_parse("line", strbuf_str(&line), line.len, &a, &doc, NULL) < 0)
		abort();
}

static void check_cgroup(const char *text)
{
	bool v2 = false;
	autofree char *path = cgroup_path_in(text, "memory", &v2);
	autofree char *one UNUSED = cgroup_dir_in(text, "memory", false, path ? path : "/a/b");
	autofree char *two UNUSED = cgroup_dir_in(text, "", true, path ? path : "/a/b");

	(void)oom_count_in(text, "oom");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = xcalloc(1, size + 1);

	memcpy(text, data, size);
	check_options(text);
	check_notify(text, size);
	check_line(text);
	check_cgroup(text);
	return 0;
}
