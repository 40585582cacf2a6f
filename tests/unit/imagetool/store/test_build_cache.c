/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/store/build_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "imagetool/store/snapshot_key.h"
#include "libutil/alloc.h"
#include "libutil/dir.h"
#include "libutil/file.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

static char dir[32];
static struct store *store;

static int setup(void **state UNUSED)
{
	(void)snprintf(dir, sizeof(dir), "/tmp/cache-XXXXXX");
	assert_non_null(mkdtemp(dir));
	assert_int_equal(store_open(dir, STORE_CREATE, &store, NULL), 0);
	return 0;
}

static int teardown(void **state UNUSED)
{
	store_free(store);
	return dir_remove_all_at(AT_FDCWD, dir, NULL);
}

static struct build_record record(const char *key, const char *snapshot)
{
	struct build_record r = { .created = 5, .size = 6 };

	(void)snprintf(r.key, sizeof(r.key), "%s", key);
	r.snapshot = snapshot ? xstrdup(snapshot) : NULL;
	return r;
}

static struct build_layer layer(enum layer_compression kind, const char *digest)
{
	struct build_layer l = { .kind = kind, .level = 3, .size = 7 };

	(void)snprintf(l.diff_id, sizeof(l.diff_id), "sha256:" A);
	(void)snprintf(l.digest, sizeof(l.digest), "sha256:%s", digest);
	return l;
}

static void a_record_is_read_as_it_was_written(void **state UNUSED)
{
	auto_(build_record) struct build_record r = record(A, "build-" A), got = { 0 };
	struct build_layer l = layer(LAYER_ZSTD, B);
	auto_(strbuf) struct strbuf text = { 0 };
	struct err e = { 0 };

	r.name = xstrdup("RUN \"x\"");
	r.note = xstrdup("etag\n1");
	l.has_latest = true;
	l.latest = -1;
	build_record_add_layer(&r, &l);
	build_record_encode(&r, &text);
	assert_int_equal(build_record_decode(text.data, text.len, &got, &e), 0);
	assert_string_equal(got.key, A);
	assert_string_equal(got.snapshot, "build-" A);
	assert_string_equal(got.name, r.name);
	assert_string_equal(got.note, r.note);
	assert_int_equal(got.created, 5);
	assert_int_equal(got.size, 6);
	assert_int_equal(got.n_layers, 1);
	assert_memory_equal(&got.layers[0], &l, sizeof(l));
}

static void what_is_no_record_is_refused(void **state UNUSED)
{
	static const char *const rows[] = {
		"",
		"[]",
		"{}",
		"{\"key\":\"../x\",\"created\":0,\"size\":0}",
		"{\"key\":\"" A "\",\"created\":0,\"size\":-1}",
		"{\"key\":\"" A "\",\"created\":\"x\",\"size\":0}",
		"{\"key\":\"" A "\",\"snapshot\":\"../../etc\",\"created\":0,\"size\":0}",
		"{\"key\":\"" A "\",\"created\":0,\"size\":0,\"layers\":[1]}",
		"{\"key\":\"" A "\",\"created\":0,\"size\":0,\"layers\":{}}",
		"{\"key\":\"" A "\",\"created\":0,\"size\":0,\"layers\":[{\"kind\":\"gzip\","
		"\"level\":0,\"diffId\":\"sha256:../x\",\"digest\":\"sha256:" A "\",\"size\":1}]}",
		"{\"key\":\"" A "\",\"created\":0,\"size\":0",
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct build_record got = { .size = 77 };

		if (build_record_decode(rows[i], strlen(rows[i]), &got, NULL) >= 0)
			fail_msg("taken: %s", rows[i]);
		assert_int_equal(got.size, 77);
	}
}

static void a_layer_of_the_same_form_is_replaced(void **state UNUSED)
{
	auto_(build_record) struct build_record r = record(A, "");
	struct build_layer gzip = layer(LAYER_GZIP, A), again = layer(LAYER_GZIP, B);
	struct build_layer zstd = layer(LAYER_ZSTD, C);

	build_record_add_layer(&r, &gzip);
	build_record_add_layer(&r, &zstd);
	build_record_add_layer(&r, &again);
	assert_int_equal(r.n_layers, 2);
	assert_string_equal(build_record_layer(&r, &gzip)->digest, "sha256:" B);
	gzip.level = 9;
	assert_null(build_record_layer(&r, &gzip));
}

static void what_was_put_is_found(void **state UNUSED)
{
	auto_(build_record) struct build_record r = record(A, ""), got = { 0 }, none = { 0 };

	assert_int_equal(build_cache_find(store, A, &got, NULL), 0);
	assert_int_equal(build_cache_put(store, A, &r, NULL), 0);
	assert_int_equal(build_cache_find(store, A, &got, NULL), 1);
	assert_string_equal(got.snapshot, "");
	assert_true(got.used > 0);
	assert_int_equal(build_cache_remove(store, A, NULL), 0);
	assert_int_equal(build_cache_find(store, A, &none, NULL), 0);
	assert_int_equal(build_cache_remove(store, A, NULL), 0);
}

static void one_key_may_lead_to_another(void **state UNUSED)
{
	auto_(build_record) struct build_record r = record(A, ""), got = { 0 }, none = { 0 };

	assert_int_equal(build_cache_put(store, A, &r, NULL), 0);
	assert_int_equal(build_cache_put(store, B, &r, NULL), 0);
	assert_int_equal(build_cache_find(store, B, &got, NULL), 1);
	assert_string_equal(got.key, A);
	assert_string_equal(got.snapshot, "");
	/* Where it leads is gone. */
	assert_int_equal(build_cache_remove(store, A, NULL), 0);
	assert_int_equal(build_cache_find(store, B, &none, NULL), 0);
}

static void records_that_lead_in_a_circle_are_none(void **state UNUSED)
{
	auto_(build_record) struct build_record a = record(A, ""), b = record(B, ""), got = { 0 };

	assert_int_equal(build_cache_put(store, A, &b, NULL), 0);
	assert_int_equal(build_cache_put(store, B, &a, NULL), 0);
	assert_int_equal(build_cache_find(store, A, &got, NULL), 0);
}

static void a_damaged_record_is_none(void **state UNUSED)
{
	auto_(build_record) struct build_record r = record(A, ""), got = { 0 };
	autofree char *path = xasprintf("%s/" BUILD_CACHE_DIR "/" A, dir);

	assert_int_equal(build_cache_put(store, A, &r, NULL), 0);
	assert_int_equal(truncate(path, 10), 0);
	assert_int_equal(build_cache_find(store, A, &got, NULL), 0);
	/* Neither does a link lead anywhere. */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_int_equal(build_cache_find(store, A, &got, NULL), 0);
}

static void blobs_of_records_are_no_garbage(void **state UNUSED)
{
	auto_(build_record) struct build_record r = record(A, "");
	const struct store_gc_opts look = { .look_only = true };
	struct store_gc_result gc = { 0 };
	char digest[DIGEST_TEXT_SIZE];
	struct build_layer l;

	assert_int_equal(blob_add(store, "x", 1, digest, NULL), 0);
	l = layer(LAYER_GZIP, digest_hex(digest));
	build_record_add_layer(&r, &l);
	assert_int_equal(build_cache_put(store, A, &r, NULL), 0);
	store_free(store);
	assert_int_equal(store_open(dir, STORE_WRITE, &store, NULL), 0);
	assert_int_equal(store_gc_with(store, &look, &gc, NULL), 0);
	assert_int_equal(gc.blobs, 0);
	assert_int_equal(build_cache_remove(store, A, NULL), 0);
	assert_int_equal(store_gc_with(store, &look, &gc, NULL), 0);
	assert_int_equal(gc.blobs, 1);
}

static void snapshots_of_builds_have_legal_names(void **state UNUSED)
{
	char key[SNAPSHOT_KEY_SIZE];

	snapshot_key_build(A, key);
	assert_string_equal(key, "build-" A);
	assert_true(snapshot_key_is_legal(key));
	assert_false(snapshot_key_is_legal("build-chain-" A));
	assert_false(snapshot_key_is_legal("build-../x"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_record_is_read_as_it_was_written),
		T(what_is_no_record_is_refused),
		T(a_layer_of_the_same_form_is_replaced),
		T(what_was_put_is_found),
		T(one_key_may_lead_to_another),
		T(records_that_lead_in_a_circle_are_none),
		T(a_damaged_record_is_none),
		T(blobs_of_records_are_no_garbage),
		T(snapshots_of_builds_have_legal_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
