/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/auth/auth_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "imagetool/auth/auth.h"
#include "imagetool/auth/auth_key.h"
#include "libutil/alloc.h"
#include "libutil/dir.h"
#include "libutil/file.h"
#include "libutil/path.h"

/* ---- Reading ---- */

static void wipe_tree(const struct json *v)
{
	if (v->kind == JSON_STRING)
		explicit_bzero(v->string, v->len);
	for (size_t i = 0; (v->kind == JSON_ARRAY || v->kind == JSON_OBJECT) && i < v->len; i++)
		wipe_tree(&v->items[i]);
}

void auth_file_done(struct auth_file *f)
{
	if (f->doc)
		wipe_tree(f->doc);
	if (f->text)
		explicit_bzero(f->text, f->len);
	free(f->text);
	free(f->path);
	arena_done(&f->arena);
	*f = (struct auth_file){ 0 };
}

int auth_file_read(const char *path, struct auth_file *ret, struct err *e)
{
	auto_(auth_file) struct auth_file f = { .path = xstrdup(path) };
	int r = file_read_at(AT_FDCWD, path, AUTH_FILE_MAX, &f.text, &f.len, e);

	if (r == -ENOENT || r == -ENOTDIR) {
		err_clear(e);
		r = 0;
	} else if (r >= 0 && strspn(f.text, " \t\r\n") == f.len) {
		r = 0; /* somebody's mktemp */
	} else if (r >= 0) {
		r = json_parse(path, f.text, f.len, &f.arena, &f.doc, e);
		if (r >= 0 && f.doc->kind != JSON_OBJECT)
			r = err_set(e, EINVAL, "'%s' is no object of JSON", path);
	}
	if (r < 0)
		return err_wrap(e, r, "credentials");
	*ret = f;
	f = (struct auth_file){ 0 };
	return 0;
}

const char *auth_file_helper(const struct auth_file *f, const char *host)
{
	const struct json *found;
	const char *key;

	if (!f->doc)
		return NULL;
	found = auth_key_find(json_get(f->doc, "credHelpers"), host, "", &key);
	if (found && found->kind == JSON_STRING && found->len > 0)
		return found->string;
	key = json_get_string(f->doc, "credsStore");
	return key && *key ? key : NULL;
}

/* Docker writes an empty object where a helper has the secret. */
static int take_entry(const struct json *entry, struct credential *ret, struct err *e)
{
	const char *auth = json_get_string(entry, "auth");
	const char *user = json_get_string(entry, "username");
	const char *password = json_get_string(entry, "password");
	const char *identity = json_get_string(entry, "identitytoken");
	const char *registry = json_get_string(entry, "registrytoken");
	int r = 0;

	if (auth && *auth)
		r = credential_from_basic(ret, auth, e);
	else if (password && *password)
		credential_set(ret, user ? user : "", password);
	if (r >= 0 && identity && *identity && !ret->identity_token)
		ret->identity_token = xstrdup(identity);
	if (r >= 0 && registry && *registry)
		ret->registry_token = xstrdup(registry);
	return r < 0 ? r : !credential_is_empty(ret);
}

int auth_file_find(const struct auth_file *f, const char *host, const char *repository,
		   struct credential *ret, struct err *e)
{
	auto_(credential) struct credential c = { 0 };
	const struct json *entry = NULL;
	const char *key = "";
	int r;

	if (f->doc)
		entry = auth_key_find(json_get(f->doc, "auths"), host, repository, &key);
	if (!entry)
		return 0;
	r = take_entry(entry, &c, e);
	if (r < 0)
		return err_wrap(e, r, "credentials: '%s': entry '%.100s'", f->path, key);
	if (r == 0)
		return 0;
	c.from = xstrdup(f->path);
	*ret = c;
	c = (struct credential){ 0 };
	return 1;
}

/* ---- Writing ---- */

struct change {
	const char *key; /* NULL: none is put */
	const struct credential *c;
	const char *gone; /* NULL: none goes; "": all */
	int removed;
};

static void write_entry(struct json_writer *w, const struct change *ch)
{
	char *basic = ch->c->password ? credential_basic(ch->c) : NULL;

	json_key(w, ch->key);
	json_object(w);
	if (basic)
		json_kv_string(w, "auth", basic);
	if (ch->c->identity_token)
		json_kv_string(w, "identitytoken", ch->c->identity_token);
	json_object_end(w);
	secret_free(basic);
}

/* Docker's spellings of a host are gone with it. */
static bool goes(const struct change *ch, const char *key)
{
	autofree char *host = auth_key_hostname(key);

	if (ch->key && streq(key, ch->key))
		return true;
	if (!ch->gone)
		return false;
	if (ch->gone[0] == '\0' || streq(key, ch->gone))
		return true;
	return strstr(key, "://") && streq(auth_key_host(host), auth_key_host(ch->gone));
}

static void write_auths(struct json_writer *w, const struct json *old, struct change *ch)
{
	json_object(w);
	for (size_t i = 0; old && old->kind == JSON_OBJECT && i < old->len; i++) {
		if (goes(ch, old->keys[i])) {
			ch->removed++;
			continue;
		}
		json_key(w, old->keys[i]);
		json_write_tree(w, &old->items[i]);
	}
	if (ch->key)
		write_entry(w, ch);
	json_object_end(w);
}

static void write_document(struct json_writer *w, const struct json *doc, struct change *ch)
{
	json_object(w);
	for (size_t i = 0; doc && i < doc->len; i++) {
		if (streq(doc->keys[i], "auths"))
			continue;
		json_key(w, doc->keys[i]);
		json_write_tree(w, &doc->items[i]);
	}
	json_key(w, "auths");
	write_auths(w, doc ? json_get(doc, "auths") : NULL, ch);
	json_object_end(w);
}

static int replace(int dirfd, const char *path, struct change *ch, struct err *e)
{
	auto_(auth_file) struct auth_file f = { 0 };
	struct strbuf out = { 0 };
	struct json_writer w = { .out = &out, .indent = 2 };
	int r = auth_file_read(path, &f, e);

	if (r < 0)
		return r;
	(void)strbuf_reserve(&out, f.len * 2 + CREDENTIAL_SECRET_MAX);
	write_document(&w, f.doc, ch);
	strbuf_addc(&out, '\n');
	r = strbuf_check(&out, path, e);
	if (r >= 0 && (ch->key || ch->removed > 0))
		r = file_replace_at(dirfd, path_base(path), out.data, out.len, 0600, FILE_SYNC, e);
	explicit_bzero(out.data, out.cap);
	strbuf_done(&out);
	return r;
}

/* Where a link leads, so that the link stays. */
static char *real_path(const char *path)
{
	autofree char *real = realpath(path, NULL);

	return real ? xstrdup(real) : path_absolute(path);
}

int auth_file_change(const char *path, const char *key, const struct credential *c,
		     const char *gone, struct err *e)
{
	struct change ch = { .key = key, .c = c, .gone = gone };
	autofree char *real = real_path(path);
	autofree char *dir = path_parent(real);
	autofd int dirfd = -1;
	int r = 0;

	if (!key && access(real, F_OK) < 0)
		return 0;
	if (key)
		r = dir_make_all_at(AT_FDCWD, dir, 0700, e);
	if (r >= 0)
		r = dirfd = dir_open_at(AT_FDCWD, dir, e);
	if (r >= 0 && flock(dirfd, LOCK_EX) < 0)
		r = err_sys(e, "lock '%s'", dir);
	if (r >= 0)
		r = replace(dirfd, real, &ch, e);
	return r < 0 ? err_wrap(e, r, "credentials") : ch.removed;
}
