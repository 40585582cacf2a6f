/* SPDX-License-Identifier: Apache-2.0 */
/* config.json of a step: docker's default container, what the build's options change, its mounts.
 */
#include <errno.h>
#include <fcntl.h>

#include "imagetool/bundle/edit.h"
#include "imagetool/bundle/identity.h"
#include "imagetool/mount/userns.h"
#include "imagetool/step/run_internal.h"
#include "libutil/file.h"
#include "libutil/path.h"

#define SPEC_VERSION "1.0.2"
#define SPEC_MAX     ((size_t)4 << 20)

/* ---- Process ---- */

static bool has_name(const struct strv *env, const char *pair)
{
	autofree char *name = xstrndup(pair, strcspn(pair, "="));

	return strv_env_get(env, name) != NULL;
}

static void convert_env(const struct run_step *s, struct spec_process *p, struct arena *a)
{
	const struct vertex_run *r = s->run;
	auto_(strv) struct strv env = { 0 };

	for (size_t i = 0; i < r->n_env; i++)
		strv_add(&env, r->env[i]);
	for (size_t i = 0; i < r->n_hidden_env; i++)
		if (!has_name(&env, r->hidden_env[i]))
			strv_add(&env, r->hidden_env[i]);
	/* A step's own word about where the agent is wins. */
	for (size_t i = 0; i < s->more_env.n; i++)
		if (!has_name(&env, s->more_env.v[i]))
			strv_add(&env, s->more_env.v[i]);
	if (!strv_env_get(&env, "PATH"))
		strv_add(&env, "PATH=" RUN_ROOT_PATH);
	p->env = (struct oci_strings){ .items = arena_alloc(a, env.n + 1, sizeof(char *)) };
	for (size_t i = 0; i < env.n; i++)
		p->env.items[p->env.n++] = arena_strdup(a, env.v[i]);
}

/* Where only one's own group is mapped the kernel lets nobody choose groups. */
static bool may_set_groups(void)
{
	autofree char *text = NULL;

	return file_read_at(AT_FDCWD, "/proc/self/setgroups", 16, &text, NULL, NULL) < 0 ||
	       !starts_with(text, "deny");
}

static void convert_user(const struct bundle_user *u, struct spec_process *p, struct arena *a)
{
	p->user = arena_alloc(a, 1, sizeof(*p->user));
	p->user->uid = (struct opt_u64){ true, u->uid };
	p->user->gid = (struct opt_u64){ true, u->gid };
	if (!may_set_groups())
		return;
	p->user->additional_gids = (struct oci_u32s){
		.items = arena_grow(a, u->groups, u->n_groups, u->n_groups, sizeof(uint32_t)),
		.n = u->n_groups,
	};
}

static void convert_process(struct run_step *s, struct spec_process *p, struct arena *a)
{
	p->terminal = false;
	/* sudo works in a step. */
	p->no_new_privileges = false;
	p->rlimits = (struct oci_array){ 0 };
	p->cwd = s->run->cwd;
	p->args = (struct oci_strings){
		.items = arena_grow(a, s->run->args, s->run->n_args, s->run->n_args + 1,
				    sizeof(char *)),
		.n = s->run->n_args,
	};
	convert_env(s, p, a);
	convert_user(&s->user, p, a);
}

/* ---- Mounts ---- */

static size_t depth_of(const char *path)
{
	size_t n = 0;

	for (; *path; path++)
		n += *path == '/' && path[1] && path[1] != '/';
	return n;
}

/* The last of equal places is the one that is seen; what is mounted in another comes later. */
static struct run_place **sorted(struct run_step *s)
{
	struct run_place **list =
		arena_alloc(&s->arena, s->n_places + 1, sizeof(struct run_place *));

	for (size_t i = 0; i < s->n_places; i++) {
		size_t at = i;

		for (; at > 0 && depth_of(list[at - 1]->target) > depth_of(s->places[i].target);
		     at--)
			list[at] = list[at - 1];
		list[at] = &s->places[i];
	}
	return list;
}

static void add_options(struct arena *a, struct spec_mount *m, const char *const *words)
{
	for (; *words; words++)
		edit_push_string(a, &m->options, *words);
}

static void add_mount(struct runtime_spec *spec, const struct run_place *p, struct arena *a)
{
	static const char *const bind[] = { "rbind", "rprivate", NULL };
	static const char *const file[] = { "rbind", "rprivate", "nosuid", "nodev", NULL };
	static const char *const tmpfs[] = { "nosuid", NULL };
	struct spec_mount *m;

	edit_remove_mount(spec, p->target);
	m = edit_push(a, &spec->mounts, sizeof(*m));
	m->destination = p->target;
	m->type = p->kind == PLACE_TMPFS ? "tmpfs" : "bind";
	m->source = p->kind == PLACE_TMPFS ? "tmpfs" : p->source;
	add_options(a, m,
		    p->kind == PLACE_TMPFS   ? tmpfs
		    : p->kind == PLACE_TREE  ? bind
		    : p->kind == PLACE_EMPTY ? bind
					     : file);
	if (p->kind == PLACE_TMPFS && p->size)
		edit_push_string(a, &m->options, arena_printf(a, "size=%lld", (long long)p->size));
	if (p->read_only)
		edit_push_string(a, &m->options, "ro");
}

static void convert_mounts(struct run_step *s, struct runtime_spec *spec)
{
	struct run_place **list = sorted(s);

	for (size_t i = 0; i < s->n_places; i++)
		add_mount(spec, list[i], &s->arena);
}

/* ---- What the build's options say ---- */

static const char *network_word(struct run_step *s)
{
	switch (s->connection) {
	case RUN_CONNECT_HOST:
		return "host";
	case RUN_CONNECT_NONE:
		return "private";
	case RUN_CONNECT_USER:
	case RUN_CONNECT_CNI:
		return arena_printf(&s->arena, "ns:%s", s->netns);
	}
	return NULL;
}

/* Of a build's options those that mean something for a step, in the bundle room's words. */
static struct container_options options_of(const struct container_options *o)
{
	return (struct container_options){
		.ulimits = o->ulimits,
		.shm_size = o->shm_size,
		.memory = o->memory,
		.memory_swap = o->memory_swap,
		.cpu_shares = o->cpu_shares,
		.cpu_quota = o->cpu_quota,
		.cpu_period = o->cpu_period,
		.cpus = o->cpus,
		.cpuset_cpus = o->cpuset_cpus,
		.cpuset_mems = o->cpuset_mems,
		.cgroup_parent = o->cgroup_parent,
		.security_opts = o->security_opts,
	};
}

static int apply_options(struct run_step *s, struct runtime_spec *spec, struct err *e)
{
	struct container_options o = options_of(s->env->options);
	struct spec_edit edit = { .options = &o,
				  .spec = spec,
				  .a = &s->arena,
				  .bind_devices = userns_is_inside(),
				  .keep_root = true,
				  .no_groups = !may_set_groups(),
				  .cdi = &s->cdi,
				  .name = s->id };

	o.privileged = s->run->insecure;
	o.network = network_word(s);
	return spec_edit_apply(&edit, e);
}

/* A container that nobody runs has them. */
int run_options_check(const struct container_options *given, struct err *e)
{
	const struct container_options names = { .add_hosts = given->add_hosts,
						 .dns = given->dns,
						 .dns_search = given->dns_search,
						 .dns_options = given->dns_options };
	struct container_options o = options_of(given);
	auto_(identity) struct identity made = { 0 };
	auto_(arena) struct arena a = { 0 };
	struct spec_edit edit = {
		.options = &o, .spec = runtime_spec_default(&a, false), .a = &a, .name = "step"
	};
	/* In which network a step will be is its own word. */
	int r = identity_decide(&names, true, &(struct identity_host){ 0 }, &made, e);

	return r < 0 ? r : spec_edit_apply(&edit, e);
}

int run_spec_make(struct run_step *s, struct strbuf *ret, struct err *e)
{
	struct runtime_spec *spec = runtime_spec_default(&s->arena, false);
	int r;

	spec->oci_version = SPEC_VERSION;
	spec->hostname = run_hostname(s);
	spec->root->path = s->rootfs;
	spec->root->readonly = false;
	convert_process(s, spec->process, &s->arena);
	convert_mounts(s, spec);
	r = apply_options(s, spec, e);
	/* What docker's containers may do in a network that serves them is of no use in a step, and
	 * ids of it may not be mapped here. */
	spec->linux_->sysctl.n = 0;
	if (r >= 0)
		r = runtime_spec_check("config.json", spec, e);
	if (r < 0)
		return r;
	ret->max = SPEC_MAX;
	oci_encode(&runtime_spec_type, spec, 0, ret);
	return strbuf_check(ret, "the step's config.json", e);
}
