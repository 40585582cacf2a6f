/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "libutil/file.h"
#include "libutil/log.h"
#include "runtime/container/container.h"
#include "runtime/container/select.h"
#include "runtime/init/passwd.h"
#include "runtime/verb/globals.h"
#include "runtime/verb/table.h"
#include "runtime/verb/verbs.h"

enum format { TABLE, JSON };
static const char *const formats[] = { "table", "json", NULL };

struct values {
	int format;
	bool quiet;
};

static const struct opt opts[] = {
	{ 'f', "format", OPT_CHOICE, 0, offsetof(struct values, format), "FORMAT", "table or json",
	  formats, NULL },
	{ 'q', "quiet", OPT_FLAG, 0, offsetof(struct values, quiet), NULL, "print the ids alone",
	  NULL, NULL },
	OPT_END,
};

/* Whoever owns the state directory, as runc names him: by the host's file, since a static program
 * has no name service to ask, or by number. */
static void owner_of(const struct container *c, const char *passwd, char *buf, size_t size)
{
	autofree char *name = passwd ? passwd_name(passwd, c->owner) : NULL;

	if (name)
		(void)snprintf(buf, size, "%s", name);
	else
		(void)snprintf(buf, size, c->owner == 0 ? "root" : "#%u", (unsigned)c->owner);
}

/* Directories have any name; nothing of it may reach a terminal as it is. */
static void add_row(struct strbuf *rows, const struct oci_state *state)
{
	char pid[24];

	(void)snprintf(pid, sizeof(pid), "%lld", (long long)state->pid.v);
	table_cell(rows, state->id, '\t');
	table_cell(rows, pid, '\t');
	table_cell(rows, status_name((enum oci_status)state->status), '\t');
	table_cell(rows, state->bundle, '\t');
	table_cell(rows, state->created, '\t');
	table_cell(rows, state->owner, '\n');
}

/* What one look after the other needs. */
struct listing {
	struct store store;
	struct cgroup_eye eye;
	char *passwd; /* the host's file; NULL: cannot be read */
};

static void listing_done(struct listing *l)
{
	store_done(&l->store);
	cgroup_eye_done(&l->eye);
	free(l->passwd);
}
AUTO_DEFINE_DONE(listing, listing_done)

/* A container that goes away while we look, or whose record cannot be read, must not hide the
 * others. */
static int list_one(struct listing *l, const char *id, int format, struct json_writer *w)
{
	auto_(container) struct container c = CONTAINER_NONE;
	enum oci_status status = OCI_STATUS_NONE;
	struct oci_state state;
	struct err why = { 0 };
	char owner[64];
	int r = container_look(&l->store, id, &c, &why);

	if (r >= 0)
		r = container_status_by(&c, &l->eye, &status, &why);
	if (r < 0) {
		if (r != -ENOENT && r != -EINPROGRESS)
			log_warning("%s", why.msg);
		return 0;
	}
	owner_of(&c, l->passwd, owner, sizeof(owner));
	container_state(&c, status, owner, &state);
	if (format == JSON)
		oci_encode_value(&oci_state_type, &state, w);
	else
		add_row(w->out, &state);
	return 1;
}

static void print_json(struct listing *l, const struct strv *ids)
{
	auto_(strbuf) struct strbuf out = { 0 };
	struct json_writer w = { .out = &out };
	int n = 0;

	json_array(&w);
	for (size_t i = 0; i < ids->n; i++)
		n += list_one(l, ids->v[i], JSON, &w);
	json_array_end(&w);
	/* runc's callers know the empty list as null. */
	(void)printf("%s\n", n > 0 ? strbuf_str(&out) : "null");
}

static void print_table(struct listing *l, const struct strv *ids)
{
	auto_(strbuf) struct strbuf rows = { 0 };
	auto_(strbuf) struct strbuf out = { 0 };
	struct json_writer w = { .out = &rows };

	strbuf_adds(&rows, "ID\tPID\tSTATUS\tBUNDLE\tCREATED\tOWNER\n");
	for (size_t i = 0; i < ids->n; i++)
		(void)list_one(l, ids->v[i], TABLE, &w);
	table_align(strbuf_str(&rows), &out);
	(void)fputs(strbuf_str(&out), stdout);
}

static int run(const void *global, void *values, char *const *args UNUSED, int n UNUSED,
	       struct err *e)
{
	auto_(listing) struct listing l = { .store = STORE_NONE, .eye = CGROUP_EYE_NONE };
	auto_(strv) struct strv ids = { 0 };
	const struct values *v = values;
	int r = store_open(&l.store, globals_host(global)->root, false, e);

	if (r >= 0)
		r = select_all(&l.store, &ids, e);
	if (r < 0)
		return r;
	if (v->quiet) {
		for (size_t i = 0; i < ids.n; i++)
			(void)puts(ids.v[i]);
		return 0;
	}
	(void)file_read_at(AT_FDCWD, "/etc/passwd", PASSWD_MAX, &l.passwd, NULL, NULL);
	if (v->format == JSON)
		print_json(&l, &ids);
	else
		print_table(&l, &ids);
	return 0;
}

const struct verb verb_list = {
	.name = "list",
	.alias = "ls",
	.summary = "list the containers",
	.opts = opts,
	.opts_size = sizeof(struct values),
	.max_args = 0,
	.stop_after = -1,
	.run = run,
};
