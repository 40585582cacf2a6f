/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/cni/conf.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "libutil/dir.h"
#include "libutil/file.h"
#include "libutil/path.h"

/* ---- One file ---- */

static bool is_known_version(const char *v)
{
	static const char *const known[] = { "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0" };

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (streq(v, known[i]))
			return true;
	return false;
}

/* Section 1: it begins with a letter or digit, and goes on with these or '_', '.', '-'. */
static bool is_name(const char *s)
{
	if (!isalnum((unsigned char)*s))
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("_.-", *s))
			return false;
	return true;
}

/* The program's name: a file of the plugins' directories, and nothing outside of these. */
static bool is_type(const char *s)
{
	return s && *s && *s != '.' && !strchr(s, '/');
}

static int take_head(const char *file, const struct json *doc, struct cni_network *ret,
		     struct err *e)
{
	ret->name = json_get_string(doc, "name");
	ret->version = json_get_string(doc, "cniVersion");
	if (!ret->name || !is_name(ret->name))
		return err_set(e, EBADMSG, "'%s': name: expected letters, digits, '_', '.' and '-'",
			       file);
	if (!ret->version || !is_known_version(ret->version))
		return err_set(e, EBADMSG,
			       "'%s': cniVersion '%.20s' is not spoken here: 0.3.0 to 1.1.0 are",
			       file, ret->version ? ret->version : "");
	return 0;
}

static int take_plugin(const char *file, const struct json *plugin, struct cni_network *ret,
		       struct err *e)
{
	if (!is_type(json_get_string(plugin, "type")))
		return err_set(e, EBADMSG,
			       "'%s': plugins[%zu].type: expected the file name of a plugin", file,
			       ret->n);
	ret->plugins[ret->n++] = plugin;
	return 0;
}

int cni_network_parse(const char *file, const char *text, size_t len, struct arena *a,
		      struct cni_network *ret, struct err *e)
{
	const struct json *list;
	struct json *doc;
	int r = json_parse(file, text, len, a, &doc, e);

	*ret = (struct cni_network){ 0 };
	if (r < 0)
		return r;
	ret->doc = doc;
	r = take_head(file, doc, ret, e);
	if (r < 0)
		return r;
	list = json_get(doc, "plugins");
	if (list && (list->kind != JSON_ARRAY || !list->len))
		return err_set(e, EBADMSG, "'%s': plugins: expected an array of objects", file);
	ret->plugins = arena_alloc(a, list ? list->len : 1, sizeof(struct json *));
	if (!list)
		return take_plugin(file, doc, ret, e);
	for (size_t i = 0; i < list->len && r >= 0; i++)
		r = take_plugin(file, &list->items[i], ret, e);
	return r;
}

/* ---- A directory of them ---- */

static bool is_conf(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && dot != name &&
	       (streq(dot, ".conflist") || streq(dot, ".conf") || streq(dot, ".json"));
}

static int gather(int dirfd UNUSED, const char *name, unsigned char type UNUSED, void *ctx,
		  struct err *e UNUSED)
{
	if (is_conf(name))
		strv_add(ctx, name);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int read_conf(int dirfd, const char *dir, const char *name, struct arena *a,
		     struct cni_network *ret, struct err *e)
{
	autofree char *path = path_join(dir, name), *text = NULL;
	size_t len;
	int r = file_read_at(dirfd, name, CNI_CONF_MAX, &text, &len, e);

	return r < 0 ? r : cni_network_parse(path, text, len, a, ret, e);
}

/* A broken file before the one that is meant does not hide it: who asks by name knows what for. */
int cni_network_find(const char *dir, const char *name, struct arena *a, struct cni_network *ret,
		     struct err *e)
{
	autofd int dirfd = dir_open_at(AT_FDCWD, dir, e);
	auto_(strv) struct strv names = { 0 };
	struct err why = { 0 };
	int r;

	if (dirfd < 0)
		return dirfd;
	r = dir_each(dirfd, gather, &names, e);
	if (r < 0)
		return r;
	if (names.n)
		qsort(names.v, names.n, sizeof(*names.v), by_name);
	for (size_t i = 0; i < names.n; i++) {
		r = read_conf(dirfd, dir, names.v[i], a, ret, &why);
		if (r < 0 && !name)
			return err_take(e, &why);
		if (r >= 0 && (!name || streq(ret->name, name)))
			return 0;
	}
	if (why.code)
		return err_take(e, &why);
	if (name)
		return err_set(e, ENOENT, "no file in '%s' describes a network '%s'", dir, name);
	return err_set(e, ENOENT, "'%s' describes no network (*.conflist, *.conf, *.json)", dir);
}

/* ---- What a plugin is fed ---- */

/* Said by the list, or by who calls: never taken from the plugin's own object. */
static bool is_given(const char *key)
{
	return streq(key, "cniVersion") || streq(key, "name") || streq(key, "prevResult") ||
	       streq(key, "runtimeConfig");
}

void cni_plugin_input(const struct cni_network *net, size_t plugin, const struct json *before,
		      struct strbuf *ret)
{
	const struct json *own = net->plugins[plugin];
	struct json_writer w = { .out = ret };

	json_object(&w);
	json_kv_string(&w, "cniVersion", net->version);
	json_kv_string(&w, "name", net->name);
	for (size_t i = 0; i < own->len; i++) {
		if (is_given(own->keys[i]))
			continue;
		json_key(&w, own->keys[i]);
		json_write_tree(&w, &own->items[i]);
	}
	if (before) {
		json_key(&w, "prevResult");
		json_write_tree(&w, before);
	}
	json_object_end(&w);
}

/* ---- What it answers ---- */

static bool is_word(const char *s)
{
	for (const char *at = s; *at; at++)
		if (!isgraph((unsigned char)*at))
			return false;
	return *s;
}

/* The next text of an array that is one word, or NULL at its end. */
static const char *next_word(const struct json *list, size_t *at)
{
	if (!list || list->kind != JSON_ARRAY)
		return NULL;
	while (*at < list->len) {
		const struct json *item = &list->items[(*at)++];

		if (item->kind == JSON_STRING && is_word(item->string))
			return item->string;
	}
	return NULL;
}

static void add_line(const struct json *list, const char *word, struct strbuf *ret)
{
	const char *item;
	size_t at = 0, n = 0;

	while ((item = next_word(list, &at)))
		strbuf_addf(ret, "%s %s", n++ ? "" : word, item);
	if (n)
		strbuf_addc(ret, '\n');
}

void cni_result_resolv(const struct json *result, struct strbuf *ret)
{
	const struct json *dns = json_get(result, "dns");
	const char *server;
	size_t at = 0;

	while ((server = next_word(json_get(dns, "nameservers"), &at)))
		strbuf_addf(ret, "nameserver %s\n", server);
	if (!ret->len)
		return;
	add_line(json_get(dns, "search"), "search", ret);
	add_line(json_get(dns, "options"), "options", ret);
}

const char *cni_result_gateway(const struct json *result)
{
	const struct json *ips = json_get(result, "ips");
	const char *gateway = NULL;

	for (size_t i = 0; !gateway && ips && ips->kind == JSON_ARRAY && i < ips->len; i++)
		gateway = json_get_string(&ips->items[i], "gateway");
	return gateway;
}

const char *cni_error_text(const char *text, size_t len, struct arena *a)
{
	auto_(strbuf) struct strbuf words = { 0 };
	const char *msg, *details;
	struct json *doc;

	if (json_parse("answer", text, len, a, &doc, NULL) < 0)
		return NULL;
	msg = json_get_string(doc, "msg");
	details = json_get_string(doc, "details");
	if (!msg || !*msg)
		return NULL;
	strbuf_add_printable(&words, msg, strlen(msg), "");
	if (details && *details) {
		strbuf_adds(&words, ": ");
		strbuf_add_printable(&words, details, strlen(details), "");
	}
	return arena_strdup(a, strbuf_str(&words));
}
