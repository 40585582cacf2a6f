/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/registry/delete.h"

#include <errno.h>

#include "imagetool/errors.h"
#include "imagetool/registry/lists.h"
#include "imagetool/registry/referrers_tag.h"
#include "imagetool/registry/session.h"
#include "libutil/alloc.h"
#include "libutil/log.h"

#define ANSWER_MAX ((size_t)64 << 10)

/* A registry that can but must not, and one that cannot. */
static int refused(struct registry *r, const char *what, bool tag, const struct http_answer *a,
		   struct err *e)
{
	int n;

	if (a->status != 405 && a->status != 400 && a->status != 501)
		return session_status_error(r, a, e);
	n = session_status_error(r, a, e);
	if (tag)
		return err_set(
			e, IMAGE_EREGISTRY,
			"'%s' deletes no tag alone, or nothing at all (it answers %d): its manifest "
			"goes, with every tag it has, by 'delete --manifest'",
			r->host, a->status);
	if (a->status == 400)
		return n;
	return err_set(e, IMAGE_EREGISTRY,
		       "'%s' deletes no %s (it answers %d): deleting is not enabled there", r->host,
		       what, a->status);
}

static int send_delete(struct registry *r, const char *url, const char *what, bool tag,
		       struct err *e)
{
	const struct registry_request request = { .method = "DELETE",
						  .url = url,
						  .max = ANSWER_MAX };
	auto_(http_transfer) struct http_transfer t = { 0 };
	auto_(strbuf) struct strbuf body = { 0 };
	int n = session_request(r, &request, &t, &body, e);

	if (n < 0)
		return n;
	if (t.answer.status >= 200 && t.answer.status <= 204)
		return 0;
	return refused(r, what, tag, &t.answer, e);
}

/* Whom does it refer to?  "" when to nobody. */
static int find_subject(struct registry *r, const char *reference,
			char ret_subject[DIGEST_TEXT_SIZE], struct err *e)
{
	auto_(registry_document) struct registry_document d = { 0 };
	auto_(arena) struct arena a = { 0 };
	struct manifest_put m;
	struct referrer referrer;
	int n = registry_get_manifest(r, reference, NULL, &d, e);

	ret_subject[0] = '\0';
	if (n < 0)
		return n;
	m = (struct manifest_put){
		.text = d.text, .len = d.len, .media_type = d.media_type, .digest = d.digest
	};
	if (referrer_describe(&m, &a, &referrer, NULL) >= 0 && referrer.subject)
		(void)snprintf(ret_subject, DIGEST_TEXT_SIZE, "%s", referrer.subject);
	return 0;
}

/* Registries that list referrers took it off by themselves. */
static int unlist(struct registry *r, const char *subject, const char *digest, struct err *e)
{
	auto_(referrers) struct referrers list = { 0 };
	int n = registry_referrers(r, subject, NULL, &list, e);

	if (n < 0 || !list.fallback)
		return n;
	return referrers_tag_remove(r, subject, digest, e);
}

static int delete_by_digest(struct registry *r, const char *digest, const char *url, struct err *e)
{
	char subject[DIGEST_TEXT_SIZE];
	struct err ignored = { 0 };
	int n = find_subject(r, digest, subject, &ignored);

	/* One that nobody can read, an old format perhaps, can be deleted all the same. */
	if (n < 0)
		log_debug("manifest '%s' is deleted unread: %s", digest, ignored.msg);
	n = send_delete(r, url, "manifests", false, e);
	if (n >= 0 && subject[0])
		n = unlist(r, subject, digest, e);
	return n;
}

int registry_delete_manifest(struct registry *r, const char *reference, struct err *e)
{
	autofree char *url = session_url(r, "manifests/%s", reference);
	int n;

	registry_want(r, r->repository, "delete");
	if (strchr(reference, ':'))
		n = delete_by_digest(r, reference, url, e);
	else
		n = send_delete(r, url, "tags", true, e);
	return n < 0 ? err_wrap(e, n, "delete '%s'", reference) : 0;
}

int registry_delete_blob(struct registry *r, const char *digest, struct err *e)
{
	autofree char *url = session_url(r, "blobs/%s", digest);
	int n;

	registry_want(r, r->repository, "delete");
	n = send_delete(r, url, "blobs", false, e);
	return n < 0 ? err_wrap(e, n, "delete blob '%s'", digest) : 0;
}
