/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "imagetool/errors.h"
#include "imagetool/program.h"
#include "imagetool/registry/lists.h"
#include "imagetool/store/descriptor.h"
#include "imagetool/store/image.h"
#include "imagetool/verb/argument.h"
#include "imagetool/verb/describe.h"
#include "imagetool/verb/output.h"
#include "imagetool/verb/registry_flags.h"
#include "imagetool/verb/rows.h"
#include "imagetool/verb/verbs.h"
#include "libutil/alloc.h"
#include "libutil/json.h"

#define DOCUMENT_MAX ((size_t)256 << 20)

struct inspect_values {
	const char *platform, *format;
	bool raw, config, no_tags;
	int type; /* there is one */
	struct registry_flags registry;
};

static const char *const types[] = { "image", NULL };

static const struct opt inspect_opts[] = {
	{ .name = "raw",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct inspect_values, raw),
	  .help = "print the manifest byte for byte, or the index; with --platform its member" },
	{ .name = "config",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct inspect_values, config),
	  .help = "print the image config, byte for byte" },
	{ .letter = 'f',
	  .name = "format",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct inspect_values, format),
	  .arg = "TEMPLATE",
	  .help = "print what a template of Go's kind makes of it: '{{.Config.Env}}', '{{json .}}'" },
	/* docker's and podman's, whose stores have containers, too. */
	{ .name = "type",
	  .kind = OPT_CHOICE,
	  .bits = OPT_HIDDEN,
	  .offset = offsetof(struct inspect_values, type),
	  .choices = types },
	{ .name = "platform",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct inspect_values, platform),
	  .arg = "OS/ARCH[/VARIANT]",
	  .help = "which image of an index; by default the one for this machine" },
	{ .letter = 'n',
	  .name = "no-tags",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct inspect_values, no_tags),
	  .help = "do not ask a registry for the tags of the repository" },
	REGISTRY_OPT_ROWS(offsetof(struct inspect_values, registry)),
	OPT_END,
};

static void inspect_defaults(void *values)
{
	registry_flags_defaults(&((struct inspect_values *)values)->registry);
}

struct inspect {
	const struct inspect_values *values;
	const struct platform *platform; /* or NULL */
	struct place_opts places;
	struct template *template;
	struct json_writer json;
};

/* ---- Names ---- */

static int store_names(const struct store *s, const char *name, struct describe_names *ret,
		       struct arena *a, struct err *e)
{
	const struct image_descriptor *entries;
	struct image_index *index;
	struct store_image found;
	int r = store_resolve(s, name, a, &found, e);

	if (r >= 0)
		r = store_index(s, a, &index, e);
	if (r < 0)
		return r;
	if (descriptor_annotation(found.desc, IMAGE_SOURCE_INDEX)[0])
		ret->index = descriptor_annotation(found.desc, IMAGE_SOURCE_INDEX);
	entries = index->manifests.items;
	for (size_t i = 0; i < index->manifests.n; i++)
		if (streq(entries[i].digest, found.desc->digest) && store_name_of(&entries[i])[0])
			strv_add(&ret->names, store_name_of(&entries[i]));
	return 0;
}

static int find_names(const struct inspect *in, const struct place *p,
		      const struct image_source *source, struct described *d,
		      struct describe_names *ret, struct err *e)
{
	if (p->kind == PLACE_STORE)
		return store_names(in->places.store, p->name, ret, &d->arena, e);
	if (source->name)
		strv_add(&ret->names, source->name);
	if (p->kind != PLACE_REGISTRY || in->values->no_tags)
		return 0;
	return registry_tags(source->registry, &(struct tags_opts){ 0 }, &ret->tags, e);
}

/* ---- One image ---- */

static int print_config(struct image_source *source, struct described *d, struct err *e)
{
	int r = describe_read_config(source, d, e);

	return r < 0 ? r : output_write(d->config_text, d->config_len, e);
}

/* In a registry the repository, as skopeo has it. */
static char *shown_name(const struct place *p, const struct image_source *source)
{
	if (p->kind == PLACE_REGISTRY)
		return xasprintf("%s/%s", source->ref->registry, source->ref->repository);
	return xstrdup(source->name ? source->name : "");
}

static int write_one(struct inspect *in, const struct place *p, struct image_source *source,
		     struct described *d, struct err *e)
{
	struct describe_names names = { 0 };
	auto_(strbuf) struct strbuf text = { .max = DOCUMENT_MAX };
	struct json_writer w = { .out = &text };
	autofree char *name = NULL;
	int r = find_names(in, p, source, d, &names, e);

	name = shown_name(p, source);
	if (r >= 0)
		r = describe_write(d, name, &names, in->template ? &w : &in->json, e);
	if (r >= 0 && in->template)
		r = output_template(in->template, &text, e);
	strv_done(&names.names);
	strv_done(&names.tags);
	return r;
}

static int inspect_source(struct inspect *in, const struct place *p, struct image_source *source,
			  struct err *e)
{
	const struct inspect_values *v = in->values;
	auto_(described) struct described d = { 0 };
	int r;

	if (v->raw && !v->platform && !v->config) {
		r = source->ops->top(source, &d.top, e);
		return r < 0 ? r : output_write(d.top.text, d.top.len, e);
	}
	r = describe_read(source, in->platform, &d, e);
	if (r < 0)
		return r;
	if (v->config)
		return print_config(source, &d, e);
	if (v->raw)
		return output_write(d.manifest.text, d.manifest.len, e);
	return write_one(in, p, source, &d, e);
}

static int inspect_place(struct inspect *in, const void *global, const char *text, struct err *e)
{
	auto_(image_source) struct image_source *source = NULL;
	auto_(place) struct place p = { 0 };
	int r = argument_place(text, &p, e);

	if (r >= 0 && p.kind == PLACE_STORE && !in->places.store)
		r = globals_open_store(global, STORE_READ, &in->places.store, e);
	if (r >= 0)
		r = source_open(&p, &in->places, &source, e);
	if (r >= 0)
		r = inspect_source(in, &p, source, e);
	return r < 0 ? err_wrap(e, r, "inspect '%s'", text) : 0;
}

/* ---- The verb ---- */

/* docker and podman answer about their images with an array, skopeo about one place with an
 * object; scripts of either kind are met with what they know. */
static int inspect_all(struct inspect *in, const void *global, char *const *args, int n,
		       struct err *e)
{
	auto_(strbuf) struct strbuf out = { .max = DOCUMENT_MAX };
	bool array = n > 1 || !place_is_spelled_out(args[0]);
	bool plain = in->template || in->values->raw || in->values->config;
	int r = 0;

	in->json = (struct json_writer){ .out = &out, .indent = 2 };
	if (array && !plain)
		json_array(&in->json);
	for (int i = 0; i < n && r >= 0; i++)
		r = inspect_place(in, global, args[i], e);
	if (r < 0 || plain)
		return r;
	if (array)
		json_array_end(&in->json);
	strbuf_addc(&out, '\n');
	r = strbuf_check(&out, "description", e);
	return r < 0 ? r : output_write(strbuf_str(&out), out.len, e);
}

static int prepare(struct inspect *in, struct inspect_values *v, int signals,
		   struct platform *platform, struct err *e)
{
	autofree char *format = v->format ? rows_unescape(v->format) : NULL;
	int r = v->platform ? platform_of_option(v->platform, platform, e) : 0;

	in->values = v;
	in->platform = v->platform ? platform : NULL;
	if (r >= 0 && format && !streq(format, "json"))
		r = image_usage(template_parse(format, &in->template, e));
	if (r >= 0)
		r = registry_flags_opts(&v->registry, signals, &in->places.registry, e);
	return r;
}

static int inspect_run(const void *global, void *values, char *const *args, int n, struct err *e)
{
	struct inspect_values *v = values;
	struct inspect in = { 0 };
	struct platform platform;
	int r;

	if (v->raw + v->config + (v->format != NULL) > 1)
		return err_set(e, IMAGE_EUSAGE, "--raw, --config and --format exclude one another");
	r = prepare(&in, v, -1, &platform, e);
	if (r >= 0)
		r = inspect_all(&in, global, args, n, e);
	template_free(in.template);
	store_free(in.places.store);
	return r;
}

static void inspect_more(struct strbuf *out)
{
	strbuf_adds(out,
		    "IMAGE is a name, the digest of the manifest, or the image id (the digest of "
		    "the config) in the store; at least four hex digits of a digest are enough.  "
		    "Or any other place; from a registry nothing but manifest and config is "
		    "fetched:\n\n");
	place_help(out);
}

const struct verb verb_inspect = {
	.name = "inspect",
	.args = "IMAGE...",
	.summary = "show what an image is, as JSON",
	.details =
		"Members are called what docker inspect and skopeo inspect call them.  Size is that of "
		"config and layers as they are stored, compressed.  Images of the store come in an "
		"array, as docker has it; one place that is spelled out is an object, as skopeo has it.\n\n"
		"--format takes fields (.Config.Env), index, range, if, with, variables, pipelines and "
		"the functions json join split lower upper title truncate pad print println printf len "
		"index eq ne lt le gt ge and or not.",
	.more = inspect_more,
	.opts = inspect_opts,
	.opts_size = sizeof(struct inspect_values),
	.defaults = inspect_defaults,
	.min_args = 1,
	.max_args = -1,
	.stop_after = -1,
	.run = inspect_run,
};
