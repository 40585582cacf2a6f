/* SPDX-License-Identifier: Apache-2.0 */
/* Words of --output, --annotation, --cache-to, --cache-from and --attest. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "imagetool/attest/plan.h"
#include "imagetool/result/cache_spec.h"
#include "imagetool/result/outputs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(int r, const struct err *e)
{
	if (r < 0 && !e->code)
		abort();
}

static void attest(const char *text)
{
	auto_(attest_plan) struct attest_plan p = { 0 };
	auto_(strv) struct strv list = { 0 };
	struct err e = { 0 };

	strv_add(&list, text);
	expect(attest_plan_make(&list, text, text, &p, &e), &e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct result_outputs o = { 0 };
	struct result_annotations n = { 0 };
	struct cache_specs c = { 0 };
	autofree char *text = xstrndup((const char *)data, size);
	struct err e[4] = { 0 };

	expect(result_outputs_add(&o, text, &e[0]), &e[0]);
	expect(result_annotations_add(&n, text, &e[1]), &e[1]);
	expect(cache_specs_add_to(&c, text, &e[2]), &e[2]);
	expect(cache_specs_add_from(&c, text, &e[3]), &e[3]);
	attest(text);
	result_outputs_done(&o);
	result_annotations_done(&n);
	cache_specs_done(&c);
	return 0;
}
