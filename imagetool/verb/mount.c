/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <unistd.h>

#include "imagetool/mount/mounts.h"
#include "imagetool/mount/overlay.h"
#include "imagetool/program.h"
#include "imagetool/unpack/rootfs.h"
#include "imagetool/verb/opt_rows.h"
#include "imagetool/verb/verbs.h"
#include "libutil/alloc.h"
#include "libutil/file.h"

struct values {
	const char *platform;
	int form;
	bool rw, json;
};

static const struct opt opts[] = {
	{ .name = "rw",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct values, rw),
	  .help = "let it be written to; the image stays as it is, and 'umount' forgets what was "
		  "written" },
	{ .name = "snapshots",
	  .kind = OPT_CHOICE,
	  .offset = offsetof(struct values, form),
	  .choices = snapshot_choices,
	  .help = "what layers are kept as that are not unpacked yet; by default erofs where it "
		  "can be mounted" },
	MEMBER_OPT_ROW(offsetof(struct values, platform)),
	JSON_OPT_ROW(offsetof(struct values, json), "list as JSON"),
	OPT_END,
};

/* ---- The list ---- */

struct output {
	struct strbuf text;
	struct json_writer json;
	bool is_json;
};

static int print_one(const struct home *h, void *ctx, struct err *e UNUSED)
{
	autofree char *target = home_target(h);
	bool mounted = overlay_is_mounted(target);
	struct output *o = ctx;

	if (o->is_json) {
		json_object(&o->json);
		json_kv_string(&o->json, "image", h->image);
		json_kv_string(&o->json, "digest", h->digest);
		json_kv_string(&o->json, "target", target);
		json_kv_bool(&o->json, "writable", h->writable);
		json_kv_bool(&o->json, "mounted", mounted);
		json_object_end(&o->json);
		return 0;
	}
	strbuf_add_printable(&o->text, h->image, strlen(h->image), "");
	strbuf_adds(&o->text, " ");
	strbuf_add_printable(&o->text, target, strlen(target), "");
	strbuf_adds(&o->text, mounted ? "\n" : " (not mounted)\n");
	return 0;
}

static int print_all(const struct store *s, bool as_json, struct err *e)
{
	struct output o = { .is_json = as_json, .json = { .indent = 2 } };
	int r;

	o.json.out = &o.text;
	if (as_json)
		json_array(&o.json);
	r = mounts_each(s, print_one, &o, e);
	if (as_json) {
		json_array_end(&o.json);
		strbuf_addc(&o.text, '\n');
	}
	if (r >= 0)
		r = strbuf_check(&o.text, "the list", e);
	if (r >= 0)
		r = file_write_all(STDOUT_FILENO, strbuf_str(&o.text), o.text.len, e);
	strbuf_done(&o.text);
	return r;
}

/* ---- Mounting ---- */

static int mount_image(const void *global, const struct values *v, const char *name,
		       const char *dir, struct err *e)
{
	auto_(store) struct store *s = NULL;
	auto_(image) struct image img = { 0 };
	autofree char *target = NULL;
	struct apply_notes notes = { 0 };
	struct platform platform;
	int r = v->platform ? platform_of_option(v->platform, &platform, e) : 0;

	if (r >= 0)
		r = globals_open_store(global, STORE_WRITE, &s, e);
	if (r >= 0)
		r = image_load(s, name, v->platform ? &platform : NULL, &img, e);
	if (r >= 0)
		r = mounts_add(s, &img, dir, v->rw, (enum snapshot_choice)v->form, &notes, &target,
			       e);
	if (r < 0)
		return r;
	rootfs_warn(&notes);
	return puts(target) < 0 ? err_sys(e, "write") : 0;
}

static int mount_bundle(const struct values *v, const struct home *h, struct err *e)
{
	autofree char *target = home_target(h);
	struct apply_notes notes = { 0 };
	int r = home_mount(h, (enum snapshot_choice)v->form, &notes, e);

	if (r < 0)
		return r;
	rootfs_warn(&notes);
	return puts(target) < 0 ? err_sys(e, "write") : 0;
}

static int run(const void *global, void *values, char *const *args, int n, struct err *e)
{
	const struct values *v = values;
	auto_(store) struct store *s = NULL;
	auto_(home) struct home h = { 0 };
	int r;

	if (n == 0) {
		r = globals_open_store(global, STORE_READ, &s, e);
		return r < 0 ? r : print_all(s, v->json, e);
	}
	r = overlay_may_mount(e);
	if (r < 0)
		return r;
	if (n == 1 && home_read(args[0], HOME_BUNDLE, &h, NULL) >= 0)
		return mount_bundle(v, &h, e);
	return mount_image(global, v, args[0], n > 1 ? args[1] : NULL, e);
}

const struct verb verb_mount = {
	.name = "mount",
	.args = "[IMAGE [DIR] | BUNDLE]",
	.summary = "mount an image's files, or list what is mounted",
	.details =
		"The image's layers are laid over one another, without a copy, and the path is printed.\n"
		"Layers that are not unpacked yet are unpacked first, once for all images that have them.\n"
		"Without DIR the place is one of the store's own.  No garbage collection removes what is\n"
		"mounted.\n"
		"\n"
		"BUNDLE is a directory that 'bundle --rootfs=overlay' made: its root file system is mounted\n"
		"again, with all that was written, after a restart of the machine for example.\n"
		"\n"
		"Who is not root does it in 'creel-image unshare'.",
	.opts = opts,
	.opts_size = sizeof(struct values),
	.min_args = 0,
	.max_args = 2,
	.stop_after = -1,
	.run = run,
};
