/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/result/cache_export.h"
#include "imagetool/result/cache_import.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "imagetool/commit/layer_blob.h"
#include "imagetool/errors.h"
#include "libutil/dir.h"

#define KEY_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define KEY_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define KEY_C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define KEY_D "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"

struct world {
	char dir[32];
	struct store *from, *to;
	struct arena arena;
	struct cache_entry items[3];
	struct cache_entries entries;
	struct cache_specs specs;
	struct err e;
};

static struct result_layer make_layer(struct world *w, const char *text)
{
	auto_(layer_blob) struct layer_blob l = { 0 };
	struct compress_result made;
	struct byte_sink to;

	assert_int_equal(
		layer_blob_begin(&l, w->from,
				 &(struct compress_opts){ .kind = LAYER_GZIP, .threads = 1 },
				 &w->e),
		0);
	to = layer_blob_sink(&l);
	assert_int_equal(to.write(to.ctx, text, strlen(text), &w->e), 0);
	assert_int_equal(layer_blob_commit(&l, &made, &w->e), 0);
	return (struct result_layer){
		.desc = { .media_type = MEDIA_OCI_LAYER "+gzip",
			  .digest = arena_strdup(&w->arena, made.digest),
			  .size = { true, made.size } },
		.diff_id = arena_strdup(&w->arena, made.diff_id),
	};
}

static struct store *open_store(struct world *w, const char *name)
{
	autofree char *path = xasprintf("%s/%s", w->dir, name);
	struct store *s = NULL;

	assert_int_equal(store_open(path, STORE_CREATE, &s, &w->e), 0);
	return s;
}

static int begin(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));

	(void)snprintf(w->dir, sizeof(w->dir), "/tmp/cache-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	w->from = open_store(w, "from");
	w->to = open_store(w, "to");
	w->items[0] = (struct cache_entry){ .key = KEY_A,
					    .other_key = KEY_B,
					    .changed = true,
					    .layer = make_layer(w, "one"),
					    .below = CACHE_NOTHING_BELOW,
					    .created = 1000 };
	w->items[1] = (struct cache_entry){ .key = KEY_C, .below = 0, .created = 2000 };
	w->entries = (struct cache_entries){ w->items, 2 };
	*state = w;
	return 0;
}

static int end(void **state)
{
	struct world *w = *state;

	store_free(w->from);
	store_free(w->to);
	cache_specs_done(&w->specs);
	arena_done(&w->arena);
	assert_int_equal(dir_remove_all_at(AT_FDCWD, w->dir, NULL), 0);
	free(w);
	return 0;
}

static const struct cache_spec *place(struct world *w, const char *more)
{
	autofree char *text = xasprintf("type=local,dest=%s/layout%s", w->dir, more);

	assert_int_equal(cache_specs_add_to(&w->specs, text, &w->e), 0);
	return &w->specs.items[w->specs.n - 1];
}

static void travels(struct world *w, const char *more)
{
	auto_(build_record) struct build_record a = { 0 }, b = { 0 }, c = { 0 };
	auto_(cache_import) struct cache_import *i = NULL;
	const struct cache_spec *spec = place(w, more);

	assert_int_equal(cache_export(w->from, spec, &w->entries, NULL, &w->e), 0);
	assert_int_equal(cache_import_open(w->to, spec, NULL, NULL, &i, &w->e), 0);
	assert_int_equal(cache_import_find(i, KEY_A, &a, &w->e), 1);
	assert_int_equal(a.n_layers, 1);
	assert_int_equal(a.created, 1000);
	assert_string_equal(a.layers[0].diff_id, w->items[0].layer.diff_id);
	assert_null(a.snapshot);
	/* Another name counts as the one it is for. */
	assert_int_equal(cache_import_find(i, KEY_B, &b, &w->e), 1);
	assert_string_equal(b.key, KEY_A);
	assert_int_equal(cache_import_find(i, KEY_C, &c, &w->e), 1);
	assert_int_equal(c.n_layers, 0);
	assert_string_equal(c.snapshot, "");
	assert_int_equal(cache_import_find(i, KEY_D, &c, &w->e), 0);
	assert_false(blob_exists(w->to, a.layers[0].digest, -1));
	assert_int_equal(cache_import_fetch(i, &a.layers[0], &w->e), 0);
	assert_true(blob_exists(w->to, a.layers[0].digest, a.layers[0].size));
}

static void a_cache_travels_by_a_directory(void **state)
{
	travels(*state, "");
}

static void a_cache_may_be_an_index(void **state)
{
	travels(*state, ",image-manifest=false,mode=max");
}

static void a_layer_that_is_not_what_it_says_is_refused(void **state)
{
	struct world *w = *state;
	auto_(build_record) struct build_record a = { 0 };
	auto_(cache_import) struct cache_import *i = NULL;
	const struct cache_spec *spec = place(w, "");
	struct result_layer other = make_layer(w, "two");

	w->items[0].layer.diff_id = other.diff_id;
	assert_int_equal(cache_export(w->from, spec, &w->entries, NULL, &w->e), 0);
	assert_int_equal(cache_import_open(w->to, spec, NULL, NULL, &i, &w->e), 0);
	assert_int_equal(cache_import_find(i, KEY_A, &a, &w->e), 1);
	assert_int_equal(cache_import_fetch(i, &a.layers[0], &w->e), -IMAGE_EVERIFY);
}

static void what_is_not_there_is_said_so(void **state)
{
	struct world *w = *state;
	auto_(cache_import) struct cache_import *i = NULL;

	assert_true(cache_import_open(w->to, place(w, ""), NULL, NULL, &i, &w->e) < 0);
	assert_null(i);
}

static void an_inline_cache_counts_the_images_layers(void **state)
{
	struct world *w = *state;
	const struct result_layer layers[2] = { make_layer(w, "base"), w->items[0].layer };
	const struct result_image image = { .layers = layers, .n_layers = 2, .n_base = 1 };
	const struct result_image nothing = { .layers = layers, .n_layers = 1, .n_base = 1 };

	assert_non_null(cache_inline(&w->entries, &image, &w->arena));
	w->entries.n = 1;
	assert_null(cache_inline(&w->entries, &nothing, &w->arena));
}

static void refuses(const char *text, size_t layers, const char *why)
{
	auto_(arena) struct arena a = { 0 };
	struct cache_config c;
	struct err e = { 0 };

	assert_int_equal(cache_records_decode("x", text, strlen(text), layers, &a, &c, &e),
			 -IMAGE_EVERIFY);
	assert_non_null(strstr(e.msg, why));
}

static void hostile_documents_are_refused(void **state UNUSED)
{
	refuses("{}", 0, "no list");
	refuses("[{\"digest\":\"sha256:../x\"}]", 0, "no legal digest");
	refuses("[{\"digest\":\"sha256:" KEY_A "\",\"layers\":[{\"layer\":1}]}]", 1, "not there");
	refuses("[{\"digest\":\"sha256:" KEY_A "\",\"layers\":[{\"layer\":-1}]}]", 1, "not there");
	refuses("[{\"digest\":\"sha256:" KEY_A "\",\"inputs\":[[{\"link\":1}]]}]", 1, "nowhere");
}

static void others_records_are_passed_over(void **state UNUSED)
{
	static const char text[] = "[{\"digest\":\"sha256:" KEY_A "\",\"inputs\":[[{\"link\":1}],"
				   "[{\"link\":1}]]},{\"digest\":\"sha256:" KEY_B "\"}]";
	auto_(arena) struct arena a = { 0 };
	struct cache_config c;
	struct err e = { 0 };

	assert_int_equal(cache_records_decode("x", text, strlen(text), 0, &a, &c, &e), 0);
	assert_int_equal(c.n_records, 2);
	assert_string_equal(c.records[0].key, "");
	assert_string_equal(c.records[1].key, "sha256:" KEY_B);
}

static void options_are_told_from_references(void **state UNUSED)
{
	static const char *const bad[] = { "type=gha",
					   "type=s3,bucket=x",
					   "type=local",
					   "type=x",
					   "dest=/x",
					   "type=inline,mode=max",
					   "type=local,dest=/x,mode=huge",
					   "type=registry,ref=Bad Name" };
	auto_(cache_specs) struct cache_specs s = { 0 };
	struct err e = { 0 };

	assert_int_equal(cache_specs_add_from(&s, "localhost:5000/x", &e), 0);
	assert_int_equal(s.items[0].kind, CACHE_REGISTRY);
	assert_string_equal(s.items[0].place, "localhost:5000/x:latest");
	assert_int_equal(cache_specs_add_to(&s, "type=inline", &e), 0);
	assert_int_equal(s.items[1].kind, CACHE_INLINE);
	assert_int_equal(cache_specs_add_from(&s, "type=local,src=d", &e), 0);
	assert_string_equal(s.items[2].name, "latest");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_true(cache_specs_add_to(&s, bad[i], &e) < 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(a_cache_travels_by_a_directory),
		TEST(a_cache_may_be_an_index),
		TEST(a_layer_that_is_not_what_it_says_is_refused),
		TEST(what_is_not_there_is_said_so),
		TEST(an_inline_cache_counts_the_images_layers),
		cmocka_unit_test(hostile_documents_are_refused),
		cmocka_unit_test(others_records_are_passed_over),
		cmocka_unit_test(options_are_told_from_references),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
