/* SPDX-License-Identifier: Apache-2.0 */
/* What the documents say, and which part of it a name meets. */
#include "imagetool/hosts/registries_conf.h"

#include <errno.h>

#include "imagetool/hosts/toml_want.h"

void registries_conf_done(struct registries_conf *c)
{
	arena_done(&c->arena);
	free(c->registries);
	*c = (struct registries_conf){ 0 };
}

/* ---- Names and prefixes ---- */

/* How much of the name the prefix covers; 0: nothing. */
static size_t covered(const char *prefix, const char *name)
{
	bool wildcard = prefix[0] == '*' && prefix[1] == '.';
	const char *suffix = wildcard ? prefix + 1 : prefix;
	size_t len = strlen(suffix), host = strcspn(name, "/"), end;
	const char *at = name;

	if (wildcard) {
		/* Some subdomain: the suffix begins inside the host. */
		at = strstr(name, suffix);
		if (!at || at == name || (size_t)(at - name) >= host)
			return 0;
	} else if (strncmp(name, suffix, len) != 0) {
		return 0;
	}
	end = (size_t)(at - name) + len;
	/* The end of a word; a port belongs to its host. */
	if (end < host && name[end] == ':')
		return end;
	return name[end] == '\0' || name[end] == '/' ? end : 0;
}

const struct conf_registry *registries_conf_find(const struct registries_conf *c, const char *name)
{
	const struct conf_registry *found = NULL;

	for (size_t i = 0; i < c->n; i++) {
		const struct conf_registry *reg = &c->registries[i];

		if (covered(reg->prefix, name) > 0 &&
		    (!found || strlen(reg->prefix) > strlen(found->prefix)))
			found = reg;
	}
	return found;
}

char *registries_conf_rewrite(const struct conf_registry *reg, const char *location,
			      const char *name)
{
	return xasprintf("%s%s", location, name + covered(reg->prefix, name));
}

/* ---- Documents ---- */

struct reading {
	struct registries_conf *conf;
	const char *file;
	struct err *e;
};

/* The scheme is not part of a location. */
static int check_location(const struct reading *rd, const struct toml *t, const char *key,
			  const char *location)
{
	if (strstr(location, "://"))
		return err_set(rd->e, EINVAL,
			       "line %d: '%s' is a registry without a scheme, not '%.100s'",
			       t->line, key, location);
	return 0;
}

static char *without_slash(struct arena *a, const char *text)
{
	size_t len = strlen(text);

	while (len > 0 && text[len - 1] == '/')
		len--;
	return arena_strndup(a, text, len);
}

static int read_place(const struct reading *rd, const struct toml *t, const char *key,
		      const char **ret)
{
	const char *text = "";
	int r = toml_want_string(t, key, &text, rd->e);

	if (r >= 0)
		r = check_location(rd, t, key, text);
	*ret = without_slash(&rd->conf->arena, text);
	return r;
}

static int read_use(const struct reading *rd, const struct toml *t, enum mirror_use *ret)
{
	static const char *const names[] = { [MIRROR_ALL] = "all",
					     [MIRROR_DIGEST_ONLY] = "digest-only",
					     [MIRROR_TAG_ONLY] = "tag-only" };
	const char *text = "";
	int r = toml_want_string(t, "pull-from-mirror", &text, rd->e);

	if (r <= 0 || text[0] == '\0')
		return r;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (streq(text, names[i])) {
			*ret = (enum mirror_use)i;
			return 0;
		}
	}
	return err_set(rd->e, EINVAL,
		       "line %d: 'pull-from-mirror' is all, digest-only or tag-only, not '%.100s'",
		       t->line, text);
}

static int read_mirror(const struct reading *rd, const struct toml *t, bool by_digest,
		       struct conf_mirror *m)
{
	int r;

	if (t->kind != TOML_TABLE)
		return toml_wrong(t, "a table", rd->e);
	m->use = by_digest ? MIRROR_DIGEST_ONLY : MIRROR_ALL;
	r = read_place(rd, t, "location", &m->location);
	if (r >= 0 && m->location[0] == '\0')
		r = err_set(rd->e, EINVAL, "line %d: a mirror without 'location'", t->line);
	if (r >= 0)
		r = toml_want_bool(t, "insecure", &m->insecure, rd->e);
	return r < 0 ? r : read_use(rd, t, &m->use);
}

static int read_mirrors(const struct reading *rd, const struct toml *t, struct conf_registry *reg)
{
	const struct toml *list = NULL;
	bool by_digest = false;
	int r = toml_want_bool(t, "mirror-by-digest-only", &by_digest, rd->e);

	if (r >= 0)
		r = toml_want(t, "mirror", TOML_ARRAY, &list, rd->e);
	if (r < 0 || !list)
		return r;
	reg->mirrors = arena_alloc(&rd->conf->arena, list->n + 1, sizeof(*reg->mirrors));
	for (const struct toml *v = list->first; v && r >= 0; v = v->next)
		r = read_mirror(rd, v, by_digest, &reg->mirrors[reg->n_mirrors++]);
	return r;
}

/* An absent prefix is the location, and so is an absent location but for a wildcard. */
static int settle_places(const struct reading *rd, const struct toml *t, struct conf_registry *reg)
{
	bool wildcard;

	if (reg->prefix[0] == '\0')
		reg->prefix = reg->location;
	wildcard = starts_with(reg->prefix, "*.");
	if (reg->prefix[0] == '\0')
		return err_set(rd->e, EINVAL,
			       "line %d: a registry with neither 'prefix' nor 'location'", t->line);
	if (strchr(reg->prefix + (wildcard ? 1 : 0), '*'))
		return err_set(rd->e, EINVAL,
			       "line %d: '%.100s': a '*' stands only in \"*.\" at the start",
			       t->line, reg->prefix);
	if (wildcard && strchr(reg->prefix, '/'))
		return err_set(rd->e, EINVAL,
			       "line %d: '%.100s': a wildcard is for hosts, without a path",
			       t->line, reg->prefix);
	return 0;
}

static int put(const struct reading *rd, const struct conf_registry *reg)
{
	struct registries_conf *c = rd->conf;

	for (size_t i = 0; i < c->n; i++) {
		if (streq(c->registries[i].prefix, reg->prefix)) {
			if (c->registries[i].file == reg->file)
				return err_set(rd->e, EINVAL, "prefix '%.100s' is there twice",
					       reg->prefix);
			c->registries[i] = *reg;
			return 0;
		}
	}
	if (c->n == REGISTRIES_CONF_MAX)
		return err_set(rd->e, E2BIG, "more than %d registries", REGISTRIES_CONF_MAX);
	c->registries = xreallocarray(c->registries, c->n + 1, sizeof(*c->registries));
	c->registries[c->n++] = *reg;
	return 0;
}

static int read_registry(const struct reading *rd, const struct toml *t)
{
	struct conf_registry reg = { .file = rd->file };
	int r;

	if (t->kind != TOML_TABLE)
		return toml_wrong(t, "a table", rd->e);
	r = read_place(rd, t, "prefix", &reg.prefix);
	if (r >= 0)
		r = read_place(rd, t, "location", &reg.location);
	if (r >= 0)
		r = toml_want_bool(t, "insecure", &reg.insecure, rd->e);
	if (r >= 0)
		r = toml_want_bool(t, "blocked", &reg.blocked, rd->e);
	if (r >= 0)
		r = read_mirrors(rd, t, &reg);
	if (r >= 0)
		r = settle_places(rd, t, &reg);
	return r < 0 ? r : put(rd, &reg);
}

static int check_version(const struct toml *doc, struct err *e)
{
	const struct toml *old = toml_get(doc, "registries");

	if (!old)
		return 0;
	return err_set(
		e, EINVAL,
		"line %d: [registries.search] and its like are version 1, which is no longer "
		"read: write [[registry]] tables (man containers-registries.conf)",
		old->line);
}

static int read_short_names(const struct toml *doc, struct err *e)
{
	auto_(strv) struct strv ignored = { 0 };
	const struct toml *aliases = NULL;
	int r = toml_want_strings(doc, "unqualified-search-registries", &ignored, e);

	if (r >= 0)
		r = toml_want(doc, "aliases", TOML_TABLE, &aliases, e);
	for (const struct toml *v = aliases ? aliases->first : NULL; v && r >= 0; v = v->next) {
		if (v->kind != TOML_STRING)
			r = toml_wrong(v, "a string", e);
	}
	return r;
}

static int read_document(const struct reading *rd, const struct toml *doc)
{
	const struct toml *list = NULL;
	int r = check_version(doc, rd->e);

	if (r >= 0)
		r = read_short_names(doc, rd->e);
	if (r >= 0)
		r = toml_want(doc, "registry", TOML_ARRAY, &list, rd->e);
	for (const struct toml *v = list ? list->first : NULL; v && r >= 0; v = v->next)
		r = read_registry(rd, v);
	return r;
}

int registries_conf_add(struct registries_conf *c, const char *file, const char *text, size_t len,
			struct err *e)
{
	struct reading rd = { .conf = c, .file = arena_strdup(&c->arena, file), .e = e };
	auto_(arena) struct arena a = { 0 };
	struct toml *doc = NULL;
	int r = toml_parse(file, text, len, &a, &doc, e);

	if (r < 0)
		return r;
	r = read_document(&rd, doc);
	return r < 0 ? err_wrap(e, r, "%s", file) : 0;
}
