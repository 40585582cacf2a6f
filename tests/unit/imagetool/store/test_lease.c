/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/store/lease.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "imagetool/errors.h"
#include "imagetool/store/snapshot_key.h"
#include "libutil/alloc.h"
#include "libutil/dir.h"
#include "libutil/file.h"
#include "libutil/proc.h"

#define DIFF_ID "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

struct fixture {
	char dir[64];
	struct store *store;
	char blob[DIGEST_TEXT_SIZE];
	char key[SNAPSHOT_KEY_SIZE];
};

static void reopen(struct fixture *f)
{
	store_free(f->store);
	assert_int_equal(store_open(f->dir, STORE_CREATE, &f->store, NULL), 0);
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	autofree char *snapshot = NULL;

	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/test_lease.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	reopen(f);
	assert_int_equal(blob_add(f->store, "blob", 4, f->blob, NULL), 0);
	snapshot_key_alone(DIFF_ID, f->key);
	snapshot = xasprintf("%s/snapshots/%s/fs", f->dir, f->key);
	assert_int_equal(dir_make_all_at(AT_FDCWD, snapshot, 0755, NULL), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	store_free(f->store);
	assert_int_equal(dir_remove_all_at(AT_FDCWD, f->dir, NULL), 0);
	free(f);
	return 0;
}

/* Blobs and snapshots that went. */
static int collected(struct fixture *f)
{
	struct store_gc_result gc = { 0 };

	reopen(f);
	assert_int_equal(store_gc(f->store, &gc, NULL), 0);
	return (int)(gc.blobs * 10 + gc.snapshots);
}

static int take(struct fixture *f, struct lease l)
{
	const char *digests[] = { f->blob }, *keys[] = { f->key };

	l.id = "test";
	l.digests = digests;
	l.n_digests = 1;
	l.snapshots = keys;
	l.n_snapshots = 1;
	return lease_take(f->store, &l, NULL);
}

static void what_a_lease_names_stays_until_it_is_dropped(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(take(f, (struct lease){ 0 }), 0);
	assert_int_equal(collected(f), 0);
	assert_int_equal(lease_drop(f->store, "test", NULL), 1);
	assert_int_equal(lease_drop(f->store, "test", NULL), 0);
	assert_int_equal(collected(f), 11);
}

static void a_lease_ends_with_its_path(void **state)
{
	struct fixture *f = *state;
	autofree char *path = xasprintf("%s/bundle", f->dir);

	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(take(f, (struct lease){ .path = path }), 0);
	assert_int_equal(collected(f), 0);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(collected(f), 11);
	assert_int_equal(lease_drop(f->store, "test", NULL), 0);
}

static void a_lease_ends_with_its_process_not_with_its_number(void **state)
{
	struct fixture *f = *state;
	uint64_t start;

	assert_int_equal(proc_start_time(getpid(), &start, NULL, NULL), 0);
	assert_int_equal(take(f, (struct lease){ .pid = getpid(), .pid_start = start }), 0);
	assert_int_equal(collected(f), 0);
	assert_int_equal(take(f, (struct lease){ .pid = getpid(), .pid_start = start + 1 }), 0);
	assert_int_equal(collected(f), 11);
}

static void what_is_gone_cannot_be_leased(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(collected(f), 11);
	assert_int_equal(take(f, (struct lease){ 0 }), -IMAGE_ENOTFOUND);
	assert_int_equal(lease_drop(f->store, "test", NULL), 0);
}

static void a_lease_that_cannot_be_read_ends_the_collection(void **state)
{
	struct fixture *f = *state;
	struct store_gc_result gc;

	assert_int_equal(take(f, (struct lease){ 0 }), 0);
	reopen(f);
	assert_int_equal(file_write_at(store_dirfd(f->store), "leases/test", "x", NULL), 0);
	assert_true(store_gc(f->store, &gc, NULL) < 0);
	assert_true(blob_exists(f->store, f->blob, -1));
}

static void names_that_are_paths_are_refused(void **state)
{
	struct fixture *f = *state;
	struct lease l = { .id = "../test" };

	assert_int_equal(lease_take(f->store, &l, NULL), -EINVAL);
	assert_int_equal(lease_drop(f->store, "../index.json", NULL), -EINVAL);
	l.id = "test";
	l.path = "relative";
	assert_int_equal(lease_take(f->store, &l, NULL), -EINVAL);
}

static void snapshots_are_named_after_diff_id_or_chain_id(void **state UNUSED)
{
	char chain[DIGEST_TEXT_SIZE] = "", key[SNAPSHOT_KEY_SIZE];

	/* sha256("<diff id> <diff id>") */
	snapshot_chain_id(chain, DIFF_ID);
	assert_string_equal(chain, DIFF_ID);
	snapshot_chain_id(chain, DIFF_ID);
	snapshot_key_chain(chain, key);
	assert_string_equal(
		key, "chain-593eadedde735e00e9bf0d94cfe3fcaf26da8be85c109c55f55406dc9aeee483");
	assert_true(snapshot_key_is_legal(key));
	assert_true(snapshot_key_is_legal(digest_hex(DIFF_ID)));
	assert_false(snapshot_key_is_legal("chain-"));
	assert_false(snapshot_key_is_legal("lost+found"));
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(what_a_lease_names_stays_until_it_is_dropped),
		T(a_lease_ends_with_its_path),
		T(a_lease_ends_with_its_process_not_with_its_number),
		T(what_is_gone_cannot_be_leased),
		T(a_lease_that_cannot_be_read_ends_the_collection),
		T(names_that_are_paths_are_refused),
		cmocka_unit_test(snapshots_are_named_after_diff_id_or_chain_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
