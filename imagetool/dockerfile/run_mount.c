/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/dockerfile/run_mount.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "libutil/csv.h"
#include "libutil/parse.h"
#include "libutil/strbuf.h"
#include "libutil/suggest.h"

#define ALL_TYPES 0xffU
#define BIND      (1U << RUN_MOUNT_BIND)
#define CACHE     (1U << RUN_MOUNT_CACHE)
#define TMPFS     (1U << RUN_MOUNT_TMPFS)
#define SECRET    (1U << RUN_MOUNT_SECRET)
#define SSH       (1U << RUN_MOUNT_SSH)

struct mount_parser {
	struct run_mount *mount;
	unsigned seen; /* of fields[] */
};

typedef int set_fn(struct run_mount *m, const char *key, const char *value, struct err *e);

static int bad_value(const char *key, const char *value, struct err *e)
{
	return err_set(e, EINVAL, "invalid value for '%s': \"%.80s\"", key, value);
}

static const char *const type_names[] = { "bind", "cache", "tmpfs", "secret", "ssh" };
static const char *const sharing_names[] = { "shared", "private", "locked" };

static int find(const char *const *names, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(names[i], text) == 0)
			return (int)i;
	return -1;
}

static int set_type(struct run_mount *m, const char *key UNUSED, const char *value, struct err *e)
{
	int i = find(type_names, ARRAY_LEN(type_names), value);

	if (i < 0)
		return err_set(e, EINVAL, "unsupported mount type \"%.80s\"", value);
	m->type = (enum run_mount_type)i;
	return 0;
}

static int set_sharing(struct run_mount *m, const char *key, const char *value, struct err *e)
{
	int i = find(sharing_names, ARRAY_LEN(sharing_names), value);

	if (i < 0)
		return bad_value(key, value, e);
	m->sharing = (enum run_mount_sharing)i;
	return 0;
}

static int set_target(struct run_mount *m, const char *key UNUSED, const char *value,
		      struct err *e UNUSED)
{
	m->target = value;
	return 0;
}

static int set_source(struct run_mount *m, const char *key UNUSED, const char *value,
		      struct err *e UNUSED)
{
	m->source = value;
	return 0;
}

static int set_from(struct run_mount *m, const char *key UNUSED, const char *value,
		    struct err *e UNUSED)
{
	m->from = value;
	return 0;
}

static int set_id(struct run_mount *m, const char *key UNUSED, const char *value,
		  struct err *e UNUSED)
{
	m->id = value;
	return 0;
}

static int set_env(struct run_mount *m, const char *key, const char *value, struct err *e)
{
	if (!*value || strchr(value, '='))
		return bad_value(key, value, e);
	m->env = value;
	return 0;
}

static int parse_switch(const char *key, const char *value, bool *ret, struct err *e)
{
	if (!value) {
		*ret = true;
		return 0;
	}
	return parse_bool(value, ret) < 0 ? bad_value(key, value, e) : 0;
}

static int set_read_only(struct run_mount *m, const char *key, const char *value, struct err *e)
{
	return parse_switch(key, value, &m->read_only, e);
}

static int set_read_write(struct run_mount *m, const char *key, const char *value, struct err *e)
{
	bool writable;
	int r = parse_switch(key, value, &writable, e);

	if (r >= 0)
		m->read_only = !writable;
	return r;
}

static int set_required(struct run_mount *m, const char *key, const char *value, struct err *e)
{
	return parse_switch(key, value, &m->required, e);
}

static int set_mode(struct run_mount *m, const char *key, const char *value, struct err *e)
{
	char *end;
	unsigned long mode = strtoul(value, &end, 8);

	if (*value < '0' || *value > '7' || *end || mode > 07777)
		return bad_value(key, value, e);
	m->mode = (mode_t)mode;
	m->has_mode = true;
	return 0;
}

static int set_uid(struct run_mount *m, const char *key, const char *value, struct err *e)
{
	return parse_id(value, &m->uid) < 0 ? bad_value(key, value, e) : 0;
}

static int set_gid(struct run_mount *m, const char *key, const char *value, struct err *e)
{
	return parse_id(value, &m->gid) < 0 ? bad_value(key, value, e) : 0;
}

static int set_size(struct run_mount *m, const char *key, const char *value, struct err *e)
{
	if (parse_size(value, &m->size) < 0 || m->size < 0)
		return bad_value(key, value, e);
	return 0;
}

static const struct field {
	const char *name;
	const char *alias[2];
	unsigned types; /* that know it */
	bool is_switch; /* may stand without a value */
	set_fn *set;
} fields[] = {
	{ "type", { NULL }, ALL_TYPES, false, set_type },
	{ "target", { "dst", "destination" }, ALL_TYPES, false, set_target },
	{ "source", { "src" }, BIND | CACHE, false, set_source },
	{ "from", { NULL }, BIND | CACHE, false, set_from },
	{ "readonly", { "ro" }, BIND | CACHE, true, set_read_only },
	{ "readwrite", { "rw" }, BIND | CACHE, true, set_read_write },
	{ "id", { NULL }, CACHE | SECRET | SSH, false, set_id },
	{ "sharing", { NULL }, CACHE, false, set_sharing },
	{ "size", { NULL }, TMPFS, false, set_size },
	{ "required", { NULL }, SECRET | SSH, true, set_required },
	{ "env", { NULL }, SECRET, false, set_env },
	{ "mode", { NULL }, CACHE | SECRET | SSH, false, set_mode },
	{ "uid", { NULL }, CACHE | SECRET | SSH, false, set_uid },
	{ "gid", { NULL }, CACHE | SECRET | SSH, false, set_gid },
};

static const struct field *find_field(const char *key)
{
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		if (strcasecmp(fields[i].name, key) == 0)
			return &fields[i];
		for (size_t n = 0; n < ARRAY_LEN(fields[i].alias); n++)
			if (fields[i].alias[n] && strcasecmp(fields[i].alias[n], key) == 0)
				return &fields[i];
	}
	return NULL;
}

static int unknown_key(const char *key, struct err *e)
{
	struct suggest s = { .typed = key };

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		suggest_try(&s, fields[i].name);
	return err_set(e, EINVAL, "unexpected key '%.80s' in mount%s%s%s", key,
		       s.best ? " (did you mean " : "", s.best ? s.best : "", s.best ? "?)" : "");
}

static int set_field(struct mount_parser *p, char *word, run_mount_expand_fn *expand, void *ctx,
		     struct err *e)
{
	char *equals = strchr(word, '=');
	const char *given = equals ? equals + 1 : NULL, *value = given;
	const struct field *f;
	int r = 0;

	if (equals)
		*equals = '\0';
	f = find_field(word);
	if (!f)
		return unknown_key(word, e);
	if (!value && !f->is_switch)
		return err_set(e, EINVAL, "invalid field '%.80s' must be a key=value pair", word);
	if (value && expand)
		r = expand(ctx, value, &value, e);
	/* What a stage needs must be known before anything is expanded. */
	if (r >= 0 && value && given && f->set == set_from && !streq(value, given))
		return err_set(e, EINVAL,
			       "'from' doesn't support variable expansion, define alias stage "
			       "instead");
	p->seen |= 1U << (f - fields);
	return r < 0 ? r : f->set(p->mount, f->name, value, e);
}

static int check(const struct mount_parser *p, struct err *e)
{
	const struct run_mount *m = p->mount;

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if ((p->seen & (1U << i)) && !(fields[i].types & (1U << m->type)))
			return err_set(e, EINVAL, "unexpected key '%s' for mount type '%s'",
				       fields[i].name, type_names[m->type]);
	if (!*m->target && m->type <= RUN_MOUNT_TMPFS)
		return err_set(e, EINVAL, "mount type '%s' needs a target", type_names[m->type]);
	if (m->type == RUN_MOUNT_SECRET && !*m->target && !*m->id && !*m->env)
		return err_set(e, EINVAL,
			       "invalid secret mount: one of id, env or target is needed");
	return 0;
}

int run_mount_parse(const char *text, run_mount_expand_fn *expand, void *ctx, struct arena *a,
		    struct run_mount *ret, struct err *e)
{
	struct mount_parser p = { .mount = ret };
	auto_(strbuf) struct strbuf word = { 0 };
	int r = 0;

	*ret = (struct run_mount){ .target = "", .source = "", .from = "", .id = "", .env = "" };
	/* A build's own files are not for a step to change, unless it says so. */
	ret->read_only = true;
	while (*text && r >= 0) {
		if (!csv_next(&text, &word))
			return err_set(e, EINVAL,
				       "failed to parse mount: a quote is in the wrong place");
		r = set_field(&p, arena_strndup(a, strbuf_str(&word), word.len), expand, ctx, e);
	}
	if (r < 0)
		return r;
	if (ret->type != RUN_MOUNT_BIND && !(p.seen & (3U << 4)))
		ret->read_only = false;
	return check(&p, e);
}
