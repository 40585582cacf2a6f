/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container/store.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "libutil/dir.h"
#include "libutil/strv.h"
#include "runtime/container/select.h"

struct fixture {
	char root[64];
	struct store store;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	(void)snprintf(f->root, sizeof(f->root), "test-store.XXXXXX");
	if (!mkdtemp(f->root) || store_open(&f->store, f->root, false, NULL) < 0)
		return -1;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	store_done(&f->store);
	(void)dir_remove_all_at(AT_FDCWD, f->root, NULL);
	free(f);
	return 0;
}

static void an_id_is_taken_once(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	autofd int fd = store_make(&f->store, "web", NULL);

	assert_true(fd >= 0);
	assert_int_equal(store_make(&f->store, "web", &e), -EEXIST);
	assert_string_equal(e.msg, "container 'web' already exists");
}

static void a_state_directory_is_for_its_owner_alone(void **state)
{
	struct fixture *f = *state;
	struct stat st;
	autofd int fd = store_make(&f->store, "web", NULL);

	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
}

static void an_unknown_container_does_not_exist(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };

	assert_int_equal(store_find(&f->store, "web", &e), -ENOENT);
	assert_string_equal(e.msg, "container 'web' does not exist");
}

static void a_missing_root_holds_no_container(void **state UNUSED)
{
	auto_(store) struct store s = STORE_NONE;
	struct err e = { 0 };

	assert_int_equal(store_open(&s, "no-such-root", false, &e), 0);
	assert_int_equal(store_find(&s, "web", &e), -ENOENT);
	assert_string_equal(e.msg, "container 'web' does not exist");
}

#define STRANGER 4242

static void a_root_of_somebody_else_is_not_obeyed(void **state)
{
	struct fixture *f = *state;
	auto_(store) struct store s = STORE_NONE;
	struct err e = { 0 };

	if (geteuid() != 0)
		skip();
	assert_int_equal(chown(f->root, STRANGER, STRANGER), 0);
	assert_int_equal(store_open(&s, f->root, true, &e), -EPERM);
	assert_non_null(strstr(e.msg, "belongs to user 4242"));
	assert_int_equal(s.rootfd, -1);
	assert_int_equal(store_open(&s, f->root, false, &e), -EPERM);
}

static void a_container_of_somebody_else_is_not_obeyed(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	autofd int fd = store_make(&f->store, "web", NULL);

	if (geteuid() != 0)
		skip();
	assert_int_equal(fchown(fd, STRANGER, STRANGER), 0);
	assert_int_equal(store_find(&f->store, "web", &e), -EPERM);
	assert_non_null(strstr(e.msg, "'web' belongs to user 4242"));
}

static void an_id_cannot_leave_the_root(void **state)
{
	struct fixture *f = *state;

	assert_true(store_find(&f->store, "..", NULL) < 0);
	assert_true(store_find(&f->store, "a/b", NULL) < 0);
	assert_true(store_find(&f->store, "", NULL) < 0);
}

/* A record in the state directory "web". */
static void put_state(struct fixture *f)
{
	autofd int dirfd = store_make(&f->store, "web", NULL);
	autofd int fd = openat(dirfd, STORE_STATE, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
}

static void a_record_is_opened_without_its_directory_where_all_is_roots(void **state)
{
	struct fixture *f = *state;
	auto_(store) struct store s = STORE_NONE;
	autofd int fd = -1, others = -1;

	if (geteuid() != 0)
		skip();
	put_state(f);
	fd = store_open_state(&f->store, "web");
	assert_true(fd >= 0);
	/* Now it can be anybody's. */
	assert_int_equal(chmod(f->root, 01777), 0);
	assert_int_equal(store_open(&s, f->root, false, NULL), 0);
	others = store_open_state(&s, "web");
	assert_int_equal(others, -1);
}

static void a_record_is_not_found_by_a_link(void **state)
{
	struct fixture *f = *state;

	put_state(f);
	assert_int_equal(symlinkat("web", f->store.rootfd, "www"), 0);
	assert_int_equal(store_open_state(&f->store, "www"), -1);
	assert_int_equal(store_open_state(&f->store, "../web"), -1);
	assert_int_equal(renameat(f->store.rootfd, "web/" STORE_STATE, f->store.rootfd, "web/s"),
			 0);
	assert_int_equal(symlinkat("s", f->store.rootfd, "web/" STORE_STATE), 0);
	assert_int_equal(store_open_state(&f->store, "web"), -1);
}

static void a_new_directory_is_locked(void **state)
{
	struct fixture *f = *state;
	autofd int fd = store_make(&f->store, "web", NULL);
	autofd int other = store_find(&f->store, "web", NULL);

	assert_true(store_is_locked(other));
	store_unlock(fd);
	assert_false(store_is_locked(other));
	assert_int_equal(store_lock(other, "web", NULL), 0);
	assert_true(store_is_locked(fd));
}

static void who_looks_is_taken_for_no_maker_by_who_looks_at_the_same_time(void **state)
{
	struct fixture *f = *state;
	autofd int fd = store_make(&f->store, "web", NULL);
	autofd int looks = store_find(&f->store, "web", NULL);
	autofd int other = store_find(&f->store, "web", NULL);

	store_unlock(fd);
	assert_int_equal(flock(looks, LOCK_SH | LOCK_NB), 0);
	assert_false(store_is_locked(other));
}

static void a_directory_that_went_away_cannot_be_locked(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	autofd int fd = store_make(&f->store, "web", NULL);
	autofd int other = store_find(&f->store, "web", NULL);

	assert_int_equal(store_remove(&f->store, "web", NULL), 0);
	store_unlock(fd);
	assert_int_equal(store_lock(other, "web", &e), -ENOENT);
	assert_string_equal(e.msg, "container 'web' does not exist");
}

static void all_ids_are_listed_sorted_and_files_are_not(void **state)
{
	struct fixture *f = *state;
	auto_(strv) struct strv ids = { 0 };
	autofd int b = store_make(&f->store, "b", NULL);
	autofd int a = store_make(&f->store, "a", NULL);
	autofd int file = openat(f->store.rootfd, "c", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(a >= 0 && b >= 0 && file >= 0);
	assert_int_equal(select_all(&f->store, &ids, NULL), 0);
	assert_int_equal(ids.n, 2);
	assert_string_equal(ids.v[0], "a");
	assert_string_equal(ids.v[1], "b");
}

static int count_until(const struct store *s UNUSED, const char *id, const void *ctx, struct err *e)
{
	strv_add(*(struct strv *const *)ctx, id);
	return streq(id, "web1") ? err_set(e, EBUSY, "'%s' is busy", id) : 0;
}

static void a_pattern_reaches_all_that_match_and_reports_the_first_failure(void **state)
{
	struct fixture *f = *state;
	auto_(strv) struct strv seen = { 0 };
	struct strv *ctx = &seen;
	struct err e = { 0 };
	autofd int w1 = store_make(&f->store, "web1", NULL);
	autofd int w2 = store_make(&f->store, "web2", NULL);
	autofd int db = store_make(&f->store, "db", NULL);

	assert_true(w1 >= 0 && w2 >= 0 && db >= 0);
	assert_int_equal(select_matching(&f->store, "^web[0-9]", count_until, &ctx, &e), -EBUSY);
	assert_string_equal(e.msg, "'web1' is busy");
	assert_int_equal(seen.n, 2);
	assert_true(select_matching(&f->store, "(", count_until, &ctx, &e) < 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_id_is_taken_once),
		TEST(a_state_directory_is_for_its_owner_alone),
		TEST(an_unknown_container_does_not_exist),
		cmocka_unit_test(a_missing_root_holds_no_container),
		TEST(a_root_of_somebody_else_is_not_obeyed),
		TEST(a_container_of_somebody_else_is_not_obeyed),
		TEST(an_id_cannot_leave_the_root),
		TEST(a_record_is_opened_without_its_directory_where_all_is_roots),
		TEST(a_record_is_not_found_by_a_link),
		TEST(a_new_directory_is_locked),
		TEST(who_looks_is_taken_for_no_maker_by_who_looks_at_the_same_time),
		TEST(a_directory_that_went_away_cannot_be_locked),
		TEST(all_ids_are_listed_sorted_and_files_are_not),
		TEST(a_pattern_reaches_all_that_match_and_reports_the_first_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
