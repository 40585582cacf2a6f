/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Image documents; the first byte of the input says which: m(anifest), i(ndex), c(onfig), l(ayout),
 * a(rchive).  What decodes is written as text that decodes, with all rules, to the same text again.
 */
#include <stdint.h>
#include <stdlib.h>

#include "oci-spec/image_spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int decode_archive(const char *text, size_t size, struct arena *a, struct strbuf *out,
			  struct err *e)
{
	struct json_writer w = { .out = out };
	struct docker_archive_item *items;
	size_t n;
	int r = docker_archive_decode("doc", text, size, a, &items, &n, e);

	if (r < 0)
		return r;
	json_array(&w);
	for (size_t i = 0; i < n; i++)
		oci_encode_value(&docker_archive_item_type, &items[i], &w);
	json_array_end(&w);
	return 0;
}

static int decode(char kind, const char *text, size_t size, struct arena *a, struct strbuf *out,
		  struct err *e)
{
	struct image_manifest *manifest;
	struct image_index *index;
	struct image_config *config;
	struct image_layout *layout;
	int r;

	switch (kind) {
	case 'm':
		r = image_manifest_decode("doc", text, size, a, &manifest, e);
		if (r == 0)
			oci_encode(&image_manifest_type, manifest, 0, out);
		return r;
	case 'i':
		r = image_index_decode("doc", text, size, a, &index, e);
		if (r == 0)
			oci_encode(&image_index_type, index, 0, out);
		return r;
	case 'c':
		r = image_config_decode("doc", text, size, a, &config, e);
		if (r == 0)
			oci_encode(&image_config_type, config, 0, out);
		return r;
	case 'l':
		r = image_layout_decode("doc", text, size, a, &layout, e);
		if (r == 0)
			oci_encode(&image_layout_type, layout, 0, out);
		return r;
	default:
		return decode_archive(text, size, a, out, e);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_(arena) struct arena a = { 0 };
	auto_(strbuf) struct strbuf first = { 0 };
	auto_(strbuf) struct strbuf second = { 0 };
	struct err e = { 0 };

	if (size == 0)
		return 0;
	if (decode((char)data[0], (const char *)data + 1, size - 1, &a, &first, &e) < 0) {
		/* Every refusal has a reason and names the document. */
		if (!e.code || !starts_with(e.msg, "doc: "))
			abort();
		return 0;
	}
	if (decode((char)data[0], strbuf_str(&first), first.len, &a, &second, &e) < 0 ||
	    !streq(strbuf_str(&first), strbuf_str(&second)))
		abort();
	return 0;
}
