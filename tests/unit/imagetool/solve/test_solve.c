/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The solver over a store of its own, with steps that write a file and count.  Trees are real
 * overlays, so that it needs root.
 */
#include "imagetool/solve/solve.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "imagetool/mount/overlay.h"
#include "imagetool/store/snapshot_key.h"
#include "libutil/alloc.h"
#include "libutil/dir.h"
#include "libutil/file.h"

#define EMPTY_DIFF_ID "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"

static int ran; /* how many steps were carried out */

/* dest: the file to make; chown: what it holds. */
static int fake_files(const struct vertex_files *f, const struct step_tree *trees,
		      const struct step_root *root, int usersfd UNUSED, struct err *e)
{
	const char *text = f->chown ? f->chown : "x";
	autofree char *copied = NULL;

	__atomic_add_fetch(&ran, 1, __ATOMIC_RELAXED);
	if (f->mkdir_only)
		return 0;
	if (f->n_sources) {
		int r = file_read_at(trees[0].fd, f->sources[0].paths[0] + 1, 100, &copied, NULL,
				     e);

		if (r < 0)
			return r;
		text = copied;
	}
	return file_replace_at(root->fd, f->dest + 1, text, strlen(text), 0644, FILE_NO_SYNC, e);
}

static int fake_hash(const struct vertex_files *f, size_t i, const struct step_tree *tree,
		     uint8_t ret[CONTEXT_HASH_SIZE], struct err *e)
{
	autofree char *text = NULL;
	size_t len;
	int r = file_read_at(tree->fd, f->sources[i].paths[0] + 1, 100, &text, &len, e);

	if (r >= 0)
		digest_bytes_of(DIGEST_SHA256, text, len, ret);
	return r;
}

/* args: "rm" NAME, "fail". */
static int fake_run(const struct vertex_run *r, const struct step_tree *trees UNUSED,
		    const struct step_root *root, const struct run_env *env UNUSED,
		    struct solve_log log, struct err *e)
{
	__atomic_add_fetch(&ran, 1, __ATOMIC_RELAXED);
	log.fn(log.ctx, RUN_STDOUT, "hello\n", 6);
	if (streq(r->args[0], "fail"))
		return err_set(e, ECHILD, "it failed");
	if (streq(r->args[0], "rm") && unlinkat(root->fd, r->args[1], 0) < 0)
		return err_sys(e, "rm");
	return 0;
}

static const struct solve_steps fakes = {
	.files = fake_files,
	.files_hash = fake_hash,
	.run = fake_run,
};

/* ---- A graph ---- */

struct fixture {
	char dir[32];
	struct store *store;
	struct vertex v[8];
	size_t inputs[8][3];
	struct files_source sources[8];
	const char *paths[8];
	struct graph_target target;
	size_t layers[8];
	struct graph g;
	struct run_env env;
	struct solve_opts opts;
};

static struct fixture *f;

static size_t add(struct vertex v, size_t n_inputs, const size_t *inputs)
{
	size_t i = f->g.n++;

	for (size_t k = 0; k < n_inputs; k++)
		f->inputs[i][k] = inputs[k];
	v.inputs = f->inputs[i];
	v.n_inputs = n_inputs;
	v.name = "step";
	f->v[i] = v;
	return i;
}

static size_t add_file(size_t base, const char *dest, const char *text)
{
	struct vertex v = { .kind = VERTEX_FILES };

	v.u.files = (struct vertex_files){
		.base = base, .above = NO_VERTEX, .dest = dest, .chown = text
	};
	return add(v, base != NO_VERTEX, &base);
}

static size_t add_copy(size_t base, size_t from, const char *path, const char *dest)
{
	struct vertex v = { .kind = VERTEX_FILES };
	size_t inputs[2] = { from, base }, i = f->g.n;

	f->paths[i] = path;
	f->sources[i] = (struct files_source){ .from = from, .paths = &f->paths[i], .n_paths = 1 };
	v.u.files = (struct vertex_files){ .base = base,
					   .above = NO_VERTEX,
					   .dest = dest,
					   .sources = &f->sources[i],
					   .n_sources = 1 };
	return add(v, base != NO_VERTEX ? 2 : 1, inputs);
}

static size_t add_run(size_t base, const char **args, size_t n)
{
	struct vertex v = { .kind = VERTEX_RUN };

	v.u.run = (struct vertex_run){
		.base = base, .args = args, .n_args = n, .cwd = "/", .user = ""
	};
	return add(v, 1, &base);
}

static void aim(size_t vertex, size_t n, ...)
{
	va_list ap;

	va_start(ap, n);
	for (size_t i = 0; i < n; i++)
		f->layers[i] = va_arg(ap, size_t);
	va_end(ap);
	f->target = (struct graph_target){ .vertex = vertex, .layers = f->layers, .n_layers = n };
}

static int setup(void **state UNUSED)
{
	struct err e = { 0 };

	if (geteuid() != 0 || overlay_may_mount(NULL) < 0)
		return 0;
	f = calloc(1, sizeof(*f));
	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/solve-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	assert_int_equal(store_open(f->dir, STORE_CREATE, &f->store, &e), 0);
	f->g.items = f->v;
	f->g.targets = &f->target;
	f->g.n_targets = 1;
	f->opts = (struct solve_opts){ .store = f->store,
				       .steps = &fakes,
				       .run = &f->env,
				       .compression = { .kind = LAYER_GZIP, .threads = 1 } };
	ran = 0;
	return 0;
}

static int teardown(void **state UNUSED)
{
	if (!f)
		return 0;
	store_free(f->store);
	assert_int_equal(dir_remove_all_at(AT_FDCWD, f->dir, NULL), 0);
	free(f);
	f = NULL;
	return 0;
}

/* Returns how many steps were carried out. */
static int build(struct solve **ret)
{
	struct err e = { 0 };
	struct solve *s = NULL;
	int r;

	ran = 0;
	r = solve_new(&f->opts, &f->g, &s, &e);
	if (r >= 0)
		r = solve_run(s, &e);
	if (r < 0)
		fail_msg("%s", e.msg);
	if (ret)
		*ret = s;
	else
		solve_free(s);
	return ran;
}

#define NEEDS_ROOT()                                                                               \
	if (!f)                                                                                    \
	skip()

/* ---- Tests ---- */

static void a_chain_is_built_once_and_found_afterwards(void **state UNUSED)
{
	const char *args[] = { "rm", "a", NULL };
	size_t a, b, c;

	NEEDS_ROOT();
	a = add_file(NO_VERTEX, "/a", "1");
	b = add_file(a, "/b", "2");
	c = add_run(b, args, 2);
	aim(c, 3, a, b, c);
	assert_int_equal(build(NULL), 3);
	assert_int_equal(build(NULL), 0);
}

static void layers_are_blobs_and_trees_hold_what_steps_wrote(void **state UNUSED)
{
	const char *args[] = { "rm", "a", NULL };
	const struct solve_result *r;
	struct err e = { 0 };
	struct solve *s;
	size_t a, b, c;
	int fd;

	NEEDS_ROOT();
	a = add_file(NO_VERTEX, "/a", "1");
	b = add_file(a, "/b", "2");
	c = add_run(b, args, 2);
	aim(c, 3, a, b, c);
	(void)build(&s);
	r = solve_result(s, 0);
	assert_int_equal(r->n_layers, 3);
	assert_int_equal(r->n_base, 0);
	for (size_t i = 0; i < 3; i++)
		assert_true(blob_exists(f->store, r->layers[i].digest, r->layers[i].size));
	fd = solve_mount(s, c, &e);
	assert_true(fd >= 0);
	assert_int_equal(faccessat(fd, "b", F_OK, 0), 0);
	assert_int_equal(faccessat(fd, "a", F_OK, 0), -1);
	fd = solve_mount(s, b, &e);
	assert_int_equal(faccessat(fd, "a", F_OK, 0), 0);
	/* To look at what was made makes nothing. */
	assert_int_equal(ran, 3);
	solve_free(s);
}

static void a_step_that_changes_nothing_is_the_empty_layer(void **state UNUSED)
{
	const char *args[] = { "true", NULL };
	struct solve *s;
	size_t a, b;

	NEEDS_ROOT();
	a = add_file(NO_VERTEX, "/a", "1");
	b = add_run(a, args, 1);
	aim(b, 2, a, b);
	(void)build(&s);
	assert_string_equal(solve_result(s, 0)->layers[1].diff_id, EMPTY_DIFF_ID);
	solve_free(s);
	assert_int_equal(build(NULL), 0);
}

static void what_follows_a_changed_step_is_done_again(void **state UNUSED)
{
	size_t a, b, c;

	NEEDS_ROOT();
	a = add_file(NO_VERTEX, "/a", "1");
	b = add_file(a, "/b", "2");
	c = add_file(b, "/c", "3");
	aim(c, 3, a, b, c);
	assert_int_equal(build(NULL), 3);
	f->v[b].u.files.chown = "new";
	assert_int_equal(build(NULL), 2);
	f->v[b].u.files.chown = "2";
	assert_int_equal(build(NULL), 0);
}

static void a_copy_is_found_by_content_when_its_stage_was_built_again(void **state UNUSED)
{
	size_t a, b, c;

	NEEDS_ROOT();
	a = add_file(NO_VERTEX, "/a", "1");
	b = add_file(a, "/other", "2");
	c = add_copy(NO_VERTEX, b, "/a", "/copied");
	aim(c, 1, c);
	assert_int_equal(build(NULL), 3);
	/* The stage has another file, not that which is taken. */
	f->v[b].u.files.chown = "new";
	assert_int_equal(build(NULL), 1);
	/* And now by definition: the stage is not even looked at. */
	assert_int_equal(build(NULL), 0);
	f->v[a].u.files.chown = "changed";
	assert_int_equal(build(NULL), 3);
}

static void no_cache_does_a_step_and_all_on_it_again_and_is_remembered(void **state UNUSED)
{
	size_t a, b;

	NEEDS_ROOT();
	a = add_file(NO_VERTEX, "/a", "1");
	b = add_file(a, "/b", "2");
	aim(b, 2, a, b);
	assert_int_equal(build(NULL), 2);
	f->v[a].no_cache = true;
	assert_int_equal(build(NULL), 2);
	f->v[a].no_cache = false;
	assert_int_equal(build(NULL), 0);
}

static void a_linked_layer_is_found_on_another_base(void **state UNUSED)
{
	size_t a, b;

	NEEDS_ROOT();
	a = add_file(NO_VERTEX, "/a", "1");
	b = add_file(NO_VERTEX, "/b", "2");
	f->v[b].u.files.link = true;
	f->v[b].u.files.above = a;
	f->inputs[b][0] = a;
	f->v[b].n_inputs = 1;
	aim(b, 2, a, b);
	assert_int_equal(build(NULL), 2);
	f->v[a].u.files.chown = "new";
	assert_int_equal(build(NULL), 1);
}

static void a_step_that_fails_leaves_the_ones_before_it(void **state UNUSED)
{
	const char *args[] = { "fail", NULL };
	struct err e = { 0 };
	struct solve *s;
	size_t a, b;

	NEEDS_ROOT();
	a = add_file(NO_VERTEX, "/a", "1");
	b = add_run(a, args, 1);
	aim(b, 2, a, b);
	assert_int_equal(solve_new(&f->opts, &f->g, &s, &e), 0);
	assert_int_equal(solve_run(s, &e), -ECHILD);
	assert_string_equal(e.msg, "it failed");
	assert_int_equal(solve_failed(s), b);
	solve_free(s);
	args[0] = "true";
	assert_int_equal(build(NULL), 1);
}

static void a_packed_tree_takes_the_layers_key(void **state UNUSED)
{
	char key[SNAPSHOT_KEY_SIZE], chain[DIGEST_TEXT_SIZE] = "";
	autofree char *path = NULL;
	struct solve *s;
	size_t a;

	NEEDS_ROOT();
	a = add_file(NO_VERTEX, "/a", "1");
	aim(a, 1, a);
	(void)build(&s);
	snapshot_chain_id(chain, solve_result(s, 0)->layers[0].diff_id);
	snapshot_key_chain(chain, key);
	path = xasprintf("%s/snapshots/%s/fs/a", f->dir, key);
	assert_int_equal(access(path, F_OK), 0);
	solve_free(s);
	assert_int_equal(build(NULL), 0);
}

static void what_records_name_is_no_garbage_until_they_go(void **state UNUSED)
{
	struct store_gc_result gc = { 0 };
	struct solve_known known;
	struct err e = { 0 };
	struct solve *s;
	size_t a;

	NEEDS_ROOT();
	a = add_file(NO_VERTEX, "/a", "1");
	aim(a, 1, a);
	(void)build(&s);
	assert_true(solve_known(s, a, &known));
	solve_free(s);
	/* What the process holds goes with its store. */
	store_free(f->store);
	assert_int_equal(store_open(f->dir, STORE_CREATE, &f->store, &e), 0);
	f->opts.store = f->store;
	assert_int_equal(store_gc(f->store, &gc, &e), 0);
	assert_int_equal(gc.blobs + gc.snapshots, 0);
	assert_int_equal(build(NULL), 0);
}

static void a_record_whose_things_are_gone_is_none(void **state UNUSED)
{
	autofree char *blobs = NULL, *snaps = NULL;
	size_t a;

	NEEDS_ROOT();
	a = add_file(NO_VERTEX, "/a", "1");
	aim(a, 1, a);
	(void)build(NULL);
	snaps = xasprintf("%s/snapshots", f->dir);
	blobs = xasprintf("%s/blobs/sha256", f->dir);
	assert_int_equal(dir_remove_all_at(AT_FDCWD, snaps, NULL), 0);
	assert_int_equal(dir_remove_all_at(AT_FDCWD, blobs, NULL), 0);
	assert_int_equal(build(NULL), 1);
}

static void a_tree_that_is_gone_is_made_of_its_layer(void **state UNUSED)
{
	autofree char *snaps = NULL;
	struct err e = { 0 };
	struct solve *s;
	size_t a, b, c;
	int fd;

	NEEDS_ROOT();
	a = add_file(NO_VERTEX, "/a", "1");
	b = add_file(a, "/b", "2");
	c = add_file(b, "/c", "3");
	aim(c, 3, a, b, c);
	assert_int_equal(build(NULL), 3);
	snaps = xasprintf("%s/snapshots", f->dir);
	assert_int_equal(dir_remove_all_at(AT_FDCWD, snaps, NULL), 0);
	f->v[c].u.files.chown = "new";
	assert_int_equal(build(&s), 1);
	fd = solve_mount(s, c, &e);
	assert_true(fd >= 0);
	assert_int_equal(faccessat(fd, "a", F_OK, 0), 0);
	assert_int_equal(faccessat(fd, "b", F_OK, 0), 0);
	solve_free(s);
}

/* ---- Caches of others ---- */

struct other {
	char key[BUILD_KEY_SIZE];
	struct build_layer layer;
	int fetched;
};

static int other_find(void *ctx, const char *key, struct build_record *ret, struct err *e UNUSED)
{
	struct other *o = ctx;

	if (!streq(key, o->key))
		return 0;
	*ret = (struct build_record){ 0 };
	memcpy(ret->key, o->key, sizeof(ret->key));
	build_record_add_layer(ret, &o->layer);
	return 1;
}

static int other_fetch(void *ctx, const struct build_layer *layer UNUSED, struct err *e UNUSED)
{
	((struct other *)ctx)->fetched++;
	return 0;
}

static void a_record_of_another_cache_counts_where_there_is_none(void **state UNUSED)
{
	struct other o = { 0 };
	const struct solve_import import = { other_find, other_fetch, &o };
	autofree char *snaps = NULL, *cache = NULL;
	struct solve_known known;
	struct solve *s;
	size_t a, b;

	NEEDS_ROOT();
	a = add_file(NO_VERTEX, "/a", "1");
	b = add_file(a, "/b", "2");
	aim(b, 2, a, b);
	assert_int_equal(build(&s), 2);
	assert_true(solve_known(s, a, &known));
	memcpy(o.key, known.key, sizeof(o.key));
	o.layer = known.record->layers[0];
	solve_free(s);
	snaps = xasprintf("%s/snapshots", f->dir);
	cache = xasprintf("%s/build/cache", f->dir);
	assert_int_equal(dir_remove_all_at(AT_FDCWD, snaps, NULL), 0);
	assert_int_equal(dir_remove_all_at(AT_FDCWD, cache, NULL), 0);
	f->opts.imports = &import;
	f->opts.n_imports = 1;
	/* The second step is put on the tree of the first one's layer. */
	assert_int_equal(build(NULL), 1);
	assert_int_equal(o.fetched, 1);
	/* From now on it is known here. */
	f->opts.n_imports = 0;
	assert_int_equal(build(NULL), 0);
}

static int is_one(int dirfd UNUSED, const char *name UNUSED, unsigned char type UNUSED,
		  void *ctx UNUSED, struct err *e UNUSED)
{
	return 1;
}

static bool has_blobs(void)
{
	autofree char *path = xasprintf("%s/blobs/sha256", f->dir);
	autofd int fd = dir_open_at(AT_FDCWD, path, NULL);

	return fd >= 0 && dir_each(fd, is_one, NULL, NULL) == 1;
}

static void trees_alone_need_no_layers(void **state UNUSED)
{
	size_t a;

	NEEDS_ROOT();
	a = add_file(NO_VERTEX, "/a", "1");
	aim(a, 1, a);
	f->opts.no_layers = true;
	assert_int_equal(build(NULL), 1);
	assert_false(has_blobs());
	/* And packed later, without the step. */
	f->opts.no_layers = false;
	assert_int_equal(build(NULL), 0);
	assert_true(has_blobs());
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_chain_is_built_once_and_found_afterwards),
		T(layers_are_blobs_and_trees_hold_what_steps_wrote),
		T(a_step_that_changes_nothing_is_the_empty_layer),
		T(what_follows_a_changed_step_is_done_again),
		T(a_copy_is_found_by_content_when_its_stage_was_built_again),
		T(no_cache_does_a_step_and_all_on_it_again_and_is_remembered),
		T(a_linked_layer_is_found_on_another_base),
		T(a_step_that_fails_leaves_the_ones_before_it),
		T(a_packed_tree_takes_the_layers_key),
		T(what_records_name_is_no_garbage_until_they_go),
		T(a_record_whose_things_are_gone_is_none),
		T(a_tree_that_is_gone_is_made_of_its_layer),
		T(a_record_of_another_cache_counts_where_there_is_none),
		T(trees_alone_need_no_layers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
