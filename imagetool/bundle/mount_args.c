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
/* Not for the mount itself. */
static const char *const consistency_words[] = { "consistent", "cached", "delegated", "default",
						 NULL };
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

struct mount_arg *mount_args_new(struct mount_args *m, enum mount_kind kind)
{
	if (m->n == m->cap) {
		m->cap = m->cap ? 2 * m->cap : 8;
		m->items = xreallocarray(m->items, m->cap, sizeof(*m->items));
	}
	m->items[m->n] = (struct mount_arg){ .kind = kind };
	return &m->items[m->n++];
}

int mount_arg_destination(const char *text, char **ret, struct err *e)
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
int mount_arg_source(struct mount_arg *a, const char *text, struct err *e)
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

bool mount_arg_is_propagation(const char *word)
{
	static const char *const words[] = { "private", "rprivate", "shared", "rshared",
					     "slave",   "rslave",   NULL };

	return is_known(words, word);
}

static bool has_propagation(const struct strv *options)
{
	for (size_t i = 0; i < options->n; i++)
		if (mount_arg_is_propagation(options->v[i]))
			return true;
	return false;
}

void mount_arg_bind_defaults(struct mount_arg *a)
{
	if (!strv_has(&a->options, "bind") && !strv_has(&a->options, "rbind"))
		strv_add(&a->options, "rbind");
	if (!has_propagation(&a->options))
		strv_add(&a->options, "rprivate");
}

void mount_arg_tmpfs_defaults(struct mount_arg *a)
{
	for (const char *const *w = tmpfs_defaults; *w; w++)
		strv_add(&a->options, *w);
}

/* The words of -v that are not the mount's own; false for those that are. */
static bool take_word(struct mount_args *m, struct mount_arg *a, const char *word)
{
	if (is_known(consistency_words, word))
		m->consistency++;
	else if (streq(word, "nocopy") && a->kind == MOUNT_VOLUME)
		a->no_copy = true;
	else if ((streq(word, "z") || streq(word, "Z")) && a->kind == MOUNT_BIND)
		a->relabel = true;
	else
		return false;
	return true;
}

static int add_volume_options(struct mount_args *m, struct mount_arg *a, const char *text,
			      struct err *e)
{
	auto_(strv) struct strv list = { 0 };
	int r = 0;

	strv_split(&list, text, ',', true);
	for (size_t i = 0; i < list.n && r >= 0; i++)
		if (!take_word(m, a, list.v[i]))
			r = add_options(&a->options, list.v[i], bind_words, e);
	return r;
}

static int parse_volume(struct mount_args *m, struct mount_arg *a, const struct strv *parts,
			struct err *e)
{
	bool anonymous = parts->n == 1;
	int r = 0;

	if (parts->n > 3)
		return err_set(e, EINVAL, "expected SRC:DST[:OPTIONS]");
	if (!anonymous)
		r = mount_arg_source(a, parts->v[0], e);
	if (r >= 0)
		r = mount_arg_destination(parts->v[anonymous ? 0 : 1], &a->destination, e);
	if (r >= 0 && parts->n == 3)
		r = add_volume_options(m, a, parts->v[2], e);
	if (r >= 0)
		mount_arg_bind_defaults(a);
	return r;
}

int mount_args_add_volume(struct mount_args *m, const char *text, struct err *e)
{
	auto_(strv) struct strv parts = { 0 };
	int r;

	strv_split(&parts, text, ':', false);
	if (parts.n == 0)
		return err_set(e, EINVAL, "volume '%s': expected SRC:DST[:OPTIONS]", text);
	r = parse_volume(m, mount_args_new(m, MOUNT_VOLUME), &parts, e);
	return r < 0 ? err_wrap(e, r, "volume '%s'", text) : 0;
}

int mount_args_add_tmpfs(struct mount_args *m, const char *text, struct err *e)
{
	const char *colon = strchr(text, ':');
	autofree char *path = colon ? xstrndup(text, (size_t)(colon - text)) : xstrdup(text);
	struct mount_arg *a = mount_args_new(m, MOUNT_TMPFS);
	int r = mount_arg_destination(path, &a->destination, e);

	mount_arg_tmpfs_defaults(a);
	/* Later words win, so "exec" undoes the default. */
	if (r >= 0 && colon)
		r = add_options(&a->options, colon + 1, tmpfs_words, e);
	return r < 0 ? err_wrap(e, r, "tmpfs '%s'", text) : 0;
}

bool mount_args_has(const struct mount_args *m, const char *destination)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->items[i].destination && streq(m->items[i].destination, destination))
			return true;
	return false;
}

void mount_args_add_file(struct mount_args *m, const char *source, const char *destination,
			 bool read_only)
{
	struct mount_arg *a;

	if (mount_args_has(m, destination))
		return;
	a = mount_args_new(m, MOUNT_FILE);
	a->source = xstrdup(source);
	a->destination = xstrdup(destination);
	if (read_only)
		strv_add(&a->options, "ro");
	mount_arg_bind_defaults(a);
}

void mount_args_add_bind(struct mount_args *m, const char *source, const char *destination,
			 const struct strv *options)
{
	struct mount_arg *a;

	if (mount_args_has(m, destination))
		return;
	a = mount_args_new(m, MOUNT_BIND);
	a->source = xstrdup(source);
	a->destination = xstrdup(destination);
	for (size_t i = 0; i < options->n; i++)
		strv_add(&a->options, options->v[i]);
	mount_arg_bind_defaults(a);
}

int mount_args_check(const struct mount_args *m, struct err *e)
{
	for (size_t i = 0; i < m->n; i++)
		for (size_t k = 0; k < i; k++)
			if (streq(m->items[i].destination, m->items[k].destination))
				return err_set(e, EINVAL, "two mounts are on '%s'",
					       m->items[i].destination);
	return 0;
}

int mount_args_add_image_volume(struct mount_args *m, const char *path, struct err *e)
{
	autofree char *destination = NULL;
	struct mount_arg *a;
	int r = mount_arg_destination(path, &destination, e);

	if (r < 0)
		return err_wrap(e, r, "volume '%s' of the image", path);
	if (mount_args_has(m, destination))
		return 0;
	a = mount_args_new(m, MOUNT_VOLUME);
	a->destination = steal_ptr(&destination);
	mount_arg_bind_defaults(a);
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
