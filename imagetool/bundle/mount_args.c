/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/bundle/mount_args.h"

#include <errno.h>

#include "libutil/alloc.h"
#include "libutil/ids.h"
#include "libutil/path.h"

/* Options that mount(8) users know and every runtime takes. */
static const char *const bind_words[] = { "ro",       "rw",      "rbind",    "bind",  "private",
					  "rprivate", "shared",  "rshared",  "slave", "rslave",
					  "nosuid",   "suid",    "nodev",    "dev",   "noexec",
					  "exec",     "noatime", "relatime", NULL };
static const char *const tmpfs_words[] = {
	"ro",     "rw",   "nosuid",     "suid",       "nodev", "dev",
	"noexec", "exec", "noatime",    "relatime",   "size=", "mode=",
	"uid=",   "gid=", "nr_inodes=", "nr_blocks=", "huge=", NULL
};
/* What a tmpfs gets when the person does not say. */
static const char *const tmpfs_defaults[] = { "nosuid", "nodev", "noexec", NULL };

void mount_args_done(struct mount_args *m)
{
	for (size_t i = 0; i < m->n; i++) {
		free(m->items[i].source);
		free(m->items[i].destination);
		strv_done(&m->items[i].options);
	}
	free(m->items);
	*m = (struct mount_args){ 0 };
}

static bool is_known(const char *const *words, const char *option)
{
	for (; *words; words++) {
		size_t len = strlen(*words);

		if ((*words)[len - 1] == '=' ? strncmp(*words, option, len) == 0
					     : streq(*words, option))
			return true;
	}
	return false;
}

static int add_options(struct strv *to, const char *text, const char *const *words, struct err *e)
{
	auto_(strv) struct strv list = { 0 };

	strv_split(&list, text, ',', true);
	for (size_t i = 0; i < list.n; i++) {
		if (!is_known(words, list.v[i]))
			return err_set(e, EINVAL, "unknown mount option '%s'", list.v[i]);
		strv_add(to, list.v[i]);
	}
	return 0;
}

static struct mount_arg *new_arg(struct mount_args *m, enum mount_kind kind)
{
	if (m->n == m->cap) {
		m->cap = m->cap ? 2 * m->cap : 8;
		m->items = xreallocarray(m->items, m->cap, sizeof(*m->items));
	}
	m->items[m->n] = (struct mount_arg){ .kind = kind };
	return &m->items[m->n++];
}

/* Owned, absolute and clean. */
static int parse_destination(const char *text, char **ret, struct err *e)
{
	autofree char *clean = NULL;

	if (!path_is_absolute(text))
		return err_set(e, EINVAL, "'%s' is not an absolute path in the container", text);
	clean = path_clean(text);
	if (streq(clean, "/"))
		return err_set(e, EINVAL, "nothing can be mounted on the root itself");
	*ret = steal_ptr(&clean);
	return 0;
}

/* A name becomes a directory's, so it is held to what ids may be. */
static int parse_source(struct mount_arg *a, const char *text, struct err *e)
{
	if (strchr(text, '/') || text[0] == '.') {
		a->kind = MOUNT_BIND;
	} else {
		int r = id_check(text, e);

		if (r < 0)
			return err_wrap(e, r, "volume name");
	}
	a->source = xstrdup(text);
	return 0;
}

static bool has_propagation(const struct strv *options)
{
	static const char *const words[] = { "private", "rprivate", "shared", "rshared",
					     "slave",   "rslave",   NULL };

	for (const char *const *w = words; *w; w++)
		if (strv_has(options, *w))
			return true;
	return false;
}

static void add_bind_defaults(struct strv *options)
{
	if (!strv_has(options, "bind") && !strv_has(options, "rbind"))
		strv_add(options, "rbind");
	if (!has_propagation(options))
		strv_add(options, "rprivate");
}

static int parse_volume(struct mount_arg *a, const struct strv *parts, struct err *e)
{
	bool anonymous = parts->n == 1;
	int r = 0;

	if (parts->n > 3)
		return err_set(e, EINVAL, "expected SRC:DST[:OPTIONS]");
	if (!anonymous)
		r = parse_source(a, parts->v[0], e);
	if (r >= 0)
		r = parse_destination(parts->v[anonymous ? 0 : 1], &a->destination, e);
	if (r >= 0 && parts->n == 3)
		r = add_options(&a->options, parts->v[2], bind_words, e);
	if (r >= 0)
		add_bind_defaults(&a->options);
	return r;
}

int mount_args_add_volume(struct mount_args *m, const char *text, struct err *e)
{
	auto_(strv) struct strv parts = { 0 };
	int r;

	strv_split(&parts, text, ':', false);
	if (parts.n == 0)
		return err_set(e, EINVAL, "volume '%s': expected SRC:DST[:OPTIONS]", text);
	r = parse_volume(new_arg(m, MOUNT_VOLUME), &parts, e);
	return r < 0 ? err_wrap(e, r, "volume '%s'", text) : 0;
}

int mount_args_add_tmpfs(struct mount_args *m, const char *text, struct err *e)
{
	const char *colon = strchr(text, ':');
	autofree char *path = colon ? xstrndup(text, (size_t)(colon - text)) : xstrdup(text);
	struct mount_arg *a = new_arg(m, MOUNT_TMPFS);
	int r = parse_destination(path, &a->destination, e);

	for (const char *const *w = tmpfs_defaults; *w; w++)
		strv_add(&a->options, *w);
	/* Later words win, so "exec" undoes the default. */
	if (r >= 0 && colon)
		r = add_options(&a->options, colon + 1, tmpfs_words, e);
	return r < 0 ? err_wrap(e, r, "tmpfs '%s'", text) : 0;
}

int mount_args_add_image_volume(struct mount_args *m, const char *path, struct err *e)
{
	autofree char *destination = NULL;
	struct mount_arg *a;
	int r = parse_destination(path, &destination, e);

	if (r < 0)
		return err_wrap(e, r, "volume '%s' of the image", path);
	for (size_t i = 0; i < m->n; i++)
		if (streq(m->items[i].destination, destination))
			return 0;
	a = new_arg(m, MOUNT_VOLUME);
	a->destination = steal_ptr(&destination);
	add_bind_defaults(&a->options);
	return 0;
}

static int by_destination(const void *a, const void *b)
{
	const struct mount_arg *x = a, *y = b;

	return strcmp(x->destination, y->destination);
}

void mount_args_sort(struct mount_args *m)
{
	if (m->n)
		qsort(m->items, m->n, sizeof(*m->items), by_destination);
}
