/* SPDX-License-Identifier: Apache-2.0 */
#include "oci-spec/runtime_check.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

/* "linux.seccomp.flags: why" in its two parts. */
static int tell_sink(const struct check *c, const char *text)
{
	const char *colon = strstr(text, ": ");
	int len = colon ? (int)(colon - text) : 0;
	autofree char *path = xasprintf("%s%.*s", c->prefix, len, text);

	c->sink->fault(c->sink->ctx, path, colon ? colon + 2 : text);
	return 0;
}

int check_fail(const struct check *c, const char *fmt, ...)
{
	struct err reason;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(reason.msg, sizeof(reason.msg), fmt, ap);
	va_end(ap);
	/* Texts of the document must not reach a terminal with their control characters. */
	for (char *p = reason.msg; *p; p++) {
		if (iscntrl((unsigned char)*p))
			*p = '?';
	}
	if (c->sink)
		return tell_sink(c, reason.msg);
	return err_set(c->e, EINVAL, "%s: %s%s", c->name, c->prefix, reason.msg);
}

bool check_word(const char *word, const char *const *list)
{
	for (; *list; list++) {
		if (streq(word, *list))
			return true;
	}
	return false;
}

int check_env(const struct check *c, const char *path, const struct oci_strings *env)
{
	for (size_t i = 0; i < env->n; i++) {
		const char *equals = strchr(env->items[i], '=');

		if (!equals || equals == env->items[i]) {
			if (check_fail(c, "%s[%zu]: '%.60s' is not of the form NAME=VALUE", path, i,
				       env->items[i]) < 0)
				return -EINVAL;
			continue;
		}
	}
	return 0;
}

/* ---- Version ---- */

/* Skip a number without leading zeros; NULL when there is none. */
static const char *skip_number(const char *p)
{
	const char *start = p;

	while (isdigit((unsigned char)*p))
		p++;
	return p == start || (*start == '0' && p - start > 1) ? NULL : p;
}

/* semver.org, items 2, 9 and 10. */
static bool is_semantic_version(const char *text)
{
	const char *p = text;

	for (int part = 0; part < 3; part++) {
		if (part > 0 && *p++ != '.')
			return false;
		p = skip_number(p);
		if (!p)
			return false;
	}
	if (!*p)
		return true;
	if (*p != '-' && *p != '+')
		return false;
	p++;
	return *p &&
	       p[strspn(p, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-.+")] ==
		       '\0';
}

/* A runtime of a major version takes every document of it, older or newer. */
static int check_version(const struct check *c, const char *version)
{
	if (!is_semantic_version(version))
		return check_fail(c, "ociVersion: '%.60s' is not a semantic version", version);
	if (!starts_with(version, "1."))
		return check_fail(c, "ociVersion: version '%.60s' is not supported, only 1.x is",
				  version);
	return 0;
}

/* ---- Mounts and hooks ---- */

static int check_ranges(const struct check *c, const char *path, const char *key,
			const struct oci_array *list)
{
	const struct spec_id_mapping *items = list->items;

	for (size_t i = 0; i < list->n; i++) {
		const uint64_t ids = UINT64_C(1) << 32;

		if (items[i].size.v == 0) {
			if (check_fail(c, "%s%s[%zu].size: must not be 0", path, key, i) < 0)
				return -EINVAL;
			continue;
		}
		if (items[i].container_id.v + items[i].size.v > ids ||
		    items[i].host_id.v + items[i].size.v > ids) {
			if (check_fail(c, "%s%s[%zu]: reaches beyond id 4294967295", path, key, i) <
			    0)
				return -EINVAL;
			continue;
		}
	}
	return 0;
}

int check_mappings(const struct check *c, const char *path, const struct oci_array *uids,
		   const struct oci_array *gids)
{
	int r;

	if (!uids->n != !gids->n)
		return check_fail(c, "%s%s: must be given too when there are %s", path,
				  uids->n ? "gidMappings" : "uidMappings",
				  uids->n ? "uidMappings" : "gidMappings");
	r = check_ranges(c, path, "uidMappings", uids);
	return r < 0 ? r : check_ranges(c, path, "gidMappings", gids);
}

int check_mounts(const struct check *c, const struct oci_array *mounts)
{
	const struct spec_mount *items = mounts->items;

	for (size_t i = 0; i < mounts->n; i++) {
		char path[40];
		int r;

		(void)snprintf(path, sizeof(path), "mounts[%zu].", i);
		r = check_mappings(c, path, &items[i].uid_mappings, &items[i].gid_mappings);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_hook_list(const struct check *c, const char *key, const struct oci_array *hooks)
{
	const struct spec_hook *items = hooks->items;

	for (size_t i = 0; i < hooks->n; i++) {
		char path[64];
		int r;

		(void)snprintf(path, sizeof(path), "hooks.%s[%zu].env", key, i);
		r = check_env(c, path, &items[i].env);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_hooks(const struct check *c, const struct spec_hooks *h)
{
	const struct {
		const char *key;
		const struct oci_array *list;
	} lists[] = {
		{ "prestart", &h->prestart },
		{ "createRuntime", &h->create_runtime },
		{ "createContainer", &h->create_container },
		{ "startContainer", &h->start_container },
		{ "poststart", &h->poststart },
		{ "poststop", &h->poststop },
	};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		int r = check_hook_list(c, lists[i].key, lists[i].list);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Without a UTS namespace of its own the container would rename the host. */
static int check_names(const struct check *c, const struct runtime_spec *spec)
{
	if (spec_find_namespace(spec, OCI_NS_UTS))
		return 0;
	if (spec->hostname)
		return check_fail(c, "hostname: needs a namespace of type 'uts'");
	if (spec->domainname)
		return check_fail(c, "domainname: needs a namespace of type 'uts'");
	return 0;
}

/* ---- The whole ---- */

static int check_spec(const char *name, const struct runtime_spec *spec,
		      const struct check_sink *sink, struct err *e)
{
	const struct check c = { .name = name, .prefix = "", .e = e, .sink = sink };
	const struct check process = { .name = name, .prefix = "process.", .e = e, .sink = sink };
	int r = check_version(&c, spec->oci_version);

	if (r == 0 && !spec->root)
		r = check_fail(&c, "root: is required");
	if (r == 0)
		r = check_names(&c, spec);
	if (r == 0)
		r = check_mounts(&c, &spec->mounts);
	if (r == 0 && spec->process)
		r = check_process(&process, spec->process);
	if (r == 0 && spec->hooks)
		r = check_hooks(&c, spec->hooks);
	if (r == 0 && spec->linux_)
		r = check_linux(&c, spec);
	return r;
}

int runtime_spec_check(const char *name, const struct runtime_spec *spec, struct err *e)
{
	return check_spec(name, spec, NULL, e);
}

void runtime_spec_faults(const struct runtime_spec *spec,
			 void (*fault)(void *ctx, const char *path, const char *reason), void *ctx)
{
	const struct check_sink sink = { .fault = fault, .ctx = ctx };

	(void)check_spec("", spec, &sink, NULL);
}

int runtime_spec_decode(const char *name, const char *text, size_t len,
			const struct decode_opts *opts, struct arena *a, struct runtime_spec **ret,
			struct err *e)
{
	void *object;
	int r = oci_decode(&runtime_spec_type, name, text, len, opts, a, &object, e);

	if (r == 0)
		r = runtime_spec_check(name, object, e);
	if (r < 0)
		return r;
	*ret = object;
	return 0;
}

int spec_process_decode(const char *name, const char *text, size_t len, struct arena *a,
			struct spec_process **ret, struct err *e)
{
	const struct check c = { .name = name, .prefix = "", .e = e };
	void *object;
	int r = oci_decode(&spec_process_type, name, text, len, NULL, a, &object, e);

	if (r == 0)
		r = check_process(&c, object);
	if (r < 0)
		return r;
	*ret = object;
	return 0;
}

int spec_resources_check(const char *name, const struct spec_resources *r, struct err *e)
{
	const struct check c = { .name = name, .prefix = "", .e = e };

	return check_resources(&c, r);
}

int spec_resources_decode(const char *name, const char *text, size_t len, struct arena *a,
			  struct spec_resources **ret, struct err *e)
{
	void *object;
	int r = oci_decode(&spec_resources_type, name, text, len, NULL, a, &object, e);

	if (r == 0)
		r = spec_resources_check(name, object, e);
	if (r < 0)
		return r;
	*ret = object;
	return 0;
}
