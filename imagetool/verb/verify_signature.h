/* SPDX-License-Identifier: Apache-2.0 */
/* `verify` with a key or an authority: is this image signed by whom I trust? */
#ifndef IMAGETOOL_VERB_VERIFY_SIGNATURE_H
#define IMAGETOOL_VERB_VERIFY_SIGNATURE_H

#include "imagetool/copy/policy.h"
#include "imagetool/copy/source.h"
#include "imagetool/sign/trust.h"
#include "imagetool/verb/registry_flags.h"
#include "libutil/strv.h"

struct verify_trust_flags {
	struct strv keys, authorities, identities;
	const char *type, *platform, *policy;
	struct registry_flags registry;
};

#define VERIFY_TRUST_ROW(n, k, base, member)                                                       \
	.name = n, .kind = k, .offset = (base) + offsetof(struct verify_trust_flags, member)
#define VERIFY_TRUST_ROWS(base)                                                                        \
	{ VERIFY_TRUST_ROW("key", OPT_LIST, base, keys), .arg = "FILE",                                \
	  .help = "a public key in PEM that signatures must be made by; several: any of them" },       \
		{ VERIFY_TRUST_ROW("ca", OPT_LIST, base, authorities), .arg = "FILE",                  \
		  .help = "certificates in PEM that a signer's must lead to" },                        \
		{ VERIFY_TRUST_ROW("certificate-identity", OPT_LIST, base, identities),                \
		  .arg = "NAME",                                                                       \
		  .help = "whom a certificate must name: mail address, URI, DNS name or subject" },    \
		{ VERIFY_TRUST_ROW("type", OPT_STRING, base, type), .arg = "URI",                      \
		  .help = "look for attestations with this type of predicate instead of signatures" }, \
		{ VERIFY_TRUST_ROW("platform", OPT_STRING, base, platform),                            \
		  .arg = "OS/ARCH[/VARIANT]",                                                          \
		  .help = "the signature of this image of an index; by default the index's own" },     \
		REGISTRY_OPT_ROWS((base) + offsetof(struct verify_trust_flags, registry))

/* The same for a verb that verifies on the way. */
#define VERIFY_BEFORE_ROWS(base)                                                                   \
	{ VERIFY_TRUST_ROW("verify-key", OPT_LIST, base, keys), .arg = "FILE",                     \
	  .help = "take it only if it is signed by this public key; several: by any of them" },    \
		{ VERIFY_TRUST_ROW("verify-ca", OPT_LIST, base, authorities), .arg = "FILE",       \
		  .help = "take it only if it is signed by somebody whom these certify" },         \
		{ VERIFY_TRUST_ROW("verify-identity", OPT_LIST, base, identities), .arg = "NAME",  \
		  .help = "whom the signer's certificate must name" },                             \
	{                                                                                          \
		VERIFY_TRUST_ROW("signature-policy", OPT_STRING, base, policy),                    \
			.arg = "FILE",                                                             \
			.help = "take only what this policy.json of containers allows"             \
	}

/* A pull_judge_fn; `judge` is a struct signature_judge.  Signatures are looked for where the image
 * is.
 */
struct signature_judge {
	const char *name; /* as typed */
	const struct registry_opts *registry;
	struct sign_trust *trust;    /* NULL: by the policy alone */
	struct policy policy;        /* all its rules; none: by `trust` alone */
	struct image_reference ref;  /* what `name` is, for the policy */
	struct image_source *source; /* opened when it is asked */
};
bool signature_judge_is_needed(const struct signature_judge *j);
int signature_judge(void *judge, const struct registry_document *d, struct err *e);
int signature_judge_init(struct signature_judge *ret, const struct verify_trust_flags *f,
			 struct err *e);
void signature_judge_done(struct signature_judge *j);
AUTO_DEFINE_DONE(signature_judge, signature_judge_done)

/* Something to trust was given. */
bool verify_has_trust(const struct verify_trust_flags *f);
struct signature_output {
	bool json, quiet;
};
/* Prints who signed, one a line.  -IMAGE_EVERIFY when nobody who is trusted did. */
int verify_signature(const void *global, struct verify_trust_flags *f, const char *name,
		     const struct signature_output *how, struct err *e);

#endif
