/* SPDX-License-Identifier: Apache-2.0 */
/* What a build knows of itself, for statements about its images. */
#include <stdio.h>
#include <unistd.h>

#include "imagetool/attest/attest.h"
#include "imagetool/build/internal.h"

/* What each source was when it was asked: a file's digest, a repository's commit. */
static const char **what_was_found(const struct build *b, const struct solve *s, struct arena *a)
{
	const char **found = arena_alloc(a, b->graph.n + 1, sizeof(*found));

	for (size_t i = 0; i < b->graph.n; i++) {
		const char *identity = solve_identity(s, i);

		if (identity)
			found[i] = arena_strndup(a, identity, strcspn(identity, " "));
	}
	return found;
}

static struct provenance_context context_of(const struct build *b, struct arena *a)
{
	const struct build_origin *o = &b->input.origin;
	bool has_dir = o->dir && *o->dir;

	if (!o->uri)
		return (struct provenance_context){ 0 };
	return (struct provenance_context){
		.uri = o->uri,
		.config_uri = has_dir ? arena_printf(a, "%s%s:%s", o->uri,
						     strchr(o->uri, '#') ? "" : "#", o->dir)
				      : NULL,
		.digest = o->digest,
	};
}

static struct attest_input make_input(const struct build *b, const struct solve *s, size_t i,
				      struct arena *a)
{
	return (struct attest_input){
		.plan = &b->attest,
		.how = { .graph = &b->graph,
			 .target = i,
			 .found = what_was_found(b, s, a),
			 .options = b->graph_opts,
			 .platform = b->graph_opts->build_platform,
			 .context = context_of(b, a),
			 .dockerfile = b->input.name ? b->input.name : "Dockerfile",
			 .dockerfile_is_local = !b->input.origin.uri,
			 .text = b->input.text,
			 .len = b->input.len,
			 .started = b->started,
			 .invocation = b->invocation },
		.name = b->plan.tags.n ? b->plan.tags.v[0] : NULL,
		.has_epoch = b->graph.has_epoch,
		.epoch = b->graph.epoch,
	};
}

int build_attest(struct build *b, struct solve *s, size_t i, struct arena *a,
		 struct result_statements *ret, struct err *e)
{
	const struct attest_input in = make_input(b, s, i, a);
	int root = -1;

	/* The tree is the solver's. */
	if (b->attest.sbom)
		root = solve_mount(s, b->graph.targets[i].vertex, e);
	if (b->attest.sbom && root < 0)
		return root;
	return attest_statements(&in, root, a, ret, e);
}
