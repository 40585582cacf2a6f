/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/store/lease.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "imagetool/errors.h"
#include "imagetool/store/internal.h"
#include "libutil/alloc.h"
#include "libutil/dir.h"
#include "libutil/file.h"
#include "libutil/ids.h"
#include "libutil/json.h"
#include "libutil/proc.h"

/* An image of 500 layers takes 75 KB. */
#define LEASE_MAX ((size_t)1 << 20)

void lease_id_of(const char *path, char ret_id[LEASE_ID_SIZE])
{
	char digest[DIGEST_TEXT_SIZE];

	digest_of(DIGEST_SHA256, path, strlen(path), digest);
	(void)snprintf(ret_id, LEASE_ID_SIZE, "%s", digest_hex(digest));
}

bool lease_lives(const struct lease *l)
{
	struct stat st;
	uint64_t start;

	if (!l->path && l->pid == 0)
		return true;
	/* Not there is a proof; cannot be seen is none. */
	if (l->path && (lstat(l->path, &st) == 0 || (errno != ENOENT && errno != ENOTDIR)))
		return true;
	return l->pid > 0 && proc_start_time(l->pid, &start, NULL, NULL) >= 0 &&
	       start == l->pid_start;
}

/* ---- Writing ---- */

static void encode_list(struct json_writer *w, const char *key, const char *const *items, size_t n)
{
	json_key(w, key);
	json_array(w);
	for (size_t i = 0; i < n; i++)
		json_string(w, items[i]);
	json_array_end(w);
}

static void encode(const struct lease *l, struct strbuf *out)
{
	struct json_writer w = { .out = out };

	json_object(&w);
	if (l->path)
		json_kv_string(&w, "path", l->path);
	if (l->pid > 0) {
		json_kv_i64(&w, "pid", l->pid);
		json_kv_i64(&w, "pidStart", (int64_t)l->pid_start);
	}
	encode_list(&w, "digests", l->digests, l->n_digests);
	encode_list(&w, "snapshots", l->snapshots, l->n_snapshots);
	json_object_end(&w);
	strbuf_addc(out, '\n');
}

/* Held first, looked for afterwards: what is found stays. */
static int check_there(struct store *s, const struct lease *l, struct err *e)
{
	for (size_t i = 0; i < l->n_digests; i++) {
		int r = store_hold_blob(s, l->digests[i], e);

		if (r < 0)
			return r;
		if (!blob_exists(s, l->digests[i], -1))
			return err_set(e, IMAGE_ENOTFOUND,
				       "blob '%s' was removed meanwhile: pull the image again",
				       l->digests[i]);
	}
	for (size_t i = 0; i < l->n_snapshots; i++) {
		autofree char *path = xasprintf("snapshots/%s", l->snapshots[i]);
		int r = id_check(l->snapshots[i], e);
		struct stat st;

		if (r >= 0)
			r = store_hold_snapshot(s, l->snapshots[i], e);
		if (r < 0)
			return r;
		if (fstatat(s->dirfd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return err_set(e, IMAGE_ENOTFOUND,
				       "snapshot '%s' was removed meanwhile: try again",
				       l->snapshots[i]);
	}
	return 0;
}

int lease_take(struct store *s, const struct lease *l, struct err *e)
{
	auto_(strbuf) struct strbuf text = { .max = LEASE_MAX };
	autofree char *name = NULL;
	int r = id_check(l->id, e);

	if (r < 0)
		return err_wrap(e, r, "lease");
	if (l->path && l->path[0] != '/')
		return err_set(e, EINVAL, "lease '%s': path '%s' is not absolute", l->id, l->path);
	if (mkdirat(s->dirfd, "leases", 0755) < 0 && errno != EEXIST)
		return err_sys(e, "create '%s/leases'", s->path);
	encode(l, &text);
	r = strbuf_check(&text, l->id, e);
	if (r >= 0)
		r = check_there(s, l, e);
	if (r >= 0) {
		name = xasprintf("leases/%s", l->id);
		r = temp_replace_synced(s, name, text.data, text.len, e);
	}
	return r < 0 ? err_wrap(e, r, "lease '%s'", l->id) : 0;
}

int lease_drop(struct store *s, const char *id, struct err *e)
{
	autofree char *name = xasprintf("leases/%s", id);
	int r = id_check(id, e);

	if (r < 0)
		return err_wrap(e, r, "lease");
	if (unlinkat(s->dirfd, name, 0) == 0)
		return 1;
	return errno == ENOENT ? 0 : err_sys(e, "remove lease '%s'", id);
}

/* ---- Reading ---- */

static int decode_list(const struct json *doc, const char *key, struct arena *a,
		       const char *const **ret, size_t *ret_n, struct err *e)
{
	const struct json *list = json_get(doc, key);
	const char **items;

	if (!list)
		return 0;
	if (list->kind != JSON_ARRAY)
		return err_set(e, IMAGE_EVERIFY, "%s is no list", key);
	items = arena_alloc(a, list->len + 1, sizeof(*items));
	for (size_t i = 0; i < list->len; i++) {
		if (list->items[i].kind != JSON_STRING)
			return err_set(e, IMAGE_EVERIFY, "%s[%zu] is no string", key, i);
		items[i] = list->items[i].string;
	}
	*ret = items;
	*ret_n = list->len;
	return 0;
}

static int64_t decode_number(const struct json *doc, const char *key)
{
	const struct json *v = json_get(doc, key);

	return v && v->kind == JSON_NUMBER && v->number.kind == JSON_NUM_I64 ? v->number.i64 : 0;
}

static int decode(const char *text, size_t len, struct arena *a, struct lease *l, struct err *e)
{
	struct json *doc;
	int r = json_parse(l->id, text, len, a, &doc, e);

	if (r < 0)
		return r;
	l->path = json_get_string(doc, "path");
	l->pid = (pid_t)decode_number(doc, "pid");
	l->pid_start = (uint64_t)decode_number(doc, "pidStart");
	r = decode_list(doc, "digests", a, &l->digests, &l->n_digests, e);
	return r < 0 ? r : decode_list(doc, "snapshots", a, &l->snapshots, &l->n_snapshots, e);
}

struct each {
	lease_fn *fn;
	void *ctx;
};

static int each_one(int dirfd, const char *name, unsigned char d_type UNUSED, void *ctx,
		    struct err *e)
{
	const struct each *each = ctx;
	auto_(arena) struct arena a = { 0 };
	autofree char *text = NULL;
	struct lease l = { .id = name };
	size_t len;
	int r = file_read_at(dirfd, name, LEASE_MAX, &text, &len, e);

	if (r == -ENOENT) {
		err_clear(e);
		return 0; /* dropped this moment */
	}
	if (r >= 0)
		r = decode(text, len, &a, &l, e);
	if (r < 0)
		return err_wrap(e, r, "lease '%s'", name);
	return each->fn(&l, each->ctx, e);
}

int lease_each(const struct store *s, lease_fn *fn, void *ctx, struct err *e)
{
	struct each each = { .fn = fn, .ctx = ctx };
	autofd int fd = dir_open_at(s->dirfd, "leases", NULL);

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return err_set(e, -fd, "open '%s/leases'", s->path);
	return dir_each(fd, each_one, &each, e);
}
