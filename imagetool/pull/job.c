/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker does with one blob. */
#include <errno.h>
#include <inttypes.h>

#include "imagetool/errors.h"
#include "imagetool/pull/transfer.h"
#include "libutil/alloc.h"

#define CHUNK ((size_t)128 << 10)

static int verify(const struct job *job, struct digest *hash, int64_t size, struct err *e)
{
	char found[DIGEST_TEXT_SIZE];

	if (size != job->feed.size)
		return err_set(e, IMAGE_EVERIFY,
			       "blob '%s' has %" PRId64 " bytes instead of %" PRId64,
			       job->desc->digest, size, job->feed.size);
	digest_final(hash, found);
	if (!streq(found, job->desc->digest))
		return err_set(e, IMAGE_EVERIFY,
			       "blob '%s' arrived with another content: its digest is %s",
			       job->desc->digest, found);
	return 0;
}

static int hash_blob(struct job *job, struct err *e)
{
	auto_(digest) struct digest *hash = digest_new(
		starts_with(job->desc->digest, "sha512:") ? DIGEST_SHA512 : DIGEST_SHA256);
	autofree uint8_t *buf = xcalloc(1, CHUNK);
	int64_t size = 0;
	int r;

	while ((r = feed_read(&job->feed, buf, CHUNK, e)) > 0) {
		digest_update(hash, buf, (size_t)r);
		size += r;
	}
	return r < 0 ? r : verify(job, hash, size, e);
}

/* The stream is hashed on its way: as the blob, and as what it decompresses to. */
static int unpack(struct pull *p, struct job *job, struct apply_notes *notes, struct err *e)
{
	auto_(layer_stream) struct layer_stream *from = NULL;
	int r = layer_stream_new((struct byte_source){ feed_read, &job->feed }, job->desc,
				 p->chain.diff_ids[job->layer], &from, e);

	if (r < 0)
		return err_wrap(e, r, "layer %s", job->desc->digest);
	return snapshot_make(p->snapshots, &p->chain, job->layer, from, notes, e);
}

static int fetch(struct pull *p, struct job *job, struct apply_notes *notes, struct err *e)
{
	int r = 0;

	if (job->unpack && !snapshot_have(p->snapshots, &p->chain, job->layer))
		r = unpack(p, job, notes, e);
	else if (job->missing)
		r = hash_blob(job, e);
	return r < 0 ? r : feed_commit(&job->feed, e);
}

int job_run(struct pull *p, struct job *job, struct apply_notes *notes, bool *ret_again,
	    struct err *e)
{
	int r = feed_wait(&job->feed, e);

	if (r >= 0)
		r = fetch(p, job, notes, e);
	if (r == -IMAGE_EVERIFY)
		*ret_again = feed_discard(&job->feed) || job->has_known;
	if (r >= 0 && job->layer == JOB_CONFIG)
		r = pull_check(p, e);
	return r;
}
