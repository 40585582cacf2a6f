/* SPDX-License-Identifier: Apache-2.0 */
/* Which blobs have to come, and is there room for them. */
#include <errno.h>
#include <sys/statvfs.h>

#include "imagetool/errors.h"
#include "imagetool/human.h"
#include "imagetool/pull/transfer.h"
#include "imagetool/store/descriptor.h"
#include "imagetool/store/digest_set.h"
#include "imagetool/store/image.h"
#include "libutil/alloc.h"

/* Before the config is here nobody knows what the layers are: then all are looked at once more. */
static bool wants_snapshot(struct pull *p, size_t layer)
{
	return p->has_config && p->snapshots &&
	       (p->chain.n == 0 || !snapshot_have(p->snapshots, &p->chain, layer));
}

static int plan_blob(struct pull *p, const struct image_descriptor *desc, size_t layer,
		     struct digest_set *seen, struct err *e)
{
	int64_t size = descriptor_size(desc);
	struct job job = { .desc = desc, .layer = layer };

	if (size < 0)
		return err_set(e, IMAGE_EVERIFY, "the manifest gives no size for blob '%s'",
			       desc->digest);
	if (__builtin_add_overflow(p->size, (uint64_t)size, &p->size))
		return err_set(e, IMAGE_EVERIFY, "the sizes in the manifest are absurd");
	/* Images repeat layers: the empty one, for example. */
	if (!digest_set_add(seen, desc->digest))
		return 0;
	job.missing = !blob_exists(p->store, desc->digest, size);
	job.needs_plan = layer != JOB_CONFIG && p->has_config;
	job.unpack = layer != JOB_CONFIG && wants_snapshot(p, layer);
	if (!job.missing && !job.unpack)
		return 0;
	if (job.missing) {
		p->missing += (uint64_t)size;
		p->n_missing++;
	}
	p->jobs[p->n_jobs++] = job;
	return 0;
}

/* Better said now than after an hour. */
static int check_room(const struct pull *p, struct err *e)
{
	char need[HUMAN_SIZE], have[HUMAN_SIZE];
	struct statvfs fs;
	uint64_t room;

	if (fstatvfs(store_dirfd(p->store), &fs) < 0)
		return err_sys(e, "look at the file system of '%s'", store_path(p->store));
	if (__builtin_mul_overflow((uint64_t)fs.f_bavail, (uint64_t)fs.f_frsize, &room) ||
	    p->missing <= room)
		return 0;
	return err_set(e, ENOSPC, "%s have to be pulled, '%s' has room for %s",
		       human_size(p->missing, need), store_path(p->store), human_size(room, have));
}

/* What is wrong with a config that is here need not wait for anything. */
static int plan_config(struct pull *p, struct digest_set *seen, struct err *e)
{
	const struct image_descriptor *config = p->manifest->config;
	int r;

	if (!config)
		return 0;
	if (config->size.set && config->size.v > (int64_t)IMAGE_CONFIG_MAX)
		return err_set(e, IMAGE_EVERIFY, "the image config is larger than %zu bytes",
			       IMAGE_CONFIG_MAX);
	r = plan_blob(p, config, JOB_CONFIG, seen, e);
	return r >= 0 && p->has_config && p->n_jobs == 0 ? pull_check(p, e) : r;
}

int pull_plan(struct pull *p, struct err *e)
{
	const struct image_manifest *m = p->manifest;
	const struct image_descriptor *layers = m->layers.items;
	auto_(digest_set) struct digest_set seen = { 0 };
	int r = 0;

	p->n_layers = m->layers.n;
	free(p->jobs);
	p->jobs = xcalloc(m->layers.n + 1, sizeof(*p->jobs));
	p->n_jobs = p->n_missing = 0;
	p->size = p->missing = 0;
	p->has_config = m->config && descriptor_kind(m->config) == MEDIA_CONFIG;
	r = plan_config(p, &seen, e);
	for (size_t i = 0; i < m->layers.n && r >= 0; i++)
		r = plan_blob(p, &layers[i], i, &seen, e);
	return r < 0 ? r : check_room(p, e);
}
