/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs first, then what names them, and the name last: whoever pulls meanwhile finds the old image
 * whole, or the new one. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "imagetool/human.h"
#include "imagetool/push/internal.h"
#include "imagetool/push/show.h"
#include "imagetool/registry/publish.h"
#include "libutil/log.h"

/* Below the store: unfinished uploads. */
#define SESSIONS_DIR "uploads"

void push_show_upload(const void *items, size_t i, struct blob_progress_row *ret)
{
	static const enum blob_progress_state states[] = {
		[UPLOAD_WAITING] = BLOB_PROGRESS_WAITING,
		[UPLOAD_RUNNING] = BLOB_PROGRESS_RUNNING,
		[UPLOAD_DONE] = BLOB_PROGRESS_DONE,
	};
	const struct upload *u = (const struct upload *)items + i;
	const char *note = "";

	if (u->outcome == UPLOAD_PRESENT)
		note = ", there already";
	else if (u->outcome == UPLOAD_MOUNTED)
		note = ", mounted from another repository";
	else if (u->remembered)
		note = ", resumed where an earlier push stopped";
	else if (u->interruptions)
		note = ", resumed after an interruption";
	*ret = (struct blob_progress_row){ .digest = u->digest,
					   .size = u->size,
					   .moved = u->sent,
					   .state = states[u->state],
					   .note = note };
}

/* A store that cannot be written remembers nothing. */
static int open_sessions(const struct push *p)
{
	int fd;

	(void)mkdirat(store_dirfd(p->store), SESSIONS_DIR, 0700);
	fd = openat(store_dirfd(p->store), SESSIONS_DIR,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		log_debug("uploads are not remembered in '%s': %m", store_path(p->store));
	return fd;
}

static int send_blobs(struct push *p, struct err *e)
{
	autofd int sessions = open_sessions(p);
	const struct upload_opts opts = { .sessions_dirfd = sessions,
					  .chunk = p->opts->chunk,
					  .any_mount = true };
	struct blob_progress progress;
	int r;

	blob_progress_start(&progress, p->opts->progress, push_show_upload, p->items, p->n_items);
	blob_progress_say(&progress, "pushing %s: %zu blobs", p->name, p->n_items);
	r = registry_upload(p->registry, &opts, p->items, p->n_items, blob_progress_tick, &progress,
			    e);
	blob_progress_end(&progress);
	return r;
}

static int send_document(struct push *p, const struct push_document *d, bool top, struct err *e)
{
	auto_(manifest_put_result) struct manifest_put_result result = { 0 };
	const struct manifest_put put = { .text = d->text,
					  .len = d->len,
					  .media_type = d->media_type,
					  .digest = d->digest,
					  .tags = top ? &p->tags : NULL };
	int r = registry_put_manifest(p->registry, &put, &result, e);

	/* Once: the documents below would say the same. */
	if (r >= 0 && top && result.warning && p->opts->progress != BLOB_PROGRESS_QUIET)
		(void)fprintf(stderr, "%s warns: %s\n", p->ref.registry, result.warning);
	return r;
}

int push_send(struct push *p, struct err *e)
{
	int r = p->n_items > 0 ? send_blobs(p, e) : 0;

	for (size_t i = 0; i < p->n_documents && r >= 0; i++) {
		bool top = i == p->n_documents - 1;

		/* One that is there gets its tags all the same. */
		if (!p->documents[i].present || (top && p->tags.n > 0))
			r = send_document(p, &p->documents[i], top, e);
	}
	return r;
}
