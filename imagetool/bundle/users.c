/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/bundle/users.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "libutil/alloc.h"
#include "libutil/beneath.h"
#include "libutil/file.h"
#include "libutil/parse.h"

#define MAX_FIELDS 7

/* One line's fields, pointing into the text; they end at ':' or at the line's end. */
struct field_text {
	const char *s;
	size_t len;
};
struct line {
	struct field_text field[MAX_FIELDS];
	size_t n;
};

/* Cut the line at *at and move on to the next. Returns false at the end of the text. */
static bool next_line(const char **at, struct line *ret)
{
	const char *p = *at;

	if (!*p)
		return false;
	ret->n = 0;
	for (;;) {
		size_t len = strcspn(p, ":\n");

		if (ret->n < MAX_FIELDS)
			ret->field[ret->n++] = (struct field_text){ p, len };
		p += len;
		if (*p != ':')
			break;
		p++;
	}
	*at = *p ? p + 1 : p;
	return true;
}

static bool field_is(const struct field_text *f, const char *s, size_t len)
{
	return f->len == len && memcmp(f->s, s, len) == 0;
}

/* An id of a file; lines with anything else there are skipped, as libc skips them. */
static bool field_id(const struct field_text *f, uint32_t *ret)
{
	char text[16];

	if (f->len == 0 || f->len >= sizeof(text))
		return false;
	memcpy(text, f->s, f->len);
	text[f->len] = '\0';
	return parse_id(text, ret) == 0;
}

struct passwd_line {
	struct field_text name;
	uint32_t uid, gid;
};

/* The first line with this name, or, with `name` NULL, with this uid. */
static bool find_user(const char *passwd, const char *name, uint32_t uid, struct passwd_line *ret)
{
	struct line l;

	while (passwd && next_line(&passwd, &l)) {
		struct passwd_line p = { .name = l.field[0] };

		if (l.n < 4 || !field_id(&l.field[2], &p.uid) || !field_id(&l.field[3], &p.gid))
			continue;
		if (name ? field_is(&p.name, name, strlen(name)) : p.uid == uid) {
			*ret = p;
			return true;
		}
	}
	return false;
}

static bool find_group(const char *group, const char *name, uint32_t *ret)
{
	struct line l;

	while (group && next_line(&group, &l))
		if (l.n >= 3 && field_is(&l.field[0], name, strlen(name)) &&
		    field_id(&l.field[2], ret))
			return true;
	return false;
}

/* Is `name` in the comma-separated list? */
static bool is_member(const struct field_text *list, const struct field_text *name)
{
	const char *p = list->s, *end = list->s + list->len;

	while (p < end) {
		const char *comma = memchr(p, ',', (size_t)(end - p));
		size_t len = (size_t)((comma ? comma : end) - p);

		if (len && field_is(name, p, len))
			return true;
		p += len + 1;
	}
	return false;
}

static int add_groups(const char *group, const struct field_text *name, struct bundle_user *u,
		      struct err *e)
{
	struct line l;
	size_t cap = 0;
	uint32_t gid;

	while (group && next_line(&group, &l)) {
		if (l.n < 4 || !field_id(&l.field[2], &gid) || !is_member(&l.field[3], name))
			continue;
		if (u->n_groups == USERS_GROUPS_MAX)
			return err_set(e, E2BIG, "more than %d groups", USERS_GROUPS_MAX);
		if (u->n_groups == cap) {
			cap = cap ? 2 * cap : 8;
			u->groups = xreallocarray(u->groups, cap, sizeof(*u->groups));
		}
		u->groups[u->n_groups++] = gid;
	}
	return 0;
}

static int resolve_group(const char *name, const char *group, uint32_t *ret, struct err *e)
{
	if (parse_id(name, ret) == 0 || find_group(group, name, ret))
		return 0;
	return err_set(e, ENOENT, "group '%s' is not in the image's /etc/group", name);
}

enum groups_of { GROUPS_OF_NAMES, GROUPS_OF_NUMBERS_TOO };

static int resolve(const char *spec, const char *passwd, const char *group, enum groups_of which,
		   struct bundle_user *ret, struct err *e)
{
	const char *colon = strchr(spec, ':');
	autofree char *name = colon ? xstrndup(spec, (size_t)(colon - spec)) : xstrdup(spec);
	bool has_group = colon && colon[1];
	auto_(bundle_user) struct bundle_user u = { 0 };
	struct passwd_line line = { 0 };
	int r = 0;

	if (!*name || parse_id(name, &u.uid) == 0) {
		if (*name && find_user(passwd, NULL, u.uid, &line)) {
			u.gid = line.gid;
			if (which == GROUPS_OF_NUMBERS_TOO && !has_group)
				r = add_groups(group, &line.name, &u, e);
		}
	} else if (find_user(passwd, name, 0, &line)) {
		u.uid = line.uid;
		u.gid = line.gid;
		if (!has_group)
			r = add_groups(group, &line.name, &u, e);
	} else {
		r = err_set(e, ENOENT, "user '%s' is not in the image's /etc/passwd", name);
	}
	if (r >= 0 && has_group)
		r = resolve_group(colon + 1, group, &u.gid, e);
	if (r < 0)
		return r;
	*ret = u;
	u = (struct bundle_user){ 0 };
	return 0;
}

int users_resolve(const char *spec, const char *passwd, const char *group, struct bundle_user *ret,
		  struct err *e)
{
	return resolve(spec, passwd, group, GROUPS_OF_NAMES, ret, e);
}

void bundle_user_done(struct bundle_user *u)
{
	free(u->groups);
	*u = (struct bundle_user){ 0 };
}

/* *ret stays NULL when there is no such file. */
static int read_inside(int rootfd, const char *path, char **ret, struct err *e)
{
	/* O_NONBLOCK: a fifo must not make us wait before it can be refused. */
	autofd int fd =
		beneath_open(rootfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, BENEATH_CHROOT, e);
	struct stat st;
	int r;

	if (fd == -ENOENT) {
		err_clear(e);
		return 0;
	}
	if (fd < 0)
		return err_wrap(e, fd, "the image's users");
	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat the image's '%s'", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, EINVAL, "the image's '%s' is not a regular file", path);
	r = file_read_fd(fd, path, USERS_FILE_MAX, ret, NULL, e);
	return r < 0 ? err_wrap(e, r, "the image's users") : 0;
}

/* "1000:1000" asks for no file, and a broken one is then no reason to fail. */
static bool needs_files(const char *spec)
{
	const char *colon = strchr(spec, ':');
	autofree char *name = colon ? xstrndup(spec, (size_t)(colon - spec)) : xstrdup(spec);
	uint32_t id;

	if (!*spec)
		return false;
	return !colon || parse_id(name, &id) < 0 || parse_id(colon + 1, &id) < 0;
}

static int look_up(int rootfd, const char *spec, enum groups_of which, struct bundle_user *ret,
		   struct err *e)
{
	autofree char *passwd = NULL, *group = NULL;
	int r = 0;

	if (needs_files(spec)) {
		r = read_inside(rootfd, "etc/passwd", &passwd, e);
		if (r >= 0)
			r = read_inside(rootfd, "etc/group", &group, e);
	}
	return r < 0 ? r : resolve(spec, passwd, group, which, ret, e);
}

int users_lookup(int rootfd, const char *spec, struct bundle_user *ret, struct err *e)
{
	return look_up(rootfd, spec, GROUPS_OF_NAMES, ret, e);
}

static void put_first(struct bundle_user *u, uint32_t gid)
{
	for (size_t i = 0; i < u->n_groups; i++)
		if (u->groups[i] == gid)
			return;
	u->groups = xreallocarray(u->groups, u->n_groups + 1, sizeof(*u->groups));
	memmove(u->groups + 1, u->groups, u->n_groups * sizeof(*u->groups));
	u->groups[0] = gid;
	u->n_groups++;
}

int users_lookup_step(int rootfd, const char *spec, struct bundle_user *ret, struct err *e)
{
	bool nobody_said = !*spec;
	int r = look_up(rootfd, nobody_said ? "0" : spec, GROUPS_OF_NUMBERS_TOO, ret, e);

	if (r < 0 && nobody_said) {
		err_clear(e);
		r = 0;
	}
	if (r >= 0)
		put_first(ret, ret->gid);
	return r;
}

int users_add_group(int rootfd, const char *name, struct bundle_user *u, struct err *e)
{
	autofree char *group = NULL;
	uint32_t gid = 0;
	int r = parse_id(name, &gid) == 0 ? 0 : read_inside(rootfd, "etc/group", &group, e);

	if (r >= 0)
		r = resolve_group(name, group, &gid, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < u->n_groups; i++)
		if (u->groups[i] == gid)
			return 0;
	if (u->n_groups >= USERS_GROUPS_MAX)
		return err_set(e, E2BIG, "more than %d groups", USERS_GROUPS_MAX);
	u->groups = xreallocarray(u->groups, u->n_groups + 1, sizeof(*u->groups));
	u->groups[u->n_groups++] = gid;
	return 0;
}
