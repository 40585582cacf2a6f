/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/hosts/hosts.h"

#include <errno.h>
#include <unistd.h>

#include "imagetool/errors.h"
#include "imagetool/hosts/certs_dir.h"
#include "imagetool/hosts/config_dirs.h"
#include "imagetool/hosts/hosts_toml.h"
#include "imagetool/hosts/registries_conf.h"
#include "libutil/alloc.h"
#include "libutil/path.h"

#define SYSTEM_HOSTS "/etc/containerd/certs.d"
#define USER_HOSTS   "containerd/certs.d"

/* ---- Mirrors of registries.conf ---- */

static bool is_for(const struct conf_mirror *m, const struct hosts_opts *opts)
{
	if (!(opts->need & ENDPOINT_PULL))
		return false;
	return m->use == MIRROR_ALL || (m->use == MIRROR_DIGEST_ONLY) == opts->by_digest;
}

static int add_mirror(const struct conf_registry *reg, const struct conf_mirror *m,
		      const char *name, struct endpoints *list, struct err *e)
{
	autofree char *place = registries_conf_rewrite(reg, m->location, name);
	struct endpoint *p = endpoints_add(list);
	int r;

	if (!p)
		return err_set(e, E2BIG, "%s: more than %d mirrors", reg->file, ENDPOINTS_MAX);
	p->mirror = true;
	p->can = ENDPOINT_PULL | ENDPOINT_RESOLVE;
	p->verify = !m->insecure;
	p->scheme = m->insecure ? ENDPOINT_EITHER : ENDPOINT_HTTPS;
	r = endpoint_place(p, place, e);
	if (r >= 0)
		r = certs_find(p, e);
	return r < 0 ? err_wrap(e, r, "%s: mirror", reg->file) : 0;
}

static int add_mirrors(const struct conf_registry *reg, const struct hosts_opts *opts,
		       const char *name, struct endpoints *list, struct err *e)
{
	int r = 0;

	for (size_t i = 0; reg && i < reg->n_mirrors && r >= 0; i++) {
		if (is_for(&reg->mirrors[i], opts))
			r = add_mirror(reg, &reg->mirrors[i], name, list, e);
	}
	return r;
}

/* ---- The registry itself ---- */

static int settle_upstream(const struct conf_registry *reg, const char *name,
			   struct endpoint *upstream, struct err *e)
{
	autofree char *place = reg && reg->location[0]
				       ? registries_conf_rewrite(reg, reg->location, name)
				       : xstrdup(name);

	*upstream = (struct endpoint){ .verify = true,
				       .can = ENDPOINT_CAN_ALL,
				       .path = xstrdup("/v2") };
	if (reg && reg->insecure) {
		upstream->verify = false;
		upstream->scheme = ENDPOINT_EITHER;
	}
	return endpoint_place(upstream, place, e);
}

static int upstream_certificates(const struct hosts_opts *opts, struct endpoint *p, struct err *e)
{
	if (!opts->cert_dir)
		return p->ca || p->client_cert ? 0 : certs_find(p, e);
	free(p->ca);
	free(p->client_cert);
	free(p->client_key);
	p->ca = p->client_cert = p->client_key = NULL;
	return certs_from_dir(p, opts->cert_dir, e);
}

/* ---- hosts.toml ---- */

/* The user's before the system's; a directory that was named is the only one. */
static int add_hosts(const struct hosts_opts *opts, struct endpoint *upstream,
		     struct endpoints *list, bool *server, struct err *e)
{
	autofree char *user = opts->hosts_dir ? NULL : config_user_path(USER_HOSTS);
	const char *const bases[] = { opts->hosts_dir, user,
				      opts->hosts_dir ? NULL : SYSTEM_HOSTS };
	int r = 0;

	if (opts->hosts_dir && access(opts->hosts_dir, R_OK | X_OK) < 0)
		return err_sys(e, "--hosts-dir '%s'", opts->hosts_dir);
	for (size_t i = 0; i < ARRAY_LEN(bases) && r == 0; i++) {
		if (bases[i])
			r = hosts_toml_find(bases[i], upstream->authority, upstream->repository,
					    list, upstream, server, e);
	}
	return r;
}

static void drop_unable(struct endpoints *list, unsigned need)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->n; i++) {
		if ((list->v[i].can & need) == need)
			list->v[kept++] = list->v[i];
		else
			endpoint_done(&list->v[i]);
	}
	list->n = kept;
}

static int collect(const struct hosts_opts *opts, const struct conf_registry *reg, const char *name,
		   struct endpoint *upstream, struct endpoints *list, struct err *e)
{
	bool server = false;
	struct endpoint *p;
	int r = add_mirrors(reg, opts, name, list, e);

	if (r >= 0)
		r = add_hosts(opts, upstream, list, &server, e);
	if (r < 0)
		return r;
	if (!server) {
		p = endpoints_add(list);
		if (!p)
			return err_set(e, E2BIG, "more than %d places for '%s'", ENDPOINTS_MAX,
				       name);
		endpoint_done(p);
		*p = *upstream;
		*upstream = (struct endpoint){ 0 };
	}
	r = upstream_certificates(opts, &list->v[list->n - 1], e);
	drop_unable(list, opts->need);
	if (r >= 0 && list->n == 0)
		return err_set(e, IMAGE_EDENIED, "no host that is configured for '%s' can do it",
			       name);
	return r;
}

int hosts_find(const struct hosts_opts *opts, const char *registry, const char *repository,
	       struct endpoints *ret, struct err *e)
{
	auto_(registries_conf) struct registries_conf conf = { 0 };
	auto_(endpoints) struct endpoints list = { 0 };
	autofree char *name = xasprintf("%s/%s", registry, repository);
	struct endpoint upstream = { 0 };
	const struct conf_registry *reg;
	int r = registries_conf_load(&conf, opts->registries_conf, e);

	if (r < 0)
		return r;
	reg = registries_conf_find(&conf, name);
	if (reg && reg->blocked)
		return err_set(e, IMAGE_EDENIED, "'%s' is blocked by %s (prefix '%s')", name,
			       reg->file, reg->prefix);
	r = settle_upstream(reg, name, &upstream, e);
	if (r >= 0)
		r = collect(opts, reg, name, &upstream, &list, e);
	endpoint_done(&upstream);
	if (r < 0)
		return r;
	*ret = list;
	list = (struct endpoints){ 0 };
	return 0;
}
