/* SPDX-License-Identifier: Apache-2.0 */
/* What vendors say of devices, as JSON and as YAML, and the words by which people ask for them: no
 * name that was taken has what a path or a list could be made of, and edits are as they were
 * promised. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "imagetool/cdi/allow.h"
#include "imagetool/cdi/gpus.h"
#include "imagetool/cdi/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_edits(const struct cdi_edits *c)
{
	const struct cdi_device_node *d = c->device_nodes.items;
	const struct cdi_hook *h = c->hooks.items;

	for (size_t i = 0; i < c->env.n; i++)
		assert(strchr(c->env.items[i], '='));
	for (size_t i = 0; i < c->device_nodes.n; i++)
		assert(d[i].path[0] == '/' && (!d[i].host_path || d[i].host_path[0] == '/'));
	for (size_t i = 0; i < c->hooks.n; i++)
		assert(h[i].path[0] == '/' && h[i].name != CDI_HOOK_NONE);
}

static void check_spec(const struct cdi_spec *spec)
{
	const struct cdi_spec_device *d = spec->devices.items;

	assert(spec->devices.n && cdi_kind_check(spec->kind, NULL) >= 0);
	assert(!strpbrk(spec->kind, "=, \n"));
	if (spec->edits)
		check_edits(spec->edits);
	for (size_t i = 0; i < spec->devices.n; i++) {
		assert(!strpbrk(d[i].name, "/=, \n"));
		check_edits(d[i].edits);
	}
}

static void check_words(const char *text, struct arena *a)
{
	auto_(strv) struct strv names = { 0 };
	struct cdi_allow allow = { 0 };
	struct run_device want;

	(void)cdi_name_check(text, NULL);
	if (cdi_gpus_parse(text, &names, NULL) >= 0)
		assert(names.n <= CDI_GPUS_MAX);
	if (cdi_allow_parse(text, a, &allow, NULL) >= 0)
		assert(allow.all || *allow.items[0].name);
	if (run_device_parse(text, a, &want, NULL) >= 0)
		assert(*want.name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const files[] = { "x.json", "x.yaml" };
	auto_(arena) struct arena a = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct cdi_spec *spec;

		if (cdi_spec_parse(files[i], (const char *)data, size, &a, &spec, NULL) >= 0)
			check_spec(spec);
	}
	check_words(arena_strndup(&a, (const char *)data, size), &a);
	return 0;
}
