/* SPDX-License-Identifier: Apache-2.0 */
/* A file must not use what came later than the version that it claims: who reads the file by that
 * version would leave a part of the device out. */
#include <errno.h>

#include "imagetool/cdi/spec.h"

/* In the order they appeared. */
enum version { V030, V040, V050, V060, V070, V080, V100, V110, VERSION_COUNT };
static const char *const version_names[VERSION_COUNT] = {
	[V030] = "0.3.0", [V040] = "0.4.0", [V050] = "0.5.0", [V060] = "0.6.0",
	[V070] = "0.7.0", [V080] = "0.8.0", [V100] = "1.0.0", [V110] = "1.1.0",
};

/* ---- Of edits ---- */

static bool uses_mount_type(const struct cdi_edits *c)
{
	const struct cdi_mount *m = c->mounts.items;

	for (size_t i = 0; i < c->mounts.n; i++)
		if (m[i].type)
			return true;
	return false;
}

static bool uses_host_path(const struct cdi_edits *c)
{
	const struct cdi_device_node *d = c->device_nodes.items;

	for (size_t i = 0; i < c->device_nodes.n; i++)
		if (d[i].host_path)
			return true;
	return false;
}

static bool uses_rdt(const struct cdi_edits *c)
{
	return c->intel_rdt;
}

static bool uses_gids(const struct cdi_edits *c)
{
	return c->additional_gids.n > 0;
}

static bool uses_net_devices(const struct cdi_edits *c)
{
	return c->net_devices.n > 0;
}

static bool uses_schemata(const struct cdi_edits *c)
{
	return c->intel_rdt && (c->intel_rdt->schemata.items || c->intel_rdt->enable_monitoring);
}

/* ---- Of the document ---- */

static bool uses_digit(const struct cdi_spec *s)
{
	const struct cdi_spec_device *d = s->devices.items;

	for (size_t i = 0; i < s->devices.n; i++)
		if (*d[i].name >= '0' && *d[i].name <= '9')
			return true;
	return false;
}

static bool uses_annotations(const struct cdi_spec *s)
{
	const struct cdi_spec_device *d = s->devices.items;

	for (size_t i = 0; i < s->devices.n; i++)
		if (d[i].annotations.n > 0)
			return true;
	return s->annotations.n > 0;
}

static bool uses_dot(const struct cdi_spec *s)
{
	const char *slash = strchr(s->kind, '/');

	return slash && strchr(slash, '.');
}

static const struct {
	enum version since;
	const char *what;
	bool (*edits)(const struct cdi_edits *c);
	bool (*spec)(const struct cdi_spec *s);
} features[] = {
	{ V110, "netDevices", .edits = uses_net_devices },
	{ V110, "schemata and enableMonitoring of intelRdt", .edits = uses_schemata },
	{ V070, "intelRdt", .edits = uses_rdt },
	{ V070, "additionalGids", .edits = uses_gids },
	{ V060, "annotations", .spec = uses_annotations },
	{ V060, "a '.' in a class", .spec = uses_dot },
	{ V050, "hostPath of device nodes", .edits = uses_host_path },
	{ V050, "a device's name that begins with a digit", .spec = uses_digit },
	{ V040, "type of mounts", .edits = uses_mount_type },
};

static bool is_used(const struct cdi_spec *s, size_t feature)
{
	const struct cdi_spec_device *d = s->devices.items;
	bool (*of_edits)(const struct cdi_edits *) = features[feature].edits;

	if (!of_edits)
		return features[feature].spec(s);
	for (size_t i = 0; i < s->devices.n; i++)
		if (of_edits(d[i].edits))
			return true;
	return s->edits && of_edits(s->edits);
}

int cdi_version_check(const char *file, const struct cdi_spec *spec, struct err *e)
{
	const char *name = spec->version + (*spec->version == 'v');
	size_t v = 0;

	while (v < VERSION_COUNT && !streq(name, version_names[v]))
		v++;
	if (v == VERSION_COUNT)
		return err_set(e, EBADMSG,
			       "%s: cdiVersion '%.20s' is not spoken here: 0.3.0 to 1.1.0 are",
			       file, spec->version);
	for (size_t i = 0; i < ARRAY_LEN(features); i++)
		if (features[i].since > v && is_used(spec, i))
			return err_set(
				e, EBADMSG,
				"%s: cdiVersion '%.20s' does not have %s: it has to be %s at "
				"least",
				file, spec->version, features[i].what,
				version_names[features[i].since]);
	return 0;
}
