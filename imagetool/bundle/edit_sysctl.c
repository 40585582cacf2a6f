/* SPDX-License-Identifier: Apache-2.0 */
/* --sysctl: parameters that belong to a namespace, and only when the container has that for itself.
 */
#include <errno.h>

#include "imagetool/bundle/edit.h"

/* A name that ends in '.' stands for all that begin so. */
static const struct sysctl_row {
	const char *name;
	enum oci_namespace type;
	const char *option;
} known[] = {
	{ "net.", OCI_NS_NETWORK, "--network" },
	{ "kernel.msgmax", OCI_NS_IPC, "--ipc" },
	{ "kernel.msgmnb", OCI_NS_IPC, "--ipc" },
	{ "kernel.msgmni", OCI_NS_IPC, "--ipc" },
	{ "kernel.sem", OCI_NS_IPC, "--ipc" },
	{ "kernel.shmall", OCI_NS_IPC, "--ipc" },
	{ "kernel.shmmax", OCI_NS_IPC, "--ipc" },
	{ "kernel.shmmni", OCI_NS_IPC, "--ipc" },
	{ "kernel.shm_rmid_forced", OCI_NS_IPC, "--ipc" },
	{ "fs.mqueue.", OCI_NS_IPC, "--ipc" },
	{ "kernel.domainname", OCI_NS_UTS, "--uts" },
};

static bool matches(const struct sysctl_row *row, const char *name)
{
	size_t len = strlen(row->name);

	return row->name[len - 1] == '.' ? strncmp(row->name, name, len) == 0 && name[len]
					 : streq(row->name, name);
}

static bool has_own(const struct spec_edit *ed, enum oci_namespace type)
{
	const struct spec_namespace *ns = spec_find_namespace(ed->spec, type);

	return ns && !ns->path;
}

static int add(struct spec_edit *ed, const char *text, struct err *e)
{
	const char *equals = strchr(text, '=');
	autofree char *name = xstrndup(text, equals ? (size_t)(equals - text) : strlen(text));

	if (!equals || !*name || strstr(name, ".."))
		return err_set(e, EINVAL, "--sysctl '%s': expected NAME=VALUE", text);
	for (char *p = name; *p; p++)
		*p = *p == '/' ? '.' : *p;
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (!matches(&known[i], name))
			continue;
		if (!has_own(ed, known[i].type))
			return err_set(e, EINVAL,
				       "--sysctl '%s': with this %s it is not the "
				       "container's own",
				       text, known[i].option);
		edit_set_pair(ed->a, &ed->spec->linux_->sysctl, name, equals + 1);
		return 0;
	}
	return err_set(e, EINVAL,
		       "--sysctl '%s': it is the whole machine's, no namespace has its own", text);
}

int edit_sysctls(struct spec_edit *ed, struct err *e)
{
	const struct container_options *o = ed->options;
	int r = 0;

	/* Docker's: whoever is in the container may ping, and serve on port 80.  A range of groups
	 * needs all of them to be mapped. */
	if (has_own(ed, OCI_NS_NETWORK) && !spec_find_namespace(ed->spec, OCI_NS_USER)) {
		struct oci_strmap *m = &ed->spec->linux_->sysctl;

		edit_set_pair(ed->a, m, "net.ipv4.ip_unprivileged_port_start", "0");
		edit_set_pair(ed->a, m, "net.ipv4.ping_group_range", "0 2147483647");
	}
	/* Not the document's "domainname", which runtimes know since version 1.1 only. */
	if (o->domainname)
		edit_set_pair(ed->a, &ed->spec->linux_->sysctl, "kernel.domainname", o->domainname);
	for (size_t i = 0; i < o->sysctls.n && r >= 0; i++)
		r = add(ed, o->sysctls.v[i], e);
	return r;
}
