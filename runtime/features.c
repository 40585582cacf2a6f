/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/features.h"

#include "runtime/annotation.h"
#include "runtime/hook/hook.h"
#include "runtime/init/mount_opts.h"
#include "runtime/seccomp/seccomp.h"

static struct oci_strings words(struct arena *a, const char *const *list)
{
	struct oci_strings s = { 0 };

	while (list[s.n])
		s.n++;
	s.items = arena_alloc(a, s.n + 1, sizeof(*s.items));
	for (size_t i = 0; i < s.n; i++)
		s.items[i] = list[i];
	return s;
}

/* features.md: annotations that change what the runtime does, so that whoever takes a configuration
 * from a stranger can refuse them. */
static struct oci_strings annotation_keys(struct arena *a)
{
	struct oci_strings s = { .n = ANNOTATION_COUNT };

	s.items = arena_alloc(a, s.n + 1, sizeof(*s.items));
	for (int i = 0; i < ANNOTATION_COUNT; i++)
		s.items[i] = annotation_key((enum annotation)i);
	return s;
}

static struct oci_strings hook_names(struct arena *a)
{
	struct oci_strings s = { .n = HOOK_KIND_COUNT };

	s.items = arena_alloc(a, s.n + 1, sizeof(*s.items));
	for (int i = 0; i < HOOK_KIND_COUNT; i++)
		s.items[i] = hook_name((enum hook_kind)i);
	return s;
}

static struct oci_strings capability_names(struct arena *a)
{
	struct oci_strings s = { .n = OCI_CAPABILITY_COUNT };

	s.items = arena_alloc(a, s.n + 1, sizeof(*s.items));
	for (size_t i = 0; i < s.n; i++)
		s.items[i] = oci_capability_names[i];
	return s;
}

static struct feature_enabled *enabled(struct arena *a, bool v)
{
	struct feature_enabled *f = arena_alloc(a, 1, sizeof(*f));

	f->enabled = (struct opt_bool){ .set = true, .v = v };
	return f;
}

static struct opt_bool yes_no(bool v)
{
	return (struct opt_bool){ .set = true, .v = v };
}

/* Namespaces by the words of config.json, as the decoder knows them. */
static void fill_linux(struct arena *a, struct features_linux *l)
{
	l->namespaces = words(a, oci_namespace_words.words);
	l->capabilities = capability_names(a);
	l->cgroup = arena_alloc(a, 1, sizeof(*l->cgroup));
	*l->cgroup = (struct features_cgroup){
		.v1 = yes_no(true),
		.v2 = yes_no(true),
#ifdef HAVE_SYSTEMD
		.systemd = yes_no(true),
		.systemd_user = yes_no(true),
#else
		.systemd = yes_no(false),
		.systemd_user = yes_no(false),
#endif
		.rdma = yes_no(true),
	};
	l->seccomp = arena_alloc(a, 1, sizeof(*l->seccomp));
	seccomp_features(a, l->seccomp);
	l->apparmor = enabled(a, true);
	l->selinux = enabled(a, true);
	l->intel_rdt = arena_alloc(a, 1, sizeof(*l->intel_rdt));
	*l->intel_rdt = (struct features_intel_rdt){
		.enabled = yes_no(true),
		.schemata = yes_no(true),
		.monitoring = yes_no(true),
	};
	l->memory_policy = arena_alloc(a, 1, sizeof(*l->memory_policy));
	l->memory_policy->modes = words(a, oci_memory_policy_modes);
	l->memory_policy->flags = words(a, oci_memory_policy_flags);
	l->mount_extensions = arena_alloc(a, 1, sizeof(*l->mount_extensions));
	l->mount_extensions->idmap = enabled(a, true);
	l->net_devices = enabled(a, true);
}

/* Where callers of runc and of crun look whether there is `checkpoint`.  As there, it says that the
 * verb is, not that criu is installed: that may change while an engine runs. */
static struct oci_strmap extras(struct arena *a)
{
	static const char *const keys[] = { "org.opencontainers.runc.checkpoint.enabled",
					    "run.oci.crun.checkpoint.enabled" };
	struct oci_strmap m = { .n = ARRAY_LEN(keys) };

	m.items = arena_alloc(a, m.n, sizeof(*m.items));
	for (size_t i = 0; i < m.n; i++)
		m.items[i] = (struct oci_pair){ .key = keys[i], .value = "true" };
	return m;
}

void features_fill(struct arena *a, struct oci_features *ret)
{
	*ret = (struct oci_features){
		.oci_version_min = RUNTIME_SPEC_MIN_VERSION,
		.oci_version_max = RUNTIME_SPEC_VERSION,
		.hooks = hook_names(a),
		.mount_options = words(a, mount_opts_names()),
		.linux_ = arena_alloc(a, 1, sizeof(*ret->linux_)),
		.annotations = extras(a),
		.potentially_unsafe_config_annotations = annotation_keys(a),
	};
	fill_linux(a, ret->linux_);
}
