/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/bundle/plan.h"

#include <errno.h>
#include <unistd.h>

#include "imagetool/bundle/edit.h"
#include "imagetool/bundle/key_values.h"
#include "imagetool/bundle/volumes.h"
#include "imagetool/bundle/volumes_from.h"
#include "libutil/beneath.h"
#include "libutil/file.h"
#include "libutil/path.h"

/* podman's word: the caller's groups; the runtime is told by an annotation. */
#define KEEP_GROUPS            "keep-groups"
#define KEEP_GROUPS_ANNOTATION "run.oci.keep_original_groups"

void bundle_plan_done(struct bundle_plan *p)
{
	config_wishes_done(&p->wishes);
	mount_args_done(&p->mounts);
	identity_done(&p->identity);
	cdi_wanted_done(&p->cdi);
	free(p->name);
}

/* ---- Options to wishes ---- */

/* One word, or a JSON array of words; "" is no word. */
static int parse_words(const char *option, const char *text, struct strv *ret, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	struct json *list;
	int r;

	if (text[0] != '[') {
		if (*text)
			strv_add(ret, text);
		return 0;
	}
	r = json_parse(option, text, strlen(text), &a, &list, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < list->len; i++) {
		if (list->items[i].kind != JSON_STRING)
			return err_set(e, EINVAL, "%s: item %zu is not a string", option, i);
		strv_add(ret, list->items[i].string);
	}
	return 0;
}

static int parse_wishes(const struct container_options *o, char *const *command,
			struct config_wishes *w, struct err *e)
{
	int r = env_collect(&o->env_files, &o->env, &w->env, e);

	w->workdir = o->workdir;
	w->hostname = o->hostname;
	w->tty = o->tty;
	w->read_only = o->read_only;
	w->has_entrypoint = o->entrypoint != NULL;
	w->has_command = o->cmd || *command;
	if (r >= 0 && o->cmd && *command)
		r = err_set(e, EINVAL,
			    "--cmd and arguments behind the directory exclude one another");
	if (r >= 0 && o->entrypoint)
		r = parse_words("--entrypoint", o->entrypoint, &w->entrypoint, e);
	if (r >= 0 && o->cmd)
		r = parse_words("--cmd", o->cmd, &w->command, e);
	strv_add_all(&w->command, command);
	return r;
}

typedef int add_fn(struct mount_args *m, const char *text, struct err *e);

static int add_all(struct mount_args *m, const struct strv *texts, add_fn *add, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < texts->n && r >= 0; i++)
		r = add(m, texts->v[i], e);
	return r;
}

/* What a person says wins over another bundle's, that over the image's. */
static int parse_mounts(struct bundle_plan *p, struct err *e)
{
	const struct container_options *o = p->options;
	const struct image_run_config *c = p->image->config;
	struct mount_args *m = &p->mounts;
	int r = add_all(m, &o->volumes, mount_args_add_volume, e);

	if (r >= 0)
		r = add_all(m, &o->mounts, mount_args_add_spec, e);
	if (r >= 0)
		r = add_all(m, &o->tmpfs, mount_args_add_tmpfs, e);
	if (r >= 0)
		r = mount_args_check(m, e);
	if (r >= 0)
		r = add_all(m, &o->volumes_from, volumes_from_add, e);
	for (size_t i = 0; c && i < c->volumes.n && r >= 0; i++)
		r = mount_args_add_image_volume(m, c->volumes.items[i], e);
	if (r < 0)
		return r;
	identity_add_mounts(&p->identity, m);
	mount_args_sort(m);
	return volumes_resolve_binds(m, e);
}

/* ---- The document ---- */

static bool is_rootless(const struct bundle_plan *p)
{
	return geteuid() != 0 || p->uid_maps.n;
}

/* Without a word about it an ordinary user's container has the host's: there is nothing to connect
 * another one with. */
static bool has_host_network(const struct bundle_plan *p)
{
	const char *network = p->options->network;

	return network ? streq(network, "host") : is_rootless(p);
}

static struct oci_array copy_maps(struct arena *a, const struct spec_id_mapping *maps, size_t n)
{
	struct spec_id_mapping *items = arena_alloc(a, n, sizeof(*items));

	memcpy(items, maps, n * sizeof(*items));
	return (struct oci_array){ items, n };
}

/* Not where the container joins another's user namespace, which has ids of its own. */
static void put_maps(const struct bundle_plan *p, struct arena *a, struct spec_linux *l)
{
	if (!p->uid_maps.n || !l->uid_mappings.n)
		return;
	l->uid_mappings = copy_maps(a, p->uid_maps.items, p->uid_maps.n);
	l->gid_mappings = copy_maps(a, p->gid_maps.items, p->gid_maps.n);
}

static int convert(struct bundle_plan *p, const struct bundle_user *user, struct arena *a,
		   struct runtime_spec **ret, struct err *e)
{
	struct spec_edit edit = {
		.options = p->options,
		.a = a,
		.rootless = is_rootless(p),
		.no_groups = is_rootless(p) && !p->uid_maps.n,
		.cdi = &p->cdi.list,
		.name = p->name,
	};
	int r = config_convert(&(struct config_input){ .image = p->image,
						       .wishes = &p->wishes,
						       .user = user,
						       .mounts = &p->mounts,
						       .rootless = is_rootless(p) },
			       a, &edit.spec, &p->notes, e);

	if (r >= 0)
		r = spec_edit_apply(&edit, e);
	if (r < 0)
		return r;
	put_maps(p, a, edit.spec->linux_);
	if (strv_has(&p->options->groups, KEEP_GROUPS))
		edit_set_pair(a, &edit.spec->annotations, KEEP_GROUPS_ANNOTATION, "1");
	r = runtime_spec_check("config.json", edit.spec, e);
	if (r >= 0)
		*ret = edit.spec;
	return r;
}

/* Layers are unpacked for minutes: what is wrong has to be known before. */
static int rehearse(struct bundle_plan *p, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	struct bundle_user nobody = { 0 };
	struct runtime_spec *spec = NULL;

	return convert(p, &nobody, &a, &spec, e);
}

int bundle_plan_make(const struct container_options *options, const struct image_config *image,
		     const char *dir, char *const *command, struct bundle_plan *ret, struct err *e)
{
	autofree char *full = path_absolute(dir);
	int r;

	ret->options = options;
	ret->image = image;
	ret->name = xstrdup(path_base(full));
	r = parse_wishes(options, command, &ret->wishes, e);
	if (r >= 0)
		r = identity_make(options, has_host_network(ret), &ret->identity, e);
	if (r >= 0)
		r = parse_mounts(ret, e);
	if (r >= 0)
		r = cdi_options_read(options, &ret->cdi, e);
	return r < 0 ? r : rehearse(ret, e);
}

/* ---- Into the bundle ---- */

/* Docker makes the working directory, and images rely on it. */
static int make_workdir(int rootfd, const char *cwd, struct err *e)
{
	autofd int fd = beneath_mkdir_p(rootfd, cwd, 0755, BENEATH_CHROOT, e);

	return fd < 0 ? err_wrap(e, fd, "working directory") : 0;
}

static const char *who(const struct bundle_plan *p)
{
	if (p->options->user)
		return p->options->user;
	return p->image->config && p->image->config->user ? p->image->config->user : "";
}

static int write_config(int bundlefd, const struct runtime_spec *spec, struct err *e)
{
	auto_(strbuf) struct strbuf text = { 0 };
	int r;

	oci_encode(&runtime_spec_type, spec, 2, &text);
	strbuf_addc(&text, '\n');
	r = strbuf_check(&text, "config.json", e);
	return r < 0 ? r
		     : file_replace_at(bundlefd, "config.json", text.data, text.len, 0644,
				       FILE_NO_SYNC, e);
}

static int look_up(const struct bundle_plan *p, int rootfd, struct bundle_user *ret, struct err *e)
{
	int r = users_lookup(rootfd, who(p), ret, e);

	for (size_t i = 0; i < p->options->groups.n && r >= 0; i++) {
		const char *name = p->options->groups.v[i];

		if (streq(name, KEEP_GROUPS))
			continue;
		r = users_add_group(rootfd, name, ret, e);
		if (r < 0)
			return err_wrap(e, r, "--group-add");
	}
	return r;
}

int bundle_plan_write(struct bundle_plan *p, int bundlefd, int rootfd, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	auto_(bundle_user) struct bundle_user user = { 0 };
	struct runtime_spec *spec = NULL;
	int r = volumes_make(&p->mounts, bundlefd, rootfd, e);

	if (r >= 0)
		r = identity_write(&p->identity, bundlefd, e);
	if (r >= 0)
		r = look_up(p, rootfd, &user, e);
	if (r >= 0)
		r = convert(p, &user, &a, &spec, e);
	if (r >= 0)
		r = make_workdir(rootfd, spec->process->cwd, e);
	return r < 0 ? r : write_config(bundlefd, spec, e);
}
