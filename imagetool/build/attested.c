/* SPDX-License-Identifier: Apache-2.0 */
/* What a build knows of itself, for statements about its images. */
#include <stdio.h>
#include <unistd.h>

#include "imagetool/attest/attest.h"
#include "imagetool/build/internal.h"
#include "libutil/random.h"

static const char **secret_ids(const struct build *b, struct arena *a)
{
	const char **ids = arena_alloc(a, b->values.n_secrets + 1, sizeof(*ids));

	for (size_t i = 0; i < b->values.n_secrets; i++)
		ids[i] = b->values.secrets[i].id;
	return ids;
}

static const char **ssh_ids(const struct build *b, struct arena *a)
{
	const char **ids = arena_alloc(a, b->values.n_ssh + 1, sizeof(*ids));

	for (size_t i = 0; i < b->values.n_ssh; i++)
		ids[i] = b->values.ssh[i].id;
	return ids;
}

/* A password in an URL is nobody's business. */
static const char *remote_context(const struct build *b, struct arena *a)
{
	const char *text = b->opts->context;
	const char *scheme = text ? strstr(text, "://") : NULL;
	const char *at, *slash;

	if (!scheme)
		return NULL;
	scheme += strlen("://");
	slash = scheme + strcspn(scheme, "/");
	at = memrchr(scheme, '@', (size_t)(slash - scheme));
	return at ? arena_printf(a, "%.*s%s", (int)(scheme - text), text, at + 1) : text;
}

static struct attest_input make_input(const struct build *b, struct arena *a)
{
	char one[RANDOM_NAME_SIZE], two[RANDOM_NAME_SIZE];

	return (struct attest_input){
		.plan = &b->attest,
		.how = { .graph = &b->graph,
			 .options = b->graph_opts,
			 .platform = b->graph_opts->build_platform,
			 .context = remote_context(b, a),
			 .dockerfile = b->input.name ? b->input.name : "Dockerfile",
			 .text = b->input.text,
			 .len = b->input.len,
			 .secrets = secret_ids(b, a),
			 .n_secrets = b->values.n_secrets,
			 .ssh = ssh_ids(b, a),
			 .n_ssh = b->values.n_ssh,
			 .started = b->started,
			 .invocation =
				 arena_printf(a, "%s%s", random_name(one), random_name(two)) },
		.name = b->plan.tags.n ? b->plan.tags.v[0] : NULL,
		.has_epoch = b->graph.has_epoch,
		.epoch = b->graph.epoch,
	};
}

int build_attest(struct build *b, struct solve *s, size_t i, struct arena *a,
		 struct result_statements *ret, struct err *e)
{
	const struct attest_input in = make_input(b, a);
	int root = -1;

	/* The tree is the solver's. */
	if (b->attest.sbom)
		root = solve_mount(s, b->graph.targets[i].vertex, e);
	if (b->attest.sbom && root < 0)
		return root;
	return attest_statements(&in, root, a, ret, e);
}
