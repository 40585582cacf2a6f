/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "imagetool/cdi/devices.h"

/* ---- Lists ---- */

void cdi_list_done(struct cdi_list *l)
{
	free(l->items);
	*l = (struct cdi_list){ 0 };
}

bool cdi_list_has(const struct cdi_list *l, const struct cdi_device *d)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->items[i] == d)
			return true;
	return false;
}

void cdi_list_add(struct cdi_list *l, const struct cdi_device *d)
{
	if (cdi_list_has(l, d))
		return;
	l->items = xreallocarray(l->items, l->n + 1, sizeof(const struct cdi_device *));
	l->items[l->n++] = d;
}

/* ---- Patterns ---- */

static bool is_of_kind(const struct cdi_device *d, const char *kind, size_t len)
{
	return !strncmp(d->name, kind, len) && d->name[len] == '=';
}

/* Those that two files describe are nobody's, and no pattern finds them. */
static int add_kind(const struct cdi_devices *d, const char *kind, size_t len, size_t most,
		    struct cdi_list *ret)
{
	size_t found = 0;

	for (size_t i = 0; i < d->n && found < most; i++) {
		if (d->items[i].other || !is_of_kind(&d->items[i], kind, len))
			continue;
		cdi_list_add(ret, &d->items[i]);
		found++;
	}
	return (int)found;
}

static int add_class(const struct cdi_devices *d, const char *word, struct cdi_list *ret)
{
	int found = 0;

	for (size_t i = 0; i < d->n; i++) {
		const char *class = cdi_device_annotation(&d->items[i], CDI_CLASS);

		if (d->items[i].other || !class || !streq(class, word))
			continue;
		cdi_list_add(ret, &d->items[i]);
		found++;
	}
	return found;
}

static int add_named(const struct cdi_devices *d, const char *name, struct cdi_list *ret,
		     struct err *e)
{
	const struct cdi_device *one = NULL;
	int r = cdi_devices_find(d, name, &one, e);

	if (r < 0)
		return r;
	cdi_list_add(ret, one);
	return 1;
}

int cdi_devices_select(const struct cdi_devices *d, const char *pattern, struct cdi_list *ret,
		       struct err *e)
{
	size_t len = strcspn(pattern, "=");
	const char *name = pattern[len] ? pattern + len + 1 : "";
	bool has_kind = memchr(pattern, '/', len);
	int r = 0;

	if (has_kind && !*name)
		r = add_kind(d, pattern, len, 1, ret);
	else if (has_kind && streq(name, "*"))
		r = add_kind(d, pattern, len, SIZE_MAX, ret);
	else if (has_kind)
		r = add_named(d, pattern, ret, e);
	if (r == -ENOENT) {
		err_clear(e);
		r = 0;
	}
	return r ? r : add_class(d, pattern, ret);
}
