/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/copy/signatures.h"

#include <errno.h>

#include "imagetool/errors.h"
#include "imagetool/registry/lists.h"
#include "imagetool/store/image.h"
#include "libutil/alloc.h"

#define COSIGN_SIGNATURE   "dev.cosignproject.cosign/signature"
#define COSIGN_CERTIFICATE "dev.sigstore.cosign/certificate"
#define COSIGN_CHAIN       "dev.sigstore.cosign/chain"

void signatures_result_done(struct signatures_result *r)
{
	strv_done(&r->good);
	strv_done(&r->bad);
}

struct search {
	struct image_source *source;
	const struct sign_trust *trust;
	const struct sign_subject *subject;
	struct signatures_result *result;
	size_t manifests;
};

/* One signature: a blob, and the descriptor it was found by. */
struct found {
	const struct image_descriptor *desc;
	const char *text;
	size_t len;
};

static const char *annotation(const struct image_descriptor *d, const char *key)
{
	for (size_t i = 0; i < d->annotations.n; i++)
		if (streq(d->annotations.items[i].key, key))
			return d->annotations.items[i].value;
	return NULL;
}

/* ---- Forms ---- */

static int check_simple(const struct search *s, const struct found *f, struct sign_verdict *v,
			struct err *e)
{
	const char *signature = annotation(f->desc, COSIGN_SIGNATURE);

	if (s->subject->predicate)
		return err_set(e, IMAGE_EVERIFY, "it is a signature, and no statement of type '%s'",
			       s->subject->predicate);
	if (!signature)
		return err_set(e, IMAGE_EVERIFY, "the annotation '%s' is missing",
			       COSIGN_SIGNATURE);
	return sign_check_simple(s->trust, s->subject,
				 &(struct sign_simple){
					 .payload = f->text,
					 .len = f->len,
					 .signature = signature,
					 .certificate = annotation(f->desc, COSIGN_CERTIFICATE),
					 .chain = annotation(f->desc, COSIGN_CHAIN),
				 },
				 v, e);
}

static int check_dsse(const struct search *s, const struct found *f, struct sign_verdict *v,
		      struct err *e)
{
	const char *pem[] = { annotation(f->desc, COSIGN_CERTIFICATE),
			      annotation(f->desc, COSIGN_CHAIN) };
	auto_(sign_chain) struct sign_chain chain = { 0 };
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(pem) && r >= 0 && pem[i] && *pem[i]; i++)
		r = sign_chain_add_pem(&chain, "certificate", pem[i], strlen(pem[i]), e);
	return r < 0 ? r : sign_check_dsse(s->trust, s->subject, f->text, f->len, &chain, v, e);
}

static int check_bundle(const struct search *s, const struct found *f, struct sign_verdict *v,
			struct err *e)
{
	return sign_check_bundle(s->trust, s->subject, f->text, f->len, v, e);
}

static int check_jws(const struct search *s, const struct found *f, struct sign_verdict *v,
		     struct err *e)
{
	return sign_check_jws(s->trust, s->subject, f->text, f->len, v, e);
}

static int check_cose(const struct search *s, const struct found *f, struct sign_verdict *v,
		      struct err *e)
{
	return sign_check_cose(s->trust, s->subject, f->text, f->len, v, e);
}

/* By media type of the layer that holds it; one that ends in '.' stands for all that begin so. */
static const struct form {
	const char *media_type, *name;
	int (*check)(const struct search *s, const struct found *f, struct sign_verdict *v,
		     struct err *e);
} forms[] = {
	{ "application/vnd.dev.cosign.simplesigning.v1+json", "cosign", check_simple },
	{ "application/vnd.dsse.envelope.v1+json", "cosign attestation", check_dsse },
	{ "application/vnd.dev.sigstore.bundle.", "sigstore bundle", check_bundle },
	{ "application/jose+json", "notation", check_jws },
	{ "application/cose", "notation", check_cose },
};

static const struct form *form_of(const char *media_type)
{
	for (size_t i = 0; media_type && i < ARRAY_LEN(forms); i++) {
		const char *t = forms[i].media_type;
		bool prefix = t[strlen(t) - 1] == '.';

		if (prefix ? starts_with(media_type, t) : streq(media_type, t))
			return &forms[i];
	}
	return NULL;
}

/* ---- One manifest of signatures ---- */

/* What is wrong with one signature does not keep another from being good. */
static void check_layer(struct search *s, const struct form *form,
			const struct image_descriptor *desc)
{
	auto_(sign_verdict) struct sign_verdict v = { 0 };
	autofree char *text = NULL;
	struct found f = { .desc = desc };
	struct err why = { 0 };
	int r = source_read(s->source, desc, SIGN_ENVELOPE_MAX, &text, &f.len, &why);

	f.text = text;
	if (r >= 0 && s->subject->named && form->check != check_simple)
		r = err_set(&why, IMAGE_EVERIFY,
			    "it does not say for which name the image is signed");
	if (r >= 0)
		r = form->check(s, &f, &v, &why);
	if (r >= 0)
		strv_addf(&s->result->good, "%s: %s", form->name, v.who);
	else
		strv_addf(&s->result->bad, "%s: %s", form->name, why.msg);
}

static int check_document(struct search *s, const struct registry_document *d, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	struct image_manifest *m;
	const struct image_descriptor *layers;
	int r = image_manifest_decode("manifest of signatures", d->text, d->len, &a, &m, e);

	if (r < 0)
		return r;
	layers = m->layers.items;
	for (size_t i = 0; i < m->layers.n && i < SIGNATURES_LAYERS_MAX; i++) {
		const struct form *form = form_of(layers[i].media_type);

		if (form)
			check_layer(s, form, &layers[i]);
	}
	return 0;
}

static void check_manifest(struct search *s, const struct image_descriptor *desc)
{
	auto_(registry_document) struct registry_document d = { 0 };
	struct err why = { 0 };
	int r;

	if (s->manifests++ >= SIGNATURES_MANIFESTS_MAX)
		return;
	r = source_document(s->source, desc, &d, &why);
	if (r >= 0)
		r = check_document(s, &d, &why);
	if (r < 0)
		strv_addf(&s->result->bad, "%s: %s", desc->digest, why.msg);
}

/* ---- Where they are ---- */

/* "sha256:abc" -> "sha256-abc.sig" */
static char *tag_of(const char *digest, const char *suffix)
{
	size_t algorithm = strcspn(digest, ":");

	return xasprintf("%.*s-%s.%s", (int)algorithm, digest, digest + algorithm + 1, suffix);
}

static int search_tag(struct search *s, const char *suffix, struct err *e)
{
	autofree char *tag = tag_of(s->subject->digest, suffix);
	auto_(registry_document) struct registry_document d = { 0 };
	struct err why = { 0 };
	int r = registry_get_manifest(s->source->registry, tag, NULL, &d, &why);

	if (r == -IMAGE_ENOTFOUND)
		return 0;
	if (r >= 0 && check_document(s, &d, &why) < 0)
		strv_addf(&s->result->bad, "%s: %s", tag, why.msg);
	return r < 0 ? err_take(e, &why) : 0;
}

static int search_registry(struct search *s, struct err *e)
{
	auto_(referrers) struct referrers list = { 0 };
	int r = search_tag(s, s->subject->predicate ? "att" : "sig", e);

	if (r >= 0)
		r = registry_referrers(s->source->registry, s->subject->digest, NULL, &list, e);
	for (size_t i = 0; r >= 0 && i < list.n; i++)
		check_manifest(s, &list.items[i]);
	return r;
}

static bool is_subject(const struct image_source *source, const struct image_descriptor *desc,
		       const char *digest)
{
	auto_(arena) struct arena a = { 0 };
	autofree char *text = NULL;
	struct image_manifest *m;
	size_t len = 0;

	if (media_type_parse(desc->media_type, NULL, NULL) != MEDIA_MANIFEST)
		return false;
	if (blob_read(source->store, desc->digest, desc->size.set ? desc->size.v : -1,
		      IMAGE_MANIFEST_MAX, &text, &len, NULL) < 0 ||
	    image_manifest_decode("manifest", text, len, &a, &m, NULL) < 0)
		return false;
	return m->subject && streq(m->subject->digest, digest);
}

/* Names end in cosign's tag, whatever stands before it. */
static bool has_tag(const char *name, const char *tag)
{
	size_t n = strlen(name), t = strlen(tag);

	return n >= t && streq(name + n - t, tag) && (n == t || name[n - t - 1] == ':');
}

static int search_store(struct search *s, struct err *e)
{
	autofree char *tag = tag_of(s->subject->digest, s->subject->predicate ? "att" : "sig");
	auto_(arena) struct arena a = { 0 };
	const struct image_descriptor *items;
	struct image_index *index;
	int r = store_index(s->source->store, &a, &index, e);

	if (r < 0)
		return r;
	items = index->manifests.items;
	for (size_t i = 0; i < index->manifests.n; i++)
		if (has_tag(store_name_of(&items[i]), tag) ||
		    is_subject(s->source, &items[i], s->subject->digest))
			check_manifest(s, &items[i]);
	return 0;
}

int signatures_check(struct image_source *s, const struct sign_trust *t,
		     const struct sign_subject *subject, struct signatures_result *ret,
		     struct err *e)
{
	struct search search = { .source = s, .trust = t, .subject = subject, .result = ret };
	int r;

	if (s->registry)
		r = search_registry(&search, e);
	else if (s->store)
		r = search_store(&search, e);
	else
		return err_set(e, ENOTSUP,
			       "signatures are found in registries, layouts and the store "
			       "only");
	if (r < 0)
		return err_wrap(e, r, "look for signatures");
	if (ret->good.n)
		return 0;
	if (!ret->bad.n)
		return err_set(e, IMAGE_EVERIFY, "no signature of %s was found", subject->digest);
	return err_set(e, IMAGE_EVERIFY, "no signature of %s holds: %s", subject->digest,
		       ret->bad.v[0]);
}
