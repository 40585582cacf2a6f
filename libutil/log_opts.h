/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --log, --log-format, --log-level, --log-only and --debug, which every program has.  A
 * program puts a struct log_opts into its global values, LOG_OPT_ROWS() with
 * that member's offset into its rows, and calls log_opts_apply() when they were
 * read.
 */
#ifndef LIBUTIL_LOG_OPTS_H
#define LIBUTIL_LOG_OPTS_H

#include "libutil/log.h"
#include "libutil/opts.h"

struct log_opts {
	const char *file;
	int format; /* enum log_format */
	const char *level;
	bool debug;
	bool only;
};

extern const char *const log_opts_formats[];

#define LOG_OPT_ROWS(base)                                                                         \
	{                                                                                          \
		.name = "log",                                                                     \
		.kind = OPT_STRING,                                                                \
		.offset = (base) + offsetof(struct log_opts, file),                                \
		.arg = "FILE",                                                                     \
		.help = "append log lines to FILE as well",                                        \
	},                                                                                         \
		{                                                                                  \
			.name = "log-format",                                                      \
			.kind = OPT_CHOICE,                                                        \
			.offset = (base) + offsetof(struct log_opts, format),                      \
			.arg = "FORMAT",                                                           \
			.choices = log_opts_formats,                                               \
			.help = "format of the lines in the log file, or on standard error "       \
				"without one",                                                     \
		},                                                                                 \
		{                                                                                  \
			.name = "log-level",                                                       \
			.kind = OPT_STRING,                                                        \
			.offset = (base) + offsetof(struct log_opts, level),                       \
			.arg = "LEVEL",                                                            \
			.help = "least important lines to log: error, warning, info or debug",     \
		},                                                                                 \
		{                                                                                  \
			.name = "log-only",                                                        \
			.kind = OPT_FLAG,                                                          \
			.offset = (base) + offsetof(struct log_opts, only),                        \
			.help = "with --log: write nothing to standard error, which may be "       \
				"another program's",                                               \
		},                                                                                 \
	{                                                                                          \
		.name = "debug", .kind = OPT_FLAG,                                                 \
		.offset = (base) + offsetof(struct log_opts, debug),                               \
		.help = "the same as --log-level debug",                                           \
	}

/* Level and file of the log, as asked; what was not asked for stays as it is, so that a JSON file
 * then holds no more than the error that podman looks for. */
int log_opts_apply(const struct log_opts *o, struct err *e);

#endif
