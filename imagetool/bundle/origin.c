/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/bundle/origin.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "libutil/file.h"
#include "libutil/path.h"

#define ORIGIN_MAX ((size_t)64 << 10)

int origin_write(int bundlefd, const struct image *img, const char *upper, struct err *e)
{
	auto_(strbuf) struct strbuf text = { 0 };
	struct json_writer w = { .out = &text, .indent = 2 };
	autofd int fd =
		openat(bundlefd, ORIGIN_NAME, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "create '%s'", ORIGIN_NAME);
	json_object(&w);
	json_kv_string(&w, "image", img->name);
	json_kv_string(&w, "manifest", img->selected->digest);
	if (upper)
		json_kv_string(&w, "upper", upper);
	json_key(&w, "inode");
	json_u64(&w, st.st_ino);
	json_object_end(&w);
	strbuf_addc(&text, '\n');
	return file_write_all(fd, text.data, text.len, e);
}

static int decode(const char *text, size_t len, const struct stat *st, struct origin *o,
		  struct err *e)
{
	const struct json *inode;
	struct json *doc;
	int r = json_parse(ORIGIN_NAME, text, len, &o->arena, &doc, e);

	if (r < 0)
		return r;
	o->image = json_get_string(doc, "image");
	o->manifest = json_get_string(doc, "manifest");
	o->upper = json_get_string(doc, "upper");
	inode = json_get(doc, "inode");
	if (!o->image || !o->manifest)
		return err_set(e, EBADMSG, "%s: it does not name an image", ORIGIN_NAME);
	r = digest_check(o->manifest, e);
	if (r < 0)
		return err_wrap(e, r, "%s", ORIGIN_NAME);
	if (o->upper && (path_is_absolute(o->upper) || path_has_dotdot(o->upper)))
		return err_set(e, EBADMSG, "%s: upper '%s' is not below the bundle", ORIGIN_NAME,
			       o->upper);
	o->has_made = inode && inode->kind == JSON_NUMBER && inode->number.kind == JSON_NUM_I64 &&
		      (ino_t)inode->number.i64 == st->st_ino;
	o->made = st->st_ctim;
	return 0;
}

int origin_read(int bundlefd, struct origin *ret, struct err *e)
{
	autofd int fd = openat(bundlefd, ORIGIN_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	autofree char *text = NULL;
	struct stat st;
	size_t len;
	int r;

	*ret = (struct origin){ 0 };
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "open '%s'", ORIGIN_NAME);
	r = file_read_fd(fd, ORIGIN_NAME, ORIGIN_MAX, &text, &len, e);
	if (r >= 0)
		r = decode(text, len, &st, ret, e);
	if (r < 0)
		origin_done(ret);
	return r;
}

void origin_done(struct origin *o)
{
	arena_done(&o->arena);
}
