/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/v2/options.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/file.h"
#include "libutil/json.h"
#include "libutil/log.h"
#include "libutil/path.h"
#include "libutil/proc.h"
#include "libutil/suggest.h"
#include "libutil/toml.h"

#define DEFAULT_BINARY "creel"
#define DEFAULT_ROOT   "/run/containerd/runc" /* where callers look for it */
#define OPTIONS_FILE   "options.json"
#define RUNTIME_FILE   "runtime"
#define CONFIG_MAX     ((size_t)64 << 10)

enum kind { KIND_TEXT, KIND_FLAG, KIND_ID };

/* An option as containerd's configuration names it, and as it is kept in the bundle. */
struct row {
	const char *key;
	const char *kept;
	enum kind kind;
	size_t offset;
	bool ignored; /* known, and without a meaning here */
};

#define ROW(k, n, kd, member)                                                                      \
	{                                                                                          \
		.key = (k), .kept = (n), .kind = (kd),                                             \
		.offset = offsetof(struct v2_options, member)                                      \
	}

static const struct row rows[] = {
	ROW("BinaryName", "binary_name", KIND_TEXT, binary),
	ROW("Root", "root", KIND_TEXT, root),
	ROW("ShimCgroup", "shim_cgroup", KIND_TEXT, shim_cgroup),
	ROW("CriuImagePath", "criu_image_path", KIND_TEXT, criu_image_path),
	ROW("CriuWorkPath", "criu_work_path", KIND_TEXT, criu_work_path),
	ROW("SystemdCgroup", "systemd_cgroup", KIND_FLAG, systemd_cgroup),
	ROW("NoPivotRoot", "no_pivot_root", KIND_FLAG, no_pivot_root),
	ROW("NoNewKeyring", "no_new_keyring", KIND_FLAG, no_new_keyring),
	ROW("IoUid", "io_uid", KIND_ID, io_uid),
	ROW("IoGid", "io_gid", KIND_ID, io_gid),
	/* The table of a runtime may hold what is containerd's, and what runc does without, too. */
	{ .key = "TypeUrl", .kind = KIND_TEXT, .ignored = true },
	{ .key = "ConfigPath", .kind = KIND_TEXT, .ignored = true },
	{ .key = "CriuPath", .kind = KIND_TEXT, .ignored = true },
};

static void *target(struct v2_options *o, const struct row *row)
{
	return (char *)o + row->offset;
}

static struct v2_options defaults(void)
{
	return (struct v2_options){ .binary = DEFAULT_BINARY, .root = DEFAULT_ROOT };
}

/* ---- One value ---- */

struct reading {
	struct v2_options *o;
	struct arena *a;
	unsigned seen; /* 1 << row */
};

static const char *const kind_names[] = {
	[KIND_TEXT] = "a string",
	[KIND_FLAG] = "true or false",
	[KIND_ID] = "a whole number from 0 to 4294967294",
};

static int find_row(const char *key, struct err *e)
{
	struct suggest s = { .typed = key };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (streq(rows[i].key, key))
			return (int)i;
		suggest_try(&s, rows[i].key);
	}
	if (s.best)
		return err_set(e, EINVAL, "unknown option '%s', did you mean '%s'?", key, s.best);
	return err_set(e, EINVAL, "unknown option '%s'", key);
}

static bool fits(const struct row *row, const struct toml *v)
{
	switch (row->kind) {
	case KIND_TEXT:
		return v->kind == TOML_STRING;
	case KIND_FLAG:
		return v->kind == TOML_BOOLEAN;
	case KIND_ID:
		return v->kind == TOML_INTEGER && v->integer >= 0 && v->integer < UINT32_MAX;
	}
	return false;
}

static void store(struct reading *rd, const struct row *row, const struct toml *v)
{
	switch (row->kind) {
	case KIND_TEXT:
		if (*v->string)
			*(const char **)target(rd->o, row) = arena_strdup(rd->a, v->string);
		break;
	case KIND_FLAG:
		*(bool *)target(rd->o, row) = v->boolean;
		break;
	case KIND_ID:
		*(uint32_t *)target(rd->o, row) = (uint32_t)v->integer;
		break;
	}
}

static int take_value(struct reading *rd, const char *key, const struct toml *v, struct err *e)
{
	int i = find_row(key, e);

	if (i < 0)
		return i;
	if (rd->seen & (1u << i))
		return err_set(e, EINVAL, "option '%s' is there twice", key);
	rd->seen |= 1u << i;
	if (!fits(&rows[i], v))
		return err_set(e, EINVAL, "option '%s' is %s", key, kind_names[rows[i].kind]);
	if (!rows[i].ignored)
		store(rd, &rows[i], v);
	return 0;
}

/* ---- Messages ---- */

static void set_text(const char **to, const char *text, struct arena *a)
{
	if (text && *text)
		*to = arena_strdup(a, text);
}

static int decode_runc(const struct msg_any *any, struct arena *a, struct v2_options *o,
		       struct err *e)
{
	struct msg_runc_options m = { 0 };
	int r = pb_decode(&msg_runc_options_message, any->value.data, any->value.len, a, &m, e);

	if (r < 0)
		return r;
	set_text(&o->binary, m.binary_name, a);
	set_text(&o->root, m.root, a);
	set_text(&o->shim_cgroup, m.shim_cgroup, a);
	set_text(&o->criu_image_path, m.criu_image_path, a);
	set_text(&o->criu_work_path, m.criu_work_path, a);
	o->systemd_cgroup = m.systemd_cgroup.v != 0;
	o->no_pivot_root = m.no_pivot_root.v != 0;
	o->no_new_keyring = m.no_new_keyring.v != 0;
	o->io_uid = (uint32_t)m.io_uid.v;
	o->io_gid = (uint32_t)m.io_gid.v;
	return 0;
}

static int decode_linux(const struct msg_any *any, struct arena *a, struct v2_options *o,
			struct err *e)
{
	struct msg_linux_options m = { 0 };
	int r = pb_decode(&msg_linux_options_message, any->value.data, any->value.len, a, &m, e);

	if (r < 0)
		return r;
	set_text(&o->shim_cgroup, m.shim_cgroup, a);
	set_text(&o->criu_image_path, m.criu_image_path, a);
	set_text(&o->criu_work_path, m.criu_work_path, a);
	o->no_pivot_root = m.no_pivot_root.v != 0;
	o->no_new_keyring = m.no_new_keyring.v != 0;
	o->io_uid = (uint32_t)m.io_uid.v;
	o->io_gid = (uint32_t)m.io_gid.v;
	return 0;
}

static int json_value_of(const struct json *v, struct toml *ret)
{
	if (v->kind == JSON_STRING && strlen(v->string) == v->len)
		*ret = (struct toml){ .kind = TOML_STRING, .string = v->string };
	else if (v->kind == JSON_BOOL)
		*ret = (struct toml){ .kind = TOML_BOOLEAN, .boolean = v->boolean };
	else if (v->kind == JSON_NUMBER && v->number.kind == JSON_NUM_I64)
		*ret = (struct toml){ .kind = TOML_INTEGER, .integer = v->number.i64 };
	else
		return -EINVAL;
	return 0;
}

static int read_json(const char *name, const char *text, size_t len, struct reading *rd,
		     struct err *e)
{
	struct json *doc = NULL;
	int r = json_parse(name, text, len, rd->a, &doc, e);

	for (size_t i = 0; r >= 0 && i < doc->len; i++) {
		struct toml v = { 0 };

		if (json_value_of(&doc->items[i], &v) < 0)
			r = err_set(e, EINVAL, "option '%s' is no plain value", doc->keys[i]);
		else
			r = take_value(rd, doc->keys[i], &v, e);
		if (r < 0)
			r = err_wrap(e, r, "%s", name);
	}
	return r;
}

/* Options are plain values at the top of the document. */
static int read_toml(const char *name, const char *text, size_t len, struct reading *rd,
		     struct err *e)
{
	struct toml *doc = NULL;
	int r = toml_parse(name, text, len, rd->a, &doc, e);

	for (const struct toml *v = doc ? doc->first : NULL; r >= 0 && v; v = v->next) {
		r = take_value(rd, v->key, v, e);
		if (r < 0)
			return err_wrap(e, r, "%s: line %d", name, v->line);
	}
	return r;
}

/* TOML cannot begin with a brace. */
static int read_config(const char *name, const char *text, size_t len, struct arena *a,
		       struct v2_options *o, struct err *e)
{
	struct reading rd = { .o = o, .a = a };

	if (len > CONFIG_MAX)
		return err_set(e, EFBIG, "%s: longer than %zu bytes", name, CONFIG_MAX);
	if (len > 0 && text[0] == '{')
		return read_json(name, text, len, &rd, e);
	return read_toml(name, text, len, &rd, e);
}

static int read_config_file(const char *path, struct arena *a, struct v2_options *o, struct err *e)
{
	autofree char *text = NULL;
	size_t len = 0;
	int r = file_read_at(AT_FDCWD, path, CONFIG_MAX, &text, &len, e);

	return r < 0 ? err_wrap(e, r, "ConfigPath") : read_config(path, text, len, a, o, e);
}

static int decode_generic(const struct msg_any *any, struct arena *a, struct v2_options *o,
			  struct err *e)
{
	struct msg_runtime_options m = { 0 };
	int r = pb_decode(&msg_runtime_options_message, any->value.data, any->value.len, a, &m, e);

	if (r < 0)
		return r;
	if (m.config_path && *m.config_path)
		return read_config_file(m.config_path, a, o, e);
	return read_config("options", (const char *)m.config_body.data, m.config_body.len, a, o, e);
}

static const struct {
	const char *type;
	int (*decode)(const struct msg_any *any, struct arena *a, struct v2_options *o,
		      struct err *e);
} types[] = {
	{ MSG_RUNC_OPTIONS, decode_runc },
	{ MSG_LINUX_OPTIONS, decode_linux },
	{ MSG_RUNTIME_OPTIONS, decode_generic },
};

bool v2_options_known(const struct msg_any *any)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (msg_any_is(any, types[i].type))
			return true;
	return false;
}

int v2_options_decode(const struct msg_any *any, struct arena *a, struct v2_options *ret,
		      struct err *e)
{
	struct v2_options o = defaults();

	for (size_t i = 0; any && i < ARRAY_LEN(types); i++) {
		int r = msg_any_is(any, types[i].type) ? types[i].decode(any, a, &o, e) : 0;

		if (r < 0)
			return err_wrap(e, r, "runtime options");
	}
	*ret = o;
	return 0;
}

/* ---- What they come to ---- */

static bool is_program(const char *path)
{
	return access(path, X_OK) == 0;
}

static char *beside_us(const char *name, struct arena *a)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	autofree char *dir = NULL;

	if (n <= 0)
		return NULL;
	self[n] = '\0';
	dir = path_parent(self);
	return arena_printf(a, "%s/%s", dir, name);
}

static char *in_path(const char *name, struct arena *a)
{
	autofree char *found = proc_search_path(name);

	return found ? arena_strdup(a, found) : NULL;
}

char *v2_options_path(const struct v2_options *o, struct arena *a, struct err *e)
{
	char *path = NULL;

	if (path_is_absolute(o->binary))
		return arena_strdup(a, o->binary);
	if (streq(o->binary, DEFAULT_BINARY))
		path = beside_us(o->binary, a);
	if (path && is_program(path))
		return path;
	path = in_path(o->binary, a);
	if (!path)
		(void)err_set(e, ENOENT, "runtime '%s' is not in PATH: set BinaryName to its path",
			      o->binary);
	return path;
}

char *v2_options_root(const struct v2_options *o, const char *namespace_name, struct arena *a)
{
	return arena_printf(a, "%s/%s", o->root, namespace_name);
}

/* ---- Kept in the bundle ---- */

static void write_row(struct json_writer *w, const struct v2_options *o, const struct row *row)
{
	const void *from = (const char *)o + row->offset;
	const char *text;

	switch (row->kind) {
	case KIND_TEXT:
		text = *(const char *const *)from;
		if (text)
			json_kv_string(w, row->kept, text);
		break;
	case KIND_FLAG:
		json_kv_bool(w, row->kept, *(const bool *)from);
		break;
	case KIND_ID:
		json_kv_i64(w, row->kept, *(const uint32_t *)from);
		break;
	}
}

int v2_options_save(int bundlefd, const struct v2_options *o, const char *path, struct err *e)
{
	auto_(strbuf) struct strbuf text = { 0 };
	struct json_writer w = { .out = &text };
	int r;

	json_object(&w);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (!rows[i].ignored)
			write_row(&w, o, &rows[i]);
	json_object_end(&w);
	r = file_replace_at(bundlefd, OPTIONS_FILE, strbuf_str(&text), text.len, 0600, FILE_NO_SYNC,
			    e);
	return r < 0 ? r
		     : file_replace_at(bundlefd, RUNTIME_FILE, path, strlen(path), 0600,
				       FILE_NO_SYNC, e);
}

/* Unknown members are those of another shim, and nothing that matters to `delete`. */
static void load_row(const struct json *doc, const struct row *row, struct reading *rd)
{
	const struct json *v = row->kept ? json_get(doc, row->kept) : NULL;
	struct toml value = { 0 };

	if (v && json_value_of(v, &value) == 0 && fits(row, &value))
		store(rd, row, &value);
}

static int load_options(int bundlefd, struct arena *a, struct v2_options *o, struct err *e)
{
	struct reading rd = { .o = o, .a = a };
	autofree char *text = NULL;
	struct json *doc = NULL;
	size_t len = 0;
	int r = file_read_at(bundlefd, OPTIONS_FILE, CONFIG_MAX, &text, &len, e);

	if (r >= 0)
		r = json_parse(OPTIONS_FILE, text, len, a, &doc, e);
	if (r == -ENOENT)
		err_clear(e);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (!rows[i].ignored)
			load_row(doc, &rows[i], &rd);
	return 0;
}

int v2_options_load(int bundlefd, struct arena *a, struct v2_options *ret, const char **ret_path,
		    struct err *e)
{
	struct v2_options o = defaults();
	autofree char *text = NULL;
	int r = load_options(bundlefd, a, &o, e);

	if (r < 0)
		return r;
	if (file_read_at(bundlefd, RUNTIME_FILE, PATH_MAX, &text, NULL, NULL) >= 0 && *text)
		o.binary = arena_strdup(a, text);
	*ret_path = v2_options_path(&o, a, e);
	if (!*ret_path)
		return -ENOENT;
	*ret = o;
	return 0;
}
