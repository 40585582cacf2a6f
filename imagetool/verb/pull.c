/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/pull/pull.h"

#include <errno.h>
#include <stdio.h>

#include "imagetool/human.h"
#include "imagetool/program.h"
#include "imagetool/pull/known.h"
#include "imagetool/registry/prepare.h"
#include "imagetool/unpack/rootfs.h"
#include "imagetool/verb/argument.h"
#include "imagetool/verb/opt_rows.h"
#include "imagetool/verb/output.h"
#include "imagetool/verb/registry_flags.h"
#include "imagetool/verb/verbs.h"
#include "imagetool/verb/verify_signature.h"
#include "libutil/json.h"
#include "libutil/parse.h"

struct pull_values {
	const char *platform;
	struct registry_flags registry;
	struct verify_trust_flags trust;
	bool unpack;
	int snapshots, partial;
	struct budget_opts budget;
	bool quiet;
	bool json;
};

static int set_unpack(void *values, const char *text, struct err *e)
{
	struct pull_values *v = values;

	v->unpack = true;
	if (text && parse_bool(text, &v->unpack) < 0)
		return err_set(e, EINVAL, "--unpack: '%s' is neither true nor false", text);
	return 0;
}

static const struct opt pull_opts[] = {
	{ .name = "platform",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct pull_values, platform),
	  .arg = "OS/ARCH[/VARIANT]",
	  .help = "which image of several; by default the one for this machine" },
	{ .name = "arch", /* podman's word; --platform takes an architecture alone */
	  .kind = OPT_STRING,
	  .bits = OPT_HIDDEN,
	  .offset = offsetof(struct pull_values, platform),
	  .arg = "ARCH" },
	REGISTRY_OPT_ROWS(offsetof(struct pull_values, registry)),
	{ .name = "unpack",
	  .kind = OPT_CALL,
	  .bits = OPT_OPTIONAL,
	  .arg = "BOOL",
	  .call = set_unpack,
	  .help = "false: keep the blobs and make no snapshots of the layers" },
	{ .name = "snapshots",
	  .kind = OPT_CHOICE,
	  .offset = offsetof(struct pull_values, snapshots),
	  .choices = snapshot_choices,
	  .arg = "FORM",
	  .help = "what layers are unpacked to (auto)" },
	{ .name = "partial",
	  .kind = OPT_CHOICE,
	  .offset = offsetof(struct pull_values, partial),
	  .choices = pull_partials,
	  .arg = "WHEN",
	  .help = "whether parts of zstd:chunked layers that are here in other layers need not travel "
		  "(auto)" },
	BUDGET_OPT_ROWS(offsetof(struct pull_values, budget)),
	VERIFY_BEFORE_ROWS(offsetof(struct pull_values, trust)),
	QUIET_OPT_ROW(offsetof(struct pull_values, quiet), "print the digest and nothing else"),
	JSON_OPT_ROW(offsetof(struct pull_values, json), "print the result as JSON"),
	OPT_END,
};

static void pull_defaults(void *values)
{
	struct pull_values *v = values;

	registry_flags_defaults(&v->registry);
	v->unpack = true;
}

static int print_json(const struct pull_result *r, struct err *e)
{
	auto_(strbuf) struct strbuf out = { 0 };
	struct json_writer w = { .out = &out, .indent = 2 };

	json_object(&w);
	json_kv_string(&w, "name", r->name);
	json_kv_string(&w, "digest", r->digest);
	json_kv_string(&w, "manifest", r->manifest);
	if (r->platform[0])
		json_kv_string(&w, "platform", r->platform);
	json_kv_i64(&w, "layers", (int64_t)r->layers);
	json_kv_i64(&w, "size", (int64_t)r->size);
	json_kv_i64(&w, "pulled", (int64_t)r->pulled);
	json_kv_i64(&w, "spared", (int64_t)r->spared);
	json_kv_bool(&w, "unchanged", r->unchanged);
	json_kv_bool(&w, "unpacked", r->unpacked);
	json_object_end(&w);
	strbuf_addc(&out, '\n');
	return output_write(strbuf_str(&out), out.len, e);
}

static void print_summary(const struct pull_result *r)
{
	char size[HUMAN_SIZE], pulled[HUMAN_SIZE];

	if (r->unchanged)
		(void)fprintf(stderr, "%s is up to date\n", r->name);
	else
		(void)fprintf(stderr, "%s: %s%s%zu layer%s, %s (%s pulled)\n", r->name, r->platform,
			      r->platform[0] ? ", " : "", r->layers, r->layers == 1 ? "" : "s",
			      human_size(r->size, size), human_size(r->pulled, pulled));
}

static int print_result(const struct pull_values *v, const struct pull_result *r, struct err *e)
{
	if (v->json)
		return print_json(r, e);
	if (!v->quiet)
		print_summary(r);
	if (puts(r->digest) == EOF || fflush(stdout) == EOF)
		return err_sys(e, "write to standard output");
	return 0;
}

/* One name, by what is the same for all of them. */
static int pull_one(struct store *store, struct pull_values *v, const char *name,
		    struct pull_opts opts, struct err *e)
{
	auto_(pull_result) struct pull_result result = { 0 };
	auto_(signature_judge) struct signature_judge judge = { .registry = &opts.registry };
	int r;

	opts.name = judge.name = starts_with(name, "docker://") ? name + strlen("docker://") : name;
	r = signature_judge_init(&judge, &v->trust, e);
	if (signature_judge_is_needed(&judge)) {
		opts.judge = signature_judge;
		opts.judge_ctx = &judge;
	}
	if (r >= 0)
		r = pull_image(store, &opts, &result, e);
	if (r < 0)
		return r;
	if (!v->quiet)
		rootfs_warn(&result.notes);
	return print_result(v, &result, e);
}

static int pull_run(const void *global, void *values, char *const *args, int n, struct err *e)
{
	struct pull_values *v = values;
	struct pull_opts opts = { .progress = blob_progress_mode_for(v->quiet || v->json),
				  .unpack = v->unpack,
				  .snapshots = (enum snapshot_choice)v->snapshots,
				  .partial = v->partial,
				  .budget = v->budget };
	auto_(store) struct store *store = NULL;
	struct platform platform;
	auto_(registry_prepare) struct registry_prepare prepare = { 0 };
	autofd int signals = -1;
	int r = budget_opts_check(&v->budget, e);

	for (int i = 0; i < n && r >= 0; i++)
		r = argument_check_reference(args[i], e);
	if (r < 0)
		return r;
	registry_prepare(&prepare);
	if (v->platform) {
		r = platform_of_option(v->platform, &platform, e);
		opts.platform = &platform;
	}
	if (r >= 0)
		r = globals_open_store(global, STORE_CREATE, &store, e);
	if (r < 0)
		return r;
	signals = registry_flags_signals(e);
	if (signals < 0)
		return signals;
	r = registry_flags_opts(&v->registry, signals, &opts.registry, e);
	opts.registry.prepare = &prepare;
	for (int i = 0; i < n && r >= 0; i++)
		r = pull_one(store, v, args[i], opts, e);
	return r;
}

const struct verb verb_pull = {
	.name = "pull",
	.args = "NAME...",
	.summary = "bring an image from a registry into the store",
	.details =
		"NAME is [docker://][REGISTRY/]REPOSITORY[:TAG][@DIGEST]; without a registry it is Docker Hub's.\n\n"
		"Blobs that are in the store already are not fetched again; a transfer that breaks "
		"goes on where it stopped, also in the next run.  Layers are unpacked while they "
		"arrive, once for all images that have them.  The digest the name stands for is printed on standard "
		"output, progress on standard error.\n\n"
		"REGISTRIES in creel-image(1) tells of mirrors, certificates, credentials and proxies.",
	.opts = pull_opts,
	.opts_size = sizeof(struct pull_values),
	.defaults = pull_defaults,
	.min_args = 1,
	.max_args = -1,
	.stop_after = -1,
	.run = pull_run,
};
