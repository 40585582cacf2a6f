/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/verb/verify_signature.h"

#include <errno.h>

#include "imagetool/copy/document.h"
#include "imagetool/copy/signatures.h"
#include "imagetool/errors.h"
#include "imagetool/program.h"
#include "imagetool/verb/argument.h"
#include "imagetool/verb/output.h"
#include "libutil/alloc.h"
#include "libutil/json.h"
#include "libutil/log.h"

bool verify_has_trust(const struct verify_trust_flags *f)
{
	return f->keys.n || f->authorities.n;
}

static int make_trust(const struct verify_trust_flags *f, struct sign_trust *t, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < f->keys.n && r >= 0; i++)
		r = sign_trust_add_key(t, f->keys.v[i], e);
	for (size_t i = 0; i < f->authorities.n && r >= 0; i++)
		r = sign_trust_add_ca(t, f->authorities.v[i], e);
	if (r >= 0 && f->identities.n && !f->authorities.n)
		r = err_set(e, IMAGE_EUSAGE,
			    "an identity is given: only certificates name somebody, give an "
			    "authority too");
	for (size_t i = 0; i < f->identities.n; i++)
		sign_trust_add_identity(t, f->identities.v[i]);
	return r;
}

/* The store is what a name without a word before it means; it need not be there for others. */
static int open_source(const void *global, struct verify_trust_flags *f, const struct place *place,
		       int wakefd, struct store **store, struct image_source **ret, struct err *e)
{
	struct place_opts opts = { 0 };
	int r = registry_flags_opts(&f->registry, wakefd, &opts.registry, e);

	if (r >= 0 && place->kind == PLACE_STORE)
		r = globals_open_store(global, STORE_READ, store, e);
	opts.store = *store;
	return r < 0 ? r : source_open(place, &opts, ret, e);
}

static void describe(const struct signatures_result *found, const char *digest, struct strbuf *out)
{
	struct json_writer w = { .out = out, .indent = 2 };

	json_object(&w);
	json_kv_string(&w, "digest", digest);
	json_kv_strv(&w, "signatures", &found->good);
	json_object_end(&w);
	strbuf_addc(out, '\n');
}

static int tell(const struct signatures_result *found, const char *digest,
		const struct signature_output *how, struct err *e)
{
	auto_(strbuf) struct strbuf out = { 0 };

	for (size_t i = 0; i < found->bad.n; i++)
		log_info("%s", found->bad.v[i]);
	if (how->quiet)
		return 0;
	if (how->json)
		describe(found, digest, &out);
	for (size_t i = 0; i < found->good.n && !how->json; i++)
		strbuf_addf(&out, "%s %s\n", digest, found->good.v[i]);
	return output_write(strbuf_str(&out), out.len, e);
}

static int check(struct image_source *s, const struct verify_trust_flags *f,
		 const struct sign_trust *t, const struct signature_output *how, struct err *e)
{
	auto_(signatures_result) struct signatures_result found = { 0 };
	auto_(registry_document) struct registry_document d = { 0 };
	struct sign_subject subject = { .predicate = f->type };
	struct platform platform;
	int r = s->ops->top(s, &d, e);

	if (r >= 0 && f->platform)
		r = platform_of_option(f->platform, &platform, e);
	if (r >= 0 && f->platform)
		r = source_select(s, &platform, &d, e);
	if (r < 0)
		return r;
	subject.digest = d.digest;
	subject.media_type = d.media_type;
	subject.text = d.text;
	subject.len = d.len;
	r = signatures_check(s, t, &subject, &found, e);
	return r < 0 ? r : tell(&found, d.digest, how, e);
}

int verify_signature(const void *global, struct verify_trust_flags *f, const char *name,
		     const struct signature_output *how, struct err *e)
{
	auto_(sign_trust) struct sign_trust *t = sign_trust_new();
	auto_(place) struct place place = { 0 };
	auto_(store) struct store *store = NULL;
	auto_(image_source) struct image_source *source = NULL;
	autofd int signals = -1;
	int r = make_trust(f, t, e);

	if (r >= 0)
		r = argument_place(name, &place, e);
	if (r < 0)
		return r;
	signals = registry_flags_signals(e);
	r = signals < 0 ? signals : open_source(global, f, &place, signals, &store, &source, e);
	if (r >= 0)
		r = check(source, f, t, how, e);
	return r < 0 ? err_wrap(e, r, "verify '%s'", name) : 0;
}

/* ---- On the way ---- */

int signature_judge_init(struct signature_judge *ret, const struct verify_trust_flags *f,
			 struct err *e)
{
	int r = 0;

	if (verify_has_trust(f) || f->identities.n) {
		ret->trust = sign_trust_new();
		r = make_trust(f, ret->trust, e);
	}
	if (r >= 0 && f->policy)
		r = reference_parse(ret->name, &ret->ref, e);
	return r >= 0 && f->policy ? policy_read(f->policy, &ret->ref, &ret->policy, e) : r;
}

bool signature_judge_is_needed(const struct signature_judge *j)
{
	return j->trust || j->policy.n;
}

void signature_judge_done(struct signature_judge *j)
{
	sign_trust_free(j->trust);
	policy_done(&j->policy);
	image_reference_done(&j->ref);
	source_free(j->source);
}

static int open_registry(struct signature_judge *j, struct err *e)
{
	autofree char *text = xasprintf("docker://%s", j->name);
	auto_(place) struct place place = { 0 };
	struct place_opts opts = { .registry = *j->registry, .quiet = true };
	int r = argument_place(text, &place, e);

	return r < 0 ? r : source_open(&place, &opts, &j->source, e);
}

static int check_by(struct signature_judge *j, const struct sign_trust *t,
		    const struct sign_subject *subject, struct err *e)
{
	auto_(signatures_result) struct signatures_result found = { 0 };
	int r = j->source ? 0 : open_registry(j, e);

	if (r >= 0)
		r = signatures_check(j->source, t, subject, &found, e);
	for (size_t i = 0; i < found.good.n; i++)
		log_info("%s %s", subject->digest, found.good.v[i]);
	return r;
}

struct naming {
	const struct policy_rule *rule;
	const struct image_reference *ref;
};

static bool is_named(void *ctx, const char *name)
{
	const struct naming *n = ctx;

	return policy_matches(n->rule, n->ref, name);
}

static int check_rule(struct signature_judge *j, const struct policy_rule *rule,
		      struct sign_subject subject, struct err *e)
{
	struct naming n = { rule, &j->ref };

	switch (rule->kind) {
	case POLICY_ACCEPT:
		return 0;
	case POLICY_REJECT:
		return err_set(e, IMAGE_EVERIFY, "the policy rejects images of this name");
	case POLICY_SIGSTORE:
		break;
	}
	subject.named = is_named;
	subject.named_ctx = &n;
	return check_by(j, rule->trust, &subject, e);
}

int signature_judge(void *judge, const struct registry_document *d, struct err *e)
{
	struct signature_judge *j = judge;
	const struct sign_subject subject = {
		.digest = d->digest, .media_type = d->media_type, .text = d->text, .len = d->len
	};
	int r = j->trust ? check_by(j, j->trust, &subject, e) : 0;

	for (size_t i = 0; i < j->policy.n && r >= 0; i++)
		r = check_rule(j, &j->policy.rules[i], subject, e);
	return r;
}
