/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/bundle/config.h"

#include <errno.h>

#include "libutil/path.h"

#define BUNDLE_OCI_VERSION "1.0.2"
#define DEFAULT_PATH       "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

void config_wishes_done(struct config_wishes *w)
{
	strv_done(&w->env);
	strv_done(&w->entrypoint);
	strv_done(&w->command);
}

static const struct image_run_config *run_config(const struct config_input *in)
{
	static const struct image_run_config none;

	return in->image->config ? in->image->config : &none;
}

static struct oci_strings copy_strings(struct arena *a, const struct strv *list)
{
	struct oci_strings s = { .items = arena_alloc(a, list->n + 1, sizeof(char *)),
				 .n = list->n };

	for (size_t i = 0; i < list->n; i++)
		s.items[i] = arena_strdup(a, list->v[i]);
	return s;
}

static void add_strings(struct strv *to, const struct oci_strings *from)
{
	for (size_t i = 0; i < from->n; i++)
		strv_add(to, from->items[i]);
}

/* ---- Process ---- */

static void unset(struct strv *env, const char *name)
{
	size_t len = strlen(name), kept = 0;

	for (size_t i = 0; i < env->n; i++) {
		if (strncmp(env->v[i], name, len) == 0 && strchr("=", env->v[i][len]))
			free(env->v[i]);
		else
			env->v[kept++] = env->v[i];
	}
	if (env->v)
		env->v[kept] = NULL;
	env->n = kept;
}

static void set_pair(struct strv *env, const char *pair)
{
	const char *equals = strchr(pair, '=');
	autofree char *name = NULL;

	if (!equals) {
		unset(env, pair);
		return;
	}
	name = xstrndup(pair, (size_t)(equals - pair));
	strv_env_set(env, name, equals + 1);
}

/* The image's, verbatim; what a person says replaces; PATH, HOSTNAME and TERM only where nobody
 * said. */
static void convert_env(const struct config_input *in, struct spec_process *p, struct arena *a)
{
	auto_(strv) struct strv env = { 0 };

	add_strings(&env, &run_config(in)->env);
	for (size_t i = 0; i < in->wishes->env.n; i++)
		set_pair(&env, in->wishes->env.v[i]);
	if (!strv_env_get(&env, "PATH"))
		strv_add(&env, DEFAULT_PATH);
	if (in->wishes->hostname && !strv_env_get(&env, "HOSTNAME"))
		strv_addf(&env, "HOSTNAME=%s", in->wishes->hostname);
	if (in->wishes->tty && !strv_env_get(&env, "TERM"))
		strv_add(&env, "TERM=xterm");
	p->env = copy_strings(a, &env);
}

/* Entrypoint ++ Cmd.  Another entrypoint takes the image's Cmd away: it was meant for the old one.
 */
static int convert_args(const struct config_input *in, struct spec_process *p, struct arena *a,
			struct err *e)
{
	const struct image_run_config *c = run_config(in);
	const struct config_wishes *w = in->wishes;
	auto_(strv) struct strv args = { 0 };

	if (w->has_entrypoint)
		strv_add_all(&args, strv_argv(&w->entrypoint));
	else
		add_strings(&args, &c->entrypoint);
	if (w->has_command)
		strv_add_all(&args, strv_argv(&w->command));
	else if (!w->has_entrypoint)
		add_strings(&args, &c->cmd);
	if (args.n == 0)
		return err_set(e, EINVAL,
			       "the image names no command to run: give one behind the directory");
	p->args = copy_strings(a, &args);
	return 0;
}

static void convert_user(const struct bundle_user *u, struct spec_process *p, struct arena *a)
{
	p->user = arena_alloc(a, 1, sizeof(*p->user));
	p->user->uid = (struct opt_u64){ true, u->uid };
	p->user->gid = (struct opt_u64){ true, u->gid };
	if (!u->n_groups)
		return;
	p->user->additional_gids.items = arena_alloc(a, u->n_groups, sizeof(uint32_t));
	memcpy(p->user->additional_gids.items, u->groups, u->n_groups * sizeof(uint32_t));
	p->user->additional_gids.n = u->n_groups;
}

static void convert_cwd(const struct config_input *in, struct spec_process *p, struct arena *a)
{
	const char *dir = in->wishes->workdir ? in->wishes->workdir : run_config(in)->working_dir;

	if (!dir || !*dir)
		p->cwd = "/";
	else
		p->cwd = path_is_absolute(dir) ? dir : arena_printf(a, "/%s", dir);
}

static int convert_process(const struct config_input *in, struct spec_process *p, struct arena *a,
			   struct err *e)
{
	p->terminal = in->wishes->tty;
	/* The document that a person starts from is stricter than docker's containers, in which
	 * programs like sudo work, and limits are those of who starts them. */
	p->no_new_privileges = false;
	p->rlimits = (struct oci_array){ 0 };
	convert_env(in, p, a);
	convert_user(in->user, p, a);
	convert_cwd(in, p, a);
	return convert_args(in, p, a, e);
}

/* ---- Annotations ---- */

/*
 * Annotations that runtimes obey (runc's and crun's "potentially unsafe" lists, and ours).  An
 * image comes from a stranger: a label must not become an order (CVE-2026-53488).
 */
static const char *const obeyed[] = {
	"org.systemd.property.",  "org.criu.config",    "run.oci.",   "module.wasm.image/",
	"io.kubernetes.cri",      "io.creel.",          "org.creel.", "io.containerd.",
	"io.podman.annotations.", "io.katacontainers.", "nerdctl/",   NULL
};

bool annotation_is_order(const char *key)
{
	for (const char *const *p = obeyed; *p; p++)
		if (starts_with(key, *p))
			return true;
	return streq(key, "bundle");
}

static void add_annotation(struct oci_strmap *m, const char *key, const char *value)
{
	if (value && *value)
		m->items[m->n++] = (struct oci_pair){ key, value };
}

static const char *join(struct arena *a, const struct oci_strings *list)
{
	auto_(strv) struct strv copy = { 0 };
	autofree char *text = NULL;

	if (!list->n)
		return NULL;
	add_strings(&copy, list);
	text = strv_join(&copy, ",");
	return arena_strdup(a, text);
}

static bool is_label(const struct oci_strmap *labels, const char *key)
{
	for (size_t i = 0; i < labels->n; i++)
		if (streq(labels->items[i].key, key))
			return true;
	return false;
}

/* conversion.md, "Annotation Fields"; Labels win over every implicit key. */
static void convert_annotations(const struct config_input *in, struct runtime_spec *spec,
				struct config_notes *notes, struct arena *a)
{
	const struct image_config *i = in->image;
	const struct image_run_config *c = run_config(in);
	const struct oci_pair implicit[] = {
		{ "org.opencontainers.image.os", i->os },
		{ "org.opencontainers.image.architecture", i->architecture },
		{ "org.opencontainers.image.variant", i->variant },
		{ "org.opencontainers.image.os.version", i->os_version },
		{ "org.opencontainers.image.os.features", join(a, &i->os_features) },
		{ "org.opencontainers.image.author", i->author },
		{ "org.opencontainers.image.created", i->created },
		{ "org.opencontainers.image.stopSignal", c->stop_signal },
		{ "org.opencontainers.image.exposedPorts", join(a, &c->exposed_ports) },
	};
	struct oci_strmap *m = &spec->annotations;

	m->items = arena_alloc(a, ARRAY_LEN(implicit) + c->labels.n, sizeof(*m->items));
	m->n = 0;
	for (size_t n = 0; n < ARRAY_LEN(implicit); n++)
		if (!is_label(&c->labels, implicit[n].key))
			add_annotation(m, implicit[n].key, implicit[n].value);
	for (size_t n = 0; n < c->labels.n; n++) {
		if (annotation_is_order(c->labels.items[n].key))
			notes->labels++;
		else if (*c->labels.items[n].key)
			m->items[m->n++] = c->labels.items[n];
	}
}

/* ---- Mounts ---- */

static void convert_mount(const struct mount_arg *from, struct spec_mount *to, struct arena *a)
{
	bool tmpfs = from->kind == MOUNT_TMPFS;

	to->destination = arena_strdup(a, from->destination);
	to->type = tmpfs ? "tmpfs" : "bind";
	/* A volume without a name gets one when it is made. */
	to->source = tmpfs ? "tmpfs" : arena_strdup(a, from->source ? from->source : "");
	to->options = copy_strings(a, &from->options);
}

/* What a person mounts over one of the default mounts replaces it. */
static bool is_replaced(const struct mount_args *args, const struct spec_mount *m)
{
	for (size_t i = 0; i < args->n; i++)
		if (streq(args->items[i].destination, m->destination))
			return true;
	return false;
}

static void convert_mounts(const struct config_input *in, struct runtime_spec *spec,
			   struct arena *a)
{
	const struct spec_mount *old = spec->mounts.items;
	struct spec_mount *all = arena_alloc(a, spec->mounts.n + in->mounts->n, sizeof(*all));
	size_t n = 0;

	for (size_t i = 0; i < spec->mounts.n; i++)
		if (!is_replaced(in->mounts, &old[i]))
			all[n++] = old[i];
	for (size_t i = 0; i < in->mounts->n; i++)
		convert_mount(&in->mounts->items[i], &all[n++], a);
	spec->mounts = (struct oci_array){ all, n };
}

int config_convert(const struct config_input *in, struct arena *a, struct runtime_spec **ret,
		   struct config_notes *ret_notes, struct err *e)
{
	struct runtime_spec *spec = runtime_spec_default(a, in->rootless);
	struct config_notes notes = { 0 };
	int r = convert_process(in, spec->process, a, e);

	if (r < 0)
		return r;
	/* Nothing newer is used, and older runtimes refuse a version that they do not know. */
	spec->oci_version = BUNDLE_OCI_VERSION;
	spec->root->readonly = in->wishes->read_only;
	if (in->wishes->hostname)
		spec->hostname = in->wishes->hostname;
	convert_annotations(in, spec, &notes, a);
	convert_mounts(in, spec, a);
	r = runtime_spec_check("config.json", spec, e);
	if (r < 0)
		return r;
	*ret = spec;
	*ret_notes = notes;
	return 0;
}
