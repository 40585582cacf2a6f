/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/result/metadata.h"

#include "imagetool/result/deliver.h"
#include "libutil/json.h"

#define CONFIG_DIGEST "containerimage.config.digest"
#define PROVENANCE    "https://slsa.dev/provenance/"

static void write_descriptor(struct json_writer *w, const struct result_documents *d)
{
	struct image_descriptor desc = d->top;
	auto_(arena) struct arena a = { 0 };
	struct oci_pair *pairs = arena_grow(&a, desc.annotations.items, desc.annotations.n,
					    desc.annotations.n + 1, sizeof(*pairs));

	if (!d->is_index) {
		pairs[desc.annotations.n] = (struct oci_pair){ "config.digest", d->configs[0] };
		desc.annotations = (struct oci_strmap){ pairs, desc.annotations.n + 1 };
	}
	json_key(w, "containerimage.descriptor");
	oci_encode_value(&image_descriptor_type, &desc, w);
}

static void write_names(struct json_writer *w, const struct strv *names)
{
	autofree char *text = strv_join(names, ",");

	if (names->n)
		json_kv_string(w, "image.name", text);
}

/* "buildx.build.provenance", with the platform behind it where there are several. */
static void write_provenance(struct json_writer *w, const struct result_input *in,
			     const struct result_documents *d, size_t i)
{
	const struct result_statements *s = &d->statements[i];
	auto_(strbuf) struct strbuf key = { 0 };
	char text[PLATFORM_TEXT_SIZE];

	strbuf_adds(&key, "buildx.build.provenance");
	if (in->n > 1)
		strbuf_addf(&key, "/%s", platform_text(&in->images[i].platform, text));
	for (size_t k = 0; k < s->n; k++) {
		if (!starts_with(s->items[k].predicate_type, PROVENANCE))
			continue;
		json_key(w, strbuf_str(&key));
		json_text(w, s->items[k].predicate, s->items[k].len);
	}
}

void result_metadata_write(const struct result_input *in, const struct result_output *out,
			   const struct result_documents *d, struct strbuf *ret)
{
	struct json_writer w = { .out = ret, .indent = 2 };

	json_object(&w);
	for (size_t i = 0; d && d->statements && i < in->n; i++)
		write_provenance(&w, in, d, i);
	if (d && !d->is_index)
		json_kv_string(&w, CONFIG_DIGEST, d->configs[0]);
	if (d) {
		write_descriptor(&w, d);
		json_kv_string(&w, "containerimage.digest", d->top.digest);
		write_names(&w, result_output_names(in, out));
	}
	json_object_end(&w);
	strbuf_addc(ret, '\n');
}
