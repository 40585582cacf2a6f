/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources to what is written into control groups, and the texts that are read back. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/cgroup/devices.h"
#include "runtime/cgroup/limits.h"
#include "runtime/cgroup/undo.h"
#include "runtime/live/resources.h"
#include "runtime/resctrl/resctrl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each limit has a file of one component, a value and a place in the document. */
static void check_limits(const struct limits *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (!l->v[i].file || !*l->v[i].file || strchr(l->v[i].file, '/') ||
		    !l->v[i].value || !starts_with(l->v[i].json, "linux.resources."))
			abort();
}

static void decide(const struct spec_resources *r, int layout)
{
	auto_(limits) struct limits l = { 0 };
	struct err e = { 0 };
	int res = layout == 0   ? limits_v1(r, &l, &e)
		  : layout == 1 ? limits_v2(r, &l, &e)
				: limits_hybrid(r, "hugetlb io cpuset", &l, &e);

	if (res < 0 && !e.code)
		abort();
	if (res >= 0)
		check_limits(&l);
}

static void decide_devices(const struct spec_resources *r)
{
	auto_(device_policy) struct device_policy p = { 0 }, v1 = { 0 }, steps = { 0 };
	autofree struct bpf_insn *insns = NULL;
	size_t n = 0;

	if (devices_decide(r, &p, NULL) < 0)
		return;
	(void)devices_bpf_build(&p, &insns, &n, NULL);
	if (devices_v1_decide(&p, &v1, NULL) < 0)
		return;
	/* From a state to itself there is nothing to do. */
	devices_v1_steps(&v1, &v1, &steps);
	if (steps.n != 0)
		abort();
}

static void encode(const struct spec_resources *r, struct strbuf *out)
{
	oci_encode(&spec_resources_type, r, 0, out);
}

/* The same change again changes no more. */
static void merge(const struct spec_resources *r, struct arena *a)
{
	auto_(strbuf) struct strbuf once = { 0 }, twice = { 0 };
	struct resources_update first, second;

	resources_merge(NULL, r, a, &first);
	resources_merge(first.merged, r, a, &second);
	encode(first.merged, &once);
	encode(second.merged, &twice);
	if (!streq(strbuf_str(&once), strbuf_str(&twice)))
		abort();
}

static void read_documents(const char *text, size_t size)
{
	auto_(arena) struct arena a = { 0 };
	struct spec_resources *r = NULL;

	if (spec_resources_decode("doc", text, size, &a, &r, NULL) < 0)
		return;
	for (int layout = 0; layout < 3; layout++)
		decide(r, layout);
	decide_devices(r);
	merge(r, &a);
}

/* What was allowed is parsed to the same, and a text is put back as a text. */
static void read_files(char *text)
{
	auto_(device_policy) struct device_policy p = { 0 };
	autofree char *undo = undo_text("io.max", "8:0 rbps=1", text);
	autofree char *plain = undo_text("memory.max", "1", text);

	if (!undo || !starts_with(undo, "8:0 ") || strchr(undo, '\n') ||
	    (plain && strchr(plain, '\n') && !streq(plain, "\n")))
		abort();
	(void)resctrl_agrees("L3:0=f;1=1", text);
	(void)resctrl_agrees(text, "    MB:0=  20\n    L3:0=f;1=1\n");
	(void)devices_v1_parse(text, &p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = xcalloc(size + 1, 1);

	memcpy(text, data, size);
	read_documents(text, size);
	read_files(text);
	return 0;
}
