/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/bundle/cdi_options.h"

#include "imagetool/cdi/gpus.h"
#include "imagetool/cdi/name.h"

void cdi_wanted_done(struct cdi_wanted *w)
{
	cdi_list_done(&w->list);
	cdi_devices_done(&w->devices);
}

int cdi_options_devices(const struct container_options *o, const char *const *usual,
			struct cdi_devices *ret, struct err *e)
{
	auto_(strv) struct strv dirs = { 0 };

	for (; *usual; usual++)
		strv_add(&dirs, *usual);
	return cdi_devices_read(o->cdi_dirs.n ? &o->cdi_dirs : &dirs, ret, e);
}

static int add_device(const char *name, struct strv *ret, struct err *e)
{
	int r = cdi_name_check(name, e);

	if (r < 0)
		return err_wrap(e, r, "--device '%.100s'", name);
	strv_add(ret, name);
	return 0;
}

static int collect(const struct container_options *o, struct strv *ret, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < o->devices.n && r >= 0; i++)
		if (cdi_looks_like_name(o->devices.v[i]))
			r = add_device(o->devices.v[i], ret, e);
	for (size_t i = 0; i < o->gpus.n && r >= 0; i++)
		r = cdi_gpus_parse(o->gpus.v[i], ret, e);
	return r;
}

static int find(struct cdi_wanted *w, const char *name, struct err *e)
{
	const struct cdi_device *d = NULL;
	int r = cdi_devices_find(&w->devices, name, &d, e);

	if (r >= 0)
		cdi_list_add(&w->list, d);
	return r;
}

int cdi_options_read(const struct container_options *o, struct cdi_wanted *ret, struct err *e)
{
	static const char *const usual[] = { CDI_DIRS, NULL };
	auto_(strv) struct strv names = { 0 };
	int r = collect(o, &names, e);

	if (r >= 0 && names.n)
		r = cdi_options_devices(o, usual, &ret->devices, e);
	for (size_t i = 0; i < names.n && r >= 0; i++)
		r = find(ret, names.v[i], e);
	return r;
}
