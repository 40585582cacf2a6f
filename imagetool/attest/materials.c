/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/attest/materials.h"

#include <stdlib.h>
#include <string.h>

#include "imagetool/dockerfile/redact.h"
#include "imagetool/result/purl.h"
#include "libutil/path.h"

/* What a source is becomes known when it is asked; a layer of one image may need none of it. */
static void reach(const struct provenance *p, bool *reached)
{
	size_t i = p->graph->targets[p->target].vertex;

	if (i == NO_VERTEX)
		return;
	reached[i] = true;
	/* Inputs have smaller numbers. */
	for (i++; i-- > 0;) {
		const struct vertex *v = &p->graph->items[i];

		for (size_t k = 0; reached[i] && k < v->n_inputs; k++)
			reached[v->inputs[k]] = true;
	}
}

/* ---- Materials ---- */

/* Who one is for a server is nobody's business. */
static const char *redacted(const char *url, struct arena *a)
{
	autofree char *shown = redact_url(url);

	return arena_strdup(a, shown);
}

/* "sha256:..." of a file, the digits of a commit. */
static void set_digest(struct material *m, const char *found)
{
	const char *colon = found ? strchr(found, ':') : NULL;

	if (!found)
		return;
	if (colon) {
		m->algorithm = starts_with(found, "sha512:") ? "sha512" : "sha256";
		m->digest = colon + 1;
		return;
	}
	m->algorithm = strlen(found) == 64 ? "sha256" : "sha1";
	m->digest = found;
}

static const char *image_uri(const struct vertex_image *image, struct arena *a)
{
	auto_(strbuf) struct strbuf uri = { 0 };

	if (!purl_image(image->layout ? "oci" : "docker", image->reference, &image->platform, &uri))
		strbuf_adds(&uri, image->reference);
	return arena_strdup(a, strbuf_str(&uri));
}

static const char *git_uri(const struct vertex_git *git, struct arena *a)
{
	const char *uri = redacted(git->url, a);

	return *git->ref ? arena_printf(a, "%s#%s", uri, git->ref) : uri;
}

/* false: the vertex is no source of this kind. */
static bool material_of(const struct provenance *p, size_t i, enum vertex_kind kind,
			struct arena *a, struct material *ret)
{
	const struct vertex *v = &p->graph->items[i];
	const char *found = p->found ? p->found[i] : NULL;

	*ret = (struct material){ 0 };
	if (v->kind != kind)
		return false;
	if (kind == VERTEX_IMAGE) {
		ret->uri = image_uri(&v->u.image, a);
		found = v->u.image.digest;
	} else if (kind == VERTEX_GIT) {
		ret->uri = git_uri(&v->u.git, a);
	} else {
		ret->uri = redacted(v->u.http.url, a);
	}
	set_digest(ret, found);
	return true;
}

static int by_uri(const void *a, const void *b)
{
	const struct material *x = a, *y = b;

	return strcmp(x->uri, y->uri);
}

static bool has_uri(const struct material *list, size_t n, const char *uri)
{
	for (size_t i = 0; i < n; i++)
		if (streq(list[i].uri, uri))
			return true;
	return false;
}

static bool is_kind_of_context(const struct provenance *p, enum vertex_kind kind)
{
	return p->context.uri &&
	       kind == (p->context.digest && strchr(p->context.digest, ':') ? VERTEX_HTTP
									    : VERTEX_GIT);
}

/* Those of one kind, behind what is there. */
static void add_kind(const struct provenance *p, enum vertex_kind kind, struct arena *a,
		     struct materials *g)
{
	struct material *first = &g->items[g->n], m;
	size_t n = 0;

	if (is_kind_of_context(p, kind)) {
		m = (struct material){ .uri = redacted(p->context.uri, a) };
		set_digest(&m, p->context.digest);
		first[n++] = m;
	}
	for (size_t i = 0; i < p->graph->n; i++)
		if (g->reached[i] && material_of(p, i, kind, a, &m) && !has_uri(first, n, m.uri))
			first[n++] = m;
	qsort(first, n, sizeof(*first), by_uri);
	g->n += n;
}

static void set_context(const struct provenance *p, struct arena *a, struct materials *g)
{
	struct material *m = arena_alloc(a, 1, sizeof(*m));

	if (!p->context.uri)
		return;
	*m = (struct material){
		.uri = redacted(p->context.config_uri ? p->context.config_uri : p->context.uri, a)
	};
	set_digest(m, p->context.digest);
	g->context = m;
}

/* ---- Of this machine ---- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_locals(const struct provenance *p, struct materials *g)
{
	for (size_t i = 0; i < p->graph->n; i++) {
		const struct vertex *v = &p->graph->items[i];
		const char *name = v->kind == VERTEX_CONTEXT ? v->u.context.name : NULL;

		if (!g->reached[i] || !name || (!*name && p->context.uri))
			continue;
		g->locals[g->n_locals++] = *name ? name : "context";
	}
	if (p->dockerfile_is_local)
		g->locals[g->n_locals++] = "dockerfile";
	qsort(g->locals, g->n_locals, sizeof(*g->locals), by_text);
}

/* ---- Steps ---- */

static void add_use(struct secret_use *list, size_t *n, const char *id, bool optional)
{
	for (size_t i = 0; i < *n; i++)
		if (streq(list[i].id, id)) {
			list[i].optional &= optional;
			return;
		}
	list[(*n)++] = (struct secret_use){ id, optional };
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct secret_use *)a)->id, ((const struct secret_use *)b)->id);
}

static void add_run(const struct vertex_run *r, struct materials *g)
{
	g->network |= r->network != RUN_NETWORK_NONE;
	for (size_t i = 0; i < r->n_mounts; i++) {
		const struct run_mount *m = &r->mounts[i].m;

		if (m->type == RUN_MOUNT_SECRET)
			add_use(g->secrets, &g->n_secrets, *m->id ? m->id : path_base(m->target),
				!m->required);
		else if (m->type == RUN_MOUNT_SSH)
			add_use(g->ssh, &g->n_ssh, m->id, !m->required);
	}
}

static void add_runs(const struct provenance *p, struct arena *a, struct materials *g)
{
	size_t n = 1;

	for (size_t i = 0; i < p->graph->n; i++)
		if (p->graph->items[i].kind == VERTEX_RUN)
			n += p->graph->items[i].u.run.n_mounts;
	g->secrets = arena_alloc(a, n, sizeof(*g->secrets));
	g->ssh = arena_alloc(a, n, sizeof(*g->ssh));
	for (size_t i = 0; i < p->graph->n; i++)
		if (g->reached[i] && p->graph->items[i].kind == VERTEX_RUN)
			add_run(&p->graph->items[i].u.run, g);
	qsort(g->secrets, g->n_secrets, sizeof(*g->secrets), by_id);
	qsort(g->ssh, g->n_ssh, sizeof(*g->ssh), by_id);
}

void materials_gather(const struct provenance *p, struct arena *a, struct materials *ret)
{
	size_t room = p->graph->n + 1;

	*ret = (struct materials){
		.reached = arena_alloc(a, room, sizeof(*ret->reached)),
		.items = arena_alloc(a, room, sizeof(*ret->items)),
		.locals = arena_alloc(a, room, sizeof(*ret->locals)),
	};
	reach(p, ret->reached);
	add_kind(p, VERTEX_IMAGE, a, ret);
	add_kind(p, VERTEX_GIT, a, ret);
	add_kind(p, VERTEX_HTTP, a, ret);
	set_context(p, a, ret);
	add_locals(p, ret);
	add_runs(p, a, ret);
}
