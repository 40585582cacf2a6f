/* SPDX-License-Identifier: Apache-2.0 */
/* --mount: words with commas between them. */
#include <errno.h>

#include "imagetool/bundle/mount_args.h"
#include "libutil/alloc.h"
#include "libutil/csv.h"
#include "libutil/parse.h"

/* ---- Words ---- */

struct spec {
	struct mount_args *args;
	struct mount_arg *arg;
	const char *type; /* static */
	char *source;     /* owned */
	bool non_recursive, recursive_read_only;
};

static void spec_done(struct spec *s)
{
	free(s->source);
}
AUTO_DEFINE_DONE(spec, spec_done)

typedef int word_fn(struct spec *s, const char *value, struct err *e);

static int take_source(struct spec *s, const char *value, struct err *e UNUSED)
{
	free(s->source);
	s->source = xstrdup(value);
	return 0;
}

static int take_target(struct spec *s, const char *value, struct err *e)
{
	free(steal_ptr(&s->arg->destination));
	return mount_arg_destination(value, &s->arg->destination, e);
}

static int parse_flag(const char *value, bool *ret, struct err *e)
{
	*ret = true;
	if (value && parse_bool(value, ret) < 0)
		return err_set(e, EINVAL, "'%s' is neither true nor false", value);
	return 0;
}

static int take_read_only(struct spec *s, const char *value, struct err *e)
{
	bool on;
	int r = parse_flag(value, &on, e);

	if (r >= 0 && on)
		strv_add(&s->arg->options, "ro");
	return r;
}

static int take_consistency(struct spec *s, const char *value UNUSED, struct err *e UNUSED)
{
	s->args->consistency++;
	return 0;
}

static int take_propagation(struct spec *s, const char *value, struct err *e)
{
	if (!mount_arg_is_propagation(value))
		return err_set(e, EINVAL, "unknown propagation '%s'", value);
	strv_add(&s->arg->options, value);
	return 0;
}

static int take_non_recursive(struct spec *s, const char *value, struct err *e)
{
	return parse_flag(value, &s->non_recursive, e);
}

static int take_recursive(struct spec *s, const char *value, struct err *e)
{
	s->non_recursive = streq(value, "disabled");
	s->recursive_read_only = streq(value, "readonly");
	/* "writable": what is mounted below stays as it is, which "ro" means by itself. */
	if (!s->non_recursive && !s->recursive_read_only && !streq(value, "enabled") &&
	    !streq(value, "writable"))
		return err_set(e, EINVAL, "expected enabled, disabled, writable or readonly");
	return 0;
}

static int take_no_copy(struct spec *s, const char *value, struct err *e)
{
	return parse_flag(value, &s->arg->no_copy, e);
}

static int take_size(struct spec *s, const char *value, struct err *e)
{
	int64_t size;

	if (parse_size(value, &size) < 0 || size < 0)
		return err_set(e, EINVAL, "'%s' is no size such as 64m", value);
	strv_addf(&s->arg->options, "size=%lld", (long long)size);
	return 0;
}

static int take_mode(struct spec *s, const char *value, struct err *e)
{
	if (!*value || strlen(value) > 5 || value[strspn(value, "01234567")])
		return err_set(e, EINVAL, "'%s' is no mode such as 1777", value);
	strv_addf(&s->arg->options, "mode=%s", value);
	return 0;
}

/* The container could put a link there, which the runtime would follow at its next start. */
static int refuse_subpath(struct spec *s UNUSED, const char *value UNUSED, struct err *e)
{
	return err_set(e, ENOTSUP,
		       "a bundle can't hold on to a directory inside a volume: mount the "
		       "whole volume, or that directory by type=bind");
}

static int refuse_driver(struct spec *s UNUSED, const char *value, struct err *e)
{
	if (value && streq(value, "local"))
		return 0;
	return err_set(e, ENOTSUP,
		       "volumes are directories of the bundle: mount what a driver "
		       "provides by type=bind");
}

#define BINDS   "bind"
#define VOLUMES "volume"
#define TMPFS   "tmpfs"

/* `only`: the type it belongs to; NULL: all. */
static const struct word_row {
	const char *name, *only;
	bool optional; /* the value */
	word_fn *take;
} words[] = {
	{ "source", NULL, false, take_source },
	{ "src", NULL, false, take_source },
	{ "target", NULL, false, take_target },
	{ "destination", NULL, false, take_target },
	{ "dst", NULL, false, take_target },
	{ "readonly", NULL, true, take_read_only },
	{ "ro", NULL, true, take_read_only },
	{ "consistency", NULL, false, take_consistency },
	{ "bind-propagation", BINDS, false, take_propagation },
	{ "bind-nonrecursive", BINDS, true, take_non_recursive },
	{ "bind-recursive", BINDS, false, take_recursive },
	{ "volume-nocopy", VOLUMES, true, take_no_copy },
	{ "volume-subpath", VOLUMES, false, refuse_subpath },
	{ "volume-driver", VOLUMES, false, refuse_driver },
	{ "volume-opt", VOLUMES, false, refuse_driver },
	{ "volume-label", VOLUMES, false, refuse_driver },
	{ "tmpfs-size", TMPFS, false, take_size },
	{ "tmpfs-mode", TMPFS, false, take_mode },
};

static int take_word(struct spec *s, const char *word, struct err *e)
{
	size_t len = strcspn(word, "=");
	const char *value = word[len] ? word + len + 1 : NULL;

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		const struct word_row *w = &words[i];
		int r;

		if (strlen(w->name) != len || strncmp(w->name, word, len) != 0)
			continue;
		if (w->only && !streq(w->only, s->type))
			return err_set(e, EINVAL, "'%s' is for type=%s", w->name, w->only);
		if (!w->optional && !value)
			return err_set(e, EINVAL, "'%s': a value is missing", w->name);
		r = w->take(s, value, e);
		return r < 0 ? err_wrap(e, r, "%s", w->name) : 0;
	}
	return err_set(e, EINVAL, "unknown word '%.*s'", (int)(len < 80 ? len : 80), word);
}

/* ---- The whole ---- */

static const struct {
	const char *name;
	enum mount_kind kind;
} types[] = { { BINDS, MOUNT_BIND }, { VOLUMES, MOUNT_VOLUME }, { TMPFS, MOUNT_TMPFS } };

/* The type may stand anywhere, and says what the other words mean. */
static int find_type(const struct strv *list, struct spec *s, struct err *e)
{
	const char *name = VOLUMES;

	for (size_t i = 0; i < list->n; i++)
		if (starts_with(list->v[i], "type="))
			name = list->v[i] + strlen("type=");
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (!streq(types[i].name, name))
			continue;
		s->type = types[i].name;
		s->arg->kind = types[i].kind;
		return 0;
	}
	return err_set(e, EINVAL, "type '%s' is none of bind, volume, tmpfs", name);
}

static int finish(struct spec *s, struct err *e)
{
	struct mount_arg *a = s->arg;

	if (!a->destination)
		return err_set(e, EINVAL, "there is no target=");
	if (a->kind == MOUNT_TMPFS && s->source)
		return err_set(e, EINVAL, "a tmpfs has no source");
	if (a->kind == MOUNT_TMPFS)
		return 0;
	if (a->kind == MOUNT_BIND && (!s->source || !*s->source))
		return err_set(e, EINVAL, "there is no source=");
	if (s->recursive_read_only) {
		if (!strv_has(&a->options, "ro"))
			return err_set(e, EINVAL, "bind-recursive=readonly needs readonly");
		strv_add(&a->options, "rro");
	}
	if (s->non_recursive)
		strv_add(&a->options, "bind");
	mount_arg_bind_defaults(a);
	if (a->kind == MOUNT_BIND) {
		a->source = steal_ptr(&s->source);
		return 0;
	}
	if (!s->source)
		return 0;
	return mount_arg_source(a, s->source, e) < 0 ? -EINVAL
	       : a->kind == MOUNT_VOLUME
		       ? 0
		       : err_set(e, EINVAL, "source '%s' is a path: type=bind mounts those",
				 s->source);
}

static int split(const char *text, struct strv *ret, struct err *e)
{
	auto_(strbuf) struct strbuf word = { 0 };
	const char *at = text;

	do {
		if (!csv_next(&at, &word))
			return err_set(e, EINVAL, "its quotes don't match");
		if (word.len)
			strv_add(ret, strbuf_str(&word));
	} while (*at);
	return ret->n ? 0 : err_set(e, EINVAL, "it is empty");
}

static int parse(struct spec *s, const char *text, struct err *e)
{
	auto_(strv) struct strv list = { 0 };
	int r = split(text, &list, e);

	if (r >= 0)
		r = find_type(&list, s, e);
	if (r < 0)
		return r;
	/* What is said in words wins over these. */
	if (s->arg->kind == MOUNT_TMPFS)
		mount_arg_tmpfs_defaults(s->arg);
	for (size_t i = 0; i < list.n && r >= 0; i++)
		if (!starts_with(list.v[i], "type="))
			r = take_word(s, list.v[i], e);
	return r < 0 ? r : finish(s, e);
}

int mount_args_add_spec(struct mount_args *m, const char *text, struct err *e)
{
	auto_(spec) struct spec s = { .args = m, .arg = mount_args_new(m, MOUNT_VOLUME) };
	int r = parse(&s, text, e);

	return r < 0 ? err_wrap(e, r, "mount '%s'", text) : 0;
}
