/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices of the host.  Root's containers get nodes of their own and a rule of
 * the control group; a user namespace may make none, so that an ordinary user's
 * get the host's mounted.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "imagetool/bundle/edit.h"
#include "imagetool/cdi/name.h"
#include "libutil/dir.h"
#include "libutil/parse.h"
#include "libutil/path.h"

#define ALL_ACCESS "rwm"
/* A tree of devices is shallow. */
#define DEPTH_MAX 16

/* What every container has of its own below /dev, or that makes no sense in another one. */
static const char *const own_places[] = { "pts",     "shm",  "fd",          "mqueue",
					  "console", ".lxc", ".lxd-mounts", ".udev" };

struct device {
	const char *source, *target, *access;
};

struct walk {
	struct spec_edit *ed;
	struct device device; /* of the directory */
	unsigned depth;
	bool skip_own;
	size_t found;
};

static void add_rule(struct spec_edit *ed, const struct stat *st, const char *access)
{
	struct spec_device_rule *rule =
		edit_push(ed->a, &edit_resources_of(ed)->devices, sizeof(*rule));

	*rule = (struct spec_device_rule){ .allow = true,
					   .type = S_ISBLK(st->st_mode) ? "b" : "c",
					   .major = { true, major(st->st_rdev) },
					   .minor = { true, minor(st->st_rdev) },
					   .access = access };
}

void edit_bind_device(struct spec_edit *ed, const char *source, const char *target)
{
	struct spec_mount *m = edit_push(ed->a, &ed->spec->mounts, sizeof(*m));

	m->destination = target;
	m->type = "bind";
	m->source = source;
	edit_push_string(ed->a, &m->options, "bind");
	edit_push_string(ed->a, &m->options, "rprivate");
	edit_push_string(ed->a, &m->options, "nosuid");
	edit_push_string(ed->a, &m->options, "noexec");
}

static void add_node(struct spec_edit *ed, const struct stat *st, const struct device *d)
{
	struct spec_device *node = edit_push(ed->a, &ed->spec->linux_->devices, sizeof(*node));

	*node = (struct spec_device){ .path = d->target,
				      .type = S_ISBLK(st->st_mode) ? "b" : "c",
				      .major = { true, major(st->st_rdev) },
				      .minor = { true, minor(st->st_rdev) },
				      .file_mode = { true, st->st_mode & 0777 },
				      .uid = { true, st->st_uid },
				      .gid = { true, st->st_gid } };
}

static void add_device(struct spec_edit *ed, const struct stat *st, const struct device *d)
{
	if (ed->rootless) {
		edit_bind_device(ed, d->source, d->target);
		return;
	}
	add_node(ed, st, d);
	/* Of a privileged one all is allowed already. */
	if (!ed->options->privileged)
		add_rule(ed, st, d->access);
}

static bool is_own_place(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(own_places); i++)
		if (streq(name, own_places[i]))
			return true;
	return false;
}

static int walk_dir(int fd, struct walk *w, struct err *e);

static int walk_entry(int dirfd, const char *name, unsigned char type UNUSED, void *ctx,
		      struct err *e)
{
	struct walk *w = ctx;
	struct arena *a = w->ed->a;
	struct device d = { arena_printf(a, "%s/%s", w->device.source, name),
			    arena_printf(a, "%s/%s", w->device.target, name), w->device.access };
	struct stat st;

	if (w->skip_own && is_own_place(name))
		return 0;
	/* Links are not followed, and what went away meanwhile is not missed. */
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) {
		add_device(w->ed, &st, &d);
		w->found++;
	} else if (S_ISDIR(st.st_mode) && w->depth < DEPTH_MAX) {
		struct walk below = { .ed = w->ed, .device = d, .depth = w->depth + 1 };
		autofd int fd =
			openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		int r = fd < 0 ? 0 : walk_dir(fd, &below, e);

		w->found += below.found;
		return r;
	}
	return 0;
}

static int walk_dir(int fd, struct walk *w, struct err *e)
{
	return dir_each(fd, walk_entry, w, e);
}

/* ---- --device ---- */

static bool is_access(const char *text)
{
	return *text && text[strspn(text, ALL_ACCESS)] == '\0' && strlen(text) <= 3;
}

/* SRC, SRC:DST, SRC:rwm, SRC:DST:rwm */
static int parse_device(const char *text, struct arena *a, struct device *ret, struct err *e)
{
	auto_(strv) struct strv parts = { 0 };
	struct device d = { .access = ALL_ACCESS };

	strv_split(&parts, text, ':', false);
	if (parts.n < 1 || parts.n > 3 || !path_is_absolute(parts.v[0]))
		return err_set(e, EINVAL,
			       "expected SRC[:DST][:rwm] with absolute paths, or "
			       "VENDOR/CLASS=NAME");
	d.source = arena_strdup(a, parts.v[0]);
	d.target = d.source;
	if (parts.n == 2 && is_access(parts.v[1]))
		d.access = arena_strdup(a, parts.v[1]);
	else if (parts.n >= 2)
		d.target = arena_strdup(a, parts.v[1]);
	if (parts.n == 3)
		d.access = arena_strdup(a, parts.v[2]);
	if (!path_is_absolute(d.target) || path_has_dotdot(d.target))
		return err_set(e, EINVAL, "'%s' is not an absolute path in the container",
			       d.target);
	if (!is_access(d.access))
		return err_set(e, EINVAL, "'%s' is not made of r, w and m", d.access);
	*ret = d;
	return 0;
}

static int add_tree(struct spec_edit *ed, const struct device *d, bool skip_own, struct err *e)
{
	struct walk w = { .ed = ed, .device = *d, .skip_own = skip_own };
	autofd int fd = dir_open_at(AT_FDCWD, d->source, e);
	int r = fd < 0 ? fd : walk_dir(fd, &w, e);

	if (r >= 0 && !w.found)
		r = err_set(e, ENODEV, "no device is below '%s'", d->source);
	return r;
}

static int add_named(struct spec_edit *ed, const char *text, struct err *e)
{
	struct device d = { 0 };
	struct stat st;
	int r = parse_device(text, ed->a, &d, e);

	if (r < 0)
		return r;
	if (stat(d.source, &st) < 0)
		return err_sys(e, "stat '%s'", d.source);
	if (S_ISDIR(st.st_mode))
		return add_tree(ed, &d, false, e);
	if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
		return err_set(e, ENODEV, "'%s' is no device", d.source);
	add_device(ed, &st, &d);
	return 0;
}

/* ---- --device-cgroup-rule ---- */

static int parse_number(const char *text, struct opt_i64 *ret)
{
	uint32_t n;

	/* Absent is all of them. */
	if (streq(text, "*"))
		return 0;
	if (parse_u32(text, &n) < 0)
		return -EINVAL;
	*ret = (struct opt_i64){ true, n };
	return 0;
}

/* "c 1:3 rwm" */
static int add_numbered(struct spec_edit *ed, const char *text, struct err *e)
{
	auto_(strv) struct strv words = { 0 }, numbers = { 0 };
	struct spec_device_rule rule = { .allow = true }, *list;

	strv_split(&words, text, ' ', false);
	if (words.n == 3)
		strv_split(&numbers, words.v[1], ':', false);
	if (words.n != 3 || numbers.n != 2 || strlen(words.v[0]) != 1 ||
	    !strchr("abc", words.v[0][0]) || parse_number(numbers.v[0], &rule.major) < 0 ||
	    parse_number(numbers.v[1], &rule.minor) < 0 || !is_access(words.v[2]))
		return err_set(e, EINVAL, "expected TYPE MAJOR:MINOR ACCESS, such as 'c 10:* rw'");
	rule.type = arena_strdup(ed->a, words.v[0]);
	rule.access = arena_strdup(ed->a, words.v[2]);
	list = edit_push(ed->a, &edit_resources_of(ed)->devices, sizeof(*list));
	*list = rule;
	return 0;
}

/* ---- --privileged ---- */

static int allow_all(struct spec_edit *ed, struct err *e)
{
	struct spec_device_rule *rule = arena_alloc(ed->a, 1, sizeof(*rule));

	/* A user namespace has the devices that are mounted, and no control group asks. */
	if (ed->rootless)
		return 0;
	*rule = (struct spec_device_rule){ .allow = true, .access = ALL_ACCESS };
	edit_resources_of(ed)->devices = (struct oci_array){ rule, 1 };
	return add_tree(ed, &(struct device){ "/dev", "/dev", ALL_ACCESS }, true, e);
}

int edit_devices(struct spec_edit *ed, struct err *e)
{
	const struct container_options *o = ed->options;
	int r = o->privileged ? allow_all(ed, e) : 0;

	for (size_t i = 0; i < o->devices.n && r >= 0; i++) {
		if (cdi_looks_like_name(o->devices.v[i]))
			continue; /* edit_cdi() */
		r = add_named(ed, o->devices.v[i], e);
		if (r < 0)
			return err_wrap(e, r, "--device '%s'", o->devices.v[i]);
	}
	for (size_t i = 0; i < o->device_rules.n && r >= 0; i++) {
		r = add_numbered(ed, o->device_rules.v[i], e);
		if (r < 0)
			return err_wrap(e, r, "--device-cgroup-rule '%s'", o->device_rules.v[i]);
	}
	return r;
}
