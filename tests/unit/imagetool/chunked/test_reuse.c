/* SPDX-License-Identifier: Apache-2.0 */
/* A blob from another's parts: what is here, what has to come, and that the sum is right. */
#include "imagetool/chunked/reuse.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zstd.h>

#include "libutil/alloc.h"
#include "libutil/dir.h"

#define HEADER   100 /* bytes in front of each file */
#define FILE_LEN 200000

struct fixture {
	char dir[64];
	struct store *store;
	struct chunked_stock *stock;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/test_reuse.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	assert_int_equal(store_open(f->dir, STORE_CREATE, &f->store, NULL), 0);
	f->stock = chunked_stock_new(f->store);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	chunked_stock_free(f->stock);
	store_free(f->store);
	assert_int_equal(dir_remove_all_at(AT_FDCWD, f->dir, NULL), 0);
	free(f);
	return 0;
}

/* One blob as it would lie in a registry. */
struct made {
	struct strbuf bytes;
	int64_t tail;
	char digest[DIGEST_TEXT_SIZE], position[80], checksum[DIGEST_TEXT_SIZE];
	struct oci_pair pairs[2];
	struct image_descriptor desc;
};

static void made_done(struct made *m)
{
	strbuf_done(&m->bytes);
}
AUTO_DEFINE_DONE(made, made_done)

/* A file of each letter: its "compressed" bytes are so many of the letter, its digest likewise. */
static void add_files(struct made *m, const char *letters, struct strbuf *json)
{
	for (const char *c = letters; *c; c++) {
		for (int i = 0; i < HEADER; i++)
			strbuf_addc(&m->bytes, (char)(*c + 1));
		strbuf_addf(
			json,
			"%s{\"type\":\"reg\",\"name\":\"%c\",\"size\":7,\"offset\":%zu,\"endOffset\":"
			"%zu,\"digest\":\"sha256:",
			c == letters ? "" : ",", *c, m->bytes.len, m->bytes.len + FILE_LEN);
		for (int i = 0; i < 32; i++)
			strbuf_addf(json, "%02x", (unsigned char)*c);
		strbuf_adds(json, "\"}");
		for (int i = 0; i < FILE_LEN; i++)
			strbuf_addc(&m->bytes, *c);
	}
}

static void make(struct made *m, const char *letters)
{
	auto_(strbuf) struct strbuf json = { 0 };
	char toc[4096];
	size_t n;

	*m = (struct made){ 0 };
	strbuf_adds(&json, "{\"version\":1,\"entries\":[");
	add_files(m, letters, &json);
	strbuf_adds(&json, "]}");
	strbuf_adds(&m->bytes, "end of archive");
	m->tail = (int64_t)m->bytes.len;
	n = ZSTD_compress(toc, sizeof(toc), json.data, json.len, 3);
	assert_false(ZSTD_isError(n));
	strbuf_adds(&m->bytes, "12345678");
	strbuf_add(&m->bytes, toc, n);
	strbuf_adds(&m->bytes, "footer");
	digest_of(DIGEST_SHA256, toc, n, m->checksum);
	digest_of(DIGEST_SHA256, m->bytes.data, m->bytes.len, m->digest);
	(void)snprintf(m->position, sizeof(m->position), "%lld:%zu:%zu:1", (long long)m->tail + 8,
		       n, json.len);
	m->pairs[0] = (struct oci_pair){ CHUNKED_KEY "manifest-checksum", m->checksum };
	m->pairs[1] = (struct oci_pair){ CHUNKED_KEY "manifest-position", m->position };
	m->desc = (struct image_descriptor){
		.digest = m->digest,
		.size = { true, (int64_t)m->bytes.len },
		.annotations = { .items = m->pairs, .n = 2 },
	};
}

static bool plan(const struct fixture *f, const struct made *m, struct chunked_reuse *ret)
{
	auto_(chunked_toc) struct chunked_toc toc = { 0 };
	auto_(strbuf) struct strbuf tail = { 0 };
	struct chunked_position p;

	assert_int_equal(chunked_position(&m->desc, &p, NULL), 1);
	assert_int_equal(chunked_toc_read(&p, m->bytes.data + p.toc, &toc, NULL), 0);
	strbuf_add(&tail, m->bytes.data + p.tail, m->bytes.len - (size_t)p.tail);
	return chunked_reuse_plan(ret, f->stock, &toc, &tail);
}

/* All of it, with what has to come from `m`; returns how much that was. */
static int64_t assemble(const struct made *m, const struct chunked_reuse *u, struct strbuf *out)
{
	int64_t travelled = 0, at = 0, span;
	char buf[5000];

	while ((span = chunked_reuse_span(u, at)) != 0) {
		if (span < 0) {
			strbuf_add(out, m->bytes.data + at, (size_t)-span);
			travelled -= span;
			at -= span;
			continue;
		}
		span = chunked_reuse_read(u, at, buf, sizeof(buf), NULL);
		assert_true(span > 0);
		strbuf_add(out, buf, (size_t)span);
		at += span;
	}
	return travelled;
}

static void assert_same(const struct made *m, const struct strbuf *out)
{
	assert_int_equal(out->len, m->bytes.len);
	assert_memory_equal(out->data, m->bytes.data, out->len);
}

static void store_blob(const struct fixture *f, const struct made *m)
{
	assert_int_equal(blob_add(f->store, m->bytes.data, m->bytes.len, NULL, NULL), 0);
	assert_true(chunked_stock_add(f->stock, &m->desc));
}

static void only_what_is_new_has_to_come(void **state)
{
	struct fixture *f = *state;
	auto_(made) struct made old = { 0 }, new = { 0 };
	auto_(chunked_reuse) struct chunked_reuse u = { 0 };
	auto_(strbuf) struct strbuf out = { 0 };

	make(&old, "acegikmo");
	make(&new, "acegXikmo");
	store_blob(f, &old);
	assert_true(plan(f, &new, &u));
	/* The new file, and the header of the one behind it, which follows another now. */
	assert_int_equal(assemble(&new, &u, &out), FILE_LEN + HEADER);
	assert_same(&new, &out);
	assert_int_equal(u.requests, 1);
}

static void parts_of_several_blobs_make_one(void **state)
{
	struct fixture *f = *state;
	auto_(made) struct made first = { 0 }, second = { 0 }, new = { 0 };
	auto_(chunked_reuse) struct chunked_reuse u = { 0 };
	auto_(strbuf) struct strbuf out = { 0 };

	make(&first, "ace");
	make(&second, "gik");
	make(&new, "agciek");
	store_blob(f, &first);
	store_blob(f, &second);
	assert_true(plan(f, &new, &u));
	assert_true(assemble(&new, &u, &out) < FILE_LEN);
	assert_same(&new, &out);
}

static void nothing_in_common_is_not_worth_it(void **state)
{
	struct fixture *f = *state;
	auto_(made) struct made old = { 0 }, new = { 0 };
	auto_(chunked_reuse) struct chunked_reuse u = { 0 };
	auto_(strbuf) struct strbuf out = { 0 };

	make(&old, "ace");
	make(&new, "xyzuv");
	store_blob(f, &old);
	assert_false(plan(f, &new, &u));
	/* The end of the archive is the same everywhere. */
	assert_int_equal(assemble(&new, &u, &out), new.tail - 14);
	assert_same(&new, &out);
}

static void a_stock_of_a_blob_that_is_gone_is_empty(void **state)
{
	struct fixture *f = *state;
	auto_(made) struct made old = { 0 };

	make(&old, "ace");
	assert_true(chunked_stock_add(f->stock, &old.desc));
	assert_int_equal(chunked_stock_size(f->stock), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(only_what_is_new_has_to_come, setup, teardown),
		cmocka_unit_test_setup_teardown(parts_of_several_blobs_make_one, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_in_common_is_not_worth_it, setup, teardown),
		cmocka_unit_test_setup_teardown(a_stock_of_a_blob_that_is_gone_is_empty, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
