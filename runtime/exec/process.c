/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/exec/process.h"

#include <errno.h>

#include "libutil/parse.h"
#include "libutil/path.h"

int exec_parse_user(const char *text, uint32_t *ret_uid, uint32_t *ret_gid, struct err *e)
{
	const char *colon = strchr(text, ':');
	autofree char *uid_text = colon ? xstrndup(text, (size_t)(colon - text)) : xstrdup(text);
	uint32_t uid = 0;
	uint32_t gid = *ret_gid;

	if (parse_id(uid_text, &uid) < 0 || (colon && parse_id(colon + 1, &gid) < 0))
		return err_set(e, EINVAL, "--user: '%s' is not UID or UID:GID", text);
	*ret_uid = uid;
	*ret_gid = gid;
	return 0;
}

/* The old list and `more` behind it. */
static struct oci_strings joined(struct arena *a, const struct oci_strings *old, char *const *more,
				 size_t n_more)
{
	struct oci_strings all = { .n = old->n + n_more };

	all.items = arena_alloc(a, all.n + 1, sizeof(*all.items));
	for (size_t i = 0; i < old->n; i++)
		all.items[i] = old->items[i];
	for (size_t i = 0; i < n_more; i++)
		all.items[old->n + i] = more[i];
	return all;
}

static struct spec_user *user_of(struct spec_process *p, struct arena *a)
{
	struct spec_user *user = arena_alloc(a, 1, sizeof(*user));

	if (p->user)
		*user = *p->user;
	return p->user = user;
}

static int change_user(struct spec_process *p, const char *text, struct arena *a, struct err *e)
{
	struct spec_user *user = user_of(p, a);
	uint32_t uid = 0;
	uint32_t gid = (uint32_t)user->gid.v;
	int r = exec_parse_user(text, &uid, &gid, e);

	if (r < 0)
		return r;
	user->uid = (struct opt_u64){ .set = true, .v = uid };
	user->gid = (struct opt_u64){ .set = true, .v = gid };
	return 0;
}

static int add_groups(struct spec_process *p, const struct strv *groups, struct arena *a,
		      struct err *e)
{
	struct spec_user *user = user_of(p, a);
	struct oci_u32s *list = &user->additional_gids;
	uint32_t *items = arena_grow(a, list->items, list->n, list->n + groups->n, sizeof(*items));

	for (size_t i = 0; i < groups->n; i++)
		if (parse_id(groups->v[i], &items[list->n + i]) < 0)
			return err_set(e, EINVAL, "--additional-gids: '%s' is not a group id",
				       groups->v[i]);
	list->items = items;
	list->n += groups->n;
	return 0;
}

/* In a document an unknown one is a warning; what somebody types is a mistake. */
static int check_caps(const struct strv *names, struct err *e)
{
	for (size_t i = 0; i < names->n; i++)
		if (oci_capability_number(names->v[i]) < 0)
			return err_set(e, EINVAL, "--cap: unknown capability '%.60s'", names->v[i]);
	return 0;
}

static bool has_word(const struct oci_strings *list, const char *word)
{
	for (size_t i = 0; i < list->n; i++)
		if (streq(list->items[i], word))
			return true;
	return false;
}

/* What the container lets its programs inherit they are also to have when they are not root's. */
static struct oci_strings with_ambient(const struct spec_capabilities *caps,
				       const struct strv *names, struct arena *a)
{
	struct oci_strings ambient = caps->ambient;

	for (size_t i = 0; i < names->n; i++)
		if (has_word(&caps->inheritable, names->v[i]))
			ambient = joined(a, &ambient, &names->v[i], 1);
	return ambient;
}

static void add_caps(struct spec_process *p, const struct strv *names, struct arena *a)
{
	struct spec_capabilities *caps = arena_alloc(a, 1, sizeof(*caps));

	if (p->capabilities)
		*caps = *p->capabilities;
	caps->bounding = joined(a, &caps->bounding, names->v, names->n);
	caps->effective = joined(a, &caps->effective, names->v, names->n);
	caps->permitted = joined(a, &caps->permitted, names->v, names->n);
	caps->ambient = with_ambient(caps, names, a);
	p->capabilities = caps;
}

static int check_env(const struct strv *env, struct err *e)
{
	for (size_t i = 0; i < env->n; i++)
		if (!strchr(env->v[i], '=') || env->v[i][0] == '=')
			return err_set(e, EINVAL, "--env: '%s' is not NAME=VALUE", env->v[i]);
	return 0;
}

int exec_process_make(const struct spec_process *base, const struct exec_changes *ch,
		      struct arena *a, struct spec_process **ret, struct err *e)
{
	static const struct oci_strings none;
	struct spec_process *p = arena_alloc(a, 1, sizeof(*p));
	int r = check_env(ch->env, e);

	*p = *base;
	p->args = joined(a, &none, ch->args, ch->n_args);
	p->terminal = ch->tty;
	p->console_size = NULL;
	p->env = joined(a, &p->env, ch->env->v, ch->env->n);
	p->cwd = ch->cwd ? ch->cwd : p->cwd;
	p->apparmor_profile = ch->apparmor ? ch->apparmor : p->apparmor_profile;
	p->selinux_label = ch->label ? ch->label : p->selinux_label;
	p->no_new_privileges = p->no_new_privileges || ch->no_new_privs;
	if (r >= 0 && !path_is_absolute(p->cwd ? p->cwd : ""))
		r = err_set(e, EINVAL, "--cwd: '%s' is not an absolute path", p->cwd ? p->cwd : "");
	if (r >= 0 && ch->user)
		r = change_user(p, ch->user, a, e);
	if (r >= 0 && ch->groups->n > 0)
		r = add_groups(p, ch->groups, a, e);
	if (r >= 0)
		r = check_caps(ch->caps, e);
	if (r < 0)
		return r;
	if (ch->caps->n > 0)
		add_caps(p, ch->caps, a);
	*ret = p;
	return 0;
}
