/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/mount/home.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "imagetool/errors.h"
#include "imagetool/mount/overlay.h"
#include "libutil/alloc.h"
#include "libutil/dir.h"
#include "libutil/fd.h"
#include "libutil/file.h"
#include "libutil/json.h"
#include "libutil/path.h"

#define RECORD_MAX ((size_t)64 << 10)

void home_done(struct home *h)
{
	free(h->path);
	free(h->store);
	free(h->image);
	free(h->digest);
	free(h->media_type);
	free(h->target);
	*h = (struct home){ 0 };
}

void home_init(struct home *h, const struct store *s, const struct image *img, const char *path,
	       const char *target, bool writable)
{
	const struct image_descriptor *desc = img->selected;

	*h = (struct home){
		.path = xstrdup(path),
		.store = path_absolute(store_path(s)),
		.image = xstrdup(*img->name ? img->name : desc->digest),
		.digest = xstrdup(desc->digest),
		.media_type = xstrdup(desc->media_type ? desc->media_type : ""),
		.size = desc->size.set ? desc->size.v : -1,
		.target = target ? xstrdup(target) : NULL,
		.writable = writable,
	};
}

char *home_target(const struct home *h)
{
	return h->target ? xstrdup(h->target) : path_join(h->path, HOME_ROOTFS);
}

/* ---- overlay.json ---- */

int home_write(const struct home *h, int dirfd, struct err *e)
{
	auto_(strbuf) struct strbuf text = { .max = RECORD_MAX };
	struct json_writer w = { .out = &text, .indent = 2 };
	int r;

	json_object(&w);
	json_kv_string(&w, "store", h->store);
	json_kv_string(&w, "image", h->image);
	json_kv_string(&w, "digest", h->digest);
	json_kv_string(&w, "mediaType", h->media_type);
	json_kv_i64(&w, "size", h->size);
	if (h->target)
		json_kv_string(&w, "target", h->target);
	json_kv_bool(&w, "writable", h->writable);
	json_object_end(&w);
	strbuf_addc(&text, '\n');
	r = strbuf_check(&text, HOME_RECORD, e);
	return r < 0 ? r
		     : file_replace_at(dirfd, HOME_RECORD, text.data, text.len, 0644, FILE_NO_SYNC,
				       e);
}

static int take_text(const struct json *doc, const char *key, char **ret, struct err *e)
{
	const char *text = json_get_string(doc, key);

	if (!text)
		return err_set(e, EINVAL, "'%s' is missing", key);
	*ret = xstrdup(text);
	return 0;
}

static int take(const struct json *doc, enum home_kind kind, struct home *h, struct err *e)
{
	const struct json *size = json_get(doc, "size"), *writable = json_get(doc, "writable");
	const char *target = json_get_string(doc, "target");
	int r = take_text(doc, "store", &h->store, e);

	if (r >= 0)
		r = take_text(doc, "image", &h->image, e);
	if (r >= 0)
		r = take_text(doc, "digest", &h->digest, e);
	if (r >= 0)
		r = digest_check(h->digest, e);
	if (r >= 0)
		r = take_text(doc, "mediaType", &h->media_type, e);
	if (r < 0)
		return r;
	h->size = size && size->kind == JSON_NUMBER ? size->number.i64 : -1;
	h->writable = writable && writable->kind == JSON_BOOL && writable->boolean;
	h->target = target && kind == HOME_OF_STORE ? xstrdup(target) : NULL;
	return 0;
}

int home_read(const char *path, enum home_kind kind, struct home *ret, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	auto_(home) struct home h = { .path = path_absolute(path) };
	autofree char *text = NULL;
	autofd int dirfd = dir_open_at(AT_FDCWD, path, e);
	struct json *doc;
	size_t len;
	int r = dirfd;

	if (r >= 0)
		r = file_read_at(dirfd, HOME_RECORD, RECORD_MAX, &text, &len, e);
	if (r >= 0)
		r = json_parse(HOME_RECORD, text, len, &a, &doc, e);
	if (r >= 0)
		r = take(doc, kind, &h, e);
	if (r < 0)
		return err_wrap(e, r, "'%s'", path);
	*ret = h;
	h = (struct home){ 0 };
	return 0;
}

/* ---- Mounting again ---- */

static int load(const struct home *h, struct store *s, struct image *img, struct err *e)
{
	struct image_descriptor desc = { .digest = h->digest, .media_type = h->media_type };
	struct store_image entry = { .name = h->image, .desc = &desc };

	if (h->size >= 0) {
		desc.size.set = true;
		desc.size.v = h->size;
	}
	return image_load_entry(s, &entry, NULL, img, e);
}

static int mount_stack(const struct home *h, const struct snapshot_stack *stack, struct err *e)
{
	autofd int dirfd = dir_open_at(AT_FDCWD, h->path, e);
	autofree char *inside = NULL;
	char path[FD_PATH_SIZE];
	enum overlay_mode mode = h->writable ? OVERLAY_WRITE : OVERLAY_READ;
	struct stat st;
	int r = dirfd < 0 ? dirfd : overlay_prepare(dirfd, stack, h->writable, e);

	if (r < 0)
		return r;
	if (h->target)
		return overlay_mount(dirfd, stack, mode, h->target, e);
	/* A link would have us mount over somebody else's directory. */
	if (fstatat(dirfd, HOME_ROOTFS, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "'%s/%s'", h->path, HOME_ROOTFS);
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ENOTDIR, "'%s/%s' is not a directory", h->path, HOME_ROOTFS);
	inside = path_join(fd_path(dirfd, path), HOME_ROOTFS);
	return overlay_mount(dirfd, stack, mode, inside, e);
}

int home_mount(const struct home *h, enum snapshot_choice form, struct apply_notes *notes,
	       struct err *e)
{
	auto_(snapshot_stack) struct snapshot_stack stack = { 0 };
	autofree char *target = home_target(h);
	auto_(store) struct store *s = NULL;
	auto_(image) struct image img = { 0 };
	int r;

	if (overlay_is_mounted(target))
		return 1;
	r = store_open(h->store, STORE_WRITE, &s, e);
	if (r >= 0)
		r = load(h, s, &img, e);
	if (r >= 0)
		r = layers_ready(s, &img, form, &stack, notes, e);
	if (r >= 0)
		r = layers_lease(s, &img, &stack, h->path, e);
	return r < 0 ? r : mount_stack(h, &stack, e);
}
