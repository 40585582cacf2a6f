/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/ending/delete.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "libutil/log.h"
#include "runtime/container/rdt.h"
#include "runtime/ending/ending.h"
#include "runtime/ending/kill.h"
#include "runtime/ending/poststop.h"
#include "runtime/hook/hook.h"

static void run_poststop(struct container *c, struct oci_exit *how)
{
	autofd int bundlefd = open(c->record->bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct runtime_spec *spec = NULL;
	struct oci_state state;
	struct hook_call call = { .state = &state, .cwdfd = bundlefd > 0 ? bundlefd : 0 };
	struct err why = { 0 };

	if (!c->record->has_poststop)
		return;
	container_state(c, OCI_STATUS_STOPPED, NULL, &state);
	state.exit = how;
	if (container_spec(c, &spec, &why) < 0)
		log_warning("poststop hooks were not run: %s", why.msg);
	else
		poststop_run(c->dirfd, spec->hooks, &call);
}

int container_destroy(struct container *c, struct err *e)
{
	struct oci_exit how = { 0 };
	int r = container_end(c, e);

	/* Hooks want to know, and the group that counts goes first. */
	if (r >= 0 && c->record->has_poststop)
		ending_find(c, &how);
	if (r >= 0 && c->cgroup)
		r = cgroup_destroy(c->cgroup, e);
	if (r >= 0)
		r = rdt_remove(c->record, e);
	if (r < 0)
		return err_wrap(e, r, "delete '%s'", c->id);
	run_poststop(c, &how);
	r = store_remove(c->store, c->id, e);
	return r < 0 ? err_wrap(e, r, "delete '%s'", c->id) : 0;
}

static bool is_readable(const struct store *s, const char *id)
{
	auto_(container) struct container c = CONTAINER_NONE;

	return container_load(s, id, &c, NULL) >= 0;
}

/* A directory without a readable record: its creator was killed before it made anything else, or
 * the record was damaged and only `force` may give up what it said. */
static int clear_unreadable(const struct store *s, const char *id, struct err *e)
{
	autofd int dirfd = store_find(s, id, e);
	struct stat st;
	int r = dirfd;

	if (r >= 0)
		r = store_lock(dirfd, id, e);
	if (r < 0)
		return r;
	/* Its creator may have finished while we waited for the lock; now nobody is about to write.
	 */
	if (is_readable(s, id))
		return err_set(e, EBUSY, "container '%s' was just made: delete it again", id);
	if (fstatat(dirfd, STORE_STATE, &st, AT_SYMLINK_NOFOLLOW) == 0)
		log_warning(
			"container '%s': its damaged state is removed; processes and control groups it named may "
			"be left",
			id);
	return store_remove(s, id, e);
}

static int check_deletable(const struct container *c, struct err *e)
{
	enum oci_status status = OCI_STATUS_NONE;
	int r = container_status(c, &status, e);

	if (r < 0)
		return r;
	if (status == OCI_STATUS_STOPPED || status == OCI_STATUS_CREATED)
		return 0;
	return err_set(
		e, EBUSY,
		"cannot delete container '%s' that is not stopped: %s (kill it first, or use --force)",
		c->id, status_name(status));
}

/* Kill before the lock is asked for: whoever holds it may be waiting for this very process. */
static int end_unlocked(const struct store *s, const char *id, struct err *e)
{
	auto_(container) struct container c = CONTAINER_NONE;
	int r = container_load(s, id, &c, e);

	if (r >= 0)
		r = container_end(&c, e);
	if (r >= 0 && c.endedfd >= 0 && c.record->has_poststop)
		ending_note(&c);
	return r;
}

static int delete_locked(const struct store *s, const char *id, bool force, struct err *e)
{
	auto_(container) struct container c = CONTAINER_NONE;
	int r = container_load_locked(s, id, &c, e);

	if (r >= 0 && !force)
		r = check_deletable(&c, e);
	return r < 0 ? r : container_destroy(&c, e);
}

static bool is_unreadable(int r)
{
	return r == -ENODATA || r == -EINPROGRESS || r == -EBADMSG || r == -EINVAL;
}

static int delete_forced(const struct store *s, const char *id, struct err *e)
{
	struct err why = { 0 };
	int r = end_unlocked(s, id, &why);

	/* What can't be read yet may be by the time its creator gives the lock away. */
	if (r >= 0 || is_unreadable(r))
		r = delete_locked(s, id, true, &why);
	if (is_unreadable(r))
		r = clear_unreadable(s, id, &why);
	if (r >= 0 || r == -ENOENT)
		return 0;
	return err_take(e, &why);
}

int container_delete(const struct store *s, const char *id, bool force, struct err *e)
{
	int r;

	if (force)
		return delete_forced(s, id, e);
	r = delete_locked(s, id, false, e);
	if (r != -ENODATA)
		return r;
	r = clear_unreadable(s, id, e);
	return r < 0 ? r
		     : err_set(e, ENOENT,
			       "container '%s' does not exist (what was left of it is cleared)",
			       id);
}
