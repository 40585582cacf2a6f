/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/attest/provenance.h"

#include "imagetool/attest/materials.h"
#include "libutil/parse.h"

/* Whose rules external and internal parameters follow. */
#define BUILD_TYPE                                                                                 \
	"https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md"
#define BUILD_TYPE_02 "https://mobyproject.org/buildkit@v1"

struct writing {
	const struct provenance *p;
	struct materials of;
	struct json_writer w;
};

static void begin(struct json_writer *w, const char *key)
{
	json_key(w, key);
	json_object(w);
}

static void begin_list(struct json_writer *w, const char *key)
{
	json_key(w, key);
	json_array(w);
}

/* ---- What it was made of ---- */

static void write_digest(struct json_writer *w, const struct material *m)
{
	if (!m->digest)
		return;
	begin(w, "digest");
	json_kv_string(w, m->algorithm, m->digest);
	json_object_end(w);
}

static void write_materials(struct writing *c, const char *key)
{
	struct json_writer *w = &c->w;

	begin_list(w, key);
	for (size_t i = 0; i < c->of.n; i++) {
		json_object(w);
		json_kv_string(w, "uri", c->of.items[i].uri);
		write_digest(w, &c->of.items[i]);
		json_object_end(w);
	}
	json_array_end(w);
}

/* Files of this machine have no names by which others find them. */
static bool is_complete(const struct materials *of)
{
	return of->n_locals == 0;
}

/* ---- What was asked for ---- */

static void write_pairs(struct json_writer *w, const char *prefix, const struct graph_arg *args,
			size_t n)
{
	for (size_t i = 0; i < n; i++) {
		autofree char *key = xasprintf("%s:%s", prefix, args[i].name);
		bool again = false;

		/* The last of equal names counts. */
		for (size_t k = i + 1; k < n; k++)
			again |= streq(args[k].name, args[i].name);
		if (!again && args[i].value)
			json_kv_string(w, key, args[i].value);
	}
}

static void write_args(struct json_writer *w, const struct provenance *p)
{
	begin(w, "args");
	if (p->max) {
		write_pairs(w, "build-arg", p->options->build_args, p->options->n_build_args);
		write_pairs(w, "label", p->options->labels, p->options->n_labels);
	}
	if (p->options->target && *p->options->target)
		json_kv_string(w, "target", p->options->target);
	json_object_end(w);
}

static bool has_all_args(const struct provenance *p)
{
	return p->max || p->options->n_build_args + p->options->n_labels == 0;
}

static void write_uses(struct json_writer *w, const char *key, const struct secret_use *list,
		       size_t n)
{
	if (n == 0)
		return;
	begin_list(w, key);
	for (size_t i = 0; i < n; i++) {
		json_object(w);
		json_kv_string(w, "id", list[i].id);
		if (list[i].optional)
			json_kv_bool(w, "optional", true);
		json_object_end(w);
	}
	json_array_end(w);
}

static void write_locals(struct writing *c)
{
	if (c->of.n_locals == 0)
		return;
	begin_list(&c->w, "locals");
	for (size_t i = 0; i < c->of.n_locals; i++) {
		json_object(&c->w);
		json_kv_string(&c->w, "name", c->of.locals[i]);
		json_object_end(&c->w);
	}
	json_array_end(&c->w);
}

static void write_config_source(struct writing *c, const char *path_key)
{
	begin(&c->w, "configSource");
	if (c->of.context) {
		json_kv_string(&c->w, "uri", c->of.context->uri);
		write_digest(&c->w, c->of.context);
	}
	json_kv_string(&c->w, path_key, c->p->dockerfile);
	json_object_end(&c->w);
}

static void write_request(struct writing *c, const char *key)
{
	begin(&c->w, key);
	json_kv_string(&c->w, "frontend", "dockerfile.v0");
	write_args(&c->w, c->p);
	if (c->p->max) {
		write_uses(&c->w, "secrets", c->of.secrets, c->of.n_secrets);
		write_uses(&c->w, "ssh", c->of.ssh, c->of.n_ssh);
	}
	write_locals(c);
	json_object_end(&c->w);
}

static void write_steps(struct writing *c)
{
	if (!c->p->max)
		return;
	json_key(&c->w, "buildConfig");
	provenance_write_steps(&c->w, c->p->graph, &c->of);
}

/* ---- The run ---- */

static void write_time(struct json_writer *w, const char *key, struct timespec t)
{
	char text[TIME_TEXT_SIZE];

	json_kv_string(w, key, time_text(t, text));
}

static const char *builder_id(const struct provenance *p)
{
	return p->builder_id ? p->builder_id : "";
}

static const char *platform_of(const struct provenance *p, char text[PLATFORM_TEXT_SIZE])
{
	return platform_text(&p->platform, text);
}

/* What BuildKit adds of its own; its members are called by `hermetic` and the like. */
static void write_metadata(struct writing *c, const char *key, const char *hermetic)
{
	begin(&c->w, key);
	if (c->p->max && c->p->text) {
		json_key(&c->w, "source");
		provenance_write_source(&c->w, c->p, &c->of);
	}
	json_object_end(&c->w);
	if (is_complete(&c->of) && !c->of.network)
		json_kv_bool(&c->w, hermetic, true);
}

/* ---- SLSA 1 ---- */

static void write_definition(struct writing *c)
{
	char platform[PLATFORM_TEXT_SIZE];
	struct json_writer *w = &c->w;

	begin(w, "buildDefinition");
	json_kv_string(w, "buildType", BUILD_TYPE);
	begin(w, "externalParameters");
	write_config_source(c, "path");
	write_request(c, "request");
	json_object_end(w);
	begin(w, "internalParameters");
	write_steps(c);
	json_kv_string(w, "builderPlatform", platform_of(c->p, platform));
	json_object_end(w);
	write_materials(c, "resolvedDependencies");
	json_object_end(w);
}

static void write_run(struct writing *c)
{
	struct json_writer *w = &c->w;

	begin(w, "runDetails");
	begin(w, "builder");
	json_kv_string(w, "id", builder_id(c->p));
	begin(w, "version");
	json_kv_string(w, "creel-image", PACKAGE_VERSION);
	json_object_end(w);
	json_object_end(w);
	begin(w, "metadata");
	json_kv_string(w, "invocationID", c->p->invocation);
	write_time(w, "startedOn", c->p->started);
	write_time(w, "finishedOn", c->p->finished);
	write_metadata(c, "buildkit_metadata", "buildkit_hermetic");
	begin(w, "buildkit_completeness");
	json_kv_bool(w, "request", has_all_args(c->p));
	json_kv_bool(w, "resolvedDependencies", is_complete(&c->of));
	json_object_end(w);
	if (c->p->reproducible)
		json_kv_bool(w, "buildkit_reproducible", true);
	json_object_end(w);
	json_object_end(w);
}

static void write_v1(struct writing *c)
{
	json_object(&c->w);
	write_definition(c);
	write_run(c);
	json_object_end(&c->w);
}

/* ---- SLSA 0.2 ---- */

static void write_invocation_02(struct writing *c)
{
	char platform[PLATFORM_TEXT_SIZE];

	begin(&c->w, "invocation");
	write_config_source(c, "entryPoint");
	write_request(c, "parameters");
	begin(&c->w, "environment");
	json_kv_string(&c->w, "platform", platform_of(c->p, platform));
	json_object_end(&c->w);
	json_object_end(&c->w);
}

static void write_metadata_02(struct writing *c)
{
	struct json_writer *w = &c->w;

	begin(w, "metadata");
	json_kv_string(w, "buildInvocationID", c->p->invocation);
	write_time(w, "buildStartedOn", c->p->started);
	write_time(w, "buildFinishedOn", c->p->finished);
	begin(w, "completeness");
	json_kv_bool(w, "parameters", has_all_args(c->p));
	json_kv_bool(w, "environment", true);
	json_kv_bool(w, "materials", is_complete(&c->of));
	json_object_end(w);
	json_kv_bool(w, "reproducible", c->p->reproducible);
	write_metadata(c, BUILD_TYPE_02 "#metadata", BUILD_TYPE_02 "#hermetic");
	json_object_end(w);
}

static void write_v02(struct writing *c)
{
	struct json_writer *w = &c->w;

	json_object(w);
	begin(w, "builder");
	json_kv_string(w, "id", builder_id(c->p));
	json_object_end(w);
	json_kv_string(w, "buildType", BUILD_TYPE_02);
	write_materials(c, "materials");
	write_invocation_02(c);
	write_steps(c);
	write_metadata_02(c);
	json_object_end(w);
}

void provenance_write(const struct provenance *p, struct strbuf *out)
{
	auto_(arena) struct arena a = { 0 };
	struct writing c = { .p = p, .w = { .out = out } };

	materials_gather(p, &a, &c.of);
	if (p->v02)
		write_v02(&c);
	else
		write_v1(&c);
}
