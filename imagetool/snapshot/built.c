/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/snapshot/built.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "imagetool/snapshot/internal.h"
#include "libutil/alloc.h"
#include "libutil/dir.h"
#include "libutil/file.h"

/* The same thing by another name, so that others need not see internal.h. */
static struct stage stage_of(const struct built_stage *st)
{
	return (struct stage){ .fd = st->fd, .name = st->name };
}

int built_begin(struct snapshots *s, struct built_stage *ret, struct err *e)
{
	struct stage st = { .fd = -1 };
	int r = stage_begin(s, &st, e);

	if (r >= 0)
		*ret = (struct built_stage){ .fd = st.fd, .name = st.name };
	return r;
}

void built_drop(struct snapshots *s, struct built_stage *st)
{
	struct stage stage = stage_of(st);

	stage_drop(s, &stage);
	*st = (struct built_stage){ .fd = -1 };
}

char *built_path(const struct snapshots *s, const struct built_stage *st)
{
	return xasprintf("%s/tmp/%s", store_path(s->store), st->name);
}

static int drop_others(int dirfd, const char *name, unsigned char type UNUSED, void *ctx UNUSED,
		       struct err *e)
{
	if (streq(name, snapshot_form_dir.member) || streq(name, BUILT_CHANGES))
		return 0;
	return dir_remove_all_at(dirfd, name, e);
}

static void fill_info(const struct snapshots *s, const struct snapshot_form *form,
		      struct snapshot_info *info)
{
	free(info->form);
	free(info->diff_id);
	free(info->boot);
	info->form = xstrdup(form->name);
	info->diff_id = xstrdup("");
	info->boot = xstrdup(s->boot);
}

int built_publish(struct snapshots *s, struct built_stage *st, const char *upper, const char *key,
		  const struct built_facts *facts, struct err *e)
{
	auto_(snapshot_info) struct snapshot_info info = { .size = facts->size,
							   .entries = facts->entries };
	struct stage stage = stage_of(st);
	int r;

	fill_info(s, facts->whole ? &snapshot_form_plain : &snapshot_form_dir, &info);
	if (renameat(st->fd, upper, st->fd, snapshot_form_dir.member) < 0)
		return err_sys(e, "rename what the step wrote");
	r = dir_each(st->fd, drop_others, NULL, e);
	if (r >= 0)
		r = stage_publish(s, &stage, key, &info, e);
	if (r >= 0)
		*st = (struct built_stage){ .fd = -1 };
	return r;
}

/* By the name it has now. */
static int open_moved(struct snapshots *s, char key[SNAPSHOT_KEY_SIZE], struct snapshot_info *info,
		      struct err *e)
{
	char now[SNAPSHOT_KEY_SIZE];
	int r = store_hold_snapshot(s->store, key, e), fd = -1;

	if (r < 0)
		return r;
	/* It may be packed between a look and the next; once in its life. */
	for (int i = 0; i < 2; i++) {
		if (snapshot_key_moved(s->dirfd, key, now))
			memcpy(key, now, sizeof(now));
		err_clear(e);
		fd = snapshot_open(s, key, info, e);
		if (fd != -ELOOP && fd != -ENOTDIR)
			return fd;
	}
	return -ENOENT;
}

int built_open(struct snapshots *s, const char *key_then, struct snapshot_lower *ret, struct err *e)
{
	auto_(snapshot_info) struct snapshot_info info = { 0 };
	char key[SNAPSHOT_KEY_SIZE];
	const struct snapshot_form *form;
	bool synced = false;
	autofd int fd = -1;

	(void)snprintf(key, sizeof(key), "%s", key_then);
	fd = open_moved(s, key, &info, e);
	if (fd < 0)
		return fd;
	form = snapshot_form_of(&info, key, e);
	if (!form)
		return -ENOTSUP;
	snapshot_mark_durable(s, fd, &synced);
	*ret = (struct snapshot_lower){
		.form = form->id,
		.key = xstrdup(key),
		.path = xasprintf("%s/%s/%s/%s", store_path(s->store), SNAPSHOTS_DIR, key,
				  form->member),
	};
	return 0;
}

/* A link to the new name takes the place of the old one in the same instant.  What has the new name
 * is no good: snapshot_open() would have taken it. */
static int rename_over(struct snapshots *s, const char *old_key, const char *key, struct err *e)
{
	int r = symlinkat(key, s->dirfd, key);

	if (r < 0 && errno == EEXIST && dir_remove_all_at(s->dirfd, key, NULL) >= 0)
		r = symlinkat(key, s->dirfd, key);
	if (r < 0)
		return err_sys(e, "make a link to snapshot '%s'", key);
	if (renameat2(s->dirfd, old_key, s->dirfd, key, RENAME_EXCHANGE) < 0) {
		r = err_sys(e, "rename snapshot '%s' to '%s'", old_key, key);
		(void)unlinkat(s->dirfd, key, 0);
	}
	return r;
}

/* With the lock of all snapshots held. */
static int rename_locked(struct snapshots *s, const char *old_key, const char *key,
			 const char *diff_id, struct err *e)
{
	auto_(snapshot_info) struct snapshot_info info = { 0 };
	auto_(strbuf) struct strbuf text = { .max = SNAPSHOT_INFO_MAX };
	autofd int there = snapshot_open(s, key, NULL, NULL);
	autofd int fd = -1;
	int r;

	if (there >= 0)
		return 0;
	fd = snapshot_open(s, old_key, &info, e);
	if (fd < 0)
		return fd;
	free(info.diff_id);
	info.diff_id = xstrdup(diff_id);
	snapshot_info_encode(&info, &text);
	r = strbuf_check(&text, SNAPSHOT_INFO_NAME, e);
	if (r >= 0)
		r = file_replace_at(fd, SNAPSHOT_INFO_NAME, text.data, text.len, 0644, FILE_NO_SYNC,
				    e);
	if (r < 0)
		return r;
	return rename_over(s, old_key, key, e);
}

int built_rename(struct snapshots *s, const char *old_key, const char *key, const char *diff_id,
		 struct err *e)
{
	autofd int lock = -1;
	int r = store_hold_snapshot(s->store, key, e);

	if (r < 0)
		return r;
	lock = snapshots_lock(s, e);
	return lock < 0 ? lock : rename_locked(s, old_key, key, diff_id, e);
}
