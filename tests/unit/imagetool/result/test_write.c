/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/result/result.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "imagetool/commit/layer_blob.h"
#include "imagetool/store/image.h"
#include "imagetool/tar/write.h"
#include "libutil/dir.h"
#include "libutil/file.h"

#define SQUASHED "squash of 2 layers"

/* A store, a plan, an image of one base layer and two of its own. */
struct world {
	char dir[32];
	struct store *store;
	struct arena arena;
	struct result_flags flags;
	struct result_plan plan;
	struct result_layer layers[3];
	struct image_history history[5];
	struct image_run_config run;
	struct image_config config;
	struct result_image image;
	struct result_calls calls;
	struct result_input in;
	struct result_made made;
	struct err e;
};

static struct result_layer make_layer(struct world *w, const char *name, int64_t when)
{
	auto_(layer_blob) struct layer_blob l = { 0 };
	autofree struct tar_writer *t = xcalloc(1, sizeof(*t));
	struct compress_result made;
	const struct tar_entry n = { .type = TAR_FILE,
				     .name = name,
				     .link = "",
				     .mode = 0644,
				     .mtime = { .tv_sec = when } };

	assert_int_equal(
		layer_blob_begin(&l, w->store,
				 &(struct compress_opts){ .kind = LAYER_GZIP, .threads = 1 },
				 &w->e),
		0);
	tar_writer_init_sink(t, layer_blob_sink(&l));
	assert_int_equal(tar_write_entry(t, &n, &w->e), 0);
	assert_int_equal(tar_write_end(t, &w->e), 0);
	assert_int_equal(layer_blob_commit(&l, &made, &w->e), 0);
	return (struct result_layer){
		.desc = { .media_type = "application/vnd.oci.image.layer.v1.tar+gzip",
			  .digest = arena_strdup(&w->arena, made.digest),
			  .size = { true, made.size } },
		.diff_id = arena_strdup(&w->arena, made.diff_id),
		.created = { .tv_sec = when },
	};
}

static void fill(struct world *w)
{
	w->layers[0] = make_layer(w, "base", 100);
	w->layers[1] = make_layer(w, "one", 1000000);
	w->layers[2] = make_layer(w, "two", 2000000);
	w->history[0] =
		(struct image_history){ .created = "2001-01-01T00:00:00Z", .created_by = "base" };
	w->history[1] =
		(struct image_history){ .created_by = "ENV a=b", .empty_layer = { true, true } };
	w->history[2] = (struct image_history){ .created_by = "RUN one" };
	w->history[3] = (struct image_history){ .created_by = "RUN two" };
	w->history[4] =
		(struct image_history){ .created_by = "CMD x", .empty_layer = { true, true } };
	w->config = (struct image_config){ .architecture = "amd64",
					   .os = "linux",
					   .config = &w->run,
					   .history = { w->history, 5 } };
	w->image = (struct result_image){
		.config = &w->config, .layers = w->layers, .n_layers = 3, .n_base = 1
	};
	assert_int_equal(platform_parse("linux/amd64", &w->image.platform, NULL), 0);
	w->in = (struct result_input){
		.store = w->store, .images = &w->image, .n = 1, .plan = &w->plan, .calls = &w->calls
	};
}

static void open_world(struct world *w)
{
	(void)snprintf(w->dir, sizeof(w->dir), "/tmp/result-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	assert_int_equal(store_open(w->dir, STORE_CREATE, &w->store, &w->e), 0);
	fill(w);
}

static void close_world(struct world *w)
{
	store_free(w->store);
	result_plan_done(&w->plan);
	strv_done(&w->flags.tags);
	strv_done(&w->flags.outputs);
	strv_done(&w->flags.annotations);
	arena_done(&w->arena);
	assert_int_equal(dir_remove_all_at(AT_FDCWD, w->dir, NULL), 0);
}

static int begin(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));

	open_world(w);
	*state = w;
	return 0;
}

static int end(void **state)
{
	close_world(*state);
	free(*state);
	return 0;
}

static int try_write(struct world *w)
{
	int r = result_plan_make(&w->flags, &w->plan, &w->e);

	return r < 0 ? r : result_write(&w->in, &w->made, &w->e);
}

static void write_it(struct world *w, struct image *img)
{
	assert_int_equal(try_write(w), 0);
	assert_int_equal(image_load(w->store, w->made.digest, NULL, img, &w->e), 0);
}

static const struct image_history *entry(const struct image *img, size_t i)
{
	assert_true(i < img->config->history.n);
	return &((const struct image_history *)img->config->history.items)[i];
}

static void config_and_manifest_agree_on_layers(void **state)
{
	struct world *w = *state;
	auto_(image) struct image img = { 0 };

	write_it(w, &img);
	assert_int_equal(img.config->rootfs->diff_ids.n, 3);
	assert_string_equal(img.config->rootfs->diff_ids.items[2], w->layers[2].diff_id);
	assert_int_equal(img.manifest->layers.n, 3);
	assert_string_equal(img.manifest->config->digest, w->made.config);
	assert_string_equal(img.manifest->media_type, MEDIA_OCI_MANIFEST);
}

static void times_are_those_of_layers(void **state)
{
	struct world *w = *state;
	auto_(image) struct image img = { 0 };

	write_it(w, &img);
	assert_string_equal(entry(&img, 0)->created, "2001-01-01T00:00:00Z");
	/* What comes before the first layer has its time. */
	assert_string_equal(entry(&img, 1)->created, "1970-01-12T13:46:40Z");
	assert_string_equal(entry(&img, 2)->created, "1970-01-12T13:46:40Z");
	assert_string_equal(entry(&img, 4)->created, "1970-01-24T03:33:20Z");
	assert_string_equal(img.config->created, "1970-01-24T03:33:20Z");
}

static void an_epoch_clamps_what_was_built_here(void **state)
{
	struct world *w = *state;
	auto_(image) struct image img = { 0 };

	w->in.has_epoch = true;
	w->in.epoch = 1500000;
	write_it(w, &img);
	assert_string_equal(entry(&img, 0)->created, "2001-01-01T00:00:00Z");
	assert_string_equal(entry(&img, 2)->created, "1970-01-12T13:46:40Z");
	assert_string_equal(entry(&img, 3)->created, "1970-01-18T08:40:00Z");
	assert_string_equal(img.config->created, "1970-01-18T08:40:00Z");
	assert_string_equal(img.config->rootfs->diff_ids.items[2], w->layers[2].diff_id);
}

static void rewritten_layers_have_no_later_files(void **state)
{
	struct world *w = *state;
	auto_(image) struct image img = { 0 };
	struct result_layer same;

	w->in.has_epoch = true;
	w->in.epoch = 1500000;
	strv_add(&w->flags.outputs, "type=image,rewrite-timestamp=true");
	write_it(w, &img);
	same = make_layer(w, "two", 1500000);
	assert_string_equal(img.config->rootfs->diff_ids.items[0], w->layers[0].diff_id);
	assert_string_equal(img.config->rootfs->diff_ids.items[1], w->layers[1].diff_id);
	assert_string_equal(img.config->rootfs->diff_ids.items[2], same.diff_id);
}

static void a_step_without_a_layer_is_empty(void **state)
{
	static const unsigned char has[] = { 1, 0, 0, 1, 0 };
	struct world *w = *state;
	auto_(image) struct image img = { 0 };

	w->layers[1] = w->layers[2];
	w->image.n_layers = 2;
	w->image.history_layer = has;
	write_it(w, &img);
	assert_true(entry(&img, 2)->empty_layer.v);
	assert_false(entry(&img, 3)->empty_layer.v);
	assert_int_equal(img.config->rootfs->diff_ids.n, 2);
}

static void a_base_without_history_gets_one(void **state)
{
	struct world *w = *state;
	auto_(image) struct image img = { 0 };

	w->config.history = (struct oci_array){ &w->history[1], 4 };
	write_it(w, &img);
	assert_int_equal(img.config->history.n, 5);
	assert_string_equal(entry(&img, 0)->comment, "unknown");
	assert_string_equal(entry(&img, 2)->created_by, "RUN one");
}

/* image-spec: "created: ... OPTIONAL". */
static void a_base_whose_history_says_no_time_keeps_it(void **state)
{
	struct world *w = *state;
	auto_(image) struct image img = { 0 };

	w->history[0].created = NULL;
	w->image.n_base_history = 1;
	write_it(w, &img);
	assert_int_equal(img.config->history.n, 5);
	assert_string_equal(entry(&img, 0)->created_by, "base");
	assert_false(entry(&img, 0)->empty_layer.v);
	assert_null(entry(&img, 0)->created);
}

static void squash_leaves_one_layer_above_the_base(void **state)
{
	struct world *w = *state;
	auto_(image) struct image img = { 0 };

	w->flags.squash = true;
	write_it(w, &img);
	assert_int_equal(img.manifest->layers.n, 2);
	assert_string_equal(img.config->rootfs->diff_ids.items[0], w->layers[0].diff_id);
	assert_int_equal(img.config->history.n, 6);
	assert_true(entry(&img, 2)->empty_layer.v);
	assert_string_equal(entry(&img, 5)->comment, SQUASHED);
	assert_false(entry(&img, 5)->empty_layer.v);
}

static void another_compression_keeps_diff_ids(void **state)
{
	struct world *w = *state;
	auto_(image) struct image img = { 0 };
	const struct image_descriptor *layers;

	strv_add(&w->flags.outputs, "type=image,compression=zstd");
	write_it(w, &img);
	layers = img.manifest->layers.items;
	/* The base image's stay as they are. */
	assert_string_equal(layers[0].digest, w->layers[0].desc.digest);
	assert_string_equal(layers[1].media_type, "application/vnd.oci.image.layer.v1.tar+zstd");
	assert_string_equal(img.config->rootfs->diff_ids.items[1], w->layers[1].diff_id);
}

static void estargz_has_files_more_and_so_other_diff_ids(void **state)
{
	struct world *w = *state;
	auto_(image) struct image img = { 0 };
	const struct image_descriptor *layers;

	strv_add(&w->flags.outputs, "type=docker,compression=estargz");
	write_it(w, &img);
	layers = img.manifest->layers.items;
	assert_string_equal(img.manifest->media_type, MEDIA_OCI_MANIFEST);
	assert_string_equal(layers[0].digest, w->layers[0].desc.digest);
	assert_string_equal(layers[1].media_type, "application/vnd.oci.image.layer.v1.tar+gzip");
	assert_string_equal(layers[1].annotations.items[0].key, STARGZ_KEY_DIGEST);
	assert_string_equal(layers[1].annotations.items[1].key, STARGZ_KEY_SIZE);
	assert_string_equal(img.config->rootfs->diff_ids.items[0], w->layers[0].diff_id);
	assert_string_not_equal(img.config->rootfs->diff_ids.items[1], w->layers[1].diff_id);
}

static void dockers_words_are_dockers(void **state)
{
	struct world *w = *state;
	auto_(image) struct image img = { 0 };
	const struct image_descriptor *layers;

	strv_add(&w->flags.outputs, "type=image,oci-mediatypes=false");
	write_it(w, &img);
	layers = img.manifest->layers.items;
	assert_string_equal(img.manifest->media_type, MEDIA_DOCKER_MANIFEST);
	assert_string_equal(layers[0].media_type, MEDIA_DOCKER_LAYER ".gzip");
}

static void annotations_go_to_their_documents(void **state)
{
	struct world *w = *state;
	auto_(image) struct image img = { 0 };

	strv_add(&w->flags.annotations, "who=me");
	strv_add(&w->flags.outputs, "type=image,annotation.b=2");
	write_it(w, &img);
	assert_int_equal(img.manifest->annotations.n, 2);
	assert_string_equal(img.manifest->annotations.items[0].key, "b");
	assert_string_equal(img.manifest->annotations.items[1].value, "me");
}

static void an_index_annotation_needs_an_index(void **state)
{
	struct world *w = *state;

	strv_add(&w->flags.annotations, "index:who=me");
	assert_int_equal(try_write(w), -EINVAL);
	assert_non_null(strstr(w->e.msg, "no index to annotate"));
}

static int attest(void *ctx UNUSED, size_t image UNUSED, struct arena *a,
		  struct result_statements *ret, struct err *e UNUSED)
{
	ret->items = arena_alloc(a, 1, sizeof(*ret->items));
	ret->n = 1;
	ret->items[0] =
		(struct result_statement){ .predicate_type = "https://slsa.dev/provenance/v1",
					   .predicate = "{\"a\":1}",
					   .len = 7 };
	return 0;
}

static void read_index(struct world *w, struct arena *a, struct image_index **ret)
{
	autofree char *text = NULL;
	size_t len;

	assert_int_equal(blob_read(w->store, w->made.digest, -1, 1 << 20, &text, &len, &w->e), 0);
	assert_int_equal(image_index_decode("index", text, len, a, ret, &w->e), 0);
}

static void read_attached(struct world *w, struct arena *a, const struct image_descriptor *d,
			  struct image_manifest **ret)
{
	autofree char *text = NULL;
	size_t len;

	assert_int_equal(blob_read(w->store, d->digest, d->size.v, 1 << 20, &text, &len, &w->e), 0);
	assert_int_equal(image_manifest_decode("m", text, len, a, ret, &w->e), 0);
}

static void statements_stand_beside_the_image(void **state)
{
	struct world *w = *state;
	auto_(arena) struct arena a = { 0 };
	const struct image_descriptor *d, *layer;
	struct image_index *index;
	struct image_manifest *m;
	autofree char *text = NULL;
	size_t len;

	w->calls.attest = attest;
	strv_add(&w->flags.tags, "app:1");
	assert_int_equal(try_write(w), 0);
	read_index(w, &a, &index);
	assert_int_equal(index->manifests.n, 2);
	d = index->manifests.items;
	assert_string_equal(d[1].platform->os, "unknown");
	assert_string_equal(d[1].annotations.items[0].key, "vnd.docker.reference.digest");
	assert_string_equal(d[1].annotations.items[0].value, d[0].digest);
	assert_string_equal(d[1].annotations.items[1].value, "attestation-manifest");
	read_attached(w, &a, &d[1], &m);
	assert_string_equal(m->subject->digest, d[0].digest);
	layer = m->layers.items;
	assert_string_equal(layer->media_type, "application/vnd.in-toto+json");
	assert_int_equal(
		blob_read(w->store, layer->digest, layer->size.v, 4096, &text, &len, &w->e), 0);
	assert_non_null(strstr(text, "\"name\":\"pkg:docker/app@1?platform=linux%2Famd64\""));
	assert_non_null(strstr(text, "\"predicate\":{\"a\":1}}"));
}

static void the_old_form_of_attestations_is_an_image(void **state)
{
	struct world *w = *state;
	auto_(arena) struct arena a = { 0 };
	const struct image_descriptor *d;
	struct image_index *index;
	struct image_manifest *m;

	w->calls.attest = attest;
	strv_add(&w->flags.outputs, "type=image,oci-artifact=false");
	assert_int_equal(try_write(w), 0);
	read_index(w, &a, &index);
	d = index->manifests.items;
	read_attached(w, &a, &d[1], &m);
	assert_null(m->subject);
	assert_string_equal(m->config->media_type, MEDIA_OCI_CONFIG);
}

static void platforms_share_an_index(void **state)
{
	struct world *w = *state;
	auto_(arena) struct arena a = { 0 };
	struct result_image two[2] = { w->image, w->image };
	struct image_config arm = w->config;
	const struct image_descriptor *d;
	struct image_index *index;

	arm.architecture = "arm64";
	two[1].config = &arm;
	assert_int_equal(platform_parse("linux/arm64", &two[1].platform, NULL), 0);
	w->in.images = two;
	w->in.n = 2;
	strv_add(&w->flags.annotations, "index,manifest[linux/arm64]:k=v");
	assert_int_equal(try_write(w), 0);
	read_index(w, &a, &index);
	assert_int_equal(index->manifests.n, 2);
	assert_int_equal(index->annotations.n, 1);
	d = index->manifests.items;
	assert_string_equal(d[1].platform->architecture, "arm64");
	assert_string_equal(w->made.config, "");
}

static void two_stores_get_the_same_digest(void **state)
{
	struct world *w = *state;
	struct world *other = xcalloc(1, sizeof(*other));

	open_world(other);
	assert_int_equal(try_write(w), 0);
	assert_int_equal(try_write(other), 0);
	assert_string_equal(w->made.digest, other->made.digest);
	close_world(other);
	free(other);
}

static void names_ids_and_metadata_are_written(void **state)
{
	struct world *w = *state;
	autofree char *iid = xasprintf("%s/iid", w->dir);
	autofree char *meta = xasprintf("%s/meta", w->dir);
	autofree char *id = NULL, *text = NULL;
	auto_(image) struct image img = { 0 };

	strv_add(&w->flags.tags, "one");
	strv_add(&w->flags.tags, "localhost:5000/two:2");
	w->flags.iidfile = iid;
	w->flags.metadata_file = meta;
	assert_int_equal(try_write(w), 0);
	assert_int_equal(image_load(w->store, "localhost:5000/two:2", NULL, &img, &w->e), 0);
	assert_int_equal(file_read_at(AT_FDCWD, iid, 4096, &id, NULL, &w->e), 0);
	assert_string_equal(id, w->made.config);
	assert_int_equal(file_read_at(AT_FDCWD, meta, 4096, &text, NULL, &w->e), 0);
	assert_non_null(strstr(text, "\"image.name\": \"docker.io/library/one:latest,"
				     "localhost:5000/two:2\""));
	assert_non_null(strstr(text, "\"containerimage.config.digest\": \"sha256:"));
	assert_non_null(strstr(text, "\"config.digest\""));
}

/* ---- Files ---- */

static int open_root(void *ctx, size_t image UNUSED, struct err *e)
{
	return dir_open_at(AT_FDCWD, ctx, e);
}

static void make_root(const char *dir)
{
	autofree char *sub = xasprintf("%s/sub", dir);
	autofree char *file = xasprintf("%s/sub/file", dir);
	autofree char *link = xasprintf("%s/out", dir);

	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(mkdir(sub, 0755), 0);
	assert_int_equal(file_replace_at(AT_FDCWD, file, "text", 4, 0640, FILE_NO_SYNC, NULL), 0);
	assert_int_equal(symlink("/etc", link), 0);
}

static void files_go_into_a_directory_and_leave_others(void **state)
{
	struct world *w = *state;
	autofree char *root = xasprintf("%s/root", w->dir);
	autofree char *output = xasprintf("%s/dest", w->dir);
	autofree char *mine = xasprintf("%s/dest/mine", w->dir);
	autofree char *made = xasprintf("%s/dest/sub/file", w->dir);
	struct stat st;

	make_root(root);
	assert_int_equal(mkdir(output, 0711), 0);
	assert_int_equal(file_replace_at(AT_FDCWD, mine, "m", 1, 0600, FILE_NO_SYNC, NULL), 0);
	w->calls = (struct result_calls){ .ctx = root, .root = open_root };
	strv_add(&w->flags.outputs, output);
	assert_int_equal(try_write(w), 0);
	assert_int_equal(stat(mine, &st), 0);
	assert_int_equal(stat(made, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	/* The directory itself is the user's. */
	assert_int_equal(stat(output, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0711);
}

static void links_in_the_directory_lead_nowhere_else(void **state)
{
	struct world *w = *state;
	autofree char *root = xasprintf("%s/root", w->dir);
	autofree char *output = xasprintf("%s/dest", w->dir);
	autofree char *trap = xasprintf("%s/dest/sub", w->dir);
	autofree char *away = xasprintf("%s/away", w->dir);
	autofree char *escaped = xasprintf("%s/away/file", w->dir);

	make_root(root);
	assert_int_equal(mkdir(output, 0755), 0);
	assert_int_equal(mkdir(away, 0755), 0);
	assert_int_equal(symlink(away, trap), 0);
	w->calls = (struct result_calls){ .ctx = root, .root = open_root };
	strv_add(&w->flags.outputs, output);
	assert_int_equal(try_write(w), 0);
	assert_int_equal(access(escaped, F_OK), -1);
}

static void a_file_does_not_replace_a_directory(void **state)
{
	struct world *w = *state;
	autofree char *root = xasprintf("%s/root", w->dir);
	autofree char *output = xasprintf("%s/dest", w->dir);
	autofree char *mine = xasprintf("%s/dest/out", w->dir);

	make_root(root);
	assert_int_equal(mkdir(output, 0755), 0);
	assert_int_equal(mkdir(mine, 0755), 0);
	w->calls = (struct result_calls){ .ctx = root, .root = open_root };
	strv_add(&w->flags.outputs, output);
	assert_int_equal(try_write(w), -EISDIR);
	assert_non_null(strstr(w->e.msg, "move it away first"));
}

static void platforms_are_split_in_archives(void **state)
{
	struct world *w = *state;
	autofree char *root = xasprintf("%s/root", w->dir);
	autofree char *tar = xasprintf("%s/x.tar", w->dir);
	autofree char *output = xasprintf("type=tar,dest=%s", tar);
	autofree char *text = NULL;
	size_t len;

	make_root(root);
	w->calls = (struct result_calls){ .ctx = root, .root = open_root };
	w->in.index = true;
	strv_add(&w->flags.outputs, output);
	assert_int_equal(try_write(w), 0);
	assert_int_equal(file_read_at(AT_FDCWD, tar, 1 << 20, &text, &len, &w->e), 0);
	assert_non_null(memmem(text, len, "linux_amd64/sub/file", 20));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(config_and_manifest_agree_on_layers),
		TEST(times_are_those_of_layers),
		TEST(an_epoch_clamps_what_was_built_here),
		TEST(rewritten_layers_have_no_later_files),
		TEST(a_step_without_a_layer_is_empty),
		TEST(a_base_without_history_gets_one),
		TEST(a_base_whose_history_says_no_time_keeps_it),
		TEST(squash_leaves_one_layer_above_the_base),
		TEST(another_compression_keeps_diff_ids),
		TEST(estargz_has_files_more_and_so_other_diff_ids),
		TEST(dockers_words_are_dockers),
		TEST(annotations_go_to_their_documents),
		TEST(an_index_annotation_needs_an_index),
		TEST(statements_stand_beside_the_image),
		TEST(the_old_form_of_attestations_is_an_image),
		TEST(platforms_share_an_index),
		TEST(two_stores_get_the_same_digest),
		TEST(names_ids_and_metadata_are_written),
		TEST(files_go_into_a_directory_and_leave_others),
		TEST(links_in_the_directory_lead_nowhere_else),
		TEST(a_file_does_not_replace_a_directory),
		TEST(platforms_are_split_in_archives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
