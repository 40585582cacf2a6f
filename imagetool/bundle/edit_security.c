/* SPDX-License-Identifier: Apache-2.0 */
/* --security-opt and what --privileged means for filters, labels and hidden paths. */
#include <errno.h>
#include <unistd.h>

#include "imagetool/bundle/edit.h"
#include "imagetool/bundle/seccomp.h"
#include "libutil/parse.h"
#include "libutil/path.h"

#define SELINUX_PLACE "/sys/fs/selinux/enforce"
/* What policies call a container's process and its files. */
#define SELINUX_USER      "system_u"
#define SELINUX_ROLE      "system_r"
#define SELINUX_FILE_ROLE "object_r"
#define SELINUX_TYPE      "container_t"
#define SELINUX_FILE_TYPE "container_file_t"
#define SELINUX_LEVEL     "s0"

struct selinux {
	bool set;
	const char *user, *role, *type, *file_type, *level;
};

struct security {
	struct spec_edit *ed;
	const char *seccomp; /* file, or a word; NULL: the default */
	struct selinux label;
};

/* ---- One option each ---- */

static int take_no_new_privileges(struct security *s, const char *value, struct err *e)
{
	bool on = true;

	if (value && parse_bool(value, &on) < 0)
		return err_set(e, EINVAL, "'%s' is neither true nor false", value);
	s->ed->spec->process->no_new_privileges = on;
	return 0;
}

static int take_seccomp(struct security *s, const char *value, struct err *e UNUSED)
{
	s->seccomp = value;
	return 0;
}

static int take_apparmor(struct security *s, const char *value, struct err *e UNUSED)
{
	s->ed->spec->process->apparmor_profile = arena_strdup(s->ed->a, value);
	return 0;
}

static int take_label(struct security *s, const char *value, struct err *e)
{
	const struct {
		const char *name;
		const char **target;
	} parts[] = {
		{ "user:", &s->label.user },   { "role:", &s->label.role },
		{ "type:", &s->label.type },   { "filetype:", &s->label.file_type },
		{ "level:", &s->label.level },
	};

	/* No label is what a bundle has when nobody asks for one. */
	if (streq(value, "disable")) {
		s->label = (struct selinux){ 0 };
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		size_t len = strlen(parts[i].name);

		if (strncmp(value, parts[i].name, len) != 0 || !value[len])
			continue;
		if (access(SELINUX_PLACE, F_OK) < 0)
			return err_set(e, ENOTSUP, "this host has no SELinux");
		*parts[i].target = value + len;
		s->label.set = true;
		return 0;
	}
	return err_set(e, EINVAL, "expected disable, user:, role:, type:, filetype: or level:");
}

static int take_systempaths(struct security *s, const char *value, struct err *e)
{
	if (!streq(value, "unconfined"))
		return err_set(e, EINVAL, "the only value is unconfined");
	s->ed->spec->linux_->masked_paths.n = 0;
	s->ed->spec->linux_->readonly_paths.n = 0;
	return 0;
}

static int each_path(struct security *s, const char *value,
		     void (*act)(struct spec_edit *ed, const char *path), struct err *e)
{
	auto_(strv) struct strv paths = { 0 };

	strv_split(&paths, value, ':', true);
	for (size_t i = 0; i < paths.n; i++) {
		autofree char *clean = path_clean(paths.v[i]);

		if (!path_is_absolute(clean))
			return err_set(e, EINVAL, "'%s' is not an absolute path", paths.v[i]);
		act(s->ed, clean);
	}
	return paths.n ? 0 : err_set(e, EINVAL, "no path is given");
}

static void mask_path(struct spec_edit *ed, const char *path)
{
	struct oci_strings *masked = &ed->spec->linux_->masked_paths;

	if (!edit_has_string(masked, path))
		edit_push_string(ed->a, masked, path);
}

static void unmask_path(struct spec_edit *ed, const char *path)
{
	edit_remove_string(&ed->spec->linux_->masked_paths, path);
	edit_remove_string(&ed->spec->linux_->readonly_paths, path);
}

static int take_mask(struct security *s, const char *value, struct err *e)
{
	return each_path(s, value, mask_path, e);
}

static int take_unmask(struct security *s, const char *value, struct err *e)
{
	if (strcasecmp(value, "ALL") == 0)
		return take_systempaths(s, "unconfined", e);
	return each_path(s, value, unmask_path, e);
}

static int take_writable_cgroups(struct security *s, const char *value, struct err *e)
{
	struct spec_mount *m = edit_find_mount(s->ed->spec, "/sys/fs/cgroup");
	bool on = true;

	if (value && parse_bool(value, &on) < 0)
		return err_set(e, EINVAL, "'%s' is neither true nor false", value);
	if (m && on)
		edit_remove_string(&m->options, "ro");
	return 0;
}

static const struct {
	const char *name;
	bool optional; /* the value */
	int (*take)(struct security *s, const char *value, struct err *e);
} words[] = {
	{ "no-new-privileges", true, take_no_new_privileges },
	{ "seccomp", false, take_seccomp },
	{ "apparmor", false, take_apparmor },
	{ "label", false, take_label },
	{ "systempaths", false, take_systempaths },
	{ "mask", false, take_mask },
	{ "unmask", false, take_unmask },
	{ "writable-cgroups", true, take_writable_cgroups },
};

static int take(struct security *s, const char *text, struct err *e)
{
	/* "label:disable" is how docker wrote it once. */
	size_t len = strcspn(text, "=:");
	const char *value = text[len] ? text + len + 1 : NULL;

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		int r;

		if (strlen(words[i].name) != len || strncmp(words[i].name, text, len) != 0)
			continue;
		if (!words[i].optional && (!value || !*value))
			return err_set(e, EINVAL, "--security-opt '%s': a value is missing", text);
		r = words[i].take(s, value, e);
		return r < 0 ? err_wrap(e, r, "--security-opt '%s'", text) : 0;
	}
	return err_set(
		e, EINVAL,
		"--security-opt '%s': expected no-new-privileges, seccomp=, apparmor=, label=, "
		"systempaths=, mask=, unmask= or writable-cgroups",
		text);
}

/* ---- What follows from all of them ---- */

static int set_seccomp(struct security *s, struct err *e)
{
	struct spec_edit *ed = s->ed;
	const struct oci_strings *caps = &ed->spec->process->capabilities->bounding;
	const char *which = s->seccomp                ? s->seccomp
			    : ed->options->privileged ? "unconfined"
						      : "default";
	int r;

	if (streq(which, "unconfined"))
		return 0;
	if (streq(which, "default") || streq(which, "builtin")) {
		ed->spec->linux_->seccomp = seccomp_default(caps, ed->a);
		return 0;
	}
	r = seccomp_read(which, caps, ed->a, &ed->spec->linux_->seccomp, e);
	return r < 0 ? err_wrap(e, r, "--security-opt seccomp") : 0;
}

static const char * or (const char *given, const char *otherwise)
{
	return given ? given : otherwise;
}

static void set_label(struct security *s)
{
	const struct selinux *l = &s->label;
	struct spec_edit *ed = s->ed;

	if (!l->set)
		return;
	ed->spec->process->selinux_label = arena_printf(
		ed->a, "%s:%s:%s:%s", or (l->user, SELINUX_USER), or (l->role, SELINUX_ROLE),
		or (l->type, SELINUX_TYPE), or (l->level, SELINUX_LEVEL));
	ed->spec->linux_->mount_label =
		arena_printf(ed->a, "%s:%s:%s:%s", or (l->user, SELINUX_USER), SELINUX_FILE_ROLE,
			     or (l->file_type, SELINUX_FILE_TYPE), or (l->level, SELINUX_LEVEL));
}

int edit_security(struct spec_edit *ed, struct err *e)
{
	const struct strv *opts = &ed->options->security_opts;
	struct security s = { .ed = ed };
	int r = 0;

	if (ed->options->privileged)
		r = take_systempaths(&s, "unconfined", e);
	for (size_t i = 0; i < opts->n && r >= 0; i++)
		r = take(&s, opts->v[i], e);
	if (r >= 0)
		set_label(&s);
	return r < 0 ? r : set_seccomp(&s, e);
}
