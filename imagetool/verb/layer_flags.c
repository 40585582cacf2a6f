/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/verb/layer_flags.h"

#include <errno.h>
#include <stdlib.h>

#include "imagetool/errors.h"
#include "libutil/parse.h"

const char *const layer_compressions[] = { "gzip", "zstd", "uncompressed", NULL };
const char *const layer_compressions_or_chunked[] = {
	"same", "gzip", "zstd", "uncompressed", "estargz", "zstd:chunked", NULL
};

/* What the words mean, behind "same". */
static const struct {
	enum layer_compression kind;
	enum chunked_form form;
} meanings[] = {
	{ LAYER_GZIP, CHUNKED_NONE },   { LAYER_ZSTD, CHUNKED_NONE }, { LAYER_PLAIN, CHUNKED_NONE },
	{ LAYER_GZIP, CHUNKED_STARGZ }, { LAYER_ZSTD, CHUNKED_ZSTD },
};

enum layer_compression layer_flags_kind(int choice)
{
	return meanings[choice].kind;
}

enum chunked_form layer_flags_form(int choice)
{
	return meanings[choice].form;
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
