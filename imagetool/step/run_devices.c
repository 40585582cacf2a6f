/* SPDX-License-Identifier: Apache-2.0 */
/* RUN --device: what it finds among the devices that vendors describe on this host. */
#include <stdarg.h>
#include <sys/stat.h>

#include "imagetool/bundle/cdi_options.h"
#include "imagetool/step/run_internal.h"

static void PRINTF(2, 3) tell(struct run_step *s, const char *fmt, ...)
{
	auto_(strbuf) struct strbuf text = { 0 }, clean = { 0 };
	va_list args;

	va_start(args, fmt);
	strbuf_vaddf(&text, fmt, args);
	va_end(args);
	strbuf_add_printable(&clean, strbuf_str(&text), text.len, "");
	strbuf_addc(&clean, '\n');
	s->log(s->log_ctx, RUN_STDERR, clean.data, clean.len);
}

static void tell_missing(void *ctx, const char *name)
{
	tell(ctx, "optional device '%s' is not there: going on without it", name);
}

static void tell_broken(struct run_step *s)
{
	for (size_t i = 0; i < s->cdi_devices.n_broken; i++)
		tell(s, "devices: not used: %s", s->cdi_devices.broken[i].why);
}

int run_devices_find(struct run_step *s, struct err *e)
{
	static const char *const usual[] = { CDI_BUILD_DIRS, NULL };
	const struct vertex_run *run = s->run;
	static const struct cdi_allow nothing;
	int r;

	if (!run->n_devices)
		return 0;
	r = cdi_options_devices(s->env->options, usual, &s->cdi_devices, e);
	if (r < 0)
		return r;
	tell_broken(s);
	r = cdi_allow_resolve(s->env->devices ? s->env->devices : &nothing, &s->cdi_devices,
			      run->devices, run->n_devices, tell_missing, s, &s->cdi, e);
	return r < 0 ? err_wrap(e, r, "RUN --device") : 0;
}

/* ---- Where they are mounted ---- */

static bool is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 || S_ISDIR(st.st_mode);
}

static int make_mounts(struct run_step *s, const struct cdi_edits *c, struct err *e)
{
	const struct cdi_mount *m = c ? c->mounts.items : NULL;
	int r = 0;

	for (size_t i = 0; c && i < c->mounts.n && r >= 0; i++)
		r = run_stub_for(s, m[i].container_path, is_dir(m[i].host_path), e);
	return r;
}

/* Those outside of /dev are mounted. */
static int make_nodes(struct run_step *s, const struct cdi_edits *c, struct err *e)
{
	const struct cdi_device_node *d = c ? c->device_nodes.items : NULL;
	int r = 0;

	for (size_t i = 0; c && i < c->device_nodes.n && r >= 0; i++)
		r = run_stub_for(s, d[i].path, false, e);
	return r;
}

int run_devices_stubs(struct run_step *s, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < s->cdi.n && r >= 0; i++) {
		const struct cdi_edits *both[] = { s->cdi.items[i]->spec->edits,
						   s->cdi.items[i]->device->edits };

		for (size_t k = 0; k < ARRAY_LEN(both) && r >= 0; k++) {
			r = make_mounts(s, both[k], e);
			if (r >= 0)
				r = make_nodes(s, both[k], e);
		}
	}
	return r;
}
