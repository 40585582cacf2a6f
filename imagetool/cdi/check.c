/* SPDX-License-Identifier: Apache-2.0 */
/* What the rows of a document cannot say. */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "imagetool/cdi/name.h"
#include "imagetool/cdi/spec.h"

/* Bytes of all annotations of one object. */
#define ANNOTATIONS_MAX ((size_t)256 << 10)

/* Where one is. */
struct place {
	const char *file;
	const char *in; /* "containerEdits", "devices[2].containerEdits" */
	struct err *e;
};

static int PRINTF(2, 3) fail(const struct place *p, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return err_set(p->e, EBADMSG, "%s: %s%s", p->file, p->in, text);
}

static int check_env(const struct place *p, const char *what, const struct oci_strings *env)
{
	for (size_t i = 0; i < env->n; i++) {
		const char *equals = strchr(env->items[i], '=');

		if (!equals || equals == env->items[i])
			return fail(p, ".%senv[%zu]: '%.80s' is not NAME=VALUE", what, i,
				    env->items[i]);
	}
	return 0;
}

static bool is_access(const char *text)
{
	return streq(text, "none") || text[strspn(text, "rwm")] == '\0';
}

static int check_nodes(const struct place *p, const struct cdi_edits *c)
{
	const struct cdi_device_node *d = c->device_nodes.items;

	for (size_t i = 0; i < c->device_nodes.n; i++) {
		if (d[i].type && (strlen(d[i].type) != 1 || !strchr("bcup", *d[i].type)))
			return fail(p, ".deviceNodes[%zu].type: '%.20s' is not b, c, u or p", i,
				    d[i].type);
		if (d[i].permissions && !is_access(d[i].permissions))
			return fail(
				p,
				".deviceNodes[%zu].permissions: '%.20s' is not made of r, w and "
				"m, or none",
				i, d[i].permissions);
	}
	return 0;
}

static int check_hooks(const struct place *p, const struct cdi_edits *c)
{
	const struct cdi_hook *h = c->hooks.items;
	int r = 0;

	for (size_t i = 0; i < c->hooks.n && r >= 0; i++) {
		char what[32];

		(void)snprintf(what, sizeof(what), "hooks[%zu].", i);
		r = check_env(p, what, &h[i].env);
	}
	return r;
}

static int check_net_devices(const struct place *p, const struct cdi_edits *c)
{
	const struct cdi_net_device *d = c->net_devices.items;

	for (size_t i = 0; i < c->net_devices.n; i++)
		for (size_t k = 0; k < i; k++)
			if (streq(d[i].host_name, d[k].host_name) || streq(d[i].name, d[k].name))
				return fail(p,
					    ".netDevices[%zu]: '%.40s' or '%.40s' is there twice",
					    i, d[i].host_name, d[i].name);
	return 0;
}

/* The group is a directory's name; "/" is the one that all belong to. */
static int check_rdt(const struct place *p, const struct cdi_edits *c)
{
	const char *id = c->intel_rdt ? c->intel_rdt->clos_id : NULL;

	if (!id || streq(id, "/"))
		return 0;
	if (strlen(id) >= PATH_MAX || streq(id, ".") || streq(id, "..") || strpbrk(id, "/\n"))
		return fail(p, ".intelRdt.closID: '%.40s' is not a file name", id);
	return 0;
}

/* Each is compared with all others when it is written into a config. */
static int check_counts(const struct place *p, const struct cdi_edits *c)
{
	const struct {
		const char *key;
		size_t n;
	} lists[] = {
		{ "env", c->env.n },
		{ "deviceNodes", c->device_nodes.n },
		{ "netDevices", c->net_devices.n },
		{ "mounts", c->mounts.n },
		{ "hooks", c->hooks.n },
		{ "additionalGids", c->additional_gids.n },
	};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		if (lists[i].n > CDI_EDITS_MAX)
			return fail(p, ".%s: more than %d", lists[i].key, CDI_EDITS_MAX);
	return 0;
}

static int check_edits(const struct place *p, const struct cdi_edits *c)
{
	int r = check_counts(p, c);

	if (r >= 0)
		r = check_env(p, "", &c->env);
	if (r >= 0)
		r = check_nodes(p, c);
	if (r >= 0)
		r = check_hooks(p, c);
	if (r >= 0)
		r = check_net_devices(p, c);
	return r < 0 ? r : check_rdt(p, c);
}

static bool is_empty(const struct cdi_edits *c)
{
	return !c->env.n && !c->device_nodes.n && !c->net_devices.n && !c->mounts.n &&
	       !c->hooks.n && !c->intel_rdt && !c->additional_gids.n;
}

static int check_annotations(const struct place *p, const struct oci_strmap *map)
{
	size_t all = 0;

	for (size_t i = 0; i < map->n; i++) {
		if (!*map->items[i].key)
			return fail(p, ": an annotation has no name");
		all += strlen(map->items[i].key) + strlen(map->items[i].value);
	}
	return all > ANNOTATIONS_MAX
		       ? fail(p, ": annotations of more than %zu bytes", ANNOTATIONS_MAX)
		       : 0;
}

static int check_device(const char *file, const struct cdi_spec *spec, size_t at, struct err *e)
{
	const struct cdi_spec_device *d = (const struct cdi_spec_device *)spec->devices.items + at;
	char in[64];
	const struct place p = { file, in, e };
	int r = cdi_device_name_check(d->name, e);

	(void)snprintf(in, sizeof(in), "devices[%zu]", at);
	if (r < 0)
		return err_wrap(e, r, "%s: %s.name", file, in);
	r = check_annotations(&p, &d->annotations);
	(void)snprintf(in, sizeof(in), "devices[%zu].containerEdits", at);
	if (r >= 0 && is_empty(d->edits))
		r = fail(&p, ": nothing is changed for the device");
	return r < 0 ? r : check_edits(&p, d->edits);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int check_twice(const char *file, const struct cdi_spec *spec, struct err *e)
{
	const struct cdi_spec_device *d = spec->devices.items;
	autofree const char **names = xcalloc(spec->devices.n, sizeof(*names));

	for (size_t i = 0; i < spec->devices.n; i++)
		names[i] = d[i].name;
	qsort(names, spec->devices.n, sizeof(*names), by_name);
	for (size_t i = 1; i < spec->devices.n; i++)
		if (streq(names[i], names[i - 1]))
			return err_set(e, EBADMSG, "%s: devices: '%.80s' is there twice", file,
				       names[i]);
	return 0;
}

int cdi_spec_check(const char *file, const struct cdi_spec *spec, struct err *e)
{
	const struct place p = { file, "containerEdits", e }, whole = { file, "annotations", e };
	int r = cdi_kind_check(spec->kind, e);

	if (r < 0)
		return err_wrap(e, r, "%s: kind", file);
	r = check_annotations(&whole, &spec->annotations);
	if (r >= 0 && spec->edits)
		r = check_edits(&p, spec->edits);
	for (size_t i = 0; i < spec->devices.n && r >= 0; i++)
		r = check_device(file, spec, i, e);
	return r < 0 ? r : check_twice(file, spec, e);
}
