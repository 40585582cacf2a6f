/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/solve/plain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "imagetool/diff/change_list.h"
#include "imagetool/layer/apply.h"
#include "imagetool/layer/layer.h"
#include "imagetool/mount/overlay.h"
#include "imagetool/store/snapshot_key.h"
#include "imagetool/unpack/rootfs.h"
#include "libutil/alloc.h"
#include "libutil/dir.h"
#include "libutil/file.h"
#include "libutil/log.h"

#define ROOT_MODE 0755

/* ---- Whether it is so ---- */

static void tell(const struct solve *s, const struct err *why)
{
	log_warning(
		"no overlay can be made in the store '%s', so that each step works on a copy of "
		"all files, which takes longer and more of the disk (--store names another "
		"place; in a container, a volume): %s",
		store_path(s->opts->store), why->msg);
}

static bool probe(struct solve *s)
{
	struct err why = { 0 };
	autofd int fd = tree_scratch_dir(s, &why);

	if (fd >= 0 && overlay_probe(fd, &why) >= 0)
		return false;
	tell(s, &why);
	return true;
}

bool plain_is_needed(struct solve *s)
{
	bool needed;

	(void)pthread_mutex_lock(&s->lock);
	if (!s->is_probed) {
		s->is_plain = probe(s);
		s->is_probed = true;
	}
	needed = s->is_plain;
	(void)pthread_mutex_unlock(&s->lock);
	return needed;
}

bool plain_fits(struct solve *s, const struct vertex *v, enum snapshot_form_id form)
{
	if (vertex_is_alone(v))
		return form == SNAPSHOT_DIR || (form != SNAPSHOT_PLAIN && !plain_is_needed(s));
	return (form == SNAPSHOT_PLAIN) == plain_is_needed(s);
}

/* ---- Reading ---- */

static int put_over(const char *path, int tofd, enum tree_copy_files files, struct err *e)
{
	auto_(tree_copy) struct tree_copy copy = { 0 };
	autofd int fd = dir_open_at(AT_FDCWD, path, e);

	return fd < 0 ? fd : tree_copy_make(&copy, fd, tofd, files, e);
}

static int merge(struct solve *s, const struct snapshot_stack *st, struct err *e)
{
	autofd int fd = -1;
	int r;

	(void)pthread_mutex_lock(&s->lock);
	fd = tree_scratch_dir(s, e);
	(void)pthread_mutex_unlock(&s->lock);
	if (fd < 0)
		return fd;
	r = fchmod(fd, ROOT_MODE) < 0 ? err_sys(e, "set the mode of the root directory") : 0;
	for (size_t i = st->n; i-- > 0 && r >= 0;) {
		bool whole = st->lower[i].form == SNAPSHOT_PLAIN;

		r = put_over(st->lower[i].path, fd, whole ? COPY_LINKED : COPY_OVER, e);
	}
	return r < 0 ? r : steal_fd(&fd);
}

int plain_open(struct solve *s, const struct snapshot_stack *st, struct err *e)
{
	return st->n == 1 ? dir_open_at(AT_FDCWD, st->lower[0].path, e) : merge(s, st, e);
}

/* ---- Images ---- */

static void key_of(const struct image *image, char key[SNAPSHOT_KEY_SIZE])
{
	char chain[DIGEST_TEXT_SIZE] = "";

	for (size_t i = 0; i < image->manifest->layers.n; i++)
		snapshot_chain_id(chain, image->config->rootfs->diff_ids.items[i]);
	snapshot_key_plain(chain, key);
}

static int unpack_image(struct solve *s, const struct image *image, const char *key, struct err *e)
{
	/* One without files is a tree as well. */
	const struct built_facts facts = { .entries = 1, .whole = true };
	const struct rootfs_opts opts = { .no_sync = true };
	struct built_stage stage = { .fd = -1 };
	struct apply_notes notes = { 0 };
	autofd int fd = -1;
	int r = built_begin(s->snaps, &stage, e);

	if (r >= 0)
		fd = r = rootfs_unpack(s->opts->store, image, stage.fd, &opts, &notes, e);
	if (r >= 0)
		r = built_publish(s->snaps, &stage, ROOTFS_NAME, key, &facts, e);
	built_drop(s->snaps, &stage);
	if (r >= 0)
		rootfs_warn(&notes);
	return r;
}

static int check_layers(const struct image *image, struct err *e)
{
	const struct image_rootfs *fs = image->config ? image->config->rootfs : NULL;

	if (fs && fs->diff_ids.n == image->manifest->layers.n)
		return 0;
	return err_set(e, EINVAL, "'%s' is not a container image", image->name);
}

int plain_make_image(struct solve *s, struct task *n, struct err *e)
{
	struct snapshot_lower lower = { 0 };
	char key[SNAPSHOT_KEY_SIZE];
	int r = check_layers(n->image, e);

	n->stack.root = (struct snapshot_root){ .from = -1, .mode = ROOT_MODE };
	if (r < 0 || !n->image->manifest->layers.n)
		return r;
	key_of(n->image, key);
	r = built_open(s->snaps, key, &lower, NULL);
	if (r < 0) {
		r = unpack_image(s, n->image, key, e);
		if (r >= 0)
			r = built_open(s->snaps, key, &lower, e);
	}
	if (r < 0)
		return r;
	n->stack.lower = xcalloc(1, sizeof(*n->stack.lower));
	n->stack.lower[n->stack.n++] = lower;
	return 0;
}

/* ---- Steps ---- */

static int open_work(const struct built_stage *stage, struct err *e)
{
	if (mkdirat(stage->fd, OVERLAY_UPPER, ROOT_MODE) < 0)
		return err_sys(e, "make directory '%s'", OVERLAY_UPPER);
	return dir_open_at(stage->fd, OVERLAY_UPPER, e);
}

int plain_begin(struct solve *s, const struct task *n, const struct built_stage *stage,
		enum tree_copy_files files, struct plain_work *w, struct err *e)
{
	size_t below = vertex_is_alone(n->v) ? NO_VERTEX : vertex_below(n->v);

	w->fd = open_work(stage, e);
	if (w->fd < 0 || vertex_is_alone(n->v))
		return w->fd;
	w->basefd = below == NO_VERTEX ? tree_open_empty(s, e) : tree_open(s, below, e);
	if (w->basefd < 0)
		return w->basefd;
	return tree_copy_make(&w->copy, w->basefd, w->fd, files, e);
}

int plain_end(struct plain_work *w, const struct built_stage *stage, size_t *ret_n, struct err *e)
{
	auto_(strbuf) struct strbuf text = { .max = CHANGE_LIST_MAX };
	auto_(changes) struct changes changes = { 0 };
	auto_(ftree) struct ftree now;
	int r;

	ftree_init(&now);
	r = tree_copy_changes(&w->copy, w->basefd, w->fd, &now, &changes, e);
	if (r < 0)
		return r;
	change_list_encode(&changes, &text);
	r = strbuf_check(&text, "the list of what was changed", e);
	if (r >= 0)
		r = file_replace_at(stage->fd, BUILT_CHANGES, strbuf_str(&text), text.len, 0644,
				    FILE_NO_SYNC, e);
	if (r < 0)
		return r;
	*ret_n = changes.n;
	return 0;
}

void plain_work_done(struct plain_work *w)
{
	if (w->fd >= 0)
		(void)close(w->fd);
	tree_copy_done(&w->copy);
	*w = (struct plain_work)PLAIN_WORK_INIT;
}

static int apply(struct solve *s, const struct task *n, int treefd, struct err *e)
{
	const struct image_descriptor desc = { .digest = n->layer.digest,
					       .media_type = solve_media_type(n->layer.kind),
					       .size = { n->layer.size > 0, n->layer.size } };
	auto_(apply) struct apply *a = apply_new(treefd);
	struct layer_budget budget;
	autofd int fd = blob_open(s->opts->store, n->layer.digest, NULL, e);

	layer_budget_init(&budget, 0, 0);
	return fd < 0 ? fd : layer_apply_fd(a, fd, &desc, n->layer.diff_id, &budget, e);
}

static int unpack_into(struct solve *s, struct task *n, struct built_stage *stage, struct err *e)
{
	struct solve_left left = { .whole = !vertex_is_alone(n->v) };
	auto_(plain_work) struct plain_work w = PLAIN_WORK_INIT;
	int r = plain_begin(s, n, stage, COPY_LINKED, &w, e);

	if (r >= 0)
		r = apply(s, n, w.fd, e);
	if (r >= 0 && left.whole)
		r = plain_end(&w, stage, &left.n_changes, e);
	if (r >= 0)
		r = solve_publish(s, n, stage, &left, e);
	return r < 0 ? r : solve_remember(s, n, e);
}

int plain_unpack(struct solve *s, struct task *n, struct err *e)
{
	struct built_stage stage = { .fd = -1 };
	int r = built_begin(s->snaps, &stage, e);

	if (r >= 0)
		r = unpack_into(s, n, &stage, e);
	built_drop(s->snaps, &stage);
	return r;
}

int plain_changes(int treefd, struct ftree *t, struct changes *ret, struct err *e)
{
	autofree char *text = NULL;
	size_t len;
	int r = file_read_at(treefd, "../" BUILT_CHANGES, CHANGE_LIST_MAX, &text, &len, e);

	return r < 0 ? r : change_list_decode(text, len, t, ret, e);
}
