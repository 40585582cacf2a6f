/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "imagetool/errors.h"
#include "imagetool/human.h"
#include "imagetool/interrupt.h"
#include "imagetool/program.h"
#include "imagetool/store/check.h"
#include "imagetool/store/image.h"
#include "imagetool/verb/opt_rows.h"
#include "imagetool/verb/output.h"
#include "imagetool/verb/verbs.h"
#include "imagetool/verb/verify_signature.h"
#include "imagetool/verb/verify_snapshots.h"
#include "libutil/alloc.h"
#include "libutil/json.h"

struct verify_values {
	bool repair, json, quiet;
	struct verify_trust_flags trust;
};

static const struct opt verify_opts[] = {
	{ .name = "repair",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct verify_values, repair),
	  .help = "remove what is damaged, so that the next pull brings it again" },
	JSON_OPT_ROW(offsetof(struct verify_values, json), "print the result as JSON"),
	QUIET_OPT_ROW(offsetof(struct verify_values, quiet),
		      "print nothing, only the exit status tells"),
	VERIFY_TRUST_ROWS(offsetof(struct verify_values, trust)),
	OPT_END,
};

static void defaults(void *values)
{
	registry_flags_defaults(&((struct verify_values *)values)->trust.registry);
}

struct findings {
	struct store_check_result blobs;
	struct snapshot_findings snapshots;
	struct strv incomplete; /* images that lack something */
};

static void findings_done(struct findings *f)
{
	store_check_result_done(&f->blobs);
	snapshot_findings_done(&f->snapshots);
	strv_done(&f->incomplete);
}
AUTO_DEFINE_DONE(findings, findings_done)

/* ---- Images ---- */

static bool is_whole(const struct store *s, const struct image_descriptor *desc)
{
	const struct store_image entry = { .name = store_name_of(desc), .desc = desc };
	const struct image_descriptor *layers;
	auto_(image) struct image img = { 0 };

	/* What is no image, or holds none for this platform, is made of blobs and no more. */
	if (!blob_exists(s, desc->digest, -1))
		return false;
	if (image_load_entry(s, &entry, NULL, &img, NULL) < 0)
		return true;
	layers = img.manifest->layers.items;
	for (size_t i = 0; i < img.manifest->layers.n; i++) {
		if (!blob_exists(s, layers[i].digest, -1))
			return false;
	}
	return true;
}

static int check_images(const struct store *s, struct strv *incomplete, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	const struct image_descriptor *all;
	struct image_index *index;
	int r = store_index(s, &a, &index, e);

	if (r < 0)
		return r;
	all = index->manifests.items;
	for (size_t i = 0; i < index->manifests.n; i++) {
		const char *name = store_name_of(&all[i]);

		if (!is_whole(s, &all[i]))
			strv_add(incomplete, name[0] ? name : all[i].digest);
	}
	return 0;
}

/* ---- Repair ---- */

static int repair(struct store *s, const struct findings *f, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < f->blobs.damaged.n && r >= 0; i++)
		r = store_remove_blob(s, f->blobs.damaged.v[i], e);
	return r < 0 ? r : snapshots_remove(s, &f->snapshots.damaged, e);
}

/* ---- Output ---- */

static int print_json(const struct verify_values *v, const struct findings *f, struct err *e)
{
	auto_(strbuf) struct strbuf out = { 0 };
	struct json_writer w = { .out = &out, .indent = 2 };

	json_object(&w);
	json_kv_i64(&w, "blobs", (int64_t)f->blobs.blobs);
	json_kv_i64(&w, "bytes", (int64_t)f->blobs.bytes);
	json_kv_i64(&w, "snapshots", (int64_t)f->snapshots.n);
	json_kv_strv(&w, "damagedBlobs", &f->blobs.damaged);
	json_kv_strv(&w, "damagedSnapshots", &f->snapshots.damaged);
	json_kv_strv(&w, "incompleteImages", &f->incomplete);
	json_kv_bool(&w, "repaired", v->repair);
	json_object_end(&w);
	strbuf_addc(&out, '\n');
	return output_write(strbuf_str(&out), out.len, e);
}

static void put_lines(struct strbuf *out, const struct strv *list, const char *before,
		      const char *after)
{
	for (size_t i = 0; i < list->n; i++)
		strbuf_addf(out, "%s %s%s\n", before, list->v[i], after);
}

static int print_text(const struct verify_values *v, const struct findings *f, struct err *e)
{
	const char *fate = v->repair ? " is damaged: removed" : " is damaged";
	auto_(strbuf) struct strbuf out = { 0 };
	char size[HUMAN_SIZE];

	put_lines(&out, &f->blobs.damaged, "blob", fate);
	put_lines(&out, &f->snapshots.damaged, "snapshot", fate);
	put_lines(&out, &f->incomplete, "image", " lacks something: pull it again");
	strbuf_addf(&out, "%llu blobs, %s; %zu snapshot%s; %zu damaged\n",
		    (unsigned long long)f->blobs.blobs, human_size(f->blobs.bytes, size),
		    f->snapshots.n, f->snapshots.n == 1 ? "" : "s",
		    f->blobs.damaged.n + f->snapshots.damaged.n);
	return output_write(strbuf_str(&out), out.len, e);
}

static int judge(const struct verify_values *v, const struct findings *f, struct err *e)
{
	size_t damaged = f->blobs.damaged.n + f->snapshots.damaged.n;

	if (damaged > 0 && !v->repair)
		return err_set(e, IMAGE_EVERIFY,
			       "the store is damaged: 'creel-image verify --repair' removes what "
			       "is, then pull again");
	if (f->incomplete.n > 0)
		return err_set(e, IMAGE_EVERIFY, "%zu image%s not complete: pull again",
			       f->incomplete.n, f->incomplete.n == 1 ? " is" : "s are");
	return 0;
}

static int verify_store(const void *global, const struct verify_values *v, struct err *e)
{
	auto_(interrupt) struct interrupt interrupt = { 0 };
	auto_(findings) struct findings f = { 0 };
	auto_(store) struct store *s = NULL;
	int r = globals_open_store(global, v->repair ? STORE_WRITE : STORE_READ, &s, e);

	interrupt_hold(&interrupt);
	if (r >= 0)
		r = store_check_blobs(s, &f.blobs, e);
	if (r >= 0)
		r = snapshots_check(s, &f.snapshots, e);
	if (r >= 0 && v->repair)
		r = repair(s, &f, e);
	if (r >= 0)
		r = check_images(s, &f.incomplete, e);
	if (r >= 0 && !v->quiet)
		r = v->json ? print_json(v, &f, e) : print_text(v, &f, e);
	return r < 0 ? r : judge(v, &f, e);
}

static int run(const void *global, void *values, char *const *args, int n, struct err *e)
{
	struct verify_values *v = values;
	struct signature_output how = { .json = v->json, .quiet = v->quiet };
	bool trust = verify_has_trust(&v->trust);

	if (n == 0 && trust)
		return err_set(e, IMAGE_EUSAGE,
			       "--key, --ca: which image they are for is not said");
	if (n == 0)
		return verify_store(global, v, e);
	if (!trust)
		return err_set(e, IMAGE_EUSAGE,
			       "whom to trust is not said: give --key FILE or --ca FILE");
	if (v->repair)
		return err_set(e, IMAGE_EUSAGE,
			       "--repair is for the store, not for the signatures of one "
			       "image");
	return verify_signature(global, &v->trust, args[0], &how, e);
}

const struct verb verb_verify = {
	.name = "verify",
	.args = "[IMAGE]",
	.summary = "check the store's content, or who signed an image",
	.details =
		"Without IMAGE the whole store is read: every blob is hashed.  Of a snapshot it is "
		"checked that it is complete and states the layer it is named after; its files are not "
		"read.  Exit status 4 when something is damaged or an image is not complete.\n"
		"\n"
		"IMAGE is a place as copy has them: docker://NAME in a registry, oci:DIR[:NAME], or a "
		"name in the store.  Signatures are found by cosign's tag sha256-HEX.sig and among the "
		"manifests that refer to the image; one that holds is enough, and each that does is "
		"printed.  Forms: cosign's, sigstore bundles (signatures, and with --type attestations), "
		"notation's JWS and COSE envelopes.  No transparency log and no time stamping authority "
		"is asked: a certificate must lead to one of --ca and be valid now.  Exit status 4 when "
		"nobody who is trusted signed.",
	.opts = verify_opts,
	.opts_size = sizeof(struct verify_values),
	.defaults = defaults,
	.min_args = 0,
	.max_args = 1,
	.stop_after = -1,
	.run = run,
};
