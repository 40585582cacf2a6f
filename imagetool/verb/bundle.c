/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "imagetool/bundle/config.h"
#include "imagetool/bundle/volumes.h"
#include "imagetool/interrupt.h"
#include "imagetool/program.h"
#include "imagetool/unpack/rootfs.h"
#include "imagetool/unpack/staging.h"
#include "imagetool/verb/verbs.h"
#include "libutil/beneath.h"
#include "libutil/file.h"
#include "libutil/log.h"

struct values {
	const char *platform, *workdir, *user, *entrypoint, *cmd, *hostname;
	struct strv env, volumes, tmpfs;
	bool tty, read_only;
};

static const struct opt opts[] = {
	{ .letter = 'e',
	  .name = "env",
	  .kind = OPT_LIST,
	  .offset = offsetof(struct values, env),
	  .arg = "NAME[=VALUE]",
	  .help = "set an environment variable; without a value, to what it is here" },
	{ .letter = 'w',
	  .name = "workdir",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct values, workdir),
	  .arg = "DIR",
	  .help = "working directory in the container" },
	{ .letter = 'u',
	  .name = "user",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct values, user),
	  .arg = "USER[:GROUP]",
	  .help = "who runs the command: names of the image, or numbers" },
	{ .name = "entrypoint",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct values, entrypoint),
	  .arg = "WORD or JSON array",
	  .help = "replace the image's entrypoint and command; \"\" takes both away" },
	{ .name = "cmd",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct values, cmd),
	  .arg = "WORD or JSON array",
	  .help = "replace the image's command, as arguments behind DIR do" },
	{ .letter = 'v',
	  .name = "volume",
	  .kind = OPT_LIST,
	  .offset = offsetof(struct values, volumes),
	  .arg = "[SRC:]DST[:OPTIONS]",
	  .help = "mount a path of the host, or a volume kept in DIR/volumes" },
	{ .name = "tmpfs",
	  .kind = OPT_LIST,
	  .offset = offsetof(struct values, tmpfs),
	  .arg = "DST[:OPTIONS]",
	  .help = "mount an empty tmpfs" },
	{ .name = "hostname",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct values, hostname),
	  .arg = "NAME",
	  .help = "host name in the container" },
	{ .letter = 't',
	  .name = "tty",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct values, tty),
	  .help = "give the process a terminal" },
	{ .name = "read-only",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct values, read_only),
	  .help = "mount the root file system read-only" },
	{ .name = "platform",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct values, platform),
	  .arg = "OS/ARCH[/VARIANT]",
	  .help = "which member of a multi-platform image; by default this machine's" },
	OPT_END,
};

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

static int parse_wishes(const struct values *v, char *const *command, struct config_wishes *w,
			struct err *e)
{
	int r = parse_env(&v->env, &w->env, e);

	w->workdir = v->workdir;
	w->hostname = v->hostname;
	w->tty = v->tty;
	w->read_only = v->read_only;
	w->has_entrypoint = v->entrypoint != NULL;
	w->has_command = v->cmd || *command;
	if (r >= 0 && v->cmd && *command)
		r = err_set(e, EINVAL,
			    "--cmd and arguments behind the directory exclude one another");
	if (r >= 0 && v->entrypoint)
		r = parse_words("--entrypoint", v->entrypoint, &w->entrypoint, e);
	if (r >= 0 && v->cmd)
		r = parse_words("--cmd", v->cmd, &w->command, e);
	strv_add_all(&w->command, command);
	return r;
}

static int parse_mounts(const struct values *v, const struct image_config *image,
			struct mount_args *ret, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < v->volumes.n && r >= 0; i++)
		r = mount_args_add_volume(ret, v->volumes.v[i], e);
	for (size_t i = 0; i < v->tmpfs.n && r >= 0; i++)
		r = mount_args_add_tmpfs(ret, v->tmpfs.v[i], e);
	for (size_t i = 0; image->config && i < image->config->volumes.n && r >= 0; i++)
		r = mount_args_add_image_volume(ret, image->config->volumes.items[i], e);
	if (r >= 0)
		mount_args_sort(ret);
	return r;
}

/* ---- The bundle ---- */

struct making {
	const struct store *store;
	const struct image *image;
	const struct values *values;
	struct config_wishes wishes;
	struct mount_args mounts;
	struct apply_notes notes;
	struct config_notes config_notes;
};

static void making_done(struct making *m)
{
	config_wishes_done(&m->wishes);
	mount_args_done(&m->mounts);
}
AUTO_DEFINE_DONE(making, making_done)

/* Docker makes the working directory, and images rely on it. */
static int make_workdir(int rootfd, const char *cwd, struct err *e)
{
	autofd int fd = beneath_mkdir_p(rootfd, cwd, 0755, BENEATH_CHROOT, e);

	return fd < 0 ? err_wrap(e, fd, "working directory") : 0;
}

static int write_config(struct making *m, int bundlefd, int rootfd, struct err *e)
{
	const struct image_config *image = m->image->config;
	const char *who = m->values->user                        ? m->values->user
			  : image->config && image->config->user ? image->config->user
								 : "";
	auto_(bundle_user) struct bundle_user user = { 0 };
	auto_(arena) struct arena a = { 0 };
	auto_(strbuf) struct strbuf text = { 0 };
	struct runtime_spec *spec;
	int r = users_lookup(rootfd, who, &user, e);

	if (r >= 0)
		r = config_convert(&(struct config_input){ .image = image,
							   .wishes = &m->wishes,
							   .user = &user,
							   .mounts = &m->mounts,
							   .rootless = geteuid() != 0 },
				   &a, &spec, &m->config_notes, e);
	if (r >= 0)
		r = make_workdir(rootfd, spec->process->cwd, e);
	if (r < 0)
		return r;
	oci_encode(&runtime_spec_type, spec, 2, &text);
	strbuf_addc(&text, '\n');
	r = strbuf_check(&text, "config.json", e);
	return r < 0 ? r
		     : file_replace_at(bundlefd, "config.json", text.data, text.len, 0644,
				       FILE_NO_SYNC, e);
}

static int make(struct making *m, const char *dir, struct err *e)
{
	/* Released last: what was staged is gone when the signal arrives. */
	auto_(interrupt) struct interrupt held = { 0 };
	auto_(staging) struct staging stage = STAGING_INIT;
	autofd int rootfd = -1;
	int r;

	interrupt_hold(&held);
	/* Directories that are made in the container are for everyone there; the bundle itself is
	 * 0700: it may hold setuid programs. */
	(void)umask(022);
	r = staging_begin(dir, &stage, e);
	if (r < 0)
		return r;
	rootfd = rootfs_unpack(m->store, m->image, stage.fd, &m->notes, e);
	if (rootfd < 0)
		return rootfd;
	r = volumes_make(&m->mounts, stage.fd, rootfd, e);
	if (r >= 0)
		r = write_config(m, stage.fd, rootfd, e);
	return r < 0 ? r : staging_commit(&stage, NULL, e);
}

static int run(const void *global, void *values, char *const *args, int n UNUSED, struct err *e)
{
	const struct values *v = values;
	auto_(store) struct store *s = NULL;
	auto_(image) struct image img = { 0 };
	auto_(making) struct making m = { .image = &img, .values = v };
	struct platform platform;
	int r = v->platform ? platform_parse(v->platform, &platform, e) : 0;

	if (r >= 0)
		r = parse_wishes(v, args + 2, &m.wishes, e);
	if (r >= 0)
		r = globals_open_store(global, STORE_READ, &s, e);
	if (r >= 0)
		r = image_load(s, args[0], v->platform ? &platform : NULL, &img, e);
	if (r >= 0 && !img.config)
		r = err_set(e, EINVAL, "'%s' is not a container image", args[0]);
	if (r >= 0)
		r = parse_mounts(v, img.config, &m.mounts, e);
	m.store = s;
	if (r >= 0)
		r = make(&m, args[1], e);
	if (r < 0)
		return r;
	rootfs_warn(&m.notes);
	if (m.config_notes.labels)
		log_warning(
			"%zu labels were left out of the annotations: a runtime would obey them",
			m.config_notes.labels);
	return 0;
}

const struct verb verb_bundle = {
	.name = "bundle",
	.args = "IMAGE DIR [COMMAND [ARG...]]",
	.summary = "make a bundle that an OCI runtime executes",
	.details =
		"DIR gets rootfs/ with the image's files, config.json made from the image's\n"
		"configuration, and volumes/ with the data of its volumes.  DIR must not exist, or be\n"
		"empty; it appears complete or not at all.\n"
		"\n"
		"Names of users and groups are those of the image.  COMMAND replaces the image's\n"
		"command; the entrypoint stays in front of it.",
	.opts = opts,
	.opts_size = sizeof(struct values),
	.min_args = 2,
	.max_args = -1,
	.stop_after = 2,
	.run = run,
};
