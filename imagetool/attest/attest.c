/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/attest/attest.h"

#include "imagetool/attest/sbom.h"

/* As BuildKit and its scanner call them. */
#define SBOM_FILE       "sbom.spdx.json"
#define PROVENANCE_FILE "provenance.json"
#define PREDICATE_MAX   ((size_t)40 << 20) /* what BuildKit reads */

/* `one` but for its text. */
static int add(struct result_statements *ret, struct result_statement one,
	       const struct strbuf *text, struct arena *a, struct err *e)
{
	int r = strbuf_check(text, one.predicate_type, e);

	if (r < 0)
		return r;
	one.predicate = arena_strndup(a, strbuf_str(text), text->len);
	one.len = text->len;
	ret->items[ret->n++] = one;
	return 0;
}

static int add_sbom(const struct attest_input *in, int rootfd, struct arena *a,
		    struct result_statements *ret, struct err *e)
{
	auto_(strbuf) struct strbuf text = { .max = PREDICATE_MAX };
	auto_(packages) struct packages p = { 0 };
	int r = packages_scan(rootfd, &p, e);

	if (r < 0)
		return r;
	sbom_write(&p, in->name ? in->name : "sbom", in->has_epoch ? in->epoch : time(NULL), &text);
	return add(ret,
		   (struct result_statement){ .predicate_type = SPDX_PREDICATE, .file = SBOM_FILE },
		   &text, a, e);
}

static int add_provenance(const struct attest_input *in, struct arena *a,
			  struct result_statements *ret, struct err *e)
{
	auto_(strbuf) struct strbuf text = { .max = PREDICATE_MAX };
	struct provenance how = in->how;

	how.max = in->plan->max;
	how.v02 = in->plan->v02;
	how.reproducible = in->plan->reproducible;
	how.builder_id = in->plan->builder_id;
	(void)clock_gettime(CLOCK_REALTIME, &how.finished);
	provenance_write(&how, &text);
	return add(
		ret,
		(struct result_statement){
			.predicate_type = how.v02 ? PROVENANCE_PREDICATE_02 : PROVENANCE_PREDICATE,
			.file = PROVENANCE_FILE,
			.inline_only = in->plan->inline_only,
		},
		&text, a, e);
}

int attest_statements(const struct attest_input *in, int rootfd, struct arena *a,
		      struct result_statements *ret, struct err *e)
{
	int r = 0;

	*ret = (struct result_statements){ .items = arena_alloc(a, 2, sizeof(*ret->items)) };
	if (in->plan->sbom)
		r = add_sbom(in, rootfd, a, ret, e);
	if (r >= 0 && in->plan->provenance)
		r = add_provenance(in, a, ret, e);
	return r < 0 ? err_wrap(e, r, "attest") : 0;
}
