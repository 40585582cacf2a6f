/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log lines of one program: to stderr, and to a file when one is set.
 *
 * text:  "creel: error: create 'web': …" on stderr
 * json:  {"level":"error","msg":"…","time":"2026-01-02T03:04:05Z"} in the file
 *        (the order and the RFC 3339 time are what containerd and podman decode)
 *
 * With a file set, stderr gets errors only: it may be the container's own
 * stderr.  A JSON file gets errors only, until log_set_level() asks for more:
 * podman reads the whole file as one document.
 *
 * The one failure of a program has more members in JSON, see log_failure().
 *
 * Library folders log at debug only; log_error() belongs to main.
 */
#ifndef LIBUTIL_LOG_H
#define LIBUTIL_LOG_H

#include "libutil/err.h"
#include "libutil/json.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

/* Prefix of lines on stderr; level warning by default. */
void log_init(const char *program);
void log_set_level(enum log_level level);
/* Append to a file as well (created 0644).  It is opened now and stays open. */
int log_open_file(const char *path, enum log_format format, struct err *e);
/* Format of stderr; text by default. */
void log_set_format(enum log_format format);
/* Once there is a file: nothing goes to stderr, not even errors. */
void log_set_only(bool only);
bool log_wants(enum log_level level);
int log_parse_level(const char *text, enum log_level *ret, struct err *e);

void log_write(enum log_level level, const char *fmt, ...) PRINTF(2, 3);
/* At level error: `msg`, and in JSON what `members` adds to the object, which stays after level,
 * msg and time. */
void log_failure(const char *msg, void (*members)(const void *ctx, struct json_writer *w),
		 const void *ctx);
#define log_error(...)   log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)    log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)                                                                             \
	do {                                                                                       \
		if (log_wants(LOG_LEVEL_DEBUG))                                                    \
			log_write(LOG_LEVEL_DEBUG, __VA_ARGS__);                                   \
	} while (0)

#endif
