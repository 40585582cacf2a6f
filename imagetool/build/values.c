/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/build/values.h"

#include <errno.h>
#include <stdlib.h>

#include "imagetool/dockerfile/git_url.h"
#include "imagetool/interrupt.h"

void build_values_done(struct build_values *v)
{
	strv_done(&v->no_cache_filter);
}

/* ---- NAME=VALUE ---- */

struct pairs {
	struct graph_arg *items;
	size_t n, cap;
};

static void pairs_add(struct pairs *p, struct arena *a, const char *name, const char *value)
{
	if (p->n == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 16;
		p->items = arena_grow(a, p->items, p->n, p->cap, sizeof(*p->items));
	}
	p->items[p->n++] = (struct graph_arg){ name, value };
}

static bool pairs_have(const struct pairs *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (streq(p->items[i].name, name))
			return true;
	return false;
}

/* Without a value it is the environment's; what is not set there is as if it were not given. */
static int add_arg(struct pairs *p, struct arena *a, const char *text, struct err *e)
{
	const char *equals = strchr(text, '=');
	size_t len = equals ? (size_t)(equals - text) : strlen(text);
	const char *name = arena_strndup(a, text, len), *value;

	if (!len)
		return err_set(e, EINVAL, "'%.200s': a name is missing: give NAME=VALUE", text);
	value = equals ? equals + 1 : getenv(name);
	if (value)
		pairs_add(p, a, name, arena_strdup(a, value));
	return 0;
}

/* A line each, as podman has it: '#' begins a comment. */
static int add_arg_file(struct pairs *p, struct arena *a, const char *file, struct err *e)
{
	auto_(strv) struct strv lines = { 0 };
	autofree char *text = NULL;
	int r = interrupt_read_file(file, BUILD_ARG_FILE_MAX, &text, NULL, e);

	if (r >= 0)
		strv_split(&lines, text, '\n', true);
	for (size_t i = 0; i < lines.n && r >= 0; i++) {
		const char *line = lines.v[i] + strspn(lines.v[i], " \t\r");

		if (*line && *line != '#')
			r = add_arg(p, a, line, e);
	}
	return r < 0 ? err_wrap(e, r, "--build-arg-file '%s'", file) : 0;
}

/* What BuildKit's clients take from the environment without being asked. */
static void add_epoch(struct pairs *p, struct arena *a, const char *given)
{
	static const char name[] = "SOURCE_DATE_EPOCH";
	const char *value = given ? given : getenv(name);

	if (value && *value && (given || !pairs_have(p, name)))
		pairs_add(p, a, name, arena_strdup(a, value));
}

static int read_args(const struct build_options *o, struct arena *a, struct build_values *ret,
		     struct err *e)
{
	struct pairs p = { 0 };
	int r = 0;

	for (size_t i = 0; i < o->build_arg_files.n && r >= 0; i++)
		r = add_arg_file(&p, a, o->build_arg_files.v[i], e);
	for (size_t i = 0; i < o->build_args.n && r >= 0; i++) {
		r = add_arg(&p, a, o->build_args.v[i], e);
		if (r < 0)
			(void)err_wrap(e, r, "--build-arg");
	}
	add_epoch(&p, a, o->epoch);
	ret->args = p.items;
	ret->n_args = p.n;
	return r;
}

static int read_labels(const struct build_options *o, struct arena *a, struct build_values *ret,
		       struct err *e)
{
	struct pairs p = { 0 };

	for (size_t i = 0; i < o->labels.n; i++) {
		const char *text = o->labels.v[i], *equals = strchr(text, '=');
		size_t len = equals ? (size_t)(equals - text) : strlen(text);

		if (!len)
			return err_set(e, EINVAL, "--label '%.200s': a name is missing", text);
		pairs_add(&p, a, arena_strndup(a, text, len), equals ? equals + 1 : "");
	}
	ret->labels = p.items;
	ret->n_labels = p.n;
	return 0;
}

/* ---- Lists ---- */

static bool has_platform(const struct build_values *v, const struct platform *p)
{
	for (size_t i = 0; i < v->n_platforms; i++)
		if (streq(v->platforms[i].os, p->os) && streq(v->platforms[i].arch, p->arch) &&
		    streq(v->platforms[i].variant, p->variant))
			return true;
	return false;
}

/* One that is named twice is one. */
static int add_platform(struct build_values *v, struct arena *a, const char *text, struct err *e)
{
	struct platform p;
	int r = 0;

	platform_host(&p);
	if (!streq(text, "local"))
		r = platform_parse_typed(text, &p, e);
	else
		p.variant[0] = '\0';
	if (r < 0)
		return err_wrap(e, r, "--platform");
	if (has_platform(v, &p))
		return 0;
	if (v->n_platforms == GRAPH_PLATFORMS_MAX)
		return err_set(e, E2BIG, "--platform: more than %d", GRAPH_PLATFORMS_MAX);
	v->platforms = arena_grow(a, v->platforms, v->n_platforms, v->n_platforms + 1, sizeof(p));
	v->platforms[v->n_platforms++] = p;
	return 0;
}

static int read_platforms(const struct build_options *o, struct arena *a, struct build_values *ret,
			  struct err *e)
{
	auto_(strv) struct strv words = { 0 };
	int r = 0;

	for (size_t i = 0; i < o->platforms.n; i++)
		strv_split(&words, o->platforms.v[i], ',', true);
	for (size_t i = 0; i < words.n && r >= 0; i++)
		r = add_platform(ret, a, words.v[i], e);
	return r;
}

/* ---- What steps may and see ---- */

/* "device", "device=...": what follows, or NULL. */
static const char *device_right(const char *word)
{
	static const char right[] = "device";
	const char *rest = starts_with(word, right) ? word + strlen(right) : NULL;

	return rest && (!*rest || *rest == '=') ? rest : NULL;
}

static int read_allow(const struct build_options *o, struct arena *a, struct build_values *ret,
		      struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < o->allow.n && r >= 0; i++) {
		const char *word = o->allow.v[i];

		if (streq(word, "network.host"))
			ret->allow_host = true;
		else if (streq(word, "security.insecure"))
			ret->allow_insecure = true;
		else if (device_right(word))
			r = cdi_allow_parse(device_right(word), a, &ret->devices, e);
		else
			r = err_set(e, EINVAL,
				    "there are network.host, security.insecure and "
				    "device[=NAME[,alias=WORD]]");
		if (r < 0)
			return err_wrap(e, r, "--allow '%.100s'", word);
	}
	return 0;
}

/* "cni" or "cni:NAME" */
static int read_cni(const struct build_options *o, const char *word, struct arena *a,
		    struct build_values *ret, struct err *e)
{
	const char *name = word[3] == ':' ? word + 4 : NULL;
	const char *dir = o->cni_conf_dir ? o->cni_conf_dir : CNI_CONF_DIR;
	const char *path = getenv("CNI_PATH");
	int r = cni_check_rights(e);

	ret->cni = arena_alloc(a, 1, sizeof(*ret->cni));
	ret->cni_path = o->cni_path ? o->cni_path : path && *path ? path : CNI_PATH_LIST;
	if (r >= 0)
		r = cni_network_find(dir, name, a, ret->cni, e);
	/* A file of the host's, not of an image. */
	if (r == -EBADMSG)
		r = -EINVAL;
	return r < 0 ? err_wrap(e, r, "--network %.100s", word) : 0;
}

static int read_network(const struct build_options *o, struct arena *a, struct build_values *ret,
			struct err *e)
{
	static const struct {
		const char *word;
		enum run_network network;
	} words[] = {
		{ "default", RUN_NETWORK_DEFAULT },     { "none", RUN_NETWORK_NONE },
		{ "host", RUN_NETWORK_HOST },           { "pasta", RUN_NETWORK_DEFAULT },
		{ "slirp4netns", RUN_NETWORK_DEFAULT }, { "private", RUN_NETWORK_DEFAULT },
	};
	const char *given = o->run.network;

	if (!given)
		return 0;
	if (streq(given, "cni") || starts_with(given, "cni:"))
		return read_cni(o, given, a, ret, e);
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (!streq(words[i].word, given))
			continue;
		ret->network = words[i].network;
		ret->allow_host |= ret->network == RUN_NETWORK_HOST;
		return 0;
	}
	return err_set(
		e, EINVAL,
		"--network '%.100s': there are default, none, host, private, pasta, slirp4netns and "
		"cni[:NAME]",
		given);
}

/* What changes what a step can see is part of what it is known by, as BuildKit decides: of hosts
 * their names, for addresses are of the place where it is built. */
static void make_salt(const struct container_options *c, struct arena *a, struct build_values *ret)
{
	auto_(strbuf) struct strbuf text = { 0 };

	for (size_t i = 0; i < c->add_hosts.n; i++)
		strbuf_addf(&text, "add-host=%.*s\n", (int)strcspn(c->add_hosts.v[i], ":="),
			    c->add_hosts.v[i]);
	for (size_t i = 0; i < c->ulimits.n; i++)
		strbuf_addf(&text, "ulimit=%s\n", c->ulimits.v[i]);
	if (c->shm_size)
		strbuf_addf(&text, "shm-size=%s\n", c->shm_size);
	if (c->cgroup_parent)
		strbuf_addf(&text, "cgroup-parent=%s\n", c->cgroup_parent);
	ret->run_salt = text.len ? arena_strndup(a, text.data, text.len) : NULL;
}

/* A repository that only an agent opens. */
static bool is_by_ssh(const char *text, struct arena *a)
{
	struct git_url u;

	return git_url_parse(text, a, &u, NULL) == 1 && !u.looks_local &&
	       (starts_with(u.remote, "ssh://") || !strstr(u.remote, "://"));
}

/* The user's agent comes by itself when a context needs one and nobody spoke of any. */
static bool wants_agent(const struct build_options *o, struct arena *a)
{
	const char *agent = getenv("SSH_AUTH_SOCK");
	bool wants = o->context && is_by_ssh(o->context, a);

	for (size_t i = 0; i < o->contexts.n && !wants; i++) {
		const char *equals = strchr(o->contexts.v[i], '=');

		wants = equals && is_by_ssh(equals + 1, a);
	}
	return wants && !o->ssh.n && agent && *agent;
}

static int read_secrets(const struct build_options *o, struct arena *a, struct build_values *ret,
			struct err *e)
{
	int r = 0;

	ret->secrets = arena_alloc(a, o->secrets.n + 1, sizeof(*ret->secrets));
	ret->ssh = arena_alloc(a, o->ssh.n + 1, sizeof(*ret->ssh));
	for (size_t i = 0; i < o->secrets.n && r >= 0; i++)
		r = build_secret_read(o->secrets.v[i], a, &ret->secrets[ret->n_secrets++], e);
	for (size_t i = 0; i < o->ssh.n && r >= 0; i++)
		r = build_ssh_read(o->ssh.v[i], a, &ret->ssh[ret->n_ssh++], e);
	if (r >= 0 && wants_agent(o, a))
		r = build_ssh_read("default", a, &ret->ssh[ret->n_ssh++], e);
	return r;
}

int build_values_read(const struct build_options *o, struct arena *a, struct build_values *ret,
		      struct err *e)
{
	int r = read_args(o, a, ret, e);

	if (r >= 0)
		r = read_labels(o, a, ret, e);
	if (r >= 0)
		r = read_platforms(o, a, ret, e);
	if (r >= 0)
		r = read_allow(o, a, ret, e);
	if (r >= 0)
		r = read_network(o, a, ret, e);
	if (r >= 0)
		r = read_secrets(o, a, ret, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < o->no_cache_filter.n; i++)
		strv_split(&ret->no_cache_filter, o->no_cache_filter.v[i], ',', true);
	make_salt(&o->run, a, ret);
	return 0;
}
