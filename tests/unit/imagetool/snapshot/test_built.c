/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/snapshot/built.h"

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

#include "imagetool/store/snapshot_key.h"
#include "libutil/alloc.h"
#include "libutil/dir.h"
#include "libutil/file.h"

#define DIGITS "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define THEN   SNAPSHOT_BUILD_PREFIX DIGITS
#define NOW    SNAPSHOT_CHAIN_PREFIX DIGITS
#define DIFF   "sha256:" DIGITS

static char dir[32];

/* As a process of its own. */
struct user {
	struct store *store;
	struct snapshots *snaps;
};

static void begin(struct user *u)
{
	assert_int_equal(store_open(dir, STORE_CREATE, &u->store, NULL), 0);
	assert_int_equal(snapshots_open(u->store, SNAPSHOTS_AUTO, &u->snaps, NULL), 0);
}

static void end(struct user *u)
{
	snapshots_free(u->snaps);
	store_free(u->store);
}

static int setup(void **state UNUSED)
{
	(void)snprintf(dir, sizeof(dir), "/tmp/built-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state UNUSED)
{
	return dir_remove_all_at(AT_FDCWD, dir, NULL);
}

static void make(struct user *u)
{
	const struct built_facts facts = { .entries = 1 };
	struct built_stage stage;

	assert_int_equal(built_begin(u->snaps, &stage, NULL), 0);
	assert_int_equal(mkdirat(stage.fd, "upper", 0755), 0);
	assert_int_equal(mkdirat(stage.fd, "upper/made", 0755), 0);
	assert_int_equal(built_publish(u->snaps, &stage, "upper", THEN, &facts, NULL), 0);
}

/* By this name; "" when it is not there. */
static void finds(struct user *u, const char *key, const char *expected)
{
	struct snapshot_lower lower = { 0 };
	autofree char *inside = NULL;
	int r = built_open(u->snaps, key, &lower, NULL);

	if (r >= 0)
		inside = xasprintf("%s/made", lower.path);
	assert_string_equal(r < 0 ? "" : lower.key, expected);
	assert_int_equal(r, r < 0 ? -ENOENT : 0);
	assert_true(!inside || access(inside, F_OK) == 0);
	free(lower.key);
	free(lower.path);
}

static uint64_t collect(struct user *u)
{
	struct store_gc_result gc = { 0 };

	assert_int_equal(store_gc(u->store, &gc, NULL), 0);
	return gc.snapshots;
}

static void who_found_it_before_it_was_packed_keeps_it(void **state UNUSED)
{
	autofree char *path = xasprintf("%s/snapshots/" THEN "/fs/made", dir);
	struct user uses, packs, collects;

	begin(&uses);
	begin(&packs);
	begin(&collects);
	make(&uses);
	assert_int_equal(built_rename(packs.snaps, THEN, NOW, DIFF, NULL), 0);
	end(&packs);
	assert_int_equal(collect(&collects), 0);
	finds(&uses, THEN, NOW);
	/* A path that was made before leads there, too. */
	assert_int_equal(access(path, F_OK), 0);
	end(&uses);
	assert_int_equal(collect(&collects), 1);
	finds(&collects, THEN, "");
	finds(&collects, NOW, "");
	end(&collects);
}

static void it_is_packed_once(void **state UNUSED)
{
	struct user one, other;

	begin(&one);
	begin(&other);
	make(&one);
	assert_int_equal(built_rename(one.snaps, THEN, NOW, DIFF, NULL), 0);
	assert_int_equal(built_rename(other.snaps, THEN, NOW, DIFF, NULL), 0);
	finds(&other, THEN, NOW);
	finds(&other, NOW, NOW);
	end(&one);
	end(&other);
}

/* As after a kill between the making of the link and its getting its place. */
static void a_link_to_itself_is_nothing(void **state UNUSED)
{
	struct user u;

	begin(&u);
	make(&u);
	assert_int_equal(symlinkat(NOW, store_dirfd(u.store), "snapshots/" NOW), 0);
	finds(&u, NOW, "");
	assert_int_equal(built_rename(u.snaps, THEN, NOW, DIFF, NULL), 0);
	finds(&u, THEN, NOW);
	end(&u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_found_it_before_it_was_packed_keeps_it, setup,
						teardown),
		cmocka_unit_test_setup_teardown(it_is_packed_once, setup, teardown),
		cmocka_unit_test_setup_teardown(a_link_to_itself_is_nothing, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
