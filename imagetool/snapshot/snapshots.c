/* SPDX-License-Identifier: Apache-2.0 */
/* The snapshots of a store: opened, found, and those that wait. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "imagetool/errors.h"
#include "imagetool/snapshot/internal.h"
#include "libutil/alloc.h"
#include "libutil/dir.h"
#include "libutil/file.h"

const char *const snapshot_choices[] = { "auto", "dir", "erofs", NULL };

static const struct snapshot_form *const forms[] = { &snapshot_form_dir, &snapshot_form_erofs,
						     &snapshot_form_plain };

static const struct snapshot_form *form_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(forms); i++)
		if (streq(forms[i]->name, name))
			return forms[i];
	return NULL;
}

const struct snapshot_form *snapshot_form_of(const struct snapshot_info *info, const char *key,
					     struct err *e)
{
	const struct snapshot_form *form = form_named(info->form);

	if (!form)
		(void)err_set(e, ENOTSUP, "snapshot '%s' has the unknown form '%s'", key,
			      info->form);
	return form;
}

/* ---- Open ---- */

static int choose_form(const struct store *s, enum snapshot_choice choice,
		       const struct snapshot_form **ret, struct err *e)
{
	const struct snapshot_form *f = &snapshot_form_erofs;

	if (choice == SNAPSHOTS_AUTO) {
		if (!f->usable(s, NULL))
			f = &snapshot_form_dir;
	} else {
		f = form_named(snapshot_choices[choice]);
		if (!f)
			return err_set(e, ENOTSUP,
				       "snapshots of the form '%s' are not supported by this "
				       "build: use --snapshots=dir",
				       snapshot_choices[choice]);
		if (!f->usable(s, e))
			return e ? -e->code : -ENOTSUP;
	}
	*ret = f;
	return 0;
}

static void read_boot(char ret[BOOT_ID_SIZE])
{
	autofree char *text = NULL;

	ret[0] = '\0';
	if (file_read_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id", BOOT_ID_SIZE - 1, &text, NULL,
			 NULL) >= 0)
		(void)snprintf(ret, BOOT_ID_SIZE, "%.*s", (int)strcspn(text, "\n"), text);
}

/* Only root of the machine may set trusted.*; overlayfs reads user.* when it is mounted by others.
 */
static bool may_set_trusted(int dirfd)
{
	static const char probe[] = "trusted.overlay.creel";

	if (geteuid() != 0 || fsetxattr(dirfd, probe, "y", 1, 0) < 0)
		return false;
	(void)fremovexattr(dirfd, probe);
	return true;
}

/* There are setuid programs in there, of whoever made the image: nobody else shall run them, also
 * where the store itself is a directory that all may enter. */
static int close_to_others(const struct snapshots *s, struct err *e)
{
	struct stat st;

	if (fstat(s->dirfd, &st) < 0)
		return err_sys(e, "stat '%s/%s'", store_path(s->store), SNAPSHOTS_DIR);
	if ((st.st_mode & 077) && fchmod(s->dirfd, 0700) < 0)
		return err_sys(e, "close '%s/%s' to other users", store_path(s->store),
			       SNAPSHOTS_DIR);
	return 0;
}

static int open_dirs(struct snapshots *s, struct err *e)
{
	int top = store_dirfd(s->store);

	s->tmpfd = dir_open_at(top, "tmp", NULL);
	if (s->tmpfd >= 0 && mkdirat(top, SNAPSHOTS_DIR, 0700) < 0 && errno != EEXIST &&
	    errno != EROFS && errno != EACCES)
		return err_sys(e, "make directory '%s/%s'", store_path(s->store), SNAPSHOTS_DIR);
	s->dirfd = dir_open_at(top, SNAPSHOTS_DIR, NULL);
	if (s->dirfd < 0 && s->dirfd != -ENOENT)
		return err_set(e, -s->dirfd, "open directory '%s/%s'", store_path(s->store),
			       SNAPSHOTS_DIR);
	return s->dirfd >= 0 && s->tmpfd >= 0 ? close_to_others(s, e) : 0;
}

int snapshots_open(struct store *store, enum snapshot_choice choice, struct snapshots **ret,
		   struct err *e)
{
	auto_(snapshots) struct snapshots *s = xcalloc(1, sizeof(*s));
	int r;

	s->store = store;
	s->dirfd = s->tmpfd = -1;
	s->umask = umask(0);
	(void)pthread_mutex_init(&s->lock, NULL);
	layer_budget_init(&s->budget, 0, 0);
	read_boot(s->boot);
	r = choose_form(store, choice, &s->form, e);
	if (r >= 0)
		r = open_dirs(s, e);
	if (r < 0)
		return r;
	s->trusted = s->dirfd >= 0 && may_set_trusted(s->dirfd);
	*ret = steal_ptr(&s);
	return 0;
}

void snapshots_limit(struct snapshots *s, int64_t max_bytes, int64_t max_entries)
{
	layer_budget_init(&s->budget, max_bytes, max_entries);
}

void snapshots_free(struct snapshots *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n_pending; i++)
		pending_free(s, s->pending[i]);
	free(s->pending);
	if (s->dirfd >= 0)
		(void)close(s->dirfd);
	if (s->tmpfd >= 0)
		(void)close(s->tmpfd);
	(void)pthread_mutex_destroy(&s->lock);
	(void)umask(s->umask);
	free(s);
}

/* ---- Find ---- */

void key_alone(const struct snapshot_chain *c, size_t i, char ret[SNAPSHOT_KEY_SIZE])
{
	(void)snprintf(ret, SNAPSHOT_KEY_SIZE, "%s", digest_hex(c->diff_ids[i]));
}

void key_chained(const struct snapshot_chain *c, size_t i, char ret[SNAPSHOT_KEY_SIZE])
{
	(void)snprintf(ret, SNAPSHOT_KEY_SIZE, "chain-%s", digest_hex(c->ids[i]));
}

static int read_info(int dirfd, struct snapshot_info *ret, struct err *e)
{
	autofree char *text = NULL;
	size_t len;
	int r = file_read_at(dirfd, SNAPSHOT_INFO_NAME, SNAPSHOT_INFO_MAX, &text, &len, e);

	return r < 0 ? r : snapshot_info_decode(text, len, ret, e);
}

int snapshot_open(const struct snapshots *s, const char *key, struct snapshot_info *info,
		  struct err *e)
{
	auto_(snapshot_info) struct snapshot_info found = { 0 };
	autofd int fd = -1;
	int r;

	if (s->dirfd < 0)
		return err_set(e, ENOENT, "the store has no snapshots");
	/* Held before it is looked at: no collector takes what is found. */
	r = store_hold_snapshot(s->store, key, e);
	if (r < 0)
		return r;
	fd = openat(s->dirfd, key, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open snapshot '%s'", key);
	r = read_info(fd, &found, e);
	if (r < 0)
		return err_wrap(e, r == -ENOENT ? r : -ENOENT, "snapshot '%s'", key);
	if ((!s->boot[0] || !streq(found.boot, s->boot)) && faccessat(fd, "durable", F_OK, 0) < 0)
		return err_set(e, ENOENT, "snapshot '%s' was made before the machine restarted",
			       key);
	if (info) {
		*info = found;
		found = (struct snapshot_info){ 0 };
	}
	return steal_fd(&fd);
}

int snapshot_open_layer(const struct snapshots *s, const struct snapshot_chain *c, size_t i,
			char ret_key[SNAPSHOT_KEY_SIZE], struct snapshot_info *info, struct err *e)
{
	int fd;

	/* The one that was made for this place is right even when the other is there. */
	key_chained(c, i, ret_key);
	fd = snapshot_open(s, ret_key, info, NULL);
	if (fd >= 0)
		return fd;
	key_alone(c, i, ret_key);
	return snapshot_open(s, ret_key, info, e);
}

static bool is_pending(struct snapshots *s, const char *chain_id)
{
	bool found = false;

	(void)pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->n_pending && !found; i++)
		found = streq(s->pending[i]->chain_id, chain_id);
	(void)pthread_mutex_unlock(&s->lock);
	return found;
}

bool snapshot_have(struct snapshots *s, const struct snapshot_chain *c, size_t i)
{
	char key[SNAPSHOT_KEY_SIZE];
	autofd int fd = snapshot_open_layer(s, c, i, key, NULL, NULL);

	return fd >= 0 || is_pending(s, c->ids[i]);
}

char *snapshot_key(struct snapshots *s, const struct snapshot_chain *c, size_t i)
{
	char key[SNAPSHOT_KEY_SIZE];
	autofd int fd = snapshot_open_layer(s, c, i, key, NULL, NULL);

	return fd < 0 ? NULL : xstrdup(key);
}

/* ---- Those that wait ---- */

void pending_free(const struct snapshots *s, struct pending *p)
{
	stage_drop(s, &p->stage);
	snapshot_info_done(&p->info);
	free(p);
}

void pending_add(struct snapshots *s, const char *chain_id, struct stage *stage,
		 struct snapshot_info *info)
{
	struct pending *p = xcalloc(1, sizeof(*p));

	(void)snprintf(p->chain_id, sizeof(p->chain_id), "%s", chain_id);
	p->stage = *stage;
	p->info = *info;
	*stage = (struct stage){ .fd = -1 };
	*info = (struct snapshot_info){ 0 };
	(void)pthread_mutex_lock(&s->lock);
	s->pending = xreallocarray(s->pending, s->n_pending + 1, sizeof(struct pending *));
	s->pending[s->n_pending++] = p;
	(void)pthread_mutex_unlock(&s->lock);
}

struct pending *pending_take(struct snapshots *s, const char *chain_id)
{
	struct pending *p = NULL;

	(void)pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->n_pending && !p; i++) {
		if (!streq(s->pending[i]->chain_id, chain_id))
			continue;
		p = s->pending[i];
		s->pending[i] = s->pending[--s->n_pending];
	}
	(void)pthread_mutex_unlock(&s->lock);
	return p;
}
