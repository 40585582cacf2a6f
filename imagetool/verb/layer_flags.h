/* SPDX-License-Identifier: Apache-2.0 */
/* Options that verbs which make layers and images have in common. */
#ifndef IMAGETOOL_VERB_LAYER_FLAGS_H
#define IMAGETOOL_VERB_LAYER_FLAGS_H

#include <stddef.h>

#include "imagetool/chunked/position.h"
#include "imagetool/codec/compress.h"
#include "libutil/opts.h"

struct layer_flags {
	int format; /* position in the choices */
	uint32_t level;
};

/* "gzip", "zstd", "uncompressed". */
extern const char *const layer_compressions[];
/* The same behind "same", and those that have a table of contents, for verbs that change whole
 * layers. */
extern const char *const layer_compressions_or_chunked[];
/* By position in layer_compressions; those with a table follow. */
enum layer_compression layer_flags_kind(int choice);
enum chunked_form layer_flags_form(int choice);

/* `what` is the help of --compression-format. */
#define LAYER_OPT_ROWS(base, names, what)                                                          \
	{ .name = "compression-format",                                                            \
	  .kind = OPT_CHOICE,                                                                      \
	  .offset = (base) + offsetof(struct layer_flags, format),                                 \
	  .choices = (names),                                                                      \
	  .help = (what) },                                                                        \
	{                                                                                          \
		.name = "compression-level", .kind = OPT_U32,                                      \
		.offset = (base) + offsetof(struct layer_flags, level), .arg = "N",                \
		.help = "1 to 9 for gzip, 1 to 19 for zstd"                                        \
	}

/* Before anything is done: has the format such a level? */
int layer_flags_check(const struct compress_opts *o, struct err *e);
struct compress_opts layer_flags_compression(const struct layer_flags *f);

#define CHANGE_OPT_ROW(at)                                                                         \
	{                                                                                          \
		.letter = 'c', .name = "change", .kind = OPT_LIST, .offset = (at),                 \
		.arg = "INSTRUCTION",                                                              \
		.help = "change how the image runs: CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, "   \
			"LABEL, ONBUILD, SHELL, STOPSIGNAL, USER, VOLUME or WORKDIR as a "         \
			"Dockerfile has them"                                                      \
	}
#define MESSAGE_OPT_ROW(at)                                                                        \
	{                                                                                          \
		.letter = 'm', .name = "message", .kind = OPT_STRING, .offset = (at),              \
		.arg = "TEXT", .help = "comment in the image's history"                            \
	}

/* Seconds since 1970 from `given` (--source-date-epoch, or NULL), else from $SOURCE_DATE_EPOCH. */
int epoch_read(const char *given, bool *ret_has, int64_t *ret, struct err *e);

#endif
