/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/verb/layer_flags.h"

#include <errno.h>
#include <stdlib.h>

#include "imagetool/errors.h"
#include "libutil/parse.h"

const char *const layer_compressions[] = { "gzip", "zstd", "uncompressed", NULL };
const char *const layer_compressions_or_chunked[] = { "same",         "gzip",         "zstd",
						      "uncompressed", "zstd:chunked", NULL };

bool layer_flags_is_chunked(int choice)
{
	return streq(layer_compressions_or_chunked[choice], "zstd:chunked");
}

enum layer_compression layer_flags_kind(int choice)
{
	static const enum layer_compression kinds[] = { LAYER_GZIP, LAYER_ZSTD, LAYER_PLAIN,
							LAYER_ZSTD };

	return kinds[choice];
}

struct compress_opts layer_flags_compression(const struct layer_flags *f)
{
	return (struct compress_opts){ .kind = layer_flags_kind(f->format),
				       .level = (int)f->level };
}

int layer_flags_check(const struct compress_opts *o, struct err *e)
{
	int r = compress_check_level(o, e);

	return r < 0 ? image_usage(err_wrap(e, r, "--compression-level")) : 0;
}

int epoch_read(const char *given, bool *ret_has, int64_t *ret, struct err *e)
{
	const char *text = given ? given : getenv("SOURCE_DATE_EPOCH");

	if (!text || !*text)
		return 0;
	if (parse_i64(text, ret) < 0 || *ret < 0)
		return err_set(e, IMAGE_EUSAGE, "%s '%s' is no number of seconds",
			       given ? "--source-date-epoch" : "SOURCE_DATE_EPOCH", text);
	*ret_has = true;
	return 0;
}
