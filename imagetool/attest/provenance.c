/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/attest/provenance.h"

#include "imagetool/sign/base64.h"
#include "libutil/json.h"
#include "libutil/parse.h"

/* Whose rules external and internal parameters follow. */
#define BUILD_TYPE                                                                                 \
	"https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md"

/* ---- What it was made of ---- */

static void escape(struct strbuf *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if ((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
		    strchr("-._~/", c))
			strbuf_addc(out, *text);
		else
			strbuf_addf(out, "%%%02X", c);
	}
}

static void image_uri(const struct vertex_image *image, struct strbuf *out)
{
	auto_(image_reference) struct image_reference ref = { 0 };
	char platform[PLATFORM_TEXT_SIZE];
	const char *repository;

	if (reference_parse(image->reference, &ref, NULL) < 0) {
		strbuf_adds(out, image->reference);
		return;
	}
	repository = ref.repository;
	strbuf_addf(out, "pkg:%s/", image->layout ? "oci" : "docker");
	if (!streq(ref.registry, "docker.io")) {
		escape(out, ref.registry);
		strbuf_addc(out, '/');
	} else if (starts_with(repository, "library/")) {
		repository += strlen("library/");
	}
	escape(out, repository);
	if (ref.tag) {
		strbuf_addc(out, '@');
		escape(out, ref.tag);
	}
	strbuf_adds(out, "?platform=");
	platform_text(&image->platform, platform);
	for (const char *c = platform; *c; c++)
		strbuf_adds(out, *c == '/' ? "%2F" : (char[]){ *c, '\0' });
}

static void write_material(struct json_writer *w, const char *uri, const char *algorithm,
			   const char *digest)
{
	json_object(w);
	json_kv_string(w, "uri", uri);
	if (digest) {
		json_key(w, "digest");
		json_object(w);
		json_kv_string(w, algorithm, digest);
		json_object_end(w);
	}
	json_object_end(w);
}

static void write_git(struct json_writer *w, const struct vertex_git *git)
{
	auto_(strbuf) struct strbuf uri = { 0 };
	const char *commit = git->checksum ? git->checksum : git->ref;

	strbuf_adds(&uri, git->url);
	if (*git->ref)
		strbuf_addf(&uri, "#%s", git->ref);
	/* A branch is no digest. */
	if (strlen(commit) != 40 || commit[strspn(commit, "0123456789abcdef")])
		commit = NULL;
	write_material(w, strbuf_str(&uri), "sha1", commit);
}

static void write_source(struct json_writer *w, const struct vertex *v)
{
	auto_(strbuf) struct strbuf uri = { 0 };

	switch (v->kind) {
	case VERTEX_IMAGE:
		image_uri(&v->u.image, &uri);
		write_material(w, strbuf_str(&uri), "sha256",
			       v->u.image.digest ? digest_hex(v->u.image.digest) : NULL);
		return;
	case VERTEX_HTTP:
		write_material(w, v->u.http.url, "sha256",
			       v->u.http.checksum && starts_with(v->u.http.checksum, "sha256:")
				       ? v->u.http.checksum + strlen("sha256:")
				       : NULL);
		return;
	case VERTEX_GIT:
		write_git(w, &v->u.git);
		return;
	case VERTEX_CONTEXT:
	case VERTEX_FILES:
	case VERTEX_RUN:
		return;
	}
}

static void write_sources(struct json_writer *w, const struct provenance *p)
{
	json_key(w, "resolvedDependencies");
	json_array(w);
	for (size_t i = 0; i < p->graph->n; i++)
		write_source(w, &p->graph->items[i]);
	json_array_end(w);
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
	json_key(w, "args");
	json_object(w);
	if (p->max) {
		write_pairs(w, "build-arg", p->options->build_args, p->options->n_build_args);
		write_pairs(w, "label", p->options->labels, p->options->n_labels);
	}
	if (p->options->target && *p->options->target)
		json_kv_string(w, "target", p->options->target);
	json_object_end(w);
}

static void write_ids(struct json_writer *w, const char *key, const char *const *ids, size_t n)
{
	if (n == 0)
		return;
	json_key(w, key);
	json_array(w);
	for (size_t i = 0; i < n; i++) {
		json_object(w);
		json_kv_string(w, "id", ids[i]);
		json_kv_bool(w, "optional", true);
		json_object_end(w);
	}
	json_array_end(w);
}

static void write_locals(struct json_writer *w, const struct provenance *p)
{
	json_key(w, "locals");
	json_array(w);
	for (size_t i = 0; i < p->graph->n; i++) {
		const struct vertex *v = &p->graph->items[i];

		if (v->kind != VERTEX_CONTEXT)
			continue;
		json_object(w);
		json_kv_string(w, "name", *v->u.context.name ? v->u.context.name : "context");
		json_object_end(w);
	}
	json_object(w);
	json_kv_string(w, "name", "dockerfile");
	json_object_end(w);
	json_array_end(w);
}

static void write_request(struct json_writer *w, const struct provenance *p)
{
	json_key(w, "externalParameters");
	json_object(w);
	json_key(w, "configSource");
	json_object(w);
	if (p->context)
		json_kv_string(w, "uri", p->context);
	json_kv_string(w, "path", p->dockerfile);
	json_object_end(w);
	json_key(w, "request");
	json_object(w);
	json_kv_string(w, "frontend", "dockerfile.v0");
	write_args(w, p);
	if (p->max) {
		write_ids(w, "secrets", p->secrets, p->n_secrets);
		write_ids(w, "ssh", p->ssh, p->n_ssh);
	}
	if (!p->context)
		write_locals(w, p);
	json_object_end(w);
	json_object_end(w);
}

/* ---- Every step ---- */

static void write_inputs(struct json_writer *w, const struct vertex *v)
{
	json_key(w, "inputs");
	json_array(w);
	for (size_t i = 0; i < v->n_inputs; i++) {
		autofree char *id = xasprintf("step%zu:0", v->inputs[i]);

		json_string(w, id);
	}
	json_array_end(w);
}

static void write_steps(struct json_writer *w, const struct graph *g)
{
	json_key(w, "buildConfig");
	json_object(w);
	json_key(w, "llbDefinition");
	json_array(w);
	for (size_t i = 0; i < g->n; i++) {
		autofree char *id = xasprintf("step%zu", i);

		json_object(w);
		json_kv_string(w, "id", id);
		json_key(w, "op");
		json_object(w);
		json_kv_string(w, "name", g->items[i].name);
		json_object_end(w);
		if (g->items[i].n_inputs)
			write_inputs(w, &g->items[i]);
		json_object_end(w);
	}
	json_array_end(w);
	json_key(w, "digestMapping");
	json_object(w);
	for (size_t i = 0; i < g->n; i++) {
		autofree char *id = xasprintf("step%zu", i);

		json_kv_string(w, g->items[i].digest, id);
	}
	json_object_end(w);
	json_object_end(w);
}

/* The Dockerfile, and from which of its lines each step comes. */
static void write_source_map(struct json_writer *w, const struct provenance *p)
{
	auto_(arena) struct arena a = { 0 };

	json_key(w, "source");
	json_object(w);
	json_key(w, "locations");
	json_object(w);
	for (size_t i = 0; i < p->graph->n; i++) {
		const struct instruction *from = p->graph->items[i].origin;
		autofree char *id = xasprintf("step%zu", i);

		if (!from)
			continue;
		json_key(w, id);
		json_object(w);
		json_key(w, "locations");
		json_array(w);
		json_object(w);
		json_key(w, "ranges");
		json_array(w);
		json_object(w);
		json_key(w, "start");
		json_object(w);
		json_kv_i64(w, "line", from->first_line);
		json_object_end(w);
		json_key(w, "end");
		json_object(w);
		json_kv_i64(w, "line", from->last_line);
		json_object_end(w);
		json_object_end(w);
		json_array_end(w);
		json_object_end(w);
		json_array_end(w);
		json_object_end(w);
	}
	json_object_end(w);
	json_key(w, "infos");
	json_array(w);
	json_object(w);
	json_kv_string(w, "filename", p->dockerfile);
	json_kv_string(w, "language", "Dockerfile");
	json_kv_string(w, "data", base64_encode(&a, p->text, p->len));
	json_object_end(w);
	json_array_end(w);
	json_object_end(w);
}

/* ---- The run ---- */

static void write_time(struct json_writer *w, const char *key, struct timespec t)
{
	char text[TIME_TEXT_SIZE];

	json_kv_string(w, key, time_text(t, text));
}

static bool is_hermetic(const struct graph *g)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->items[i].kind == VERTEX_RUN && g->items[i].u.run.network != RUN_NETWORK_NONE)
			return false;
	return true;
}

static void write_run(struct json_writer *w, const struct provenance *p)
{
	json_key(w, "runDetails");
	json_object(w);
	json_key(w, "builder");
	json_object(w);
	json_kv_string(w, "id", p->builder_id ? p->builder_id : "");
	json_key(w, "version");
	json_object(w);
	json_kv_string(w, "creel-image", PACKAGE_VERSION);
	json_object_end(w);
	json_object_end(w);
	json_key(w, "metadata");
	json_object(w);
	json_kv_string(w, "invocationID", p->invocation);
	write_time(w, "startedOn", p->started);
	write_time(w, "finishedOn", p->finished);
	json_key(w, "buildkit_metadata");
	json_object(w);
	if (p->max && p->text)
		write_source_map(w, p);
	json_object_end(w);
	if (is_hermetic(p->graph))
		json_kv_bool(w, "buildkit_hermetic", true);
	json_key(w, "buildkit_completeness");
	json_object(w);
	json_kv_bool(w, "request", p->max);
	json_kv_bool(w, "resolvedDependencies", false);
	json_object_end(w);
	json_object_end(w);
	json_object_end(w);
}

void provenance_write(const struct provenance *p, struct strbuf *out)
{
	struct json_writer w = { .out = out };
	char platform[PLATFORM_TEXT_SIZE];

	json_object(&w);
	json_key(&w, "buildDefinition");
	json_object(&w);
	json_kv_string(&w, "buildType", BUILD_TYPE);
	write_request(&w, p);
	json_key(&w, "internalParameters");
	json_object(&w);
	if (p->max)
		write_steps(&w, p->graph);
	json_kv_string(&w, "builderPlatform", platform_text(&p->platform, platform));
	json_object_end(&w);
	write_sources(&w, p);
	json_object_end(&w);
	write_run(&w, p);
	json_object_end(&w);
}
