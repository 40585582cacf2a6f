/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/cdi/devices.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "libutil/dir.h"
#include "libutil/file.h"
#include "libutil/path.h"

void cdi_devices_done(struct cdi_devices *d)
{
	free(d->dirs);
	arena_done(&d->arena);
	*d = (struct cdi_devices){ 0 };
}

/* ---- One file ---- */

static void add_broken(struct cdi_devices *d, const char *path, const char *why)
{
	d->broken =
		arena_grow(&d->arena, d->broken, d->n_broken, d->n_broken + 1, sizeof(*d->broken));
	d->broken[d->n_broken++] =
		(struct cdi_broken){ arena_strdup(&d->arena, path), arena_strdup(&d->arena, why) };
}

static void add_devices(struct cdi_devices *d, const struct cdi_spec *spec, const char *path,
			size_t dir)
{
	const struct cdi_spec_device *list = spec->devices.items;

	if (d->n + spec->devices.n > d->cap) {
		d->cap = 2 * (d->n + spec->devices.n);
		d->items = arena_grow(&d->arena, d->items, d->n, d->cap, sizeof(*d->items));
	}
	path = arena_strdup(&d->arena, path);
	for (size_t i = 0; i < spec->devices.n; i++)
		d->items[d->n++] = (struct cdi_device){
			.name = arena_printf(&d->arena, "%s=%s", spec->kind, list[i].name),
			.spec = spec,
			.device = &list[i],
			.path = path,
			.dir = dir,
		};
}

static void read_file(struct cdi_devices *d, int dirfd, const char *dir, const char *name,
		      size_t number)
{
	autofree char *path = path_join(dir, name), *text = NULL;
	struct cdi_spec *spec = NULL;
	struct err why = { 0 };
	size_t len = 0;
	int r = file_read_regular_at(dirfd, name, CDI_FILE_MAX, &text, &len, &why);

	if (r < 0)
		r = err_wrap(&why, r, "%s", path);
	else
		r = cdi_spec_parse(path, text, len, &d->arena, &spec, &why);
	if (r >= 0 && spec)
		add_devices(d, spec, path, number);
	else
		add_broken(d, path, why.msg);
}

/* ---- Directories ---- */

static bool is_spec(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && (streq(dot, ".json") || streq(dot, ".yaml"));
}

static int gather(int dirfd UNUSED, const char *name, unsigned char type, void *ctx,
		  struct err *e UNUSED)
{
	if (type != DT_DIR && is_spec(name))
		strv_add(ctx, name);
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int read_names(struct cdi_devices *d, int dirfd, const char *dir, size_t number,
		      struct err *e)
{
	auto_(strv) struct strv names = { 0 };
	int r = dir_each(dirfd, gather, &names, e);

	if (r < 0)
		return r;
	if (names.n > CDI_FILES_MAX - d->n_files)
		return err_set(e, E2BIG, "'%s': more than %d files describe devices", dir,
			       CDI_FILES_MAX);
	d->n_files += names.n;
	if (names.n)
		qsort(names.v, names.n, sizeof(*names.v), by_text);
	for (size_t i = 0; i < names.n; i++)
		read_file(d, dirfd, dir, names.v[i], number);
	return 0;
}

/* What keeps the whole directory from being read is told as of a file. */
static void read_dir(struct cdi_devices *d, const char *dir, size_t number)
{
	struct err why = { 0 };
	autofd int fd = dir_open_at(AT_FDCWD, dir, &why);
	int r = fd < 0 ? fd : read_names(d, fd, dir, number, &why);

	if (r < 0 && r != -ENOENT)
		add_broken(d, dir, why.msg);
}

/* ---- All devices ---- */

static int by_name(const void *a, const void *b)
{
	const struct cdi_device *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	/* Of equal ones those of later directories first, then by path. */
	if (!c)
		c = (x->dir < y->dir) - (x->dir > y->dir);
	return c ? c : strcmp(x->path, y->path);
}

static void settle(struct cdi_devices *d)
{
	size_t kept = 0;

	if (d->n)
		qsort(d->items, d->n, sizeof(*d->items), by_name);
	for (size_t i = 0; i < d->n; i++) {
		struct cdi_device *last = kept ? &d->items[kept - 1] : NULL;

		if (!last || !streq(last->name, d->items[i].name))
			d->items[kept++] = d->items[i];
		else if (last->dir == d->items[i].dir && !last->other)
			last->other = d->items[i].path;
	}
	d->n = kept;
}

int cdi_devices_read(const struct strv *dirs, struct cdi_devices *ret, struct err *e)
{
	ret->dirs = strv_join(dirs, ", ");
	for (size_t i = 0; i < dirs->n; i++) {
		if (!path_is_absolute(dirs->v[i]))
			return err_set(e, EINVAL, "--cdi-spec-dir '%s': expected an absolute path",
				       dirs->v[i]);
		read_dir(ret, dirs->v[i], i);
	}
	settle(ret);
	return 0;
}

/* ---- Asked for ---- */

static int compare_name(const void *key, const void *item)
{
	return strcmp(key, ((const struct cdi_device *)item)->name);
}

int cdi_devices_missing(const struct cdi_devices *d, const char *name, struct err *e)
{
	if (!d->n_broken)
		return err_set(e, ENOENT, "no file in %s describes the device '%.100s'", d->dirs,
			       name);
	return err_set(e, ENOENT, "no file in %s describes the device '%.100s'; not used: %s%s",
		       d->dirs, name, d->broken[0].why, d->n_broken > 1 ? ", and others" : "");
}

int cdi_devices_find(const struct cdi_devices *d, const char *name, const struct cdi_device **ret,
		     struct err *e)
{
	const struct cdi_device *found =
		d->n ? bsearch(name, d->items, d->n, sizeof(*d->items), compare_name) : NULL;

	if (!found)
		return cdi_devices_missing(d, name, e);
	if (found->other)
		return err_set(e, EEXIST,
			       "'%.100s' is described by '%s' and by '%s': take one of them away",
			       name, found->path, found->other);
	*ret = found;
	return 0;
}

static const char *find_pair(const struct oci_strmap *map, const char *key)
{
	for (size_t i = 0; i < map->n; i++)
		if (streq(map->items[i].key, key))
			return map->items[i].value;
	return NULL;
}

const char *cdi_device_annotation(const struct cdi_device *d, const char *key)
{
	const char *own = find_pair(&d->device->annotations, key);

	return own ? own : find_pair(&d->spec->annotations, key);
}
