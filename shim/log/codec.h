/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How output becomes lines of a file and is read back.  A record is one line.
 * It holds at most STREAM_PIECE_MAX bytes of what the container wrote, and says
 * whether they end a line of the container or whether that goes on in the next
 * record of the same stream.  So joining the texts gives back every byte (the
 * JSON format replaces bytes that are not UTF-8).  Pure: no system call.
 */
#ifndef SHIM_LOG_CODEC_H
#define SHIM_LOG_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "libutil/strbuf.h"
#include "shim/io/stream.h"
#include "shim/log/batch.h"

/* "2026-01-02T03:04:05.000000006+00:00" and a NUL. */
#define LOG_TIME_SIZE 40
/* What is copied for each record may be read beyond its end, up to this. */
#define LOG_HEAD_SIZE 96

/* What all records of one batch share. */
struct log_head {
	char full[LOG_HEAD_SIZE]; /* of a record that ends a line */
	char part[LOG_HEAD_SIZE]; /* of one that does not */
	size_t full_len, part_len;
};

/* Longest record a reader takes; writers of other programs go up to 16 KiB of text, of which the
 * JSON format may make six times as much. */
#define LOG_RECORD_MAX ((size_t)128 << 10)

/* One record; the pointers point into the text that was read. */
struct log_record {
	const char *time;
	size_t time_len;
	enum stream stream;
	bool partial;
	bool escaped;     /* the text is a JSON string's inside */
	const char *text; /* without the container's newline, but for an escaped one */
	size_t len;
};

struct log_codec {
	const char *name; /* of the log driver */
	void (*begin)(struct log_head *h, enum stream stream, const char *time);
	/* Add records to a batch of fresh or remaining room, until it is full, `data` ends, or a
	 * record would take the batch over `limit` bytes.  Returns how many bytes of `data` they
	 * cover: 0 when not one record fits in. */
	size_t (*fill)(struct batch *b, const struct log_head *h, const char *data, size_t len,
		       size_t limit);
	/* How many bytes of `data` the next record covers. */
	size_t (*piece)(const char *data, size_t len);
	/* Read the record at the start of `buf`.  Returns its bytes, newline included; 0 when its
	 * newline has not come yet; -EBADMSG when this is no record and -EMSGSIZE when it is longer
	 * than LOG_RECORD_MAX. */
	ssize_t (*read)(const char *buf, size_t len, struct log_record *ret);
	bool only_utf8; /* characters must not be cut between batches */
};

extern const struct log_codec log_codec_cri;
extern const struct log_codec log_codec_json;

/* By the driver's name; NULL when it has no file. */
const struct log_codec *log_codec_find(const char *name);

/* Append what the container wrote, newline included, less its first *skip bytes; *skip becomes what
 * is still to be skipped. */
void log_record_text(const struct log_record *l, uint64_t *skip, struct strbuf *out);

/* ---- between the files of this room ---- */

/* The next record's bytes of `data`; *ret_whole: they end with the container's newline. */
static inline size_t log_piece(const char *data, size_t len, bool *ret_whole)
{
	size_t window = len < STREAM_PIECE_MAX + 1 ? len : STREAM_PIECE_MAX + 1;
	const char *end = memchr(data, '\n', window);

	*ret_whole = end != NULL;
	if (end)
		return (size_t)(end - data) + 1;
	return window < STREAM_PIECE_MAX ? window : STREAM_PIECE_MAX;
}

/* The inside of a JSON string as the bytes it means. */
void json_unescape(const char *text, size_t len, uint64_t *skip, struct strbuf *out);

#endif
