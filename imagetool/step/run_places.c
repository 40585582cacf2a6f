/* SPDX-License-Identifier: Apache-2.0 */
/* RUN --mount: what is mounted where. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imagetool/step/run_internal.h"
#include "libutil/beneath.h"
#include "libutil/path.h"
#include "libutil/sys.h"

#define SECRETS_DIR "/run/secrets"
#define AGENTS_DIR  "/run/buildkit/ssh_agent."
#define AGENT_ENV   "SSH_AUTH_SOCK"
#define AGENT_ID    "default"

struct run_place *run_place_add(struct run_step *s, enum run_place_kind kind, const char *target)
{
	struct run_place *p;

	s->places =
		arena_grow(&s->arena, s->places, s->n_places, s->n_places + 1, sizeof(*s->places));
	p = &s->places[s->n_places++];
	p->kind = kind;
	p->target = target;
	p->treefd = -1;
	return p;
}

int run_clone_tree(int fd, struct err *e)
{
	int tree = sys_open_tree(
		fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE);

	return tree < 0 ? err_sys(e, "take a copy of a mount") : tree;
}

/* ---- Directories that are there ---- */

/* Whatever links say, it is inside of the tree: the kernel looks it up with that as the root. */
static int clone_below(int treefd, const char *source, bool *ret_is_file, struct err *e)
{
	autofd int fd = beneath_open(treefd, *source ? source : "/", O_PATH, 0, BENEATH_CHROOT, e);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat '%s'", source);
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		return err_set(e, EINVAL, "'%s' is neither a directory nor a file", source);
	*ret_is_file = S_ISREG(st.st_mode);
	return run_clone_tree(fd, e);
}

static int add_bind(struct run_step *s, const struct run_mount *m, const struct step_tree *from,
		    struct err *e)
{
	struct run_place *p;
	bool is_file = false;
	int fd;

	if (from->fd < 0) {
		run_place_add(s, PLACE_EMPTY, m->target)->read_only = m->read_only;
		return 0;
	}
	fd = from->context ? run_context_tree(s, from->context, from->fd, m->source, &is_file, e)
			   : clone_below(from->fd, m->source, &is_file, e);
	if (fd < 0)
		return fd;
	p = run_place_add(s, PLACE_TREE, m->target);
	p->treefd = fd;
	p->is_file = is_file;
	p->read_only = m->read_only;
	p->discard = !m->read_only;
	return 0;
}

static int add_cache(struct run_step *s, const struct run_mount *m, const struct step_tree *from,
		     struct err *e)
{
	autofd int cachefd = run_cache_open(s, m, from, e);
	struct run_place *p;
	bool is_file = false;
	int fd;

	if (cachefd < 0)
		return cachefd;
	/* With `from` the source has been applied to that. */
	fd = clone_below(cachefd, "/", &is_file, e);
	if (fd < 0)
		return fd;
	p = run_place_add(s, PLACE_TREE, m->target);
	p->treefd = fd;
	p->read_only = m->read_only;
	return 0;
}

static int add_tmpfs(struct run_step *s, const struct run_mount *m,
		     const struct step_tree *from UNUSED, struct err *e UNUSED)
{
	run_place_add(s, PLACE_TMPFS, m->target)->size = m->size;
	return 0;
}

/* ---- Secrets ---- */

static const struct run_secret *find_secret(const struct run_env *env, const char *id)
{
	for (size_t i = 0; i < env->n_secrets; i++)
		if (streq(env->secrets[i].id, id))
			return &env->secrets[i];
	return NULL;
}

static int add_secret_env(struct run_step *s, const char *name, const struct run_secret *secret,
			  struct err *e)
{
	autofree char *value = xstrndup(secret->data, secret->len);

	if (strlen(value) != secret->len)
		return err_set(e, EINVAL, "secret '%s': an environment variable holds no NUL",
			       secret->id);
	strv_env_set(&s->more_env, name, value);
	return 0;
}

static int add_secret(struct run_step *s, const struct run_mount *m,
		      const struct step_tree *from UNUSED, struct err *e)
{
	const char *id = *m->id ? m->id : path_base(m->target);
	const struct run_secret *secret = find_secret(s->env, id);
	const char *target = m->target;
	struct run_place *p;

	if (!secret && m->required)
		return err_set(e, ENOENT, "secret '%s': not found: give it with --secret id=%s,...",
			       id, id);
	if (!secret)
		return 0;
	if (*m->env) {
		int r = add_secret_env(s, m->env, secret, e);

		if (r < 0 || !*target)
			return r;
	}
	if (!*target)
		target = arena_printf(&s->arena, SECRETS_DIR "/%s", path_base(id));
	p = run_place_add(s, PLACE_FILE, target);
	p->data = secret->data;
	p->len = secret->len;
	p->mode = m->has_mode ? m->mode : 0400;
	p->uid = m->uid;
	p->gid = m->gid;
	p->read_only = true;
	return 0;
}

/* ---- Agents ---- */

static const struct run_ssh *find_ssh(const struct run_env *env, const char *id)
{
	for (size_t i = 0; i < env->n_ssh; i++)
		if (streq(env->ssh[i].id, id))
			return &env->ssh[i];
	return NULL;
}

static size_t count_kind(const struct run_step *s, enum run_place_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_places; i++)
		n += s->places[i].kind == kind;
	return n;
}

static int add_ssh(struct run_step *s, const struct run_mount *m,
		   const struct step_tree *from UNUSED, struct err *e)
{
	const char *id = *m->id ? m->id : AGENT_ID;
	const struct run_ssh *ssh = find_ssh(s->env, id);
	size_t before = count_kind(s, PLACE_SOCKET);
	struct run_place *p;

	if (!ssh && m->required)
		return err_set(e, ENOENT, "no SSH key '%s' is given to the build: use --ssh %s", id,
			       id);
	if (!ssh)
		return 0;
	p = run_place_add(s, PLACE_SOCKET,
			  *m->target ? m->target
				     : arena_printf(&s->arena, AGENTS_DIR "%zu", before));
	p->ssh = ssh;
	p->mode = m->has_mode ? m->mode : 0600;
	p->uid = m->uid;
	p->gid = m->gid;
	if (!before)
		strv_env_set(&s->more_env, AGENT_ENV, p->target);
	return 0;
}

/* ---- All ---- */

bool run_place_covers(const struct run_step *s, const char *path)
{
	for (size_t i = 0; i < s->n_places; i++)
		if (path_is_below(path, s->places[i].target))
			return true;
	return false;
}

/* What hides the host from a step lies there: creel runs no container without. */
static int check_target(const struct run_mount *m, struct err *e)
{
	if (path_is_below(m->target, "/proc"))
		return err_set(e, EINVAL, "target '%s': nothing can be mounted on /proc",
			       m->target);
	if (streq(m->target, "/dev/null") ||
	    (streq(m->target, "/dev") && m->type != RUN_MOUNT_TMPFS))
		return err_set(e, EINVAL,
			       "target '%s': a step needs the devices there, choose a directory "
			       "below /dev",
			       m->target);
	return 0;
}

int run_places_make(struct run_step *s, struct err *e)
{
	static const struct {
		const char *name;
		int (*add)(struct run_step *s, const struct run_mount *m,
			   const struct step_tree *from, struct err *e);
	} kinds[] = {
		[RUN_MOUNT_BIND] = { "bind", add_bind },
		[RUN_MOUNT_CACHE] = { "cache", add_cache },
		[RUN_MOUNT_TMPFS] = { "tmpfs", add_tmpfs },
		[RUN_MOUNT_SECRET] = { "secret", add_secret },
		[RUN_MOUNT_SSH] = { "ssh", add_ssh },
	};

	for (size_t i = 0; i < s->run->n_mounts; i++) {
		const struct run_mount *m = &s->run->mounts[i].m;
		int r = check_target(m, e);

		if (r >= 0)
			r = kinds[m->type].add(s, m, &s->trees[i], e);
		if (r < 0)
			return err_wrap(e, r, "RUN --mount=type=%s", kinds[m->type].name);
	}
	return 0;
}
