/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "imagetool/errors.h"
#include "imagetool/human.h"
#include "imagetool/registry/lists.h"
#include "imagetool/store/descriptor.h"
#include "imagetool/store/digest_set.h"
#include "imagetool/verb/opt_rows.h"
#include "imagetool/verb/remote.h"
#include "imagetool/verb/verbs.h"

/* Signatures of attestations of images: three; a registry may answer for ever. */
#define TREE_DEPTH_MAX 8
#define TREE_MAX       4096

struct referrers_values {
	const char *type;
	bool tree, json;
	struct registry_flags registry;
};

static const struct opt referrers_opts[] = {
	{ .name = "artifact-type",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct referrers_values, type),
	  .arg = "TYPE",
	  .help = "only those of this type" },
	{ .name = "tree",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct referrers_values, tree),
	  .help = "and who refers to them" },
	REGISTRY_OPT_ROWS(offsetof(struct referrers_values, registry)),
	JSON_OPT_ROW(offsetof(struct referrers_values, json), "print an array of objects"),
	OPT_END,
};

static void referrers_defaults(void *values)
{
	struct referrers_values *v = values;

	registry_flags_defaults(&v->registry);
}

struct walk {
	struct registry *registry;
	const struct referrers_values *values;
	struct json_writer json;
	struct strbuf out;
	struct digest_set seen;
};

static void walk_done(struct walk *w)
{
	strbuf_done(&w->out);
	digest_set_done(&w->seen);
}
AUTO_DEFINE_DONE(walk, walk_done)

static int list(struct walk *w, const char *digest, int depth, struct err *e);

static void print_line(struct walk *w, const struct image_descriptor *d, int depth)
{
	const char *type = d->artifact_type ? d->artifact_type : "-";
	char size[HUMAN_SIZE];

	strbuf_addf(&w->out, "%*s%s  ", 2 * depth, "", d->digest);
	strbuf_add_printable(&w->out, type, strlen(type), "");
	strbuf_addf(&w->out, "  %s\n", human_size((uint64_t)descriptor_size(d), size));
}

static void print_annotations(struct json_writer *w, const struct image_descriptor *d)
{
	if (d->annotations.n == 0)
		return;
	json_key(w, "annotations");
	json_object(w);
	for (size_t i = 0; i < d->annotations.n; i++)
		json_kv_string(w, d->annotations.items[i].key, d->annotations.items[i].value);
	json_object_end(w);
}

static int list_one(struct walk *w, const struct image_descriptor *d, int depth, struct err *e)
{
	struct json_writer *json = &w->json;
	int r = 0;

	if (!w->values->json) {
		print_line(w, d, depth);
		return w->values->tree ? list(w, d->digest, depth + 1, e) : 0;
	}
	json_object(json);
	json_kv_string(json, "digest", d->digest);
	json_kv_string(json, "mediaType", d->media_type ? d->media_type : "");
	json_kv_i64(json, "size", descriptor_size(d));
	if (d->artifact_type)
		json_kv_string(json, "artifactType", d->artifact_type);
	print_annotations(json, d);
	if (w->values->tree) {
		json_key(json, "referrers");
		r = list(w, d->digest, depth + 1, e);
	}
	json_object_end(json);
	return r;
}

static int list(struct walk *w, const char *digest, int depth, struct err *e)
{
	auto_(referrers) struct referrers found = { 0 };
	int r = 0;

	/* What was shown before is not followed again: referrers may go round in a circle. */
	if (depth < TREE_DEPTH_MAX && w->seen.n < TREE_MAX && digest_set_add(&w->seen, digest))
		r = registry_referrers(w->registry, digest, depth ? NULL : w->values->type, &found,
				       e);
	if (w->values->json)
		json_array(&w->json);
	for (size_t i = 0; i < found.n && r >= 0; i++)
		r = list_one(w, &found.items[i], depth, e);
	if (w->values->json)
		json_array_end(&w->json);
	return r;
}

static int referrers_run(const void *global UNUSED, void *values, char *const *args, int n UNUSED,
			 struct err *e)
{
	struct referrers_values *v = values;
	auto_(remote) struct remote remote = { .signals = -1 };
	auto_(walk) struct walk w = { .values = v };
	char digest[DIGEST_TEXT_SIZE];
	int r = remote_open(&remote, args[0], &v->registry, REMOTE_READ, e);

	w.json = (struct json_writer){ .out = &w.out, .indent = 2 };
	w.registry = remote.registry;
	if (r >= 0)
		r = remote_digest(&remote, digest, e);
	if (r >= 0)
		r = list(&w, digest, 0, e);
	if (r < 0)
		return r;
	if (v->json)
		strbuf_addc(&w.out, '\n');
	return remote_print(&w.out, e);
}

const struct verb verb_referrers = {
	.name = "referrers",
	.args = "NAME",
	.summary = "list what refers to an image in a registry: signatures, SBOMs, attestations",
	.details =
		"NAME is [docker://][REGISTRY/]REPOSITORY[:TAG][@DIGEST].  Each line has digest, "
		"artifact type and size of a manifest whose subject the image is.  Where the registry "
		"keeps no such list, the one is read that clients keep in a tag.",
	.opts = referrers_opts,
	.opts_size = sizeof(struct referrers_values),
	.defaults = referrers_defaults,
	.min_args = 1,
	.max_args = 1,
	.stop_after = -1,
	.run = referrers_run,
};
