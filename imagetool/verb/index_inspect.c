/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "imagetool/copy/source.h"
#include "imagetool/program.h"
#include "imagetool/verb/argument.h"
#include "imagetool/verb/remote.h"
#include "imagetool/verb/verbs.h"
#include "libutil/alloc.h"

struct inspect_values {
	bool raw;
	struct registry_flags registry;
};

static const struct opt inspect_opts[] = {
	{ .name = "raw",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct inspect_values, raw),
	  .help = "the bytes as they are; their hash is the digest" },
	REGISTRY_OPT_ROWS(offsetof(struct inspect_values, registry)),
	OPT_END,
};

static void inspect_defaults(void *values)
{
	struct inspect_values *v = values;

	registry_flags_defaults(&v->registry);
}

static int print_document(const struct inspect_values *v, const struct registry_document *d,
			  struct err *e)
{
	auto_(strbuf) struct strbuf out = { 0 };
	auto_(arena) struct arena a = { 0 };
	struct json_writer w = { .out = &out, .indent = 2 };
	struct json *doc;
	int r;

	if (v->raw) {
		strbuf_add(&out, d->text, d->len);
		return remote_print(&out, e);
	}
	r = json_parse("index", d->text, d->len, &a, &doc, e);
	if (r < 0)
		return r;
	json_write_tree(&w, doc);
	strbuf_addc(&out, '\n');
	return remote_print(&out, e);
}

static int inspect_place(const void *global, struct inspect_values *v, const struct place *place,
			 struct err *e)
{
	auto_(registry_document) struct registry_document d = { 0 };
	auto_(image_source) struct image_source *source = NULL;
	auto_(store) struct store *store = NULL;
	struct place_opts opts = { .quiet = true };
	autofd int signals = -1;
	int r = 0;

	if (place->kind == PLACE_STORE)
		r = globals_open_store(global, STORE_READ, &store, e);
	opts.store = store;
	if (r >= 0)
		r = signals = registry_flags_signals(e);
	if (r >= 0)
		r = registry_flags_opts(&v->registry, signals, &opts.registry, e);
	if (r >= 0)
		r = source_open(place, &opts, &source, e);
	if (r >= 0)
		r = source->ops->top(source, &d, e);
	if (r < 0)
		return r;
	if (media_type_parse(d.media_type, NULL, NULL) != MEDIA_INDEX)
		return err_set(e, EINVAL, "it is one image, not an index: see 'inspect'");
	return print_document(v, &d, e);
}

static int inspect_run(const void *global, void *values, char *const *args, int n UNUSED,
		       struct err *e)
{
	auto_(place) struct place place = { 0 };
	int r = argument_place(args[0], &place, e);

	if (r >= 0)
		r = inspect_place(global, values, &place, e);
	return r < 0 ? err_wrap(e, r, "'%s'", args[0]) : r;
}

const struct verb verb_index_inspect = {
	.name = "index inspect",
	.alias = "manifest inspect",
	.args = "IMAGE",
	.summary = "print an index, of the store or of any other place",
	.opts = inspect_opts,
	.opts_size = sizeof(struct inspect_values),
	.defaults = inspect_defaults,
	.min_args = 1,
	.max_args = 1,
	.stop_after = -1,
	.run = inspect_run,
};
