/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/verb/freed.h"

#include "imagetool/verb/output.h"
#include "libutil/json.h"

int freed_json(const struct strv *images, const struct build_prune_result *build,
	       const struct store_gc_result *gc, struct err *e)
{
	auto_(strbuf) struct strbuf out = { 0 };
	struct json_writer w = { .out = &out, .indent = 2 };

	json_object(&w);
	json_kv_strv(&w, "images", images);
	if (build) {
		json_kv_i64(&w, "buildSteps", (int64_t)build->records);
		json_kv_i64(&w, "cacheMounts", (int64_t)build->mounts);
	}
	json_kv_i64(&w, "blobs", (int64_t)gc->blobs);
	json_kv_i64(&w, "snapshots", (int64_t)gc->snapshots);
	json_kv_i64(&w, "partials", (int64_t)gc->partials);
	json_kv_i64(&w, "bytes", (int64_t)gc->bytes);
	json_kv_bool(&w, "busy", gc->busy);
	json_object_end(&w);
	strbuf_addc(&out, '\n');
	return output_write(strbuf_str(&out), out.len, e);
}
