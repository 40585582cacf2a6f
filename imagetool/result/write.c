/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>

#include "imagetool/result/deliver.h"
#include "imagetool/result/metadata.h"
#include "libutil/file.h"

struct writing {
	const struct result_input *in;
	struct result_made *ret;
	struct result_shared shared;
	struct strbuf metadata; /* of the first image */
};

static int write_text(const char *option, const char *path, const char *text, size_t len,
		      struct err *e)
{
	int r = file_put_named(path, text, len, 0644, e);

	return r < 0 ? err_wrap(e, r, "%s '%s'", option, path) : 0;
}

/* The first image is what the caller and --metadata-file are told of. */
static void keep(struct writing *g, const struct result_output *out,
		 const struct result_documents *d)
{
	if (g->ret->digest[0])
		return;
	(void)snprintf(g->ret->digest, sizeof(g->ret->digest), "%s", d->top.digest);
	if (!d->is_index)
		(void)snprintf(g->ret->config, sizeof(g->ret->config), "%s", d->configs[0]);
	result_metadata_write(g->in, out, d, &g->metadata);
}

static int write_output(struct writing *g, const struct result_output *out, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	struct result_documents d;
	int r;

	if (out->kind == OUTPUT_CACHE_ONLY)
		return 0;
	if (result_output_is_files(out))
		return result_deliver_files(g->in, out, &g->shared, e);
	r = result_documents_make(g->in, out, &g->shared, &a, &d, e);
	if (r >= 0)
		r = result_deliver_image(g->in, out, &d, e);
	if (r >= 0)
		keep(g, out, &d);
	return r;
}

static int write_files(struct writing *g, struct err *e)
{
	const struct result_plan *plan = g->in->plan;
	const char *id = g->ret->config[0] ? g->ret->config : g->ret->digest;
	int r = 0;

	if (plan->iidfile && *id)
		r = write_text("--iidfile", plan->iidfile, id, strlen(id), e);
	if (r < 0 || !plan->metadata_file)
		return r;
	if (!g->ret->digest[0])
		result_metadata_write(g->in, &plan->outputs.items[0], NULL, &g->metadata);
	r = strbuf_check(&g->metadata, "--metadata-file", e);
	return r < 0 ? r
		     : write_text("--metadata-file", plan->metadata_file, g->metadata.data,
				  g->metadata.len, e);
}

int result_write(const struct result_input *in, struct result_made *ret, struct err *e)
{
	struct writing g = { .in = in, .ret = ret, .metadata = { .max = (size_t)64 << 20 } };
	int r = 0;

	*ret = (struct result_made){ 0 };
	for (size_t i = 0; i < in->plan->outputs.n && r >= 0; i++)
		r = write_output(&g, &in->plan->outputs.items[i], e);
	if (r >= 0)
		r = write_files(&g, e);
	result_shared_done(&g.shared);
	strbuf_done(&g.metadata);
	return r;
}
