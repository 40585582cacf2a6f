/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests and indexes: fetched, and checked for being what they say. */
#include <errno.h>
#include <stdio.h>
#include <strings.h>

#include "imagetool/errors.h"
#include "imagetool/registry/http_header.h"
#include "imagetool/registry/session.h"
#include "imagetool/store/image.h"
#include "libutil/alloc.h"
#include "libutil/json.h"

const char session_accept_manifests[] = "Accept: " MEDIA_OCI_INDEX ", " MEDIA_OCI_MANIFEST
					", " MEDIA_DOCKER_LIST ", " MEDIA_DOCKER_MANIFEST;

/* Told in one session; a registry cannot talk without end. */
#define WARNINGS_MAX 64

#define MEDIA_SCHEMA1_PREFIX "application/vnd.docker.distribution.manifest.v1+"

void registry_document_done(struct registry_document *d)
{
	free(d->text);
	free(d->media_type);
	free(d->warning);
	*d = (struct registry_document){ 0 };
}

/* The media type without its parameters ("; charset=utf-8"). */
static char *bare_type(const char *content_type)
{
	const char *type = content_type ? content_type : "";
	size_t len = strcspn(type, "; \t");

	return xstrndup(type, len);
}

static bool is_manifest_type(const char *type)
{
	enum media_kind kind = media_type_parse(type, NULL, NULL);

	return kind == MEDIA_MANIFEST || kind == MEDIA_INDEX;
}

static int check_digests(const char *reference, const struct http_answer *a,
			 struct registry_document *d, struct err *e)
{
	char found[DIGEST_TEXT_SIZE];
	bool by_digest = strchr(reference, ':') != NULL;
	const char *wanted[] = { by_digest ? reference : NULL, a->digest };

	digest_of(DIGEST_SHA256, d->text, d->len, d->digest);
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		enum digest_alg alg;

		if (!wanted[i] || digest_check(wanted[i], NULL) < 0)
			continue;
		alg = starts_with(wanted[i], "sha512:") ? DIGEST_SHA512 : DIGEST_SHA256;
		digest_of(alg, d->text, d->len, found);
		if (!streq(found, wanted[i]))
			return err_set(e, IMAGE_EVERIFY,
				       "the manifest that came has digest %s, not %s as %s", found,
				       wanted[i], i == 0 ? "asked for" : "the registry says");
		if (i == 0)
			(void)snprintf(d->digest, sizeof(d->digest), "%s", found);
	}
	return 0;
}

static int refuse_schema1(struct err *e)
{
	return err_set(
		e, IMAGE_EREGISTRY,
		"the image has a Docker schema 1 manifest, a format that was dropped: have it "
		"pushed again by a current tool");
}

/* Plain web servers that hold a registry's files know no media types; the decoders refuse what is
 * both. */
static const char *type_by_shape(const struct json *doc)
{
	if (json_get(doc, "manifests"))
		return MEDIA_OCI_INDEX;
	return json_get(doc, "config") && json_get(doc, "layers") ? MEDIA_OCI_MANIFEST : NULL;
}

/*
 * What kind of document is it?  The descriptor that led here says so best, its digest
 * covers that; otherwise Content-Type, which must then agree with the document's own
 * mediaType: one text must not be a manifest for one reader and an index for another.
 */
static int settle_type(const char *content_type, const struct json *doc, const char *expected_type,
		       struct registry_document *d, struct err *e)
{
	autofree char *type = bare_type(content_type);
	const char *own_type = json_get_string(doc, "mediaType");

	if (expected_type) {
		d->media_type = xstrdup(expected_type);
		return 0;
	}
	if (own_type && is_manifest_type(type) && !streq(own_type, type))
		return err_set(e, IMAGE_EVERIFY,
			       "the registry calls it '%.100s', the document itself says '%.100s'",
			       type, own_type);
	if (is_manifest_type(type))
		d->media_type = steal_ptr(&type);
	else if (own_type && is_manifest_type(own_type))
		d->media_type = xstrdup(own_type);
	else if (!own_type && type_by_shape(doc))
		d->media_type = xstrdup(type_by_shape(doc));
	else
		return err_set(e, IMAGE_EREGISTRY, "'%.100s' is no manifest of an image", type);
	return 0;
}

static int inspect_document(const struct http_answer *a, const char *expected_type,
			    struct registry_document *d, struct err *e)
{
	auto_(arena) struct arena arena = { 0 };
	const struct json *version;
	struct json *doc;
	int r;

	if (a->content_type && starts_with(a->content_type, MEDIA_SCHEMA1_PREFIX))
		return refuse_schema1(e);
	r = json_parse("manifest", d->text, d->len, &arena, &doc, e);
	if (r < 0)
		return err_wrap(e, -IMAGE_EVERIFY, "what the registry sent");
	version = json_get(doc, "schemaVersion");
	if (version && version->kind == JSON_NUMBER && version->number.kind == JSON_NUM_I64 &&
	    version->number.i64 == 1)
		return refuse_schema1(e);
	return settle_type(a->content_type, doc, expected_type, d, e);
}

char *session_warnings(struct registry *r, const struct http_answer *a)
{
	auto_(strbuf) struct strbuf all = { 0 };

	for (size_t i = 0; i < a->warnings.n; i++) {
		autofree char *text = http_warning_text(a->warnings.v[i]);

		if (!text || strv_has(&r->warnings, text) || r->warnings.n == WARNINGS_MAX)
			continue;
		strv_add(&r->warnings, text);
		strbuf_addf(&all, "%s%s", all.len ? "\n" : "", text);
	}
	return all.len ? strbuf_steal(&all) : NULL;
}

static int take_document(struct registry *r, const char *reference, const char *expected_type,
			 const struct http_answer *a, struct strbuf *body,
			 struct registry_document *d, struct err *e)
{
	int n;

	/* Other statuses say more than the page that comes with them. */
	if (session_is_web_page(a) && (a->status == 200 || a->status == 404))
		return session_web_page_error(r, e);
	if (a->status != 200)
		return session_status_error(r, a, e);
	d->len = body->len;
	d->text = body->data ? strbuf_steal(body) : xstrdup("");
	d->warning = session_warnings(r, a);
	n = check_digests(reference, a, d, e);
	return n < 0 ? n : inspect_document(a, expected_type, d, e);
}

static int get_manifest(struct registry *r, const char *reference, const char *expected_type,
			struct registry_document *ret, struct err *e)
{
	autofree char *url = session_url(r, "manifests/%s", reference);
	auto_(registry_document) struct registry_document d = { 0 };
	auto_(http_transfer) struct http_transfer t = { 0 };
	auto_(strbuf) struct strbuf body = { 0 };
	const struct registry_request request = { .url = url,
						  .accept = session_accept_manifests,
						  .max = IMAGE_MANIFEST_MAX };
	int n = session_request(r, &request, &t, &body, e);

	if (n < 0)
		return n;
	n = take_document(r, reference, expected_type, &t.answer, &body, &d, e);
	if (n < 0)
		return err_wrap(e, n, "manifest '%s'", reference);
	*ret = d;
	d = (struct registry_document){ 0 };
	return 0;
}

int registry_get_manifest(struct registry *r, const char *reference, const char *expected_type,
			  struct registry_document *ret, struct err *e)
{
	int n;

	do {
		n = get_manifest(r, reference, expected_type, ret, e);
		if (n < 0)
			n = session_next(r, n, e);
	} while (n > 0);
	return n;
}
