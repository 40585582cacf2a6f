/* SPDX-License-Identifier: Apache-2.0 */
/* artifact push and artifact attach. */
#include "imagetool/push/artifact.h"

#include <errno.h>
#include <stdio.h>

#include "imagetool/errors.h"
#include "imagetool/human.h"
#include "imagetool/verb/opt_rows.h"
#include "imagetool/verb/remote.h"
#include "imagetool/verb/verbs.h"
#include "libutil/alloc.h"

struct artifact_values {
	const char *type, *config, *subject;
	struct strv annotations, tags;
	struct registry_flags registry;
	bool quiet, json;
};

#define ARTIFACT_TYPE_ROW                                                                          \
	{                                                                                          \
		.name = "artifact-type", .kind = OPT_STRING,                                       \
		.offset = offsetof(struct artifact_values, type), .arg = "TYPE",                   \
		.help = "what it is: a media type"                                                 \
	}
#define ARTIFACT_COMMON_ROWS                                                                       \
	{ .letter = 'a',                                                                           \
	  .name = "annotation",                                                                    \
	  .kind = OPT_LIST,                                                                        \
	  .offset = offsetof(struct artifact_values, annotations),                                 \
	  .arg = "KEY=VALUE",                                                                      \
	  .help = "annotate the manifest; may be given several times" },                           \
		{ .name = "config",                                                                \
		  .kind = OPT_STRING,                                                              \
		  .offset = offsetof(struct artifact_values, config),                              \
		  .arg = "FILE[:TYPE]",                                                            \
		  .help = "its config; by default there is none" },                                \
		REGISTRY_OPT_ROWS(offsetof(struct artifact_values, registry)),                     \
		QUIET_OPT_ROW(offsetof(struct artifact_values, quiet),                             \
			      "print the digest and nothing else"),                                \
		JSON_OPT_ROW(offsetof(struct artifact_values, json), "print the result as JSON")

static const struct opt push_opts[] = {
	ARTIFACT_TYPE_ROW,
	{ .letter = 't',
	  .name = "tag",
	  .kind = OPT_LIST,
	  .offset = offsetof(struct artifact_values, tags),
	  .arg = "TAG",
	  .help = "give it this tag as well; may be given several times" },
	{ .name = "subject",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct artifact_values, subject),
	  .arg = "TAG|DIGEST",
	  .help = "the manifest of the same repository that it is about" },
	ARTIFACT_COMMON_ROWS,
	OPT_END,
};

static const struct opt attach_opts[] = {
	ARTIFACT_TYPE_ROW,
	ARTIFACT_COMMON_ROWS,
	OPT_END,
};

static void artifact_defaults(void *values)
{
	struct artifact_values *v = values;

	registry_flags_defaults(&v->registry);
}

/* ---- What is pushed ---- */

struct parts {
	struct artifact_file *files;
	size_t n;
	struct artifact_file config;
	struct image_descriptor subject;
	struct registry_document subject_text;
};

static void parts_done(struct parts *p)
{
	for (size_t i = 0; i < p->n; i++)
		artifact_file_done(&p->files[i]);
	free(p->files);
	artifact_file_done(&p->config);
	registry_document_done(&p->subject_text);
}
AUTO_DEFINE_DONE(parts, parts_done)

static int read_files(struct parts *p, const struct artifact_values *v, char *const *args, int n,
		      struct err *e)
{
	int r = 0;

	if (v->type && !artifact_is_type(v->type))
		return err_set(e, IMAGE_EUSAGE, "--artifact-type: '%.200s' is no media type",
			       v->type);
	if (n > ARTIFACT_FILES_MAX)
		return err_set(e, IMAGE_EUSAGE, "more than %d files", ARTIFACT_FILES_MAX);
	p->files = xcalloc((size_t)n + 1, sizeof(*p->files));
	for (int i = 0; i < n && r >= 0; i++)
		r = artifact_file_parse(args[i], ARTIFACT_FILE_TYPE, &p->files[p->n++], e);
	if (r >= 0 && v->config)
		r = artifact_file_parse(v->config, v->type ? v->type : ARTIFACT_TYPE_UNKNOWN,
					&p->config, e);
	return r;
}

static int find_subject(struct remote *remote, const char *reference, struct parts *p,
			struct err *e)
{
	int r;

	if (strchr(reference, ':'))
		r = digest_check(reference, e);
	else if (!reference_is_tag(reference))
		r = err_set(e, IMAGE_EUSAGE, "'%.130s' is neither tag nor digest", reference);
	else
		r = 0;
	if (r >= 0)
		r = registry_get_manifest(remote->registry, reference, NULL, &p->subject_text, e);
	if (r < 0)
		return err_wrap(e, r, "subject");
	p->subject = (struct image_descriptor){
		.media_type = p->subject_text.media_type,
		.digest = p->subject_text.digest,
		.size = { .set = true, .v = (int64_t)p->subject_text.len },
	};
	return 0;
}

static int print_result(const struct artifact_values *v, const struct remote *remote,
			const struct artifact_result *result, struct err *e)
{
	auto_(strbuf) struct strbuf out = { 0 };
	struct json_writer w = { .out = &out, .indent = 2 };
	autofree char *name =
		xasprintf("%s/%s@%s", remote->ref.registry, remote->ref.repository, result->digest);
	char size[HUMAN_SIZE];

	if (!v->json) {
		if (!v->quiet)
			(void)fprintf(stderr, "%s: %s%s\n", name, human_size(result->size, size),
				      result->fallback ? "; its subject's list of referrers is "
							 "kept in a tag"
						       : "");
		strbuf_addf(&out, "%s\n", result->digest);
		return remote_print(&out, e);
	}
	json_object(&w);
	json_kv_string(&w, "name", name);
	json_kv_string(&w, "digest", result->digest);
	json_kv_i64(&w, "size", (int64_t)result->size);
	json_kv_i64(&w, "pushed", (int64_t)result->pushed);
	json_object_end(&w);
	strbuf_addc(&out, '\n');
	return remote_print(&out, e);
}

static int push_parts(struct remote *remote, const struct artifact_values *v, struct parts *p,
		      const struct strv *tags, struct err *e)
{
	struct artifact a = { .files = p->files,
			      .n_files = p->n,
			      .config = v->config ? &p->config : NULL,
			      .type = v->type,
			      .annotations = &v->annotations,
			      .subject = p->subject.digest ? &p->subject : NULL };
	struct artifact_result result = { 0 };
	int r = artifact_push(remote->registry, &a, tags,
			      blob_progress_mode_for(v->quiet || v->json), &result, e);

	return r < 0 ? r : print_result(v, remote, &result, e);
}

/* ---- The verbs ---- */

static int collect_tags(const struct remote *remote, const struct artifact_values *v,
			struct strv *tags, struct err *e)
{
	if (remote->ref.digest)
		return err_set(e, IMAGE_EUSAGE,
			       "the digest is known when it is written: give a tag, not '@%s'",
			       remote->ref.digest);
	strv_add(tags, remote->ref.tag);
	for (size_t i = 0; i < v->tags.n; i++) {
		if (!reference_is_tag(v->tags.v[i]))
			return err_set(e, IMAGE_EUSAGE, "--tag: '%.130s' is not a legal tag",
				       v->tags.v[i]);
		if (!strv_has(tags, v->tags.v[i]))
			strv_add(tags, v->tags.v[i]);
	}
	return 0;
}

static int artifact_push_run(const void *global UNUSED, void *values, char *const *args, int n,
			     struct err *e)
{
	struct artifact_values *v = values;
	auto_(remote) struct remote remote = { .signals = -1 };
	auto_(parts) struct parts parts = { 0 };
	auto_(strv) struct strv tags = { 0 };
	int r = read_files(&parts, v, args + 1, n - 1, e);

	if (r >= 0)
		r = remote_open(&remote, args[0], &v->registry, REMOTE_WRITE, e);
	if (r >= 0)
		r = collect_tags(&remote, v, &tags, e);
	if (r >= 0 && v->subject)
		r = find_subject(&remote, v->subject, &parts, e);
	if (r >= 0)
		r = push_parts(&remote, v, &parts, &tags, e);
	return r < 0 ? err_wrap(e, r, "push '%s'", args[0]) : r;
}

static int artifact_attach_run(const void *global UNUSED, void *values, char *const *args, int n,
			       struct err *e)
{
	struct artifact_values *v = values;
	auto_(remote) struct remote remote = { .signals = -1 };
	auto_(parts) struct parts parts = { 0 };
	int r = read_files(&parts, v, args + 1, n - 1, e);

	if (r >= 0)
		r = remote_open(&remote, args[0], &v->registry, REMOTE_WRITE, e);
	if (r >= 0)
		r = find_subject(&remote, remote_reference(&remote), &parts, e);
	if (r >= 0)
		r = push_parts(&remote, v, &parts, NULL, e);
	return r < 0 ? err_wrap(e, r, "attach to '%s'", args[0]) : r;
}

const struct verb verb_artifact_push = {
	.name = "artifact push",
	.args = "NAME [FILE[:TYPE]...]",
	.summary = "put files into a registry",
	.details =
		"NAME is [docker://][REGISTRY/]REPOSITORY[:TAG].  Each file becomes a layer of its "
		"own with its name in an annotation, as ORAS and 'podman artifact' have it; TYPE is "
		"its media type, application/octet-stream unless said.  Without --artifact-type it is "
		"of the type " ARTIFACT_TYPE_UNKNOWN ".",
	.opts = push_opts,
	.opts_size = sizeof(struct artifact_values),
	.defaults = artifact_defaults,
	.min_args = 1,
	.max_args = -1,
	.stop_after = -1,
	.run = artifact_push_run,
};

const struct verb verb_artifact_attach = {
	.name = "artifact attach",
	.args = "NAME [FILE[:TYPE]...]",
	.summary = "attach files to an image in a registry",
	.details =
		"NAME, with a tag or digest, is what the files are about: an SBOM, a signature, test "
		"results.  They become an artifact without a tag whose subject the image is; "
		"'referrers' lists them, also where the registry itself keeps no such list.",
	.opts = attach_opts,
	.opts_size = sizeof(struct artifact_values),
	.defaults = artifact_defaults,
	.min_args = 1,
	.max_args = -1,
	.stop_after = -1,
	.run = artifact_attach_run,
};
