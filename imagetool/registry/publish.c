/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/registry/publish.h"

#include <errno.h>
#include <stdio.h>

#include "imagetool/errors.h"
#include "imagetool/registry/referrers_tag.h"
#include "imagetool/registry/session.h"
#include "imagetool/registry/url.h"
#include "imagetool/store/image.h"
#include "libutil/alloc.h"

#define ANSWER_MAX ((size_t)64 << 10)

void manifest_put_result_done(struct manifest_put_result *r)
{
	free(r->warning);
	*r = (struct manifest_put_result){ 0 };
}

static char *manifest_url(const struct registry *r, const char *reference)
{
	return session_url(r, "manifests/%s", reference);
}

int registry_head_manifest(struct registry *r, const char *reference,
			   char ret_digest[DIGEST_TEXT_SIZE], struct err *e)
{
	autofree char *url = manifest_url(r, reference);
	const struct registry_request request = { .method = "HEAD",
						  .url = url,
						  .accept = session_accept_manifests };
	auto_(http_transfer) struct http_transfer t = { 0 };
	auto_(strbuf) struct strbuf body = { 0 };
	int n = session_request(r, &request, &t, &body, e);
	const char *digest = t.answer.digest;

	if (n < 0)
		return n;
	if (t.answer.status != 200 && t.answer.status != 404)
		return err_wrap(e, session_status_error(r, &t.answer, e), "manifest '%s'",
				reference);
	ret_digest[0] = '\0';
	if (digest && digest_check(digest, NULL) == 0)
		(void)snprintf(ret_digest, DIGEST_TEXT_SIZE, "%s", digest);
	return t.answer.status == 200;
}

/* ---- One PUT ---- */

static int check_answer(struct registry *r, const struct manifest_put *m,
			const struct http_answer *a, struct err *e)
{
	if (a->status != 201 && a->status != 200 && a->status != 202)
		return session_status_error(r, a, e);
	if (a->digest && digest_check(a->digest, NULL) == 0 &&
	    strcspn(a->digest, ":") == strcspn(m->digest, ":") && !streq(a->digest, m->digest))
		return err_set(e, IMAGE_EVERIFY, "the registry says that it is '%s' there",
			       a->digest);
	return 0;
}

/* The answer is in `t`, whatever its status. */
static int send_manifest(struct registry *r, const struct manifest_put *m, const char *url,
			 struct http_transfer *t, struct err *e)
{
	auto_(strv) struct strv headers = { 0 };
	auto_(strbuf) struct strbuf body = { 0 };
	const struct http_payload payload = { .data = m->text, .len = (int64_t)m->len };
	const struct registry_request request = { .method = "PUT",
						  .url = url,
						  .headers = &headers,
						  .payload = &payload,
						  .max = ANSWER_MAX };

	strv_addf(&headers, "Content-Type: %s", m->media_type);
	return session_request(r, &request, t, &body, e);
}

static void note(struct registry *r, struct manifest_put_result *ret, bool *subject_seen,
		 const struct http_answer *a)
{
	if (a->subject)
		*subject_seen = true;
	if (ret && !ret->warning)
		ret->warning = session_warnings(r, a);
}

static int put_one(struct registry *r, const struct manifest_put *m, const char *reference,
		   struct manifest_put_result *ret, bool *subject_seen, struct err *e)
{
	autofree char *url = manifest_url(r, reference);
	auto_(http_transfer) struct http_transfer t = { 0 };
	int n = send_manifest(r, m, url, &t, e);

	if (n >= 0)
		n = check_answer(r, m, &t.answer, e);
	if (n < 0)
		return err_wrap(e, n, "manifest '%s'", reference);
	note(r, ret, subject_seen, &t.answer);
	return 0;
}

/* ---- Many tags ---- */

/* All in one; *missing are those that the registry does not say it has set.  A registry that
 * cannot take so long an address, or no such query, gets them one by one. */
static int put_together(struct registry *r, const struct manifest_put *m, struct strv *missing,
			struct manifest_put_result *ret, bool *subject_seen, struct err *e)
{
	autofree char *plain = manifest_url(r, m->digest);
	auto_(http_transfer) struct http_transfer t = { 0 };
	auto_(strbuf) struct strbuf url = { 0 };
	int n;

	strbuf_adds(&url, plain);
	for (size_t i = 0; i < m->tags->n; i++)
		url_add_query(&url, "tag", m->tags->v[i]);
	n = send_manifest(r, m, strbuf_str(&url), &t, e);
	if (n < 0)
		return err_wrap(e, n, "manifest '%s'", m->digest);
	if (check_answer(r, m, &t.answer, NULL) >= 0)
		note(r, ret, subject_seen, &t.answer);
	for (size_t i = 0; i < m->tags->n; i++) {
		if (t.answer.status != 201 || !strv_has(&t.answer.tags, m->tags->v[i]))
			strv_add(missing, m->tags->v[i]);
	}
	return 0;
}

static int put_all(struct registry *r, const struct manifest_put *m,
		   struct manifest_put_result *ret, bool *subject_seen, struct err *e)
{
	auto_(strv) struct strv missing = { 0 };
	int n = 0;

	if (!m->tags || m->tags->n == 0)
		return put_one(r, m, m->digest, ret, subject_seen, e);
	if (m->tags->n == 1)
		strv_add(&missing, m->tags->v[0]);
	else
		n = put_together(r, m, &missing, ret, subject_seen, e);
	for (size_t i = 0; i < missing.n && n >= 0; i++)
		n = put_one(r, m, missing.v[i], ret, subject_seen, e);
	return n;
}

int registry_put_manifest(struct registry *r, const struct manifest_put *m,
			  struct manifest_put_result *ret, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	struct referrer referrer;
	bool subject_seen = false;
	int n = referrer_describe(m, &a, &referrer, e);

	if (n >= 0)
		n = put_all(r, m, ret, &subject_seen, e);
	if (n < 0 || !referrer.subject || subject_seen)
		return n;
	if (ret)
		ret->fallback = true;
	return referrers_tag_add(r, &referrer, e);
}
