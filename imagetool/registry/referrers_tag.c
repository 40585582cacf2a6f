/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/registry/referrers_tag.h"

#include <errno.h>
#include <stdio.h>

#include "imagetool/errors.h"
#include "imagetool/registry/session.h"
#include "libutil/alloc.h"
#include "libutil/log.h"

/* Others write the same tag; after so many lost races we say so. */
#define TAG_TRIES 4
/* The spec's limits for the two parts of the name. */
#define ALGORITHM_MAX 32
#define ENCODED_MAX   64

void referrers_tag_name(const char *digest, char ret[REFERRERS_TAG_SIZE])
{
	size_t len = strcspn(digest, ":");

	(void)snprintf(ret, REFERRERS_TAG_SIZE, "%.*s-%.*s",
		       len < ALGORITHM_MAX ? (int)len : ALGORITHM_MAX, digest, ENCODED_MAX,
		       digest_hex(digest));
}

int referrer_describe(const struct manifest_put *m, struct arena *a, struct referrer *ret,
		      struct err *e)
{
	const struct json *subject;
	struct json *doc;
	int r = json_parse("manifest", m->text, m->len, a, &doc, e);

	if (r < 0)
		return r;
	*ret = (struct referrer){ .media_type = m->media_type,
				  .digest = m->digest,
				  .size = (int64_t)m->len,
				  .artifact_type = json_get_string(doc, "artifactType"),
				  .annotations = json_get(doc, "annotations") };
	if (!ret->artifact_type)
		ret->artifact_type = json_get_string(json_get(doc, "config"), "mediaType");
	subject = json_get(doc, "subject");
	if (!subject || subject->kind == JSON_NULL)
		return 0;
	ret->subject = json_get_string(subject, "digest");
	if (!ret->subject)
		return err_set(e, IMAGE_EVERIFY, "manifest: subject.digest is missing");
	r = digest_check(ret->subject, e);
	return r < 0 ? err_wrap(e, -IMAGE_EVERIFY, "manifest: subject") : 0;
}

/* ---- The index ---- */

static void write_referrer(struct json_writer *w, const struct referrer *r)
{
	json_object(w);
	json_kv_string(w, "mediaType", r->media_type);
	json_kv_string(w, "digest", r->digest);
	json_kv_i64(w, "size", r->size);
	if (r->artifact_type)
		json_kv_string(w, "artifactType", r->artifact_type);
	if (r->annotations) {
		json_key(w, "annotations");
		json_write_tree(w, r->annotations);
	}
	json_object_end(w);
}

static bool is_digest(const struct json *entry, const char *digest)
{
	const char *own = json_get_string(entry, "digest");

	return own && digest && streq(own, digest);
}

/* Returns whether it differs from what was there. */
static bool write_entries(struct json_writer *w, const struct json *old, const struct referrer *add,
			  const char *drop)
{
	bool changed = false, have = false;

	json_array(w);
	for (size_t i = 0; old && old->kind == JSON_ARRAY && i < old->len; i++) {
		const struct json *entry = &old->items[i];

		if (is_digest(entry, drop)) {
			changed = true;
			continue;
		}
		have |= add && is_digest(entry, add->digest);
		json_write_tree(w, entry);
	}
	if (add && !have)
		write_referrer(w, add);
	json_array_end(w);
	return changed || (add && !have);
}

int referrers_index_edit(const char *text, size_t len, const struct referrer *add, const char *drop,
			 struct strbuf *out, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	struct json_writer w = { .out = out };
	struct json *doc = NULL;
	bool changed;
	int r = text ? json_parse("list of referrers", text, len, &a, &doc, e) : 0;

	if (r < 0)
		return r;
	json_object(&w);
	json_key(&w, "schemaVersion");
	json_i64(&w, 2);
	json_kv_string(&w, "mediaType", MEDIA_OCI_INDEX);
	json_key(&w, "manifests");
	changed = write_entries(&w, json_get(doc, "manifests"), add, drop);
	json_object_end(&w);
	return changed;
}

/* ---- The tag ---- */

/* What the tag holds now; none is no error. */
static int get_tag(struct registry *r, const char *tag, struct registry_document *ret,
		   struct err *e)
{
	int n = registry_get_manifest(r, tag, NULL, ret, e);

	if (n == -IMAGE_ENOTFOUND) {
		err_clear(e);
		return 0;
	}
	if (n >= 0 && media_type_parse(ret->media_type, NULL, NULL) != MEDIA_INDEX)
		return err_set(e, IMAGE_EREGISTRY, "tag '%s' is no list of referrers", tag);
	return n;
}

static int put_tag(struct registry *r, const char *tag, const struct strbuf *text, struct err *e)
{
	auto_(strv) struct strv tags = { 0 };
	char digest[DIGEST_TEXT_SIZE];
	const struct manifest_put put = { .text = strbuf_str(text),
					  .len = text->len,
					  .media_type = MEDIA_OCI_INDEX,
					  .digest = digest,
					  .tags = &tags };

	strv_add(&tags, tag);
	digest_of(DIGEST_SHA256, text->data, text->len, digest);
	return registry_put_manifest(r, &put, NULL, e);
}

/* Read, change, write, and read again: nothing keeps two clients from writing at once, so who
 * writes looks whether it is there.  1: done; 0: once more. */
static int edit_once(struct registry *r, const char *tag, const struct referrer *add,
		     const char *drop, struct err *e)
{
	auto_(registry_document) struct registry_document old = { 0 };
	auto_(strbuf) struct strbuf text = { 0 };
	int n = get_tag(r, tag, &old, e);

	if (n < 0)
		return n;
	n = referrers_index_edit(old.text, old.len, add, drop, &text, e);
	if (n <= 0)
		return n < 0 ? n : 1;
	n = put_tag(r, tag, &text, e);
	return n < 0 ? n : 0;
}

static int edit(struct registry *r, const char *subject, const struct referrer *add,
		const char *drop, struct err *e)
{
	char tag[REFERRERS_TAG_SIZE];
	int n = 0;

	referrers_tag_name(subject, tag);
	for (int i = 0; i < TAG_TRIES && n == 0; i++)
		n = edit_once(r, tag, add, drop, e);
	if (n == 0)
		n = err_set(e, IMAGE_EREGISTRY,
			    "others change it all the time: try again when they are done");
	return n < 0 ? err_wrap(e, n, "list of referrers in tag '%s'", tag) : 0;
}

int referrers_tag_add(struct registry *r, const struct referrer *referrer, struct err *e)
{
	return edit(r, referrer->subject, referrer, NULL, e);
}

int referrers_tag_remove(struct registry *r, const char *subject, const char *digest, struct err *e)
{
	return edit(r, subject, NULL, digest, e);
}
