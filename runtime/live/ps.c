/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/live/ps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "libutil/file.h"
#include "libutil/parse.h"
#include "libutil/proc.h"
#include "libutil/strv.h"

#define PS_OUTPUT_MAX ((size_t)64 << 20)
#define PS_TIMEOUT_MS 30000

void ps_json(const pid_t *pids, size_t n, struct strbuf *out)
{
	struct json_writer w = { .out = out };

	json_array(&w);
	for (size_t i = 0; i < n; i++)
		json_i64(&w, pids[i]);
	json_array_end(&w);
}

static bool has_pid(const pid_t *pids, size_t n, pid_t pid)
{
	for (size_t i = 0; i < n; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

/* Blank-separated word number `column` of a line; empty when there are fewer. */
static size_t word_at(const char *line, size_t len, size_t column, const char **ret)
{
	size_t i = 0;

	for (;;) {
		size_t start;

		while (i < len && line[i] == ' ')
			i++;
		start = i;
		while (i < len && line[i] != ' ')
			i++;
		*ret = line + start;
		if (column-- == 0 || i == start)
			return i - start;
	}
}

static int pid_column(const char *header, size_t len, size_t *ret, struct err *e)
{
	const char *word = NULL;
	size_t n;

	for (size_t column = 0; (n = word_at(header, len, column, &word)) > 0; column++) {
		if (n == 3 && memcmp(word, "PID", 3) == 0) {
			*ret = column;
			return 0;
		}
	}
	return err_set(e, EINVAL, "the output of ps has no column PID: choose other ps options");
}

/* Not every ps makes visible what a process calls itself. */
static void add_line(struct strbuf *out, const char *line, size_t len)
{
	strbuf_add_printable(out, line, len, "");
	strbuf_addc(out, '\n');
}

int ps_filter(const char *table, const pid_t *pids, size_t n, struct strbuf *out, struct err *e)
{
	const char *line = table;
	size_t column = 0;
	size_t len = strcspn(line, "\n");
	int r = pid_column(line, len, &column, e);

	if (r < 0)
		return r;
	add_line(out, line, len);
	for (line += len + (line[len] == '\n'); *line; line += len + (line[len] == '\n')) {
		const char *word = NULL;
		char text[16] = "";
		pid_t pid = 0;
		size_t width;

		len = strcspn(line, "\n");
		width = word_at(line, len, column, &word);
		if (width == 0 || width >= sizeof(text))
			continue;
		memcpy(text, word, width);
		if (parse_pid(text, &pid) < 0 || !has_pid(pids, n, pid))
			continue;
		add_line(out, line, len);
	}
	return 0;
}

/* What /proc says of each process, for hosts without procps. */
static int own_table(const pid_t *pids, size_t n, struct strbuf *out)
{
	strbuf_adds(out, "    PID COMMAND\n");
	for (size_t i = 0; i < n; i++) {
		autofree char *text = NULL;
		char path[32];
		size_t len = 0;

		(void)snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pids[i]);
		if (file_read_at(AT_FDCWD, path, (size_t)1 << 20, &text, &len, NULL) < 0)
			continue;
		for (size_t at = 0; at + 1 < len; at++)
			if (text[at] == '\0')
				text[at] = ' ';
		strbuf_addf(out, "%7d ", (int)pids[i]);
		add_line(out, len > 0 ? text : "-", strlen(len > 0 ? text : "-"));
	}
	return 0;
}

int ps_table(const pid_t *pids, size_t n, char *const *args, size_t n_args, struct strbuf *out,
	     struct err *e)
{
	auto_(strbuf) struct strbuf table = { .max = PS_OUTPUT_MAX };
	auto_(strv) struct strv argv = { 0 };
	struct proc_spec spec = { .path = "ps", .search = true };
	struct err why = { 0 };
	int status = 0;
	int r;

	strv_add(&argv, "ps");
	for (size_t i = 0; i < n_args; i++)
		strv_add(&argv, args[i]);
	if (n_args == 0)
		strv_add(&argv, "-ef");
	spec.argv = strv_argv(&argv);
	r = proc_run(&spec, NULL, 0, &table, PS_TIMEOUT_MS, &status, &why);
	if (r == -ENOENT && n_args == 0)
		return own_table(pids, n, out);
	if (r < 0)
		return err_take(e, &why);
	if (status != 0)
		return err_set(e, EINVAL, "ps failed: %s", strbuf_str(&table));
	return ps_filter(strbuf_str(&table), pids, n, out, e);
}
