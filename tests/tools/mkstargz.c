/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mkstargz [TABLE] < FILE.tar > BLOB - an eStargz layer, and on stderr its table's digest
 *
 * It is cut as the format says: a gzip member ends in front of each file's content and
 * each 4 MiB of it.  The table comes from the tar's headers, or is TABLE, which may lie.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "libutil/digest.h"
#include "libutil/macro.h"
#include "libutil/strbuf.h"

#define BLOCK 512
#define CHUNK ((size_t)4 << 20)
#define MAX   ((size_t)256 << 20)

/* Of a tar header: where a field is and how long. */
#define MODE    100, 8
#define UID     108, 8
#define GID     116, 8
#define SIZE    124, 12
#define MTIME   136, 12
#define TYPE_AT 156

static const char *const types[] = {
	['0'] = "reg",
	['1'] = "hardlink",
	['2'] = "symlink",
	['5'] = "dir",
};

struct writer {
	struct strbuf member; /* what the next member holds */
	struct strbuf table;
	size_t written;
};

static void die(const char *why)
{
	(void)fprintf(stderr, "mkstargz: %s\n", why);
	exit(1);
}

static void put(struct writer *w, const void *data, size_t len)
{
	if (fwrite(data, 1, len, stdout) != len)
		die("can't write");
	w->written += len;
}

static void end_member(struct writer *w)
{
	z_stream z = { .next_in = (Bytef *)w->member.data, .avail_in = (uInt)w->member.len };
	autofree uint8_t *out = NULL;
	size_t cap;

	if (!w->member.len)
		return;
	if (deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		die("zlib fails");
	cap = deflateBound(&z, w->member.len);
	out = xcalloc(cap, 1);
	z.next_out = out;
	z.avail_out = (uInt)cap;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		die("zlib fails");
	put(w, out, z.total_out);
	(void)deflateEnd(&z);
	strbuf_truncate(&w->member, 0);
}

static long number(const char *head, size_t at, size_t len)
{
	char text[16] = "";

	memcpy(text, head + at, len);
	return strtol(text, NULL, 8);
}

/* The names of the tests need no quoting. */
static void describe(struct writer *w, const char *head)
{
	time_t mtime = number(head, MTIME);
	char modtime[32];
	struct tm tm;

	if (!gmtime_r(&mtime, &tm) || !strftime(modtime, sizeof(modtime), "%FT%TZ", &tm))
		die("this is no time");
	strbuf_addf(&w->table,
		    "{\"name\":\"%.*s\",\"type\":\"%s\",\"mode\":%ld,\"uid\":%ld,\"gid\":%ld,"
		    "\"modtime\":\"%s\",\"NumLink\":0",
		    100, head, types[(size_t)head[TYPE_AT]], number(head, MODE), number(head, UID),
		    number(head, GID), modtime);
	if (head[TYPE_AT] == '1' || head[TYPE_AT] == '2')
		strbuf_addf(&w->table, ",\"linkName\":\"%.*s\"", 100, head + 157);
}

static void put_content(struct writer *w, const char *head, const char *data, size_t size)
{
	char digest[DIGEST_TEXT_SIZE], part[DIGEST_TEXT_SIZE];

	digest_of(DIGEST_SHA256, data, size, digest);
	strbuf_addf(&w->table, ",\"size\":%zu,\"digest\":\"%s\"", size, digest);
	for (size_t at = 0; at < size; at += CHUNK) {
		size_t len = size - at < CHUNK ? size - at : CHUNK;

		end_member(w);
		digest_of(DIGEST_SHA256, data + at, len, part);
		if (at)
			strbuf_addf(&w->table, "},{\"name\":\"%.*s\",\"type\":\"chunk\"", 100,
				    head);
		strbuf_addf(&w->table,
			    ",\"offset\":%zu,\"chunkOffset\":%zu,\"chunkSize\":%zu,"
			    "\"chunkDigest\":\"%s\"",
			    w->written, at, len == CHUNK ? len : 0, part);
		strbuf_add(&w->member, data + at, len);
	}
}

/* Returns how long the entry is. */
static size_t put_entry(struct writer *w, const char *head, size_t left)
{
	uint8_t type = (uint8_t)head[TYPE_AT];
	size_t size = type == '0' ? (size_t)number(head, SIZE) : 0;
	size_t padded = (size + BLOCK - 1) / BLOCK * BLOCK;

	if (type >= ARRAY_LEN(types) || !types[type] || padded > left - BLOCK)
		die("there is an entry of another kind");
	if (w->table.data[w->table.len - 1] == '}')
		strbuf_addc(&w->table, ',');
	strbuf_add(&w->member, head, BLOCK);
	describe(w, head);
	if (size)
		put_content(w, head, head + BLOCK, size);
	strbuf_adds(&w->table, "}");
	strbuf_add(&w->member, head + BLOCK + size, padded - size);
	return BLOCK + padded;
}

/* The header of the table's own file. */
static void add_table_header(struct writer *w)
{
	char head[BLOCK] = "stargz.index.json";
	unsigned sum = 0;

	(void)snprintf(head + 100, 8, "%07o", 0);
	(void)snprintf(head + 108, 8, "%07o", 0);
	(void)snprintf(head + 116, 8, "%07o", 0);
	(void)snprintf(head + 124, 12, "%011o", (unsigned)w->table.len);
	(void)snprintf(head + 136, 12, "%011o", 0);
	memset(head + 148, ' ', 8);
	head[TYPE_AT] = '0';
	memcpy(head + 257, "ustar\00000", 8);
	for (size_t i = 0; i < BLOCK; i++)
		sum += (uint8_t)head[i];
	(void)snprintf(head + 148, 8, "%06o", sum);
	strbuf_add(&w->member, head, BLOCK);
}

static void put_table(struct writer *w)
{
	static const char zeros[3 * BLOCK];
	char digest[DIGEST_TEXT_SIZE], extra[32];
	size_t at;

	end_member(w);
	at = w->written;
	add_table_header(w);
	strbuf_add(&w->member, w->table.data, w->table.len);
	strbuf_add(&w->member, zeros, 2 * BLOCK + (BLOCK - w->table.len % BLOCK) % BLOCK);
	end_member(w);
	put(w, "\x1f\x8b\x08\x04\0\0\0\0\0\xff\x1a\0SG\x16\0", 16);
	(void)snprintf(extra, sizeof(extra), "%016zxSTARGZ", at);
	put(w, extra, 22);
	put(w, "\x01\0\0\xff\xff\0\0\0\0\0\0\0\0", 13);
	digest_of(DIGEST_SHA256, w->table.data, w->table.len, digest);
	(void)fprintf(stderr, "%s\n", digest);
}

static void slurp(FILE *f, struct strbuf *ret)
{
	char buf[65536];
	size_t n;

	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		strbuf_add(ret, buf, n);
	if (ferror(f) || strbuf_check(ret, "input", NULL) < 0)
		die("can't read");
}

static void replace_table(struct writer *w, const char *path)
{
	FILE *f = fopen(path, "re");

	if (!f)
		die("can't open the table");
	strbuf_truncate(&w->table, 0);
	slurp(f, &w->table);
	(void)fclose(f);
}

int main(int argc, char **argv)
{
	auto_(strbuf) struct strbuf tar = { .max = MAX };
	struct writer w = { .member = { .max = MAX }, .table = { .max = MAX } };

	slurp(stdin, &tar);
	strbuf_adds(&w.table, "{\"version\":1,\"entries\":[");
	for (size_t at = 0; at + BLOCK <= tar.len && tar.data[at];)
		at += put_entry(&w, tar.data + at, tar.len - at);
	strbuf_adds(&w.table, "]}");
	if (argc > 1)
		replace_table(&w, argv[1]);
	put_table(&w);
	strbuf_done(&w.member);
	strbuf_done(&w.table);
	return fflush(stdout) ? 1 : 0;
}
