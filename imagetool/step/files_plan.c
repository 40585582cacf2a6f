/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/step/files_plan.h"

#include <errno.h>

#include "imagetool/bundle/users.h"
#include "imagetool/context/wildcard.h"
#include "libutil/parse.h"
#include "libutil/path.h"

#define DIR_MODE 0755

void files_plan_done(struct files_plan *p)
{
	arena_done(&p->arena);
}

static bool is_number(const char *text)
{
	return *text && text[strspn(text, "0123456789")] == '\0';
}

static bool has_names(const char *spec)
{
	return spec[strspn(spec, "0123456789:")] != '\0';
}

int files_owner(int usersfd, const char *spec, uid_t *ret_uid, gid_t *ret_gid, struct err *e)
{
	autofree char *both = is_number(spec) ? xasprintf("%s:%s", spec, spec) : xstrdup(spec);
	auto_(bundle_user) struct bundle_user user = { 0 };
	int r;

	if (usersfd >= 0)
		r = users_lookup(usersfd, both, &user, e);
	else
		r = users_resolve(both, NULL, NULL, &user, e);
	if (r < 0)
		return err_wrap(e, r, "--chown=%.100s%s", spec,
				usersfd < 0 && has_names(spec) ? " on an empty image" : "");
	*ret_uid = user.uid;
	*ret_gid = user.gid;
	return 0;
}

int files_plan_make(const struct vertex_files *f, int usersfd, struct files_plan *ret,
		    struct err *e)
{
	struct files_plan p = { .made = { .mode = DIR_MODE } };
	int r = 0;

	p.attrs.has_owner = f->chown != NULL && *f->chown;
	if (p.attrs.has_owner)
		r = files_owner(usersfd, f->chown, &p.attrs.uid, &p.attrs.gid, e);
	p.made.chown = p.attrs.has_owner;
	p.made.uid = p.attrs.uid;
	p.made.gid = p.attrs.gid;
	p.attrs.has_mode = f->chmod != NULL && *f->chmod;
	if (r >= 0 && p.attrs.has_mode)
		r = mode_set_parse(f->chmod, &p.attrs.mode, e);
	if (p.attrs.has_mode && p.attrs.mode.octal)
		p.made.mode = p.attrs.mode.mode & 0777;
	for (size_t i = 0; i < f->n_exclude && r >= 0; i++)
		r = ignore_add(&p.exclude, f->exclude[i], &p.arena, e);
	if (r < 0) {
		files_plan_done(&p);
		return r;
	}
	*ret = p;
	return 0;
}

/* "a/./b/ *.c": from `a` on, what fits the rest, with its directories. */
int files_want_make(const struct vertex_files *f, const char *path, struct arena *a,
		    struct files_want *ret, struct err *e)
{
	struct files_want w = { .pattern = path, .parents = f->parents };
	const char *pivot = f->parents ? strstr(path, "/./") : NULL;
	autofree char *rooted = NULL, *clean = NULL, *required = NULL;
	int r;

	if (!f->parents) {
		*ret = w;
		return 0;
	}
	w.pattern = pivot ? arena_strndup(a, path, (size_t)(pivot - path)) : "/";
	rooted = path_join("/", pivot ? pivot + 3 : path);
	clean = path_clean(rooted);
	r = ignore_add(&w.include, clean + 1, a, e);
	if (r < 0)
		return r;
	required = path_join(w.pattern, clean + 1);
	if (!required[wildcard_plain_part(required)])
		w.required = arena_strdup(a, required);
	*ret = w;
	return 0;
}
