/* SPDX-License-Identifier: Apache-2.0 */
/* index create, add, remove, annotate. */
#include <errno.h>
#include <stdio.h>

#include "imagetool/errors.h"
#include "imagetool/index/gather.h"
#include "imagetool/program.h"
#include "imagetool/verb/argument.h"
#include "imagetool/verb/remote.h"
#include "imagetool/verb/verbs.h"
#include "libutil/alloc.h"

static const char *const formats[] = { "oci", "docker", "v2s2", NULL };
static const enum index_format format_of[] = { INDEX_OCI, INDEX_DOCKER, INDEX_DOCKER };

struct index_values {
	int format;
	bool amend, all;
	const char *platform;
	const char *os, *arch, *variant, *os_version;
	struct strv os_features, annotations;
	struct registry_flags registry;
};

#define V(member) offsetof(struct index_values, member)

#define ALL_ROW                                                                                    \
	{                                                                                          \
		.letter = 'a', .name = "all", .kind = OPT_FLAG, .offset = V(all),                  \
		.help = "of an IMAGE that is an index, each image"                                 \
	}
#define PLATFORM_ROW                                                                               \
	{                                                                                          \
		.name = "platform", .kind = OPT_STRING, .offset = V(platform),                     \
		.arg = "OS/ARCH[/VARIANT]",                                                        \
		.help = "of an IMAGE that is an index, this one; by default that for this machine" \
	}
#define ANNOTATION_ROW                                                                             \
	{                                                                                          \
		.name = "annotation", .kind = OPT_LIST, .offset = V(annotations),                  \
		.arg = "KEY=VALUE",                                                                \
		.help = "annotate; KEY= takes one away; may be given several times"                \
	}
#define NOTE_ROWS                                                                                  \
	{ .name = "os",                                                                            \
	  .kind = OPT_STRING,                                                                      \
	  .offset = V(os),                                                                         \
	  .arg = "OS",                                                                             \
	  .help = "operating system, where the image does not say it right" },                     \
		{ .name = "arch",                                                                  \
		  .kind = OPT_STRING,                                                              \
		  .offset = V(arch),                                                               \
		  .arg = "ARCH",                                                                   \
		  .help = "architecture" },                                                        \
		{ .name = "variant",                                                               \
		  .kind = OPT_STRING,                                                              \
		  .offset = V(variant),                                                            \
		  .arg = "VARIANT",                                                                \
		  .help = "variant of the architecture" },                                         \
		{ .name = "os-version",                                                            \
		  .kind = OPT_STRING,                                                              \
		  .offset = V(os_version),                                                         \
		  .arg = "VERSION",                                                                \
		  .help = "version of the operating system" },                                     \
		{ .name = "os-features",                                                           \
		  .kind = OPT_LIST,                                                                \
		  .offset = V(os_features),                                                        \
		  .arg = "FEATURE",                                                                \
		  .help = "what the operating system must have; may be given several times" },     \
		ANNOTATION_ROW

static const struct opt create_opts[] = {
	{ .letter = 'f',
	  .name = "format",
	  .kind = OPT_CHOICE,
	  .offset = V(format),
	  .arg = "FORMAT",
	  .choices = formats,
	  .help = "oci (the default), or docker (also called v2s2) for a manifest list" },
	{ .name = "amend",
	  .kind = OPT_FLAG,
	  .offset = V(amend),
	  .help = "add to the index of this name if there is one" },
	ALL_ROW,
	PLATFORM_ROW,
	ANNOTATION_ROW,
	REGISTRY_OPT_ROWS(V(registry)),
	OPT_END,
};

static const struct opt add_opts[] = {
	ALL_ROW, PLATFORM_ROW, NOTE_ROWS, REGISTRY_OPT_ROWS(V(registry)), OPT_END,
};

static const struct opt annotate_opts[] = { NOTE_ROWS, OPT_END };

static void index_defaults(void *values)
{
	struct index_values *v = values;

	registry_flags_defaults(&v->registry);
}

/* ---- What they share ---- */

struct work {
	struct store *store;
	struct index_draft draft;
	char *name; /* full */
	struct place_opts place;
	struct platform platform;
	struct gather_opts gather;
	int signals;
};

static void work_done(struct work *w)
{
	store_free(w->store);
	index_draft_done(&w->draft);
	free(w->name);
	if (w->signals >= 0)
		(void)close(w->signals);
}
AUTO_DEFINE_DONE(work, work_done)

static int work_begin(struct work *w, const void *global, const char *name,
		      enum store_access access, struct err *e)
{
	auto_(image_reference) struct image_reference ref = { 0 };
	int r = argument_reference(name, &ref, e);

	if (r < 0)
		return r;
	if (ref.digest)
		return err_set(e, IMAGE_EUSAGE,
			       "'%s': an index that changes has no digest for a name", name);
	w->name = reference_text(&ref);
	return globals_open_store(global, access, &w->store, e);
}

static int read_gather_options(struct work *w, struct index_values *v, struct err *e)
{
	int r = 0;

	if (v->all && v->platform)
		return err_set(e, IMAGE_EUSAGE, "--all and --platform exclude each other");
	w->gather.place = &w->place;
	w->gather.all = v->all;
	if (v->platform) {
		r = platform_of_option(v->platform, &w->platform, e);
		w->gather.platform = &w->platform;
	}
	if (r >= 0)
		r = w->signals = registry_flags_signals(e);
	return r < 0 ? r : registry_flags_opts(&v->registry, w->signals, &w->place.registry, e);
}

static struct index_notes notes_of(const struct index_values *v)
{
	return (struct index_notes){ .os = v->os,
				     .arch = v->arch,
				     .variant = v->variant,
				     .os_version = v->os_version,
				     .os_features = &v->os_features,
				     .annotations = &v->annotations };
}

/* Its new digest is what the verb prints. */
static int work_end(struct work *w, struct err *e)
{
	auto_(strbuf) struct strbuf out = { 0 };
	char digest[DIGEST_TEXT_SIZE];
	int r = index_draft_save(w->store, w->name, &w->draft, digest, e);

	if (r < 0)
		return r;
	strbuf_addf(&out, "%s\n", digest);
	return remote_print(&out, e);
}

/* ---- create ---- */

/* Who makes a new one does not want to lose another by it. */
static int begin_new(struct work *w, const struct index_values *v, struct err *e)
{
	struct err why = { 0 };
	int r = index_draft_load(w->store, w->name, &w->draft, &why);

	if (r == -IMAGE_ENOTFOUND) {
		index_draft_done(&w->draft);
		index_draft_init(&w->draft, format_of[v->format]);
		return 0;
	}
	if (r < 0)
		return err_take(e, &why);
	if (!v->amend)
		return err_set(e, EEXIST, "there is an index '%s': --amend adds to it", w->name);
	return 0;
}

static int create_run(const void *global, void *values, char *const *args, int n, struct err *e)
{
	struct index_values *v = values;
	const struct index_notes notes = notes_of(v);
	auto_(work) struct work w = { .signals = -1 };
	size_t last;
	int r = work_begin(&w, global, args[0], STORE_CREATE, e);

	if (r >= 0)
		r = read_gather_options(&w, v, e);
	if (r >= 0)
		r = begin_new(&w, v, e);
	for (int i = 1; i < n && r >= 0; i++)
		r = gather(w.store, args[i], &w.gather, &w.draft, &last, e);
	if (r >= 0)
		r = index_draft_note_itself(&w.draft, &notes, e);
	return r < 0 ? r : work_end(&w, e);
}

/* ---- add ---- */

static int add_run(const void *global, void *values, char *const *args, int n, struct err *e)
{
	struct index_values *v = values;
	const struct index_notes notes = notes_of(v);
	auto_(work) struct work w = { .signals = -1 };
	size_t last;
	int r = work_begin(&w, global, args[0], STORE_WRITE, e);

	if (r >= 0 && !index_notes_are_empty(&notes) && (v->all || n > 2))
		r = err_set(e, IMAGE_EUSAGE,
			    "one platform and its annotations are of one image: add the others "
			    "apart");
	if (r >= 0)
		r = read_gather_options(&w, v, e);
	if (r >= 0)
		r = index_draft_load(w.store, w.name, &w.draft, e);
	for (int i = 1; i < n && r >= 0; i++) {
		r = gather(w.store, args[i], &w.gather, &w.draft, &last, e);
		if (r >= 0 && !index_notes_are_empty(&notes))
			r = index_draft_note(&w.draft, last, &notes, e);
	}
	return r < 0 ? r : work_end(&w, e);
}

/* ---- remove, annotate ---- */

static int remove_run(const void *global, void *values UNUSED, char *const *args, int n,
		      struct err *e)
{
	auto_(work) struct work w = { .signals = -1 };
	int r = work_begin(&w, global, args[0], STORE_WRITE, e);

	if (r >= 0)
		r = index_draft_load(w.store, w.name, &w.draft, e);
	for (int i = 1; i < n && r >= 0; i++) {
		r = index_draft_find(&w.draft, args[i], e);
		if (r >= 0)
			index_draft_remove(&w.draft, (size_t)r);
	}
	return r < 0 ? r : work_end(&w, e);
}

static int annotate_run(const void *global, void *values, char *const *args, int n, struct err *e)
{
	const struct index_notes notes = notes_of(values);
	auto_(work) struct work w = { .signals = -1 };
	int r;

	if (index_notes_are_empty(&notes))
		return err_set(e, IMAGE_EUSAGE,
			       "nothing to say: give --annotation, --os, --arch ...");
	r = work_begin(&w, global, args[0], STORE_WRITE, e);
	if (r >= 0)
		r = index_draft_load(w.store, w.name, &w.draft, e);
	if (r >= 0 && n == 1)
		r = index_draft_note_itself(&w.draft, &notes, e);
	if (r >= 0 && n > 1) {
		r = index_draft_find(&w.draft, args[1], e);
		if (r >= 0)
			r = index_draft_note(&w.draft, (size_t)r, &notes, e);
	}
	return r < 0 ? r : work_end(&w, e);
}

/* ---- The verbs ---- */

static void place_details(struct strbuf *out)
{
	strbuf_adds(out, "IMAGE is\n\n");
	place_help(out);
}

const struct verb verb_index_create = {
	.name = "index create",
	.alias = "manifest create",
	.args = "NAME [IMAGE...]",
	.summary = "make an index of images, one name for several platforms",
	.details =
		"NAME is what it is called in the store; 'push' brings it to a registry with all its "
		"images.  What is not in the store comes there.  Platforms are taken from the images. "
		"The digest of the index is printed.",
	.more = place_details,
	.opts = create_opts,
	.opts_size = sizeof(struct index_values),
	.defaults = index_defaults,
	.min_args = 1,
	.max_args = -1,
	.stop_after = -1,
	.run = create_run,
};

const struct verb verb_index_add = {
	.name = "index add",
	.alias = "manifest add",
	.args = "NAME IMAGE...",
	.summary = "add images to an index",
	.details = "An image that the index has already is replaced, with what is said about it.",
	.more = place_details,
	.opts = add_opts,
	.opts_size = sizeof(struct index_values),
	.defaults = index_defaults,
	.min_args = 2,
	.max_args = -1,
	.stop_after = -1,
	.run = add_run,
};

const struct verb verb_index_remove = {
	.name = "index remove",
	.alias = "manifest remove",
	.args = "NAME DIGEST...",
	.summary = "take images out of an index",
	.details = "DIGEST may be cut short to its first digits.  The images themselves stay where "
		   "they have names of their own.",
	.min_args = 2,
	.max_args = -1,
	.stop_after = -1,
	.run = remove_run,
};

const struct verb verb_index_annotate = {
	.name = "index annotate",
	.alias = "manifest annotate",
	.args = "NAME [DIGEST]",
	.summary = "say more about an image of an index, or about the index",
	.details = "Without DIGEST annotations are those of the index itself.",
	.opts = annotate_opts,
	.opts_size = sizeof(struct index_values),
	.defaults = index_defaults,
	.min_args = 1,
	.max_args = 2,
	.stop_after = -1,
	.run = annotate_run,
};
