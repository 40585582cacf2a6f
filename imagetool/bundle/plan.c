/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/bundle/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "imagetool/bundle/volumes.h"
#include "libutil/beneath.h"
#include "libutil/file.h"

void bundle_plan_done(struct bundle_plan *p)
{
	config_wishes_done(&p->wishes);
	mount_args_done(&p->mounts);
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

static int parse_env(const struct strv *from, struct strv *to, struct err *e)
{
	for (size_t i = 0; i < from->n; i++) {
		const char *text = from->v[i], *value;

		if (!*text || *text == '=')
			return err_set(e, EINVAL, "--env '%s': expected NAME=VALUE or NAME", text);
		if (strchr(text, '=')) {
			strv_add(to, text);
			continue;
		}
		value = getenv(text);
		if (value)
			strv_addf(to, "%s=%s", text, value);
	}
	return 0;
}

static int parse_wishes(const struct container_options *o, char *const *command,
			struct config_wishes *w, struct err *e)
{
	int r = parse_env(&o->env, &w->env, e);

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

static int parse_mounts(const struct container_options *o, const struct image_config *image,
			struct mount_args *ret, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < o->volumes.n && r >= 0; i++)
		r = mount_args_add_volume(ret, o->volumes.v[i], e);
	for (size_t i = 0; i < o->tmpfs.n && r >= 0; i++)
		r = mount_args_add_tmpfs(ret, o->tmpfs.v[i], e);
	for (size_t i = 0; image->config && i < image->config->volumes.n && r >= 0; i++)
		r = mount_args_add_image_volume(ret, image->config->volumes.items[i], e);
	if (r >= 0)
		mount_args_sort(ret);
	return r;
}

int bundle_plan_make(const struct container_options *options, const struct image_config *image,
		     char *const *command, struct bundle_plan *ret, struct err *e)
{
	int r;

	ret->options = options;
	ret->image = image;
	r = parse_wishes(options, command, &ret->wishes, e);
	return r < 0 ? r : parse_mounts(options, image, &ret->mounts, e);
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

static int convert(struct bundle_plan *p, int rootfd, struct arena *a, struct runtime_spec **ret,
		   struct err *e)
{
	auto_(bundle_user) struct bundle_user user = { 0 };
	int r = users_lookup(rootfd, who(p), &user, e);

	return r < 0 ? r
		     : config_convert(&(struct config_input){ .image = p->image,
							      .wishes = &p->wishes,
							      .user = &user,
							      .mounts = &p->mounts,
							      .rootless = geteuid() != 0 },
				      a, ret, &p->notes, e);
}

int bundle_plan_write(struct bundle_plan *p, int bundlefd, int rootfd, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	struct runtime_spec *spec = NULL;
	int r = volumes_make(&p->mounts, bundlefd, rootfd, e);

	if (r >= 0)
		r = convert(p, rootfd, &a, &spec, e);
	if (r >= 0)
		r = make_workdir(rootfd, spec->process->cwd, e);
	return r < 0 ? r : write_config(bundlefd, spec, e);
}
