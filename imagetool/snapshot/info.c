/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/snapshot/info.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libutil/alloc.h"
#include "libutil/json.h"

#define NSEC_MAX 999999999

void snapshot_info_done(struct snapshot_info *i)
{
	free(i->form);
	free(i->diff_id);
	free(i->boot);
	strv_done(&i->implied);
	strv_done(&i->whiteout_dirs);
	*i = (struct snapshot_info){ 0 };
}

/* ---- Writing ---- */

/* Names are bytes, JSON is UTF-8: everything but plain characters is written as %XX. */
static void write_path(struct json_writer *w, const char *path)
{
	auto_(strbuf) struct strbuf b = { 0 };

	for (const unsigned char *p = (const unsigned char *)path; *p; p++) {
		if (*p > ' ' && *p < 0x7f && *p != '%')
			strbuf_addc(&b, (char)*p);
		else
			strbuf_addf(&b, "%%%02X", *p);
	}
	json_string(w, strbuf_str(&b));
}

static void write_paths(struct json_writer *w, const char *key, const struct strv *paths)
{
	if (!paths->n)
		return;
	json_key(w, key);
	json_array(w);
	for (size_t i = 0; i < paths->n; i++)
		write_path(w, paths->v[i]);
	json_array_end(w);
}

static void write_root(struct json_writer *w, const struct snapshot_info *i)
{
	if (!i->root_stated)
		return;
	json_key(w, "root");
	json_object(w);
	json_kv_i64(w, "mode", i->root_mode);
	json_kv_i64(w, "uid", i->root_uid);
	json_kv_i64(w, "gid", i->root_gid);
	json_kv_i64(w, "mtime", i->root_mtime.tv_sec);
	json_kv_i64(w, "mtimeNsec", i->root_mtime.tv_nsec);
	json_object_end(w);
}

void snapshot_info_encode(const struct snapshot_info *i, struct strbuf *out)
{
	struct json_writer w = { .out = out, .indent = 2 };

	json_object(&w);
	json_kv_string(&w, "form", i->form);
	json_kv_string(&w, "diffId", i->diff_id);
	json_kv_string(&w, "boot", i->boot);
	json_kv_i64(&w, "size", i->size);
	json_kv_i64(&w, "entries", i->entries);
	if (i->root_opaque)
		json_kv_bool(&w, "rootOpaque", true);
	write_root(&w, i);
	write_paths(&w, "whiteoutDirs", &i->whiteout_dirs);
	json_object_end(&w);
	strbuf_addc(out, '\n');
}

/* ---- Reading ---- */

static int read_text(const struct json *doc, const char *key, char **ret, struct err *e)
{
	const char *text = json_get_string(doc, key);

	if (!text)
		return err_set(e, EBADMSG, "%s: '%s' is no text", SNAPSHOT_INFO_NAME, key);
	*ret = xstrdup(text);
	return 0;
}

/* Missing is 0. */
static int read_number(const struct json *doc, const char *key, int64_t min, int64_t max,
		       int64_t *ret, struct err *e)
{
	const struct json *v = json_get(doc, key);

	if (!v)
		return 0;
	if (v->kind != JSON_NUMBER || v->number.kind != JSON_NUM_I64 || v->number.i64 < min ||
	    v->number.i64 > max)
		return err_set(e, EBADMSG, "%s: '%s' is out of range", SNAPSHOT_INFO_NAME, key);
	*ret = v->number.i64;
	return 0;
}

static int read_root(const struct json *doc, struct snapshot_info *i, struct err *e)
{
	const struct json *root = json_get(doc, "root");
	int64_t mode = 0, sec = 0, nsec = 0;
	int r;

	if (!root)
		return 0;
	r = read_number(root, "mode", 0, 07777, &mode, e);
	if (r >= 0)
		r = read_number(root, "uid", 0, UINT32_MAX - 1, &i->root_uid, e);
	if (r >= 0)
		r = read_number(root, "gid", 0, UINT32_MAX - 1, &i->root_gid, e);
	if (r >= 0)
		r = read_number(root, "mtime", INT64_MIN, INT64_MAX, &sec, e);
	if (r >= 0)
		r = read_number(root, "mtimeNsec", 0, NSEC_MAX, &nsec, e);
	i->root_stated = true;
	i->root_mode = (mode_t)mode;
	i->root_mtime = (struct timespec){ .tv_sec = sec, .tv_nsec = nsec };
	return r;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Undo write_path(); relative, and nothing that leads elsewhere. */
static char *read_path(const char *text)
{
	autofree char *path = xcalloc(strlen(text) + 1, 1);
	char *to = path;

	for (const char *p = text; *p; p++) {
		int high = *p == '%' ? hex_digit(p[1]) : 0;
		int low = *p == '%' && high >= 0 ? hex_digit(p[2]) : 0;

		if (high < 0 || low < 0 || (*p == '%' && high + low == 0))
			return NULL;
		*to++ = *p == '%' ? (char)(high << 4 | low) : *p;
		p += *p == '%' ? 2 : 0;
	}
	for (const char *p = path; *p;) {
		size_t n = strcspn(p, "/");

		if (n == 0 || (p[0] == '.' && (n == 1 || (n == 2 && p[1] == '.'))) ||
		    (p[n] == '/' && !p[n + 1]))
			return NULL;
		p += n + (p[n] == '/');
	}
	return steal_ptr(&path);
}

static int read_paths(const struct json *doc, const char *key, struct strv *ret, struct err *e)
{
	const struct json *list = json_get(doc, key);

	if (!list)
		return 0;
	if (list->kind != JSON_ARRAY)
		return err_set(e, EBADMSG, "%s: '%s' is no list", SNAPSHOT_INFO_NAME, key);
	for (size_t i = 0; i < list->len; i++) {
		const struct json *v = &list->items[i];
		char *path = v->kind == JSON_STRING && strlen(v->string) == v->len
				     ? read_path(v->string)
				     : NULL;

		if (!path)
			return err_set(e, EBADMSG, "%s: '%s' holds what is no path",
				       SNAPSHOT_INFO_NAME, key);
		strv_add_owned(ret, path);
	}
	return 0;
}

static int read_all(const struct json *doc, struct snapshot_info *i, struct err *e)
{
	const struct json *opaque = json_get(doc, "rootOpaque");
	int r = read_text(doc, "form", &i->form, e);

	i->root_opaque = opaque && opaque->kind == JSON_BOOL && opaque->boolean;
	if (r >= 0)
		r = read_text(doc, "diffId", &i->diff_id, e);
	if (r >= 0)
		r = read_text(doc, "boot", &i->boot, e);
	if (r >= 0)
		r = read_number(doc, "size", 0, INT64_MAX, &i->size, e);
	if (r >= 0)
		r = read_number(doc, "entries", 0, INT64_MAX, &i->entries, e);
	if (r >= 0)
		r = read_root(doc, i, e);
	return r < 0 ? r : read_paths(doc, "whiteoutDirs", &i->whiteout_dirs, e);
}

int snapshot_info_decode(const char *text, size_t len, struct snapshot_info *ret, struct err *e)
{
	auto_(snapshot_info) struct snapshot_info i = { 0 };
	auto_(arena) struct arena a = { 0 };
	struct json *doc;
	int r = json_parse(SNAPSHOT_INFO_NAME, text, len, &a, &doc, e);

	if (r >= 0)
		r = read_all(doc, &i, e);
	if (r < 0)
		return r;
	*ret = i;
	i = (struct snapshot_info){ 0 };
	return 0;
}
