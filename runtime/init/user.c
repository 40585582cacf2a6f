/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "libutil/alloc.h"
#include "libutil/caps.h"
#include "libutil/cleanup.h"
#include "libutil/log.h"
#include "runtime/annotation.h"
#include "runtime/init/stage.h"
#include "runtime/ns/idmap.h"

int user_become_root(struct init *in, struct err *e)
{
	const struct oci_array *uids = &in->linux_->uid_mappings;

	if (!init_in_userns(in))
		return 0;
	/* Files made by an unmapped id are EOVERFLOW.  Without a root inside, the ids of
	 * process.user have to do. */
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0) {
		const struct spec_user *u = in->process->user;

		if (errno != EINVAL || uids->n == 0 || idmap_has(uids, 0) || !u)
			return err_sys(e, "become root of the user namespace");
		if (setresgid((gid_t)u->gid.v, (gid_t)u->gid.v, (gid_t)u->gid.v) < 0 ||
		    setresuid((uid_t)u->uid.v, (uid_t)u->uid.v, (uid_t)u->uid.v) < 0)
			return err_sys(e, "process.user: become %llu:%llu",
				       (unsigned long long)u->uid.v, (unsigned long long)u->gid.v);
	}
	return guard_raise(e);
}

/* So that the program may open /dev/stdout again.  What cannot be chowned (a socket, a file of an
 * unmapped owner, a read-only place) is left; devices like /dev/null belong to everybody. */
static void own_stdio(const struct init *in, uid_t uid)
{
	if (uid == 0 && !init_in_userns(in))
		return;
	for (int fd = 0; fd <= 2; fd++) {
		struct stat st;

		if (fstat(fd, &st) < 0 || st.st_uid == uid)
			continue;
		if (S_ISCHR(st.st_mode) && !isatty(fd))
			continue;
		if (fchown(fd, uid, (gid_t)-1) < 0)
			log_debug("chown descriptor %d: %s", fd, strerror(errno));
	}
}

static int set_groups(const struct init *in, const struct spec_user *u, struct err *e)
{
	size_t n = u ? u->additional_gids.n : 0;
	const uint32_t *gids = u ? u->additional_gids.items : NULL;
	bool keep = false;
	int r = annotation_flag(&in->spec->annotations, ANNOTATION_KEEP_GROUPS, &keep, e);
	bool denied;

	if (r < 0)
		return r;
	if (keep && n > 0)
		return err_set(e, EINVAL,
			       "process.user.additionalGids: cannot be set while annotations.%s "
			       "keeps the caller's",
			       annotation_key(ANNOTATION_KEEP_GROUPS));
	if (keep)
		return 0;
	if (setgroups(n, gids) == 0)
		return 0;
	/* "deny" in /proc/PID/setgroups, which unprivileged mappings demand, of this user namespace
	 * or of one around us: nothing else refuses it to who has the capability. */
	denied = errno == EPERM && (init_in_userns(in) || caps_hold(CAP_SETGID));
	if (denied && n == 0)
		return 0;
	if (denied)
		return err_set(e, EPERM,
			       "process.user.additionalGids: a user namespace made without "
			       "privileges allows no additional groups");
	return err_sys(e, "process.user.additionalGids: setgroups");
}

static int cannot_be(char kind, unsigned id, struct err *e)
{
	if (errno == EINVAL)
		return err_set(
			e, EINVAL,
			"process.user.%cid: become %u: the user namespace has no such id (see "
			"linux.%cidMappings)",
			kind, id, kind);
	return err_sys(e, "process.user.%cid: become %u", kind, id);
}

int user_switch(struct init *in, struct err *e)
{
	const struct spec_user *u = in->process->user;
	uid_t uid = u ? (uid_t)u->uid.v : 0;
	gid_t gid = u ? (gid_t)u->gid.v : 0;
	int r;

	own_stdio(in, uid);
	r = set_groups(in, u, e);
	if (r < 0)
		return r;
	/* Groups before the user: afterwards the right to change them is gone. */
	if (setresgid(gid, gid, gid) < 0)
		return cannot_be('g', gid, e);
	if (setresuid(uid, uid, uid) < 0)
		return cannot_be('u', uid, e);
	return guard_raise(e);
}
