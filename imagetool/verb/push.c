/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/push/push.h"
#include "imagetool/errors.h"

#include <fcntl.h>
#include <stdio.h>

#include "imagetool/human.h"
#include "imagetool/program.h"
#include "imagetool/verb/argument.h"
#include "imagetool/verb/opt_rows.h"
#include "imagetool/verb/output.h"
#include "imagetool/verb/registry_flags.h"
#include "imagetool/verb/verbs.h"
#include "libutil/file.h"
#include "libutil/json.h"

struct push_values {
	const char *platform;
	bool all;
	struct strv tags;
	struct registry_flags registry;
	int64_t chunk;
	const char *digestfile;
	bool quiet;
	bool json;
};

static const struct opt push_opts[] = {
	{ .letter = 'a',
	  .name = "all",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct push_values, all),
	  .help = "an index with all its images, and nothing less" },
	{ .name = "platform",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct push_values, platform),
	  .arg = "OS/ARCH[/VARIANT]",
	  .help = "of an index this image alone" },
	{ .letter = 't',
	  .name = "tag",
	  .kind = OPT_LIST,
	  .offset = offsetof(struct push_values, tags),
	  .arg = "TAG",
	  .help = "give it this tag as well; may be given several times" },
	REGISTRY_OPT_ROWS(offsetof(struct push_values, registry)),
	{ .name = "chunk-size",
	  .kind = OPT_SIZE,
	  .offset = offsetof(struct push_values, chunk),
	  .arg = "BYTES",
	  .help = "send blobs in pieces of this size; by default whole, or as the registry wants "
		  "it" },
	{ .name = "digestfile",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct push_values, digestfile),
	  .arg = "FILE",
	  .help = "write the digest of what was pushed there" },
	QUIET_OPT_ROW(offsetof(struct push_values, quiet), "print the digest and nothing else"),
	JSON_OPT_ROW(offsetof(struct push_values, json), "print the result as JSON"),
	OPT_END,
};

static void push_defaults(void *values)
{
	struct push_values *v = values;

	registry_flags_defaults(&v->registry);
}

static int print_json(const struct push_result *r, struct err *e)
{
	auto_(strbuf) struct strbuf out = { 0 };
	struct json_writer w = { .out = &out, .indent = 2 };

	json_object(&w);
	json_kv_string(&w, "name", r->name);
	json_kv_string(&w, "digest", r->digest);
	json_kv_i64(&w, "images", (int64_t)r->images);
	json_kv_i64(&w, "blobs", (int64_t)r->blobs);
	json_kv_i64(&w, "sent", (int64_t)r->sent);
	json_kv_i64(&w, "mounted", (int64_t)r->mounted);
	json_kv_i64(&w, "size", (int64_t)r->size);
	json_kv_i64(&w, "pushed", (int64_t)r->pushed);
	json_kv_bool(&w, "unchanged", r->unchanged);
	json_object_end(&w);
	strbuf_addc(&out, '\n');
	return output_write(strbuf_str(&out), out.len, e);
}

static void print_summary(const struct push_result *r)
{
	char size[HUMAN_SIZE], pushed[HUMAN_SIZE];

	if (r->foreign > 0)
		(void)fprintf(
			stderr,
			"%zu layer%s may not be distributed and stayed where the image says\n",
			r->foreign, r->foreign == 1 ? "" : "s");
	if (r->unchanged)
		(void)fprintf(stderr, "%s is up to date\n", r->name);
	else
		(void)fprintf(stderr, "%s: %zu blob%s, %s (%zu sent, %zu mounted; %s pushed)\n",
			      r->name, r->blobs, r->blobs == 1 ? "" : "s",
			      human_size(r->size, size), r->sent, r->mounted,
			      human_size(r->pushed, pushed));
}

static int print_result(const struct push_values *v, const struct push_result *r, struct err *e)
{
	if (v->digestfile) {
		int n = file_put_named(v->digestfile, r->digest, strlen(r->digest), 0644, e);

		if (n < 0)
			return err_wrap(e, n, "--digestfile");
	}
	if (v->json)
		return print_json(r, e);
	if (!v->quiet)
		print_summary(r);
	if (puts(r->digest) == EOF || fflush(stdout) == EOF)
		return err_sys(e, "write to standard output");
	return 0;
}

static int read_options(struct push_values *v, struct push_opts *opts, struct platform *platform,
			struct err *e)
{
	int r = 0;

	if (v->all && v->platform)
		return err_set(e, IMAGE_EUSAGE,
			       "--all and --platform: it is either all images or one of them");
	if (v->chunk < 0)
		return err_set(e, IMAGE_EUSAGE, "--chunk-size: a piece has at least one byte");
	if (opts->destination)
		r = argument_check_reference(opts->destination, e);
	if (r >= 0)
		r = argument_check_tags(&v->tags, e);
	if (r < 0)
		return r;
	opts->chunk = v->chunk;
	opts->tags = &v->tags;
	opts->all = v->all;
	if (v->platform) {
		r = platform_of_option(v->platform, platform, e);
		opts->platform = platform;
	}
	return r;
}

static int push_run(const void *global, void *values, char *const *args, int n, struct err *e)
{
	struct push_values *v = values;
	struct push_opts opts = { .name = args[0],
				  .destination = n > 1 ? args[1] : NULL,
				  .progress = blob_progress_mode_for(v->quiet || v->json) };
	auto_(push_result) struct push_result result = { 0 };
	auto_(store) struct store *store = NULL;
	struct platform platform;
	autofd int signals = -1;
	int r = read_options(v, &opts, &platform, e);

	if (r >= 0)
		r = globals_open_store(global, STORE_READ, &store, e);
	if (r < 0)
		return r;
	signals = registry_flags_signals(e);
	if (signals < 0)
		return signals;
	r = registry_flags_opts(&v->registry, signals, &opts.registry, e);
	if (r >= 0)
		r = push_image(store, &opts, &result, e);
	return r < 0 ? r : print_result(v, &result, e);
}

const struct verb verb_push = {
	.name = "push",
	.args = "IMAGE [DESTINATION]",
	.summary = "bring an image of the store to a registry",
	.details =
		"DESTINATION is [docker://][REGISTRY/]REPOSITORY[:TAG][@DIGEST]; without it the image "
		"goes where its name says.  An index goes with all its images; --platform takes one "
		"of them.\n\n"
		"Only what the registry lacks travels: layers that another repository there has are "
		"mounted from it, and an image that is there already costs one question.  Manifests "
		"go byte for byte, so the digest is the one in the store.  Layers are hashed on their "
		"way: damaged content never arrives.\n\n"
		"A transfer that breaks goes on where it stopped, and so does a push that was killed, "
		"as far as the registry has kept what arrived.  The digest is printed on standard "
		"output, progress on standard error.",
	.opts = push_opts,
	.opts_size = sizeof(struct push_values),
	.defaults = push_defaults,
	.min_args = 1,
	.max_args = 2,
	.stop_after = -1,
	.run = push_run,
};
