/* SPDX-License-Identifier: Apache-2.0 */
/* Which namespaces the container has for itself, and what of its document goes with them. */
#include <errno.h>

#include "imagetool/bundle/edit.h"
#include "imagetool/bundle/whose.h"

#define SHM_PLACE "/dev/shm"

static void remove_namespace(struct spec_linux *l, enum oci_namespace type)
{
	struct spec_namespace *ns = l->namespaces.items;
	size_t kept = 0;

	for (size_t i = 0; i < l->namespaces.n; i++)
		if (ns[i].type != (int)type)
			ns[kept++] = ns[i];
	l->namespaces.n = kept;
}

static void set_namespace(struct spec_edit *ed, enum oci_namespace type, const char *path)
{
	struct spec_namespace *ns = ed->spec->linux_->namespaces.items;

	for (size_t i = 0; i < ed->spec->linux_->namespaces.n; i++) {
		if (ns[i].type != (int)type)
			continue;
		ns[i].path = path;
		return;
	}
	ns = edit_push(ed->a, &ed->spec->linux_->namespaces, sizeof(*ns));
	*ns = (struct spec_namespace){ .type = (int)type, .path = path };
}

/* ---- What is special about one ---- */

/* The files of shared memory are a mount, not part of the namespace. */
static void share_shm(struct spec_edit *ed, const char *root)
{
	static const char *const options[] = { "rbind", "rprivate", "nosuid", "noexec", "nodev" };
	struct spec_mount *m = edit_find_mount(ed->spec, SHM_PLACE);

	/* A person has said what is there. */
	if (!m || !streq(m->type, "tmpfs"))
		return;
	m->type = "bind";
	m->source = arena_printf(ed->a, "%s" SHM_PLACE, root);
	m->options = (struct oci_strings){ 0 };
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		edit_push_string(ed->a, &m->options, options[i]);
}

static int after_ipc(struct spec_edit *ed, const struct whose_answer *w, struct err *e)
{
	if (ed->options->shm_size && w->kind != WHOSE_DEFAULT && w->kind != WHOSE_PRIVATE)
		return err_set(e, EINVAL, "--shm-size: with --ipc %s /dev/shm is not its own",
			       ed->options->ipc);
	if (w->kind == WHOSE_NONE)
		edit_remove_mount(ed->spec, SHM_PLACE);
	else if (w->kind == WHOSE_HOST)
		share_shm(ed, "");
	else if (w->container)
		share_shm(ed, w->root);
	return 0;
}

static int after_uts(struct spec_edit *ed, const struct whose_answer *w, struct err *e)
{
	if (w->kind != WHOSE_HOST && w->kind != WHOSE_PATH)
		return 0;
	if (ed->options->hostname || ed->options->domainname)
		return err_set(e, EINVAL,
			       "--hostname, --domainname: with --uts %s the name is not its own",
			       ed->options->uts);
	ed->spec->hostname = NULL;
	return 0;
}

/* Maps come with the namespace, or there is none. */
static int after_userns(struct spec_edit *ed, const struct whose_answer *w, struct err *e)
{
	if (w->kind == WHOSE_PRIVATE)
		return err_set(e, EINVAL,
			       "--userns private: which ids it maps has to be said by hand: "
			       "linux.uidMappings in config.json");
	if (w->kind == WHOSE_HOST && ed->rootless)
		return err_set(e, EINVAL,
			       "--userns host: without root a container needs a user namespace");
	if (w->kind != WHOSE_PATH)
		return 0;
	ed->spec->linux_->uid_mappings.n = 0;
	ed->spec->linux_->gid_mappings.n = 0;
	return 0;
}

static int after_network(struct spec_edit *ed, const struct whose_answer *w, struct err *e)
{
	if (w->container && ed->options->hostname)
		return err_set(e, EINVAL,
			       "--hostname: with --network %s the name is the other container's",
			       ed->options->network);
	return 0;
}

/* In the order of docker's help. */
static const struct row {
	const char *option;
	enum oci_namespace type;
	size_t from;
	int (*after)(struct spec_edit *ed, const struct whose_answer *w, struct err *e);
} rows[] = {
#define FROM(m) offsetof(struct container_options, m)
	{ "--pid", OCI_NS_PID, FROM(pid), NULL },
	{ "--ipc", OCI_NS_IPC, FROM(ipc), after_ipc },
	{ "--uts", OCI_NS_UTS, FROM(uts), after_uts },
	{ "--userns", OCI_NS_USER, FROM(userns), after_userns },
	{ "--cgroupns", OCI_NS_CGROUP, FROM(cgroupns), NULL },
	{ "--network", OCI_NS_NETWORK, FROM(network), after_network },
#undef FROM
};

static int apply(struct spec_edit *ed, const struct row *row, struct err *e)
{
	const char *text =
		*(const char *const *)(const void *)((const char *)ed->options + row->from);
	struct whose_answer w;
	int r = whose_parse(row->type, text, ed->a, &w, e);

	if (r < 0)
		return err_wrap(e, r, "%s", row->option);
	if (w.kind == WHOSE_HOST)
		remove_namespace(ed->spec->linux_, row->type);
	else if (w.kind != WHOSE_DEFAULT && !(row->type == OCI_NS_USER && w.kind == WHOSE_PRIVATE))
		set_namespace(ed, row->type, w.path);
	return row->after ? row->after(ed, &w, e) : 0;
}

int edit_namespaces(struct spec_edit *ed, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(rows) && r >= 0; i++)
		r = apply(ed, &rows[i], e);
	return r;
}
