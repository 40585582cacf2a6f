/* SPDX-License-Identifier: Apache-2.0 */
/* One RUN step, from what was asked for to what is left: nothing but what its program wrote. */
#include "imagetool/step/run.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imagetool/step/run_internal.h"
#include "libutil/beneath.h"
#include "libutil/dir.h"
#include "libutil/random.h"

static void run_step_done(struct run_step *s)
{
	run_agents_stop(s);
	for (size_t i = 0; i < s->n_places; i++)
		if (s->places[i].treefd >= 0)
			(void)close(s->places[i].treefd);
	for (size_t i = 0; i < s->n_locks; i++)
		(void)close(s->locks[i]);
	free(s->locks);
	if (s->root_treefd >= 0)
		(void)close(s->root_treefd);
	run_stubs_done(&s->stubs);
	run_scratch_done(&s->scratch);
	strv_done(&s->more_env);
	cdi_list_done(&s->cdi);
	cdi_devices_done(&s->cdi_devices);
	bundle_user_done(&s->user);
	free(s->id);
	arena_done(&s->arena);
}
AUTO_DEFINE_DONE(run_step, run_step_done)

/* ---- What may be asked for ---- */

static int check_insecure(const struct run_step *s, struct err *e)
{
	if (!s->run->insecure || s->env->allow_insecure)
		return 0;
	return err_set(e, EPERM,
		       "RUN --security=insecure: security.insecure is not allowed: allow it with "
		       "--allow security.insecure");
}

/* ---- The directories of steps ---- */

static int make_dirs(const struct run_step *s, struct err *e)
{
	static const char *const names[] = { RUN_STATES, RUN_CACHES, RUN_PRIVATE, RUN_SCRATCH };
	autofd int dirfd = open(s->env->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dirfd < 0)
		return err_sys(e, "open '%s'", s->env->dir);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (mkdirat(dirfd, names[i], 0700) < 0 && errno != EEXIST)
			return err_sys(e, "make directory '%s/%s'", s->env->dir, names[i]);
	return 0;
}

/* ---- Working directory ---- */

/* BuildKit gives what is missing to the user, WORKDIR's own rules aside. */
static int make_cwd(const struct run_step *s, struct err *e)
{
	autofd int fd = beneath_open(s->root->fd, s->run->cwd, O_PATH | O_DIRECTORY, 0,
				     BENEATH_CHROOT, NULL);
	autofree char *path = NULL;

	/* What is mounted over it has it, or has not. */
	if (run_is_kernels(s->run->cwd))
		return 0;
	if (fd >= 0 || (fd != -ENOENT && fd != -ENOTDIR))
		return 0; /* creel says what is wrong with it */
	path = xstrdup(s->run->cwd);
	for (char *at = path + strspn(path, "/"); *at;) {
		size_t len = strcspn(at, "/");
		char kept = at[len];
		autofd int have = -1, made = -1;

		at[len] = '\0';
		have = beneath_open(s->root->fd, path, O_PATH | O_DIRECTORY, 0, BENEATH_CHROOT,
				    NULL);
		if (have == -ENOENT) {
			made = beneath_mkdir_p(s->root->fd, path, 0755, BENEATH_CHROOT, e);
			if (made < 0)
				return err_wrap(e, made, "working directory");
			if (fchownat(made, "", s->user.uid, s->user.gid, AT_EMPTY_PATH) < 0)
				return err_sys(e, "set the owner of working directory '%s'", path);
		}
		at[len] = kept;
		at += len + strspn(at + len, "/");
	}
	return 0;
}

/* ---- All of it ---- */

static int add_identity(struct run_step *s, struct err *e)
{
	static const struct {
		const char *target;
		char *(*text)(const struct run_step *s, struct err *e);
	} files[] = { { "/etc/hosts", run_hosts_text }, { "/etc/resolv.conf", run_resolv_text } };

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		autofree char *text = NULL;
		struct run_place *p;

		/* Who mounts something there means that, as in BuildKit. */
		if (run_place_covers(s, files[i].target))
			continue;
		text = files[i].text(s, e);
		if (!text)
			return -e->code;
		p = run_place_add(s, PLACE_FILE, files[i].target);
		p->data = arena_strdup(&s->arena, text);
		p->len = strlen(text);
		p->mode = 0644;
		p->read_only = true;
	}
	return 0;
}

static void add_script(struct run_step *s)
{
	struct run_place *p;

	if (!s->run->script_name)
		return;
	p = run_place_add(s, PLACE_FILE,
			  arena_printf(&s->arena, "/dev/pipes/%s", s->run->script_name));
	p->data = s->run->script;
	p->len = s->run->script_len;
	p->mode = 0755;
	p->read_only = true;
}

/* Clones are of mounts in this thread's first namespace: the one it leaves. */
static int prepare(struct run_step *s, struct err *e)
{
	int r = users_lookup_step(s->root->fd, s->run->user, &s->user, e);

	if (r >= 0)
		r = make_cwd(s, e);
	if (r >= 0)
		r = run_places_make(s, e);
	if (r >= 0)
		r = add_identity(s, e);
	if (r < 0)
		return r;
	add_script(s);
	if (!s->root->path)
		s->root_treefd = run_clone_tree(s->root->fd, NULL);
	return 0;
}

static int go(struct run_step *s, struct err *e)
{
	auto_(strbuf) struct strbuf config = { 0 };
	int r = run_stubs_make(s, e);

	if (r >= 0)
		r = run_private_enter(s, e);
	if (r >= 0)
		r = run_agents_start(s, e);
	if (r >= 0)
		r = run_network_start(s, e);
	if (r >= 0)
		r = run_spec_make(s, &config, e);
	if (r >= 0)
		r = run_process(s, &config, e);
	run_network_stop(s);
	run_agents_stop(s);
	run_stubs_remove(&s->stubs);
	return r;
}

static int run(struct run_step *s, struct err *e)
{
	char name[RANDOM_NAME_SIZE];
	int r = unshare(CLONE_FS) < 0 ? err_sys(e, "leave the process's umask alone") : 0;

	/* Modes are what is asked for. */
	(void)umask(0);
	if (r >= 0)
		r = run_network_decide(s, e);
	if (r >= 0)
		r = check_insecure(s, e);
	if (r >= 0)
		r = run_devices_find(s, e);
	if (r >= 0)
		r = make_dirs(s, e);
	if (r < 0)
		return r;
	s->id = xasprintf("build-%s", random_name(name));
	s->private = arena_printf(&s->arena, "%s/" RUN_PRIVATE, s->env->dir);
	r = prepare(s, e);
	return r < 0 ? r : go(s, e);
}

struct job {
	struct run_step *step;
	struct err *e;
	int result;
};

static void *run_thread(void *arg)
{
	struct job *j = arg;

	j->result = run(j->step, j->e);
	return NULL;
}

/* The thread takes its mount namespace with it when it ends. */
int step_run(const struct vertex_run *r, const struct step_tree *trees,
	     const struct step_root *root, const struct run_env *env, run_log_fn *log, void *ctx,
	     struct err *e)
{
	auto_(run_step) struct run_step s = { .run = r,
					      .trees = trees,
					      .root = root,
					      .env = env,
					      .log = log,
					      .log_ctx = ctx,
					      .root_treefd = -1,
					      .network_pidfd = -1,
					      .attachment = { .recordfd = -1 },
					      .scratch = { -1, -1, NULL } };
	struct err local = { 0 };
	struct job j = { .step = &s, .e = e ? e : &local };
	pthread_t thread;
	int error = pthread_create(&thread, NULL, run_thread, &j);

	if (error)
		return err_set(e, error, "start a thread: %s", strerror(error));
	(void)pthread_join(thread, NULL);
	return j.result;
}
