/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/result/image.h"

#include <errno.h>

#include "imagetool/commit/new_image.h"
#include "imagetool/index/draft.h"
#include "imagetool/result/attached.h"
#include "imagetool/result/history.h"
#include "libutil/alloc.h"

bool result_is_docker(const struct result_output *out)
{
	if (out->oci_types != OUTPUT_UNSAID)
		return out->oci_types == OUTPUT_NO;
	return out->kind == OUTPUT_DOCKER && !result_output_is_oci_only(out);
}

void result_tell(const struct result_input *in, const char *what, const char *object)
{
	autofree char *text = object ? xasprintf("%s %s", what, object) : xstrdup(what);

	if (in->calls && in->calls->tell)
		in->calls->tell(in->calls->ctx, text);
}

struct making {
	const struct result_input *in;
	const struct result_output *out;
	struct result_shared *shared;
	struct arena *a;
	struct result_documents *ret;
};

/* ---- Annotations ---- */

static void annotate(const struct making *m, enum annotation_place place,
		     const struct platform *platform, struct oci_strmap *map)
{
	result_annotations_apply(&m->in->plan->annotations, place, platform, m->a, map);
	result_annotations_apply(&m->out->annotations, place, platform, m->a, map);
}

static bool have(const struct making *m, enum annotation_place place)
{
	return result_annotations_have(&m->in->plan->annotations, place) ||
	       result_annotations_have(&m->out->annotations, place);
}

/* What would be lost is refused. */
static int check_annotations(const struct making *m, struct err *e)
{
	if (result_is_docker(m->out) &&
	    (have(m, ANNOTATION_MANIFEST) || have(m, ANNOTATION_MANIFEST_DESCRIPTOR) ||
	     have(m, ANNOTATION_INDEX) || have(m, ANNOTATION_INDEX_DESCRIPTOR)))
		return err_set(e, EINVAL,
			       "Docker's format has no annotations: leave out "
			       "oci-mediatypes=false and type=docker, or the annotations");
	if (!m->ret->is_index && have(m, ANNOTATION_INDEX))
		return err_set(e, EINVAL,
			       "an image for one platform has no index to annotate: give several "
			       "platforms, or attest something");
	return 0;
}

/* ---- One image ---- */

static int write_image(const struct making *m, size_t i, struct err *e)
{
	const struct result_image *image = &m->in->images[i];
	struct image_descriptor *desc = &m->ret->manifests[i];
	struct image_rootfs fs = { .type = "layers" };
	auto_(arena) struct arena own = { 0 };
	struct new_image n = { .config = *image->config, .edited = true };
	struct image_descriptor made;
	struct result_layers l;
	int r;

	result_tell(m->in, "exporting layers", NULL);
	r = result_layers_make(m->in, image, m->out, m->shared, &own, &l, e);
	if (r < 0)
		return r;
	fs.diff_ids = l.diff_ids;
	n.config.rootfs = &fs;
	n.layers = l.layers;
	n.n_layers = l.n;
	result_history(m->in, image, &l, &own, &n.config.history, &n.config.created);
	n.config.id = n.config.parent = n.config.container = n.config.docker_version = NULL;
	n.config.container_config = NULL;
	n.config.buildkit_cache = image->inline_cache;
	annotate(m, ANNOTATION_MANIFEST, &image->platform, &n.annotations);
	r = new_image_write(&n, m->in->store, result_is_docker(m->out) ? IMAGE_DOCKER : IMAGE_OCI,
			    &made, m->ret->configs[i], e);
	if (r >= 0) {
		result_tell(m->in, "exporting manifest", made.digest);
		result_tell(m->in, "exporting config", m->ret->configs[i]);
		*desc = made;
		desc->digest = arena_strdup(m->a, made.digest);
		desc->platform = arena_grow(m->a, made.platform, 1, 1, sizeof(*made.platform));
		annotate(m, ANNOTATION_MANIFEST_DESCRIPTOR, &image->platform, &desc->annotations);
	}
	new_image_done(&n);
	return r;
}

/* ---- What is attested ---- */

/* Once for all outputs: what is attested says when it was built. */
static int ask(const struct result_input *in, struct result_shared *shared, struct err *e)
{
	int r = 0;

	shared->asked = true;
	shared->statements = arena_alloc(&shared->arena, in->n, sizeof(*shared->statements));
	for (size_t i = 0; i < in->n && r >= 0; i++) {
		r = in->calls->attest(in->calls->ctx, i, &shared->arena, &shared->statements[i], e);
		shared->n_statements += shared->statements[i].n;
	}
	return r;
}

int result_statements_find(const struct result_input *in, struct result_shared *shared,
			   struct err *e)
{
	if (!in->calls || !in->calls->attest || shared->asked)
		return 0;
	return ask(in, shared, e);
}

static int find_statements(const struct making *m, struct err *e)
{
	int r;

	if (result_is_docker(m->out))
		return 0;
	r = result_statements_find(m->in, m->shared, e);
	if (r >= 0 && m->shared->n_statements > 0)
		m->ret->statements = m->shared->statements;
	return r;
}

static int attach(const struct making *m, size_t i, struct index_draft *index, struct err *e)
{
	const struct strv *names = m->out->has_names ? &m->out->names : &m->in->plan->tags;
	struct image_descriptor desc;
	int r;

	if (!m->ret->statements || m->ret->statements[i].n == 0)
		return 0;
	r = attached_write(m->in->store, &m->ret->manifests[i], &m->in->images[i].platform, names,
			   m->out->oci_artifact != OUTPUT_NO, &m->ret->statements[i], m->a, &desc,
			   e);
	if (r < 0)
		return r;
	result_tell(m->in, "exporting attestation manifest", desc.digest);
	return index_draft_add(index, &desc, e);
}

/* ---- The index ---- */

/* Images first, then what is said of them. */
static int fill_index(const struct making *m, struct index_draft *index, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < m->in->n && r >= 0; i++)
		r = index_draft_add(index, &m->ret->manifests[i], e);
	for (size_t i = 0; i < m->in->n && r >= 0; i++)
		r = attach(m, i, index, e);
	return r;
}

static int write_index(const struct making *m, struct err *e)
{
	auto_(index_draft) struct index_draft index = { 0 };
	auto_(strbuf) struct strbuf text = { 0 };
	bool docker = result_is_docker(m->out);
	int r;

	index_draft_init(&index, docker ? INDEX_DOCKER : INDEX_OCI);
	r = fill_index(m, &index, e);
	if (r < 0)
		return r;
	annotate(m, ANNOTATION_INDEX, NULL, &index.doc.annotations);
	index_draft_encode(&index, &text);
	r = blob_add_text(m->in->store, &text, "index",
			  docker ? MEDIA_DOCKER_LIST : MEDIA_OCI_INDEX, m->a, &m->ret->top, e);
	if (r < 0)
		return r;
	result_tell(m->in, "exporting manifest list", m->ret->top.digest);
	annotate(m, ANNOTATION_INDEX_DESCRIPTOR, NULL, &m->ret->top.annotations);
	return 0;
}

int result_documents_make(const struct result_input *in, const struct result_output *out,
			  struct result_shared *shared, struct arena *a,
			  struct result_documents *ret, struct err *e)
{
	struct making m = { .in = in, .out = out, .shared = shared, .a = a, .ret = ret };
	int r;

	*ret = (struct result_documents){ .n = in->n };
	ret->manifests = arena_alloc(a, in->n + 1, sizeof(*ret->manifests));
	ret->configs = arena_alloc(a, in->n + 1, sizeof(*ret->configs));
	r = find_statements(&m, e);
	ret->is_index = in->index || in->n > 1 || ret->statements;
	if (r >= 0)
		r = check_annotations(&m, e);
	for (size_t i = 0; i < in->n && r >= 0; i++)
		r = write_image(&m, i, e);
	if (r >= 0 && ret->is_index)
		return write_index(&m, e);
	if (r >= 0)
		ret->top = ret->manifests[0];
	return r;
}
