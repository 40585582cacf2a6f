/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container/container.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libutil/file.h"
#include "libutil/ids.h"
#include "libutil/proc.h"
#include "libutil/sys.h"
#include "runtime/container/bundle.h"
#include "runtime/container/identity.h"

/* Records without many annotations are much shorter. */
#define LOOK_SIZE 4096

static int find_process(struct container *c, struct err *e)
{
	struct err why = { 0 };
	int fd;

	if (c->record->phase != RECORD_MADE)
		return 0;
	fd = identity_open(c->record, &why);
	if (fd == -ESRCH)
		return 0;
	if (fd < 0)
		return err_take(e, &why);
	c->pidfd = fd;
	return 0;
}

/* No fifo or device in its place shall make anybody wait. */
static int read_state(int dirfd, const char *id, char **ret, size_t *ret_len, struct err *e)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	autofd int fd = openat(dirfd, STORE_STATE, flags);
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return err_set(e, ENODATA,
			       "container '%s' was never finished: clear it with 'delete --force'",
			       id);
	if (fd < 0 && errno != ELOOP && errno != ENXIO)
		return err_sys(e, "container '%s': open '" STORE_STATE "'", id);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    (uint64_t)st.st_size > RECORD_MAX)
		return err_set(e, EBADMSG, "container '%s': " STORE_STATE " is no record of ours",
			       id);
	return file_read_stat(fd, STORE_STATE, &st, RECORD_MAX, ret, ret_len, e);
}

static int take_record(struct container *c, const char *text, size_t len, struct err *e)
{
	int r = record_decode(STORE_STATE, text, len, &c->arena, &c->record, e);

	/* Obeyed under another name it would end another container. */
	if (r >= 0 && !streq(c->record->id, c->id))
		r = err_set(e, EBADMSG, STORE_STATE " is that of container '%s'", c->record->id);
	/* Who only looks needs no more of the groups than the record has. */
	if (r >= 0 && c->record->cgroup && c->dirfd >= 0)
		r = cgroup_of_record(c->record->cgroup, &c->cgroup, e);
	return r < 0 ? err_wrap(e, r, "container '%s'", c->id) : 0;
}

/* Takes `dirfd`, which may be -1. */
static int load_text(const struct store *s, const char *id, int dirfd, const char *text, size_t len,
		     struct container *ret, struct err *e)
{
	auto_(container) struct container c = CONTAINER_NONE;
	int r;

	c.store = s;
	c.id = xstrdup(id);
	c.dirfd = dirfd;
	r = take_record(&c, text, len, e);
	if (r >= 0)
		r = find_process(&c, e);
	if (r < 0)
		return r;
	*ret = c;
	c = (struct container)CONTAINER_NONE;
	return 0;
}

/* Takes `dirfd`. */
static int load_from(const struct store *s, const char *id, int dirfd, struct container *ret,
		     struct err *e)
{
	autofree char *text = NULL;
	autofd int own = dirfd;
	size_t len = 0;
	int r = read_state(dirfd, id, &text, &len, e);

	return r < 0 ? r : load_text(s, id, steal_fd(&own), text, len, ret, e);
}

static int load_once(const struct store *s, const char *id, struct container *ret, struct err *e)
{
	int dirfd = store_find(s, id, e);

	return dirfd < 0 ? dirfd : load_from(s, id, dirfd, ret, e);
}

/* A container's record comes after its directory and may go before it; who is about to do either
 * holds the lock. */
static bool is_held(const struct store *s, const char *id)
{
	autofd int dirfd = store_find(s, id, NULL);

	return dirfd >= 0 && store_is_locked(dirfd);
}

int container_load(const struct store *s, const char *id, struct container *ret, struct err *e)
{
	struct err why = { 0 };
	int r = load_once(s, id, ret, &why);

	if (r == -ENODATA && is_held(s, id))
		return err_set(e, EINPROGRESS,
			       "container '%s' does not exist: it is being made or removed", id);
	/* By now it may be finished, or gone altogether. */
	if (r == -ENODATA) {
		err_clear(&why);
		r = load_once(s, id, ret, &why);
	}
	return r < 0 ? err_take(e, &why) : r;
}

static int load_with_owner(const struct store *s, const char *id, struct container *ret,
			   struct err *e)
{
	struct stat st;
	int r = container_load(s, id, ret, e);

	if (r >= 0 && fstat(ret->dirfd, &st) == 0)
		ret->owner = st.st_uid;
	return r;
}

/* What is there under the name may be anything: that it is a record is seen when it is decoded. */
int container_look(const struct store *s, const char *id, struct container *ret, struct err *e)
{
	autofd int fd = store_open_state(s, id);
	struct err why = { 0 };
	char text[LOOK_SIZE];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));

	if (n > 0 && (size_t)n < sizeof(text) &&
	    load_text(s, id, -1, text, (size_t)n, ret, &why) >= 0)
		return 0;
	return load_with_owner(s, id, ret, e);
}

int container_load_locked(const struct store *s, const char *id, struct container *ret,
			  struct err *e)
{
	autofd int dirfd = store_find(s, id, e);
	int r;

	if (dirfd < 0)
		return dirfd;
	r = store_lock(dirfd, id, e);
	if (r < 0)
		return r;
	r = load_from(s, id, steal_fd(&dirfd), ret, e);
	if (r >= 0)
		ret->locked = true;
	return r;
}

void container_done(struct container *c)
{
	cgroup_free(c->cgroup);
	close_at_exit(&c->pidfd);
	close_at_exit(&c->endedfd);
	close_at_exit(&c->dirfd);
	arena_done(&c->arena);
	free(c->id);
	*c = (struct container)CONTAINER_NONE;
}

/* Only the creator holds the lock of a container without a process; who holds it himself knows
 * there is none. A second open file is needed, since a lock belongs to the open file. */
static int creator_is_alive(const struct container *c, bool *ret, struct err *e)
{
	autofd int fd = -1;
	int r = 0;

	*ret = false;
	if (c->locked)
		return 0;
	if (c->dirfd < 0)
		fd = r = store_find(c->store, c->id, e);
	else if ((fd = openat(c->dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		r = err_sys(e, "container '%s'", c->id);
	if (fd < 0)
		return r;
	*ret = store_is_locked(fd);
	return 0;
}

static bool has_gate(const struct container *c)
{
	char path[ID_MAX + sizeof("/" STORE_GATE)];

	if (c->record->gateless)
		return false;
	if (c->dirfd >= 0)
		return faccessat(c->dirfd, STORE_GATE, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	(void)snprintf(path, sizeof(path), "%s/" STORE_GATE, c->id);
	return faccessat(c->store->rootfd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int container_status(const struct container *c, enum oci_status *ret, struct err *e)
{
	auto_(cgroup_eye) struct cgroup_eye eye = CGROUP_EYE_NONE;

	return container_status_by(c, &eye, ret, e);
}

int container_status_by(const struct container *c, struct cgroup_eye *eye, enum oci_status *ret,
			struct err *e)
{
	struct observation seen = { .phase = (enum record_phase)c->record->phase,
				    .alive = c->pidfd >= 0 };
	int r = 0;

	if (seen.phase == RECORD_CREATING)
		r = creator_is_alive(c, &seen.creator_alive, e);
	if (r >= 0 && seen.alive && c->record->cgroup) {
		r = cgroup_record_is_frozen(c->record->cgroup, eye, e);
		seen.frozen = r > 0;
	}
	if (r < 0)
		return err_wrap(e, r, "container '%s'", c->id);
	seen.gate = seen.alive && !seen.frozen && has_gate(c);
	*ret = status_decide(&seen);
	return 0;
}

static int check_living(const struct container *c, struct err *e)
{
	enum oci_status status = OCI_STATUS_NONE;
	int r = container_status(c, &status, e);

	if (r < 0)
		return r;
	if (status == OCI_STATUS_CREATING)
		return err_set(e, EBUSY, "it is still being created");
	if (status == OCI_STATUS_STOPPED)
		return err_set(e, ESRCH, "container not running: it is %s", status_name(status));
	return 0;
}

/* Whoever makes the container holds its lock and may be waiting for us. */
int container_load_living(const struct store *s, const char *id, struct container *ret,
			  struct err *e)
{
	auto_(container) struct container first = CONTAINER_NONE;
	int r = container_load(s, id, &first, e);

	if (r >= 0)
		r = check_living(&first, e);
	if (r >= 0)
		r = container_load_locked(s, id, ret, e);
	return r < 0 ? r : check_living(ret, e);
}

int container_spec(struct container *c, struct runtime_spec **ret, struct err *e)
{
	int r = bundle_read_config(c->dirfd, STORE_CONFIG, &c->arena, NULL, ret, e);

	return r < 0 ? err_wrap(e, r, "container '%s'", c->id) : 0;
}

int container_put_record(int dirfd, const char *name, const struct record *rec,
			 const struct cgroup *cgroup, struct err *e)
{
	auto_(strbuf) struct strbuf text = { .max = RECORD_MAX };
	int r;

	record_encode(rec, cgroup, &text);
	r = strbuf_check(&text, name, e);
	if (r >= 0)
		r = file_replace_at(dirfd, name, text.data, text.len, 0600, FILE_NO_SYNC, e);
	return r;
}

int container_write_record(const struct container *c, struct err *e)
{
	int r = container_put_record(c->dirfd, STORE_STATE, c->record, c->cgroup, e);

	return r < 0 ? err_wrap(e, r, "container '%s'", c->id) : 0;
}

int container_stage_spec(const struct container *c, const struct runtime_spec *spec, struct err *e)
{
	auto_(strbuf) struct strbuf text = { 0 };
	int r;

	oci_encode(&runtime_spec_type, spec, 0, &text);
	if (text.len > BUNDLE_CONFIG_MAX)
		return err_set(e, EFBIG, "its configuration would be longer than %zu bytes",
			       BUNDLE_CONFIG_MAX);
	r = file_replace_at(c->dirfd, STORE_CONFIG_NEW, strbuf_str(&text), text.len, 0600,
			    FILE_NO_SYNC, e);
	return r < 0 ? err_wrap(e, r, "container '%s'", c->id) : 0;
}

int container_keep_spec(const struct container *c, struct err *e)
{
	if (renameat(c->dirfd, STORE_CONFIG_NEW, c->dirfd, STORE_CONFIG) < 0)
		return err_sys(e, "container '%s': replace '%s'", c->id, STORE_CONFIG);
	return 0;
}

void container_drop_spec(const struct container *c)
{
	(void)unlinkat(c->dirfd, STORE_CONFIG_NEW, 0);
}

void container_state(const struct container *c, enum oci_status status, const char *owner,
		     struct oci_state *ret)
{
	const struct record *rec = c->record;

	*ret = (struct oci_state){
		.oci_version = RUNTIME_SPEC_VERSION,
		.id = c->id,
		.status = status,
		.pid = { .set = true, .v = container_pid(c) },
		.bundle = rec->bundle,
		.rootfs = rec->rootfs,
		.created = rec->created,
		.owner = owner,
		.annotations = rec->annotations,
		.mounts = rec->mounts,
		.devices = rec->devices,
	};
}

pid_t container_pid(const struct container *c)
{
	return c->pidfd >= 0 ? (pid_t)c->record->pid.v : 0;
}
