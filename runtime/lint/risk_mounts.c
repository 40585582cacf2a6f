/* SPDX-License-Identifier: Apache-2.0 */
/* Findings about mounts: what of the host they give away. */
#include <stdio.h>

#include "libutil/path.h"
#include "runtime/lint/lint.h"

/* Who speaks to one of these starts containers with all rights. */
static const char *const engine_sockets[] = {
	"buildkitd.sock", "containerd.sock", "crio.sock",
	"docker.sock",    "dockershim.sock", "podman.sock",
};

static const char *const host_paths[] = {
	"/",
	"/boot",
	"/dev",
	"/etc",
	"/lib/modules",
	"/proc",
	"/root",
	"/run",
	"/sys",
	"/usr",
	"/var",
	"/var/lib",
	"/var/lib/containerd",
	"/var/lib/containers",
	"/var/lib/docker",
	"/var/lib/kubelet",
	"/var/run",
};

static bool is_one_of(const char *text, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (streq(text, list[i]))
			return true;
	return false;
}

static bool is_bind(const struct spec_mount *m)
{
	return lint_has_word(&m->options, "bind") || lint_has_word(&m->options, "rbind");
}

static bool is_read_only(const struct spec_mount *m)
{
	return lint_has_word(&m->options, "ro") || lint_has_word(&m->options, "rro");
}

static bool has_type(const struct spec_mount *m, const char *type)
{
	return m->type && streq(m->type, type);
}

static void check_source(struct lint *l, const struct spec_mount *m, const char *path)
{
	autofree char *source = m->source ? path_clean(m->source) : NULL;
	const char *where = lint_path(l, "%s.source", path);

	if (!source || !path_is_absolute(source))
		return;
	if (is_one_of(path_base(source), engine_sockets, ARRAY_LEN(engine_sockets))) {
		lint_add(l, LINT_RULE_ENGINE_SOCKET, where, "'%s' on '%s'", source, m->destination);
		return;
	}
	/* Where a sysfs cannot be mounted, engines bind the host's, read-only; modules are read. */
	if (is_read_only(m) && (streq(source, "/sys") || streq(source, "/lib/modules")) &&
	    streq(source, m->destination))
		return;
	if (is_one_of(source, host_paths, ARRAY_LEN(host_paths)))
		lint_add(l, LINT_RULE_HOST_PATH, where, "'%s' on '%s'%s", source, m->destination,
			 is_read_only(m) ? ", to read" : ", writable");
}

static void check_kernel_trees(struct lint *l, const struct spec_mount *m, const char *path)
{
	if (is_read_only(m))
		return;
	if (has_type(m, "sysfs") && !lint_has_namespace(l, OCI_NS_USER))
		lint_add(l, LINT_RULE_WRITABLE_SYS, path, "'%s'%s", m->destination,
			 lint_has_namespace(l, OCI_NS_NETWORK) ? ""
							       : ", with the network of the host");
	if ((has_type(m, "cgroup") || has_type(m, "cgroup2")) &&
	    !lint_has_namespace(l, OCI_NS_CGROUP))
		lint_add(l, LINT_RULE_WRITABLE_CGROUP, path, "'%s'", m->destination);
}

static void check_options(struct lint *l, const struct spec_mount *m, const char *path)
{
	static const char *const shared[] = { "shared", "rshared" };

	if (has_type(m, "tmpfs") && !is_read_only(m) && !lint_has_word(&m->options, "nosuid"))
		lint_add(l, LINT_RULE_SETUID_MOUNT, path, "'%s'", m->destination);
	for (size_t i = 0; i < ARRAY_LEN(shared); i++)
		if (lint_has_word(&m->options, shared[i]))
			lint_add(l, LINT_RULE_SHARED, lint_path(l, "%s.options", path),
				 "'%s' on '%s'", shared[i], m->destination);
}

/* Of what came before.  The same destination twice is meant: engines put a volume over a default.
 */
static void check_order(struct lint *l, const struct spec_mount *all, size_t i, const char *path)
{
	if (lint_has_word(&all[i].options, "remount"))
		return;
	for (size_t k = 0; k < i; k++)
		if (!streq(all[k].destination, all[i].destination) &&
		    path_is_below(all[k].destination, all[i].destination) &&
		    !lint_has_word(&all[k].options, "remount"))
			lint_add(l, LINT_RULE_HIDDEN, lint_path(l, "mounts[%zu]", k),
				 "'%s' is covered by '%s' of %s", all[k].destination,
				 all[i].destination, path);
}

/* Lists of this length would cost their square. */
#define MOUNTS_MAX 1024

void lint_mounts(struct lint *l)
{
	const struct spec_mount *all = l->spec->mounts.items;

	for (size_t i = 0; i < l->spec->mounts.n && i < MOUNTS_MAX; i++) {
		const char *path = lint_path(l, "mounts[%zu]", i);

		if (is_bind(&all[i]))
			check_source(l, &all[i], path);
		else
			check_kernel_trees(l, &all[i], path);
		check_options(l, &all[i], path);
		check_order(l, all, i, path);
		if (*all[i].destination && !path_is_absolute(all[i].destination))
			lint_add(l, LINT_RULE_RELATIVE, lint_path(l, "%s.destination", path),
				 "'%s'", all[i].destination);
	}
}
