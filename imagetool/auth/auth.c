/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/auth/auth.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "imagetool/auth/auth_file.h"
#include "imagetool/auth/auth_key.h"
#include "imagetool/auth/helper.h"
#include "libutil/alloc.h"
#include "libutil/path.h"
#include "libutil/strv.h"

/* ---- Which files ---- */

static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* `variable` names a directory; without it `below` that of `other`. */
static void add_file(struct strv *files, const char *variable, const char *rest, const char *other,
		     const char *below)
{
	const char *dir = environment(variable);

	if (dir && path_is_absolute(dir))
		strv_add_owned(files, path_join(dir, rest));
	else if (other && path_is_absolute(other))
		strv_add_owned(files, path_join(other, below));
}

static void list_files(const struct auth_opts *opts, struct strv *files)
{
	const char *one = opts->authfile ? opts->authfile : environment("REGISTRY_AUTH_FILE");
	const char *home = environment("HOME");
	autofree char *run = xasprintf("/run/containers/%u", (unsigned)geteuid());

	if (one) {
		strv_add(files, one);
		return;
	}
	add_file(files, "XDG_RUNTIME_DIR", "containers/auth.json", run, "auth.json");
	add_file(files, "XDG_CONFIG_HOME", "containers/auth.json", home,
		 ".config/containers/auth.json");
	add_file(files, "DOCKER_CONFIG", "config.json", home, ".docker/config.json");
}

/* ---- Finding ---- */

static int find_in(const struct auth_opts *opts, const char *path, const char *host,
		   const char *repository, struct credential *ret, struct err *e)
{
	auto_(auth_file) struct auth_file f = { 0 };
	struct helper h = { .timeout_s = opts->timeout_s, .wakefd = opts->wakefd };
	int r = auth_file_read(path, &f, e);

	if (r < 0)
		return r;
	h.name = auth_file_helper(&f, host);
	if (h.name) {
		r = helper_get(&h, auth_key_server(host), ret, e);
		if (r < 0)
			return err_wrap(e, r, "credentials: '%s'", path);
	}
	return r > 0 ? r : auth_file_find(&f, host, repository, ret, e);
}

int auth_find(const struct auth_opts *opts, const char *host, const char *repository,
	      struct credential *ret, struct err *e)
{
	auto_(strv) struct strv files = { 0 };
	int r = 0;

	list_files(opts, &files);
	for (size_t i = 0; i < files.n && r == 0; i++)
		r = find_in(opts, files.v[i], host, repository, ret, e);
	return r;
}

/* ---- Keeping ---- */

/* The helper that a file names for the host of the key. */
static int find_helper(const struct strv *files, const char *host, char **ret, struct err *e)
{
	for (size_t i = 0; i < files->n; i++) {
		auto_(auth_file) struct auth_file f = { 0 };
		int r = auth_file_read(files->v[i], &f, e);

		if (r < 0)
			return r;
		if (auth_file_helper(&f, host)) {
			*ret = xstrdup(auth_file_helper(&f, host));
			return 1;
		}
	}
	return 0;
}

int auth_store(const struct auth_opts *opts, const char *key, const struct credential *c,
	       char **ret_where, struct err *e)
{
	auto_(strv) struct strv files = { 0 };
	autofree char *host = auth_key_hostname(key);
	autofree char *name = NULL;
	struct helper h = { .timeout_s = opts->timeout_s, .wakefd = opts->wakefd };
	int r;

	list_files(opts, &files);
	if (files.n == 0)
		return err_set(e, EINVAL,
			       "neither XDG_RUNTIME_DIR nor HOME says where credentials are kept: "
			       "give --authfile FILE");
	/* Helpers know hosts, not namespaces. */
	r = strchr(key, '/') ? 0 : find_helper(&files, host, &name, e);
	if (r < 0)
		return r;
	if (r > 0) {
		h.name = name;
		r = helper_store(&h, auth_key_server(host), c, e);
		if (r >= 0)
			*ret_where = xasprintf("docker-credential-%s", name);
		return r;
	}
	/* Docker knows its own names only. */
	if (streq(path_base(files.v[0]), "config.json"))
		key = auth_key_server(key);
	r = auth_file_change(files.v[0], key, c, NULL, e);
	if (r >= 0)
		*ret_where = xstrdup(files.v[0]);
	return r < 0 ? r : 0;
}

/* ---- Forgetting ---- */

/* Hosts that a file's helpers may have: the one, or all the helper has. */
static int erase_helper(const struct auth_opts *opts, const char *name, const char *key,
			struct err *e)
{
	struct helper h = { .name = name, .timeout_s = opts->timeout_s, .wakefd = opts->wakefd };
	auto_(strv) struct strv servers = { 0 };
	int removed = 0, r = 0;

	if (key)
		strv_add(&servers, auth_key_server(key));
	else
		r = helper_list(&h, &servers, e);
	for (size_t i = 0; r >= 0 && i < servers.n; i++) {
		r = helper_erase(&h, servers.v[i], e);
		removed += r > 0;
	}
	return r < 0 ? r : removed;
}

/* Each helper that the file names for the host, or at all. */
static int erase_helpers(const struct auth_opts *opts, const char *path, const char *key,
			 struct err *e)
{
	auto_(auth_file) struct auth_file f = { 0 };
	auto_(strv) struct strv names = { 0 };
	const struct json *all;
	int removed = 0, r = auth_file_read(path, &f, e);

	if (r < 0 || !f.doc)
		return r;
	all = json_get(f.doc, "credHelpers");
	if (key && auth_file_helper(&f, key))
		strv_add(&names, auth_file_helper(&f, key));
	if (!key && json_get_string(f.doc, "credsStore"))
		strv_add(&names, json_get_string(f.doc, "credsStore"));
	for (size_t i = 0; !key && all && all->kind == JSON_OBJECT && i < all->len; i++) {
		const struct json *name = &all->items[i];

		if (name->kind == JSON_STRING && !strv_has(&names, name->string))
			strv_add(&names, name->string);
	}
	for (size_t i = 0; r >= 0 && i < names.n; i++) {
		r = erase_helper(opts, names.v[i], key, e);
		removed += r > 0 ? r : 0;
	}
	return r < 0 ? r : removed;
}

/* From the helpers it names, and from itself. */
static int erase_in(const struct auth_opts *opts, const char *path, const char *key, struct err *e)
{
	/* Helpers know hosts, not namespaces. */
	bool whole = !key || !strchr(key, '/');
	int helpers = whole ? erase_helpers(opts, path, key, e) : 0;
	int own = auth_file_change(path, NULL, NULL, key ? key : "", helpers < 0 ? NULL : e);

	return helpers < 0 ? helpers : own < 0 ? own : helpers + own;
}

int auth_erase(const struct auth_opts *opts, const char *key, struct err *e)
{
	auto_(strv) struct strv files = { 0 };
	int removed = 0, failed = 0;

	list_files(opts, &files);
	/* One that cannot be reached does not keep the others. */
	for (size_t i = 0; i < files.n; i++) {
		int r = erase_in(opts, files.v[i], key, failed < 0 ? NULL : e);

		removed += r > 0 ? r : 0;
		failed = failed < 0 || r >= 0 ? failed : r;
	}
	return failed < 0 ? failed : removed;
}
