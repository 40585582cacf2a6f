/* SPDX-License-Identifier: Apache-2.0 */
/* Names in index.json: given, taken away, resolved; what they keep alive. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>

#include <cmocka.h>

#include "imagetool/errors.h"
#include "imagetool/store/store.h"
#include "libutil/alloc.h"
#include "libutil/dir.h"
#include "libutil/file.h"

struct fixture {
	char dir[64];
	struct store *store;
	struct arena arena;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/test_names.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	assert_int_equal(store_open(f->dir, STORE_CREATE, &f->store, NULL), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	store_free(f->store);
	arena_done(&f->arena);
	assert_int_equal(dir_remove_all_at(AT_FDCWD, f->dir, NULL), 0);
	free(f);
	return 0;
}

/* An image of one layer; `salt` tells images apart.  All share the layer "common". */
static struct image_descriptor add_image(struct fixture *f, const char *salt)
{
	char config[DIGEST_TEXT_SIZE], layer[DIGEST_TEXT_SIZE], common[DIGEST_TEXT_SIZE];
	struct image_descriptor desc = { .media_type = MEDIA_OCI_MANIFEST, .size.set = true };
	char *digest = arena_alloc(&f->arena, DIGEST_TEXT_SIZE, 1);
	autofree char *text = NULL;

	assert_int_equal(blob_add(f->store, salt, strlen(salt), layer, NULL), 0);
	assert_int_equal(blob_add(f->store, "common", 6, common, NULL), 0);
	text = xasprintf("{\"salt\":\"%s\"}", salt);
	assert_int_equal(blob_add(f->store, text, strlen(text), config, NULL), 0);
	free(text);
	text = xasprintf(
		"{\"schemaVersion\":2,\"config\":{\"mediaType\":\"" MEDIA_OCI_CONFIG
		"\",\"digest\":\"%s\",\"size\":1},\"layers\":[{\"mediaType\":\"" MEDIA_OCI_LAYER
		"\",\"digest\":\"%s\",\"size\":1},{\"mediaType\":\"" MEDIA_OCI_LAYER
		"\",\"digest\":\"%s\",\"size\":1}]}",
		config, layer, common);
	assert_int_equal(blob_add(f->store, text, strlen(text), digest, NULL), 0);
	desc.digest = digest;
	desc.size.v = (int64_t)strlen(text);
	return desc;
}

/* Digests that a test made up have no content that could be added. */
static void tag(struct fixture *f, const char *name, const struct image_descriptor *desc)
{
	if (!blob_exists(f->store, desc->digest, -1)) {
		autofree char *path = xasprintf("blobs/sha256/%s", digest_hex(desc->digest));

		assert_int_equal(file_replace_at(store_dirfd(f->store), path, "x", 1, 0644,
						 FILE_NO_SYNC, NULL),
				 0);
	}
	assert_int_equal(store_tag(f->store, name, desc, NULL), 0);
}

/* All names, in order, with blanks between. */
static const char *names(struct fixture *f)
{
	auto_(strbuf) struct strbuf out = { 0 };
	const struct image_descriptor *all;
	struct image_index *index;

	assert_int_equal(store_index(f->store, &f->arena, &index, NULL), 0);
	all = index->manifests.items;
	for (size_t i = 0; i < index->manifests.n; i++)
		strbuf_addf(&out, "%s%s", i ? " " : "", store_name_of(&all[i]));
	return arena_strdup(&f->arena, strbuf_str(&out));
}

static const char *resolved(struct fixture *f, const char *text)
{
	struct store_image found;
	int r = store_resolve(f->store, text, &f->arena, &found, NULL);

	if (r < 0)
		return r == -IMAGE_ENOTFOUND ? "not found" : r == -EINVAL ? "ambiguous" : "failed";
	return arena_printf(&f->arena, "%s%s", found.name, found.by_digest ? " by digest" : "");
}

static uint64_t collected(struct fixture *f)
{
	struct store_gc_result gc = { 0 };

	/* What it added itself, it holds. */
	store_free(f->store);
	assert_int_equal(store_open(f->dir, STORE_WRITE, &f->store, NULL), 0);
	assert_int_equal(store_gc(f->store, &gc, NULL), 0);
	assert_false(gc.busy);
	return gc.blobs;
}

/* ---- Giving and taking ---- */

static void a_name_belongs_to_one_image_an_image_may_have_many(void **state)
{
	struct fixture *f = *state;
	struct image_descriptor a = add_image(f, "a"), b = add_image(f, "b");

	tag(f, "one", &a);
	tag(f, "two", &a);
	assert_string_equal(names(f), "one two");
	tag(f, "one", &b);
	assert_string_equal(names(f), "two one");
	assert_string_equal(resolved(f, b.digest), "one by digest");
	assert_int_equal(store_untag(f->store, "two", NULL), 0);
	assert_string_equal(names(f), "one");
}

static void a_repository_with_a_digest_names_only_its_own_images(void **state)
{
	struct fixture *f = *state;
	struct image_descriptor a = add_image(f, "a");
	autofree char *theirs = xasprintf("example.com/theirs@%s", a.digest);
	autofree char *ours = xasprintf("example.com/ours@%s", a.digest);

	tag(f, "example.com/ours:1", &a);
	tag(f, "example.com/ours:2", &a);
	assert_string_equal(resolved(f, theirs), "not found");
	assert_string_equal(resolved(f, ours), "example.com/ours:1 by digest");
	tag(f, ours, &a);
	assert_string_equal(resolved(f, ours), ours);
}

static void a_missing_name_cannot_be_taken_away(void **state)
{
	struct fixture *f = *state;
	struct image_descriptor a = add_image(f, "a");
	struct err e = { 0 };

	tag(f, "", &a);
	assert_int_equal(store_untag(f->store, "none", &e), -IMAGE_ENOTFOUND);
	assert_int_equal(store_untag(f->store, "", NULL), -IMAGE_ENOTFOUND);
	assert_non_null(strstr(e.msg, "no image 'none' in store"));
}

static void a_nameless_image_gets_its_first_name_in_place(void **state)
{
	struct fixture *f = *state;
	struct image_descriptor a = add_image(f, "a");

	tag(f, "", &a);
	tag(f, "", &a);
	assert_string_equal(names(f), "");
	tag(f, "first", &a);
	assert_string_equal(names(f), "first");
	assert_int_equal(store_untag_digest(f->store, a.digest, NULL), 1);
	assert_int_equal(store_untag_digest(f->store, a.digest, NULL), 0);
}

static void what_other_tools_wrote_into_the_index_stays(void **state)
{
	struct fixture *f = *state;
	struct image_descriptor a = add_image(f, "a");
	autofree char *text = NULL;
	size_t len;

	text = xasprintf(
		"{\"schemaVersion\":2,\"annotations\":{\"who\":\"else\"},\"manifests\":[{"
		"\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"digest\":\"%s\",\"size\":1,"
		"\"annotations\":{\"x\":\"y\",\"" IMAGE_REF_NAME "\":\"theirs\"},"
		"\"platform\":{\"architecture\":\"arm\",\"os\":\"linux\",\"variant\":\"v7\"}}]}",
		a.digest);
	assert_int_equal(file_replace_at(store_dirfd(f->store), "index.json", text, strlen(text),
					 0644, FILE_NO_SYNC, NULL),
			 0);
	free(text);
	tag(f, "ours", &a);
	assert_int_equal(file_read_at(store_dirfd(f->store), "index.json", 4096, &text, &len, NULL),
			 0);
	assert_non_null(strstr(text, "\"who\":\"else\""));
	assert_non_null(strstr(text, "\"x\":\"y\""));
	assert_non_null(strstr(text, "\"variant\":\"v7\""));
	assert_string_equal(names(f), "theirs ours");
}

static void a_tagged_descriptor_keeps_its_other_annotations(void **state)
{
	struct fixture *f = *state;
	struct image_descriptor a = add_image(f, "a");
	struct oci_pair pairs[] = { { IMAGE_REF_NAME, "old" }, { "k", "v" } };
	const struct image_descriptor *all;
	struct image_index *index;

	a.annotations = (struct oci_strmap){ .items = pairs, .n = 2 };
	tag(f, "new", &a);
	assert_int_equal(store_index(f->store, &f->arena, &index, NULL), 0);
	all = index->manifests.items;
	assert_int_equal(all[0].annotations.n, 2);
	assert_string_equal(store_name_of(&all[0]), "new");
	assert_string_equal(all[0].annotations.items[0].value, "v");
}

/* ---- Finding ---- */

static void images_are_found_by_what_people_type(void **state)
{
	struct fixture *f = *state;
	struct image_descriptor a = add_image(f, "a"), b = add_image(f, "b");
	char config[DIGEST_TEXT_SIZE];

	digest_of(DIGEST_SHA256, "{\"salt\":\"b\"}", 12, config);
	tag(f, "docker.io/library/nginx:latest", &a);
	tag(f, "plain", &b);
	assert_string_equal(resolved(f, "nginx"), "docker.io/library/nginx:latest");
	assert_string_equal(resolved(f, "docker.io/library/nginx"),
			    "docker.io/library/nginx:latest");
	assert_string_equal(resolved(f, "plain"), "plain");
	assert_string_equal(resolved(f, "nginx:1"), "not found");
	assert_string_equal(resolved(f, b.digest), "plain by digest");
	assert_string_equal(resolved(f, config), "plain by digest");
	config[7 + 12] = '\0';
	assert_string_equal(resolved(f, config), "plain by digest");
	assert_string_equal(resolved(f, config + 7), "plain by digest");
	config[7 + 3] = '\0';
	assert_string_equal(resolved(f, config + 7), "not found");
	assert_string_equal(resolved(f, ""), "not found");
	assert_string_equal(resolved(f, "../x"), "not found");
}

static void a_prefix_of_two_images_is_ambiguous(void **state)
{
	/* Contents whose configs' digests both begin with 0000 are hard to come by: the manifests
	 * are never read for a match of the descriptor itself, so descriptors will do. */
	struct fixture *f = *state;
	struct image_descriptor d = { .media_type = MEDIA_OCI_LAYER, .size = { true, 1 } };

	d.digest = "sha256:abcd000000000000000000000000000000000000000000000000000000000001";
	tag(f, "one", &d);
	d.digest = "sha256:abcd000000000000000000000000000000000000000000000000000000000002";
	tag(f, "two", &d);
	assert_string_equal(resolved(f, "abcd"), "ambiguous");
	tag(f, "abcd", &d);
	assert_string_equal(resolved(f, "abcd"), "abcd");
}

/* ---- Garbage ---- */

static void only_what_no_name_reaches_is_collected(void **state)
{
	struct fixture *f = *state;
	struct image_descriptor a = add_image(f, "a"), b = add_image(f, "b");

	tag(f, "a", &a);
	tag(f, "b", &b);
	assert_int_equal(blob_add(f->store, "stray", 5, NULL, NULL), 0);
	assert_int_equal(collected(f), 1);
	assert_int_equal(store_untag(f->store, "a", NULL), 0);
	assert_int_equal(collected(f), 3); /* manifest, config, layer "a"; "common" stays */
	assert_true(blob_exists(f->store, b.digest, -1));
	assert_int_equal(store_untag(f->store, "b", NULL), 0);
	assert_int_equal(collected(f), 4);
}

static void an_index_keeps_its_images_and_may_lack_some(void **state)
{
	struct fixture *f = *state;
	struct image_descriptor a = add_image(f, "a");
	struct image_descriptor index = { .media_type = MEDIA_OCI_INDEX, .size.set = true };
	char digest[DIGEST_TEXT_SIZE];
	autofree char *text = NULL;

	text = xasprintf("{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"" MEDIA_OCI_MANIFEST
			 "\",\"digest\":\"%s\",\"size\":1},{\"mediaType\":\"" MEDIA_OCI_MANIFEST
			 "\",\"digest\":\"sha256:%064d\",\"size\":1}]}",
			 a.digest, 7);
	assert_int_equal(blob_add(f->store, text, strlen(text), digest, NULL), 0);
	index.digest = digest;
	index.size.v = (int64_t)strlen(text);
	tag(f, "many", &index);
	assert_int_equal(collected(f), 0);
	assert_true(blob_exists(f->store, a.digest, -1));
}

static void what_another_holds_stays_and_the_rest_goes(void **state)
{
	struct fixture *f = *state;
	struct image_descriptor a = add_image(f, "a");
	struct store *other = NULL;
	char held[DIGEST_TEXT_SIZE];

	tag(f, "a", &a);
	assert_int_equal(blob_add(f->store, "held", 4, held, NULL), 0);
	assert_int_equal(blob_add(f->store, "stray", 5, NULL, NULL), 0);
	assert_int_equal(store_open(f->dir, STORE_READ, &other, NULL), 0);
	assert_true(blob_exists(other, held, 4));
	assert_int_equal(store_hold_image(other, &a, NULL), 0);
	assert_int_equal(store_untag(f->store, "a", NULL), 0);
	assert_int_equal(collected(f), 1);
	assert_true(blob_exists(other, held, 4));
	assert_true(blob_exists(other, a.digest, -1));
	store_free(other);
	assert_int_equal(collected(f), 5);
}

static void a_manifest_held_as_a_blob_still_leads_to_its_layers(void **state)
{
	struct fixture *f = *state;
	struct image_descriptor a = add_image(f, "a");
	struct store *other = NULL;

	tag(f, "a", &a);
	assert_int_equal(store_open(f->dir, STORE_READ, &other, NULL), 0);
	assert_true(blob_exists(other, a.digest, -1));
	assert_int_equal(collected(f), 0);
	store_free(other);
}

static void what_went_meanwhile_gets_no_name(void **state)
{
	struct fixture *f = *state;
	struct image_descriptor a = add_image(f, "a");

	assert_int_equal(collected(f), 4);
	assert_int_equal(store_tag(f->store, "a", &a, NULL), -IMAGE_ENOTFOUND);
	assert_string_equal(names(f), "");
}

static void who_may_not_write_keeps_collectors_out(void **state)
{
	struct fixture *f = *state;
	struct store_gc_result gc = { 0 };
	autofree char *use = xasprintf("%s/lock/use", f->dir);
	int fd = open(use, O_RDONLY | O_CLOEXEC);

	assert_int_equal(blob_add(f->store, "stray", 5, NULL, NULL), 0);
	assert_int_equal(flock(fd, LOCK_SH), 0);
	assert_int_equal(store_gc(f->store, &gc, NULL), 0);
	assert_true(gc.busy);
	assert_int_equal(gc.blobs, 0);
	(void)close(fd);
	assert_int_equal(collected(f), 1);
}

static void a_document_that_cannot_be_read_ends_the_collection_in_time(void **state)
{
	struct fixture *f = *state;
	struct image_descriptor a = add_image(f, "a");
	struct store_gc_result gc;
	char path[128];

	tag(f, "a", &a);
	assert_int_equal(blob_add(f->store, "stray", 5, NULL, NULL), 0);
	(void)snprintf(path, sizeof(path), "blobs/sha256/%s", a.digest + 7);
	assert_int_equal(file_write_at(store_dirfd(f->store), path, "x", NULL), 0);
	store_free(f->store);
	assert_int_equal(store_open(f->dir, STORE_WRITE, &f->store, NULL), 0);
	assert_int_equal(store_gc(f->store, &gc, NULL), -IMAGE_EVERIFY);
	assert_int_equal(store_untag(f->store, "a", NULL), 0);
	assert_int_equal(collected(f), 5);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_name_belongs_to_one_image_an_image_may_have_many),
		T(a_repository_with_a_digest_names_only_its_own_images),
		T(a_missing_name_cannot_be_taken_away),
		T(a_nameless_image_gets_its_first_name_in_place),
		T(what_other_tools_wrote_into_the_index_stays),
		T(a_tagged_descriptor_keeps_its_other_annotations),
		T(images_are_found_by_what_people_type),
		T(a_prefix_of_two_images_is_ambiguous),
		T(only_what_no_name_reaches_is_collected),
		T(an_index_keeps_its_images_and_may_lack_some),
		T(what_another_holds_stays_and_the_rest_goes),
		T(a_manifest_held_as_a_blob_still_leads_to_its_layers),
		T(what_went_meanwhile_gets_no_name),
		T(who_may_not_write_keeps_collectors_out),
		T(a_document_that_cannot_be_read_ends_the_collection_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
