/* SPDX-License-Identifier: Apache-2.0 */
/* The snapshots of an image as overlayfs takes them. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "imagetool/errors.h"
#include "imagetool/snapshot/internal.h"
#include "libutil/alloc.h"

#define ROOT_MODE 0755
/* Seconds after which the kernel has written nearly everything by itself. */
#define SETTLED_AGE 60

void snapshot_stack_done(struct snapshot_stack *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->lower[i].key);
		free(s->lower[i].path);
	}
	free(s->lower);
	*s = (struct snapshot_stack){ 0 };
}

/* ---- Durability ---- */

static bool wants_mark(int fd)
{
	struct stat st;

	return faccessat(fd, "durable", F_OK, 0) < 0 &&
	       fstatat(fd, SNAPSHOT_INFO_NAME, &st, 0) == 0 &&
	       time(NULL) - st.st_mtime > SETTLED_AGE;
}

/* Without it everything is as good until the machine restarts, so failing is none. */
void snapshot_mark_durable(const struct snapshots *s, int fd, bool *synced)
{
	autofd int mark = -1;

	if (s->tmpfd < 0 || !wants_mark(fd))
		return;
	if (!*synced && syncfs(s->dirfd) < 0)
		return;
	*synced = true;
	mark = openat(fd, "durable", O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
}

/* ---- The stack ---- */

static bool is_listed(const struct snapshot_stack *st, const char *key)
{
	for (size_t i = 0; i < st->n; i++)
		if (streq(st->lower[i].key, key))
			return true;
	return false;
}

static void take_root(struct snapshot_stack *st, const struct snapshot_info *info)
{
	if (!info->root_stated || st->root.from >= 0)
		return;
	st->root = (struct snapshot_root){
		.from = (int)st->n - 1,
		.mode = info->root_mode,
		.uid = (uid_t)info->root_uid,
		.gid = (gid_t)info->root_gid,
		.mtime = info->root_mtime,
	};
}

/* Returns 1 when nothing below is seen. */
static int add(struct snapshots *s, const struct snapshot_chain *c, size_t i,
	       struct snapshot_stack *st, bool *synced, struct err *e)
{
	auto_(snapshot_info) struct snapshot_info info = { 0 };
	char key[SNAPSHOT_KEY_SIZE];
	autofd int fd = snapshot_open_layer(s, c, i, key, &info, e);
	const struct snapshot_form *form;

	if (fd < 0)
		return fd;
	form = snapshot_form_of(&info, key, e);
	if (!form)
		return -ENOTSUP;
	snapshot_mark_durable(s, fd, synced);
	/* A layer that is there twice: the upper one has all that the lower has, and overlayfs
	 * refuses a directory that is given twice. */
	if (is_listed(st, key) || (info.entries == 0 && !info.root_stated))
		return info.root_opaque;
	st->lower[st->n++] = (struct snapshot_lower){
		.form = form->id,
		.key = xstrdup(key),
		.path = xasprintf("%s/%s/%s/%s", store_path(s->store), SNAPSHOTS_DIR, key,
				  form->member),
	};
	take_root(st, &info);
	return info.root_opaque;
}

int snapshot_lowers(struct snapshots *s, const struct snapshot_chain *c, struct snapshot_stack *ret,
		    struct err *e)
{
	auto_(snapshot_stack) struct snapshot_stack st = { 0 };
	bool synced = false;
	int r = 0;

	st.root = (struct snapshot_root){ .from = -1, .mode = ROOT_MODE };
	st.lower = xcalloc(c->n + 1, sizeof(*st.lower));
	for (size_t i = c->n; r == 0 && i > 0; i--)
		r = add(s, c, i - 1, &st, &synced, e);
	if (r < 0)
		return err_wrap(e, r, "snapshots of the image");
	*ret = st;
	st = (struct snapshot_stack){ 0 };
	return 0;
}
