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

static int fetch(struct pull *p UNUSED, struct job *job, struct err *e)
{
	int r = job->missing ? hash_blob(job, e) : 0;

	return r < 0 ? r : feed_commit(&job->feed, e);
}

int job_run(struct pull *p, struct job *job, bool *ret_again, struct err *e)
{
	int r = feed_wait(&job->feed, e);

	if (r >= 0)
		r = fetch(p, job, e);
	if (r == -IMAGE_EVERIFY)
		*ret_again = feed_discard(&job->feed);
	if (r >= 0 && job->layer == JOB_CONFIG)
		r = pull_check(p, e);
	return r;
}
