/* SPDX-License-Identifier: Apache-2.0 */
/* config.json and its parts: what decodes is written as text that decodes to the same text again.
 */
#include <stdint.h>
#include <stdlib.h>

#include "oci-spec/runtime_spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_again(const struct field_type *type, const struct strbuf *first)
{
	auto_(arena) struct arena a = { 0 };
	auto_(strbuf) struct strbuf second = { 0 };
	void *object;

	if (oci_decode(type, "again", strbuf_str(first), first->len, NULL, &a, &object, NULL) < 0)
		abort();
	oci_encode(type, object, 0, &second);
	if (!streq(strbuf_str(first), strbuf_str(&second)))
		abort();
}

/* Every refusal has a reason and names the document. */
static void check_refusal(const struct err *e)
{
	if (!e->code || !starts_with(e->msg, "doc: "))
		abort();
}

static void decode(const struct field_type *type, const char *text, size_t size)
{
	auto_(arena) struct arena a = { 0 };
	auto_(strbuf) struct strbuf out = { 0 };
	struct err e = { 0 };
	void *object;

	if (oci_decode(type, "doc", text, size, NULL, &a, &object, &e) < 0) {
		check_refusal(&e);
		return;
	}
	oci_encode(type, object, 0, &out);
	check_again(type, &out);
}

static void check_rules(const char *text, size_t size)
{
	auto_(arena) struct arena a = { 0 };
	struct runtime_spec *spec;
	struct spec_process *process;
	struct spec_resources *resources;
	struct oci_array list;
	struct err e = { 0 };

	if (runtime_spec_decode("doc", text, size, NULL, &a, &spec, &e) < 0)
		check_refusal(&e);
	e.code = 0;
	if (spec_process_decode("doc", text, size, &a, &process, &e) < 0)
		check_refusal(&e);
	e.code = 0;
	if (spec_resources_decode("doc", text, size, &a, &resources, &e) < 0)
		check_refusal(&e);
	e.code = 0;
	if (spec_mounts_decode("doc", text, size, &a, &list, &e) < 0)
		check_refusal(&e);
	e.code = 0;
	if (spec_live_devices_decode("doc", text, size, &a, &list, &e) < 0)
		check_refusal(&e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct field_type *const types[] = { &runtime_spec_type, &spec_process_type,
							  &spec_resources_type, &oci_state_type,
							  &oci_features_type };
	const char *text = (const char *)data;

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		decode(types[i], text, size);
	check_rules(text, size);
	return 0;
}
