/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/hosts/hosts_toml.h"

#include <errno.h>
#include <fcntl.h>
#include <strings.h>
#include <unistd.h>

#include "imagetool/hosts/certs_dir.h"
#include "imagetool/hosts/toml_want.h"
#include "libutil/alloc.h"
#include "libutil/file.h"
#include "libutil/path.h"

struct reading {
	const char *dir;
	const char *registry, *repository;
	struct endpoints *list;
	struct err *e;
};

/* ---- URLs ---- */

/* "https://host:port/path"; without a scheme it is https. */
static int take_url(const struct reading *rd, const char *url, int line, struct endpoint *p)
{
	bool http = strncasecmp(url, "http://", 7) == 0;
	const char *rest = http ? url + 7 : strncasecmp(url, "https://", 8) == 0 ? url + 8 : url;
	size_t len = strcspn(rest, "/");

	p->authority = xstrndup(rest, len);
	rest += len;
	rest += *rest == '/';
	len = strlen(rest);
	while (len > 0 && rest[len - 1] == '/')
		len--;
	free(p->path);
	p->path = xasprintf("%s%.*s", len ? "/" : "", (int)len, rest);
	if (http)
		p->scheme = ENDPOINT_HTTP;
	if (endpoint_authority_ok(p->authority) &&
	    (len == 0 || endpoint_repository_ok(p->path + 1)))
		return 0;
	return err_set(rd->e, EINVAL, "line %d: '%.200s' is no URL of a registry", line, url);
}

/* ---- Members ---- */

static int take_capabilities(const struct reading *rd, const struct toml *t, struct endpoint *p)
{
	static const struct {
		const char *name;
		unsigned bit;
	} known[] = { { "pull", ENDPOINT_PULL },
		      { "resolve", ENDPOINT_RESOLVE },
		      { "push", ENDPOINT_PUSH } };
	auto_(strv) struct strv words = { 0 };
	int r = toml_want_strings(t, "capabilities", &words, rd->e);

	if (r <= 0)
		return r;
	p->can = 0;
	for (size_t i = 0; i < words.n; i++) {
		unsigned bit = 0;

		for (size_t k = 0; k < ARRAY_LEN(known); k++)
			bit |= streq(words.v[i], known[k].name) ? known[k].bit : 0;
		/* Later versions' words cost what they stand for, nothing else. */
		p->can |= bit;
	}
	return 0;
}

static char *below(const struct reading *rd, const char *file)
{
	return path_is_absolute(file) ? xstrdup(file) : path_join(rd->dir, file);
}

static int take_ca(const struct reading *rd, const struct toml *t, struct endpoint *p)
{
	auto_(strv) struct strv files = { 0 };
	int r = toml_want_strings(t, "ca", &files, rd->e);

	for (size_t i = 0; i < files.n && r >= 0; i++) {
		autofree char *path = below(rd, files.v[i]);

		r = certs_add_ca(p, path, rd->e);
	}
	return r;
}

static void set_client(const struct reading *rd, const char *cert, const char *key,
		       struct endpoint *p)
{
	if (p->client_cert)
		return;
	p->client_cert = below(rd, cert);
	p->client_key = *key ? below(rd, key) : NULL;
}

/* ["cert", "key"], or "cert" for both in one file. */
static int take_pair(const struct reading *rd, const struct toml *v, const char *key,
		     struct endpoint *p)
{
	const struct toml *first = v->first;

	if (v->kind == TOML_STRING) {
		set_client(rd, v->string, "", p);
		return 0;
	}
	if (v->kind != TOML_ARRAY || v->n != 2 || first->kind != TOML_STRING ||
	    first->next->kind != TOML_STRING)
		return err_set(rd->e, EINVAL,
			       "line %d: '%s' holds files, or pairs of a certificate and a key",
			       v->line, key);
	set_client(rd, first->string, first->next->string, p);
	return 0;
}

static int take_client(const struct reading *rd, const struct toml *t, struct endpoint *p)
{
	const struct toml *v = toml_get(t, "client");
	int r = 0;

	if (!v)
		return 0;
	if (v->kind != TOML_ARRAY)
		return take_pair(rd, v, "client", p);
	for (const struct toml *item = v->first; item && r >= 0; item = item->next)
		r = take_pair(rd, item, "client", p);
	return r;
}

/* They become lines of a request. */
static bool is_header(const char *name, const char *value)
{
	static const char token[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-_";

	for (const char *c = value; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return false;
	}
	return *name && strspn(name, token) == strlen(name);
}

static int take_headers(const struct reading *rd, const struct toml *t, struct endpoint *p)
{
	const struct toml *table = NULL;
	int r = toml_want(t, "header", TOML_TABLE, &table, rd->e);

	for (const struct toml *v = table ? table->first : NULL; v && r >= 0; v = v->next) {
		auto_(strv) struct strv values = { 0 };

		r = toml_want_strings(table, v->key, &values, rd->e);
		for (size_t i = 0; i < values.n && r >= 0; i++) {
			if (!is_header(v->key, values.v[i]))
				return err_set(rd->e, EINVAL, "line %d: '%.100s' is no header",
					       v->line, v->key);
			strv_addf(&p->headers, "%s: %s", v->key, values.v[i]);
		}
	}
	return r;
}

/* ---- One host ---- */

static int take_flags(const struct reading *rd, const struct toml *t, struct endpoint *p)
{
	bool override = false, skip = false;
	int r = toml_want_bool(t, "override_path", &override, rd->e);

	if (r >= 0)
		r = toml_want_bool(t, "skip_verify", &skip, rd->e);
	if (r < 0)
		return r;
	if (!override) {
		char *path = xasprintf("%s/v2", p->path);

		free(p->path);
		p->path = path;
	}
	p->verify = !skip;
	return 0;
}

static bool same_registry(const struct reading *rd, const char *authority)
{
	return streq(authority, rd->registry) ||
	       (streq(rd->registry, "docker.io") && streq(authority, "registry-1.docker.io"));
}

static int read_host(const struct reading *rd, const struct toml *t, const char *url, int line,
		     bool server)
{
	struct endpoint *p = endpoints_add(rd->list);
	int r;

	if (!p)
		return err_set(rd->e, E2BIG, "more than %d hosts", ENDPOINTS_MAX);
	p->repository = xstrdup(rd->repository);
	r = take_url(rd, url, line, p);
	if (r >= 0)
		r = take_flags(rd, t, p);
	if (r >= 0)
		r = take_capabilities(rd, t, p);
	if (r >= 0)
		r = take_ca(rd, t, p);
	if (r >= 0)
		r = take_client(rd, t, p);
	if (r >= 0)
		r = take_headers(rd, t, p);
	if (r < 0)
		return r;
	p->mirror = !server && !same_registry(rd, p->authority);
	if (!same_registry(rd, p->authority))
		p->ns = xstrdup(rd->registry);
	return 0;
}

static int read_document(const struct reading *rd, const struct toml *doc, bool *ret_server)
{
	const struct toml *hosts = NULL;
	const char *server = NULL;
	int r = toml_want(doc, "host", TOML_TABLE, &hosts, rd->e);

	for (const struct toml *v = hosts ? hosts->first : NULL; v && r >= 0; v = v->next)
		r = v->kind == TOML_TABLE ? read_host(rd, v, v->key, v->line, false)
					  : toml_wrong(v, "a table", rd->e);
	if (r >= 0)
		r = toml_want_string(doc, "server", &server, rd->e);
	if (r < 0)
		return r;
	*ret_server = server != NULL;
	return server ? read_host(rd, doc, server, 1, true) : 0;
}

int hosts_toml_read(const char *file, const char *dir, const char *text, size_t len,
		    const char *registry, const char *repository, struct endpoints *list,
		    bool *ret_server, struct err *e)
{
	struct reading rd = {
		.dir = dir, .registry = registry, .repository = repository, .list = list, .e = e
	};
	auto_(arena) struct arena a = { 0 };
	struct toml *doc = NULL;
	size_t before = list->n;
	int r = toml_parse(file, text, len, &a, &doc, e);

	if (r < 0)
		return r;
	r = read_document(&rd, doc, ret_server);
	if (r >= 0)
		return 0;
	while (list->n > before)
		endpoint_done(&list->v[--list->n]);
	return err_wrap(e, r, "%s", file);
}

/* ---- Which file ---- */

/* 1, or 0 when there is none. */
static int read_below(const char *dir, const char *registry, const char *repository,
		      struct endpoints *list, bool *ret_server, struct err *e)
{
	autofree char *file = path_join(dir, "hosts.toml");
	autofree char *text = NULL;
	size_t len;
	int r = file_read_at(AT_FDCWD, file, TOML_MAX, &text, &len, e);

	if (r == -ENOENT || r == -ENOTDIR) {
		err_clear(e);
		return 0;
	}
	if (r >= 0)
		r = hosts_toml_read(file, dir, text, len, registry, repository, list, ret_server,
				    e);
	return r < 0 ? r : 1;
}

/* containerd's spelling of a port in a directory's name. */
static char *with_underscores(const char *registry)
{
	const char *colon = strrchr(registry, ':');

	if (!colon || colon[strspn(colon + 1, "0123456789") + 1])
		return xstrdup(registry);
	return xasprintf("%.*s_%s_", (int)(colon - registry), registry, colon + 1);
}

int hosts_toml_find(const char *base, const char *registry, const char *repository,
		    struct endpoints *list, struct endpoint *upstream, bool *ret_server,
		    struct err *e)
{
	autofree char *spelt = with_underscores(registry);
	const char *const names[] = { spelt, registry, "_default" };
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(names) && r == 0; i++) {
		autofree char *dir = path_join(base, names[i]);

		if (access(dir, F_OK) < 0)
			continue;
		r = read_below(dir, registry, repository, list, ret_server, e);
		/* Certificates lie there as docker has them; the first directory counts. */
		if (r == 0 && i < 2) {
			r = certs_from_dir(upstream, dir, e);
			return r < 0 ? r : 0;
		}
	}
	return r;
}
