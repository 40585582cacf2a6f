/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is said of a layer while it is written: the table of contents, and with zstd:chunked
 * tar-split's record of the bytes that are no file's content, from which with the files
 * the very tar stream can be made again.  The latter is compressed as it grows; of the table
 * where things lie waits, since that is known last.
 */
#ifndef IMAGETOOL_CHUNKED_TABLE_H
#define IMAGETOOL_CHUNKED_TABLE_H

#include "imagetool/chunked/position.h"
#include "imagetool/codec/compress.h"
#include "imagetool/codec/zstd_text.h"
#include "imagetool/store/digest_set.h"
#include "imagetool/tar/read.h"

/* A part of a file's content. */
struct table_part {
	int64_t offset, len; /* in the file */
	size_t frame;        /* it begins behind so many */
	char digest[DIGEST_TEXT_SIZE];
};

struct table_item {
	size_t text_end; /* its text in `texts` ends there, without the closing brace */
	bool has_content, has_end;
	size_t frame, end_frame;
};

struct table {
	enum chunked_form form;
	struct strbuf texts;
	struct table_item *items; /* owned */
	size_t n, cap;
	struct digest_set names;
	struct zstd_text split;
	int64_t records; /* of `split` */
	uint64_t crc;    /* of the file that is being read */
	uint64_t crc_of[256];
	/* Not to be put into words that other programs believe: the layer stays without a table. */
	const char *refused; /* why, or NULL */
	/* The table can't say all that headers do, so that programs which compare the two would
	 * fail: it goes without tar-split. */
	bool inexact;
};
void table_init(struct table *t, enum chunked_form form);
void table_done(struct table *t);
AUTO_DEFINE_DONE(table, table_done)

/* Bytes of the stream in front of an entry (with its header), or behind the last. */
void table_gap(struct table *t, const uint8_t *data, size_t len);
/* Of the entry's content, in order. */
void table_content(struct table *t, const uint8_t *data, size_t len);
/* The entry, after its content.  `parts` (of files with content) follow one another; `digest` is of
 * all of it; the last part ends before frame `end_frame`. */
void table_entry(struct table *t, const struct tar_entry *n, const char *digest,
		 const struct table_part *parts, size_t n_parts, size_t end_frame);

/* Of the layer's descriptor; empty when there is no table. */
struct chunked_annotations {
	/* Of zstd:chunked: */
	char checksum[DIGEST_TEXT_SIZE], position[96], tarsplit[96];
	/* Of eStargz: */
	char stargz[DIGEST_TEXT_SIZE];
};
/* Where text goes that is as long as there are files. */
struct table_text {
	void (*add)(void *ctx, const void *data, size_t len);
	void *ctx;
};
/* The table as JSON but for its last brace, once all frames of the stream were flushed. */
void table_json(const struct table *t, const struct compress *to, struct table_text out);

#endif
