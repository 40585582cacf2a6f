/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/diff/tree_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "imagetool/diff/change_list.h"
#include "imagetool/diff/ftree_dir.h"
#include "libutil/dir.h"
#include "libutil/file.h"

/* A time as archives have it. */
static const struct timespec whole[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };

struct trees {
	char path[32];
	int from, to;
	struct tree_copy copy;
};

static void put(int dirfd, const char *name, const char *text)
{
	autofd int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(file_write_all(fd, text, strlen(text), NULL), 0);
	assert_int_equal(futimens(fd, whole), 0);
}

static int open_new(const char *path, const char *name)
{
	autofree char *full = xasprintf("%s/%s", path, name);

	assert_int_equal(mkdir(full, 0755), 0);
	return dir_open_at(AT_FDCWD, full, NULL);
}

/* dir/{a,b} are alike but for their content; l1 and l2 are one file. */
static int begin(void **state)
{
	struct trees *t = xcalloc(1, sizeof(*t));

	(void)strcpy(t->path, "/tmp/creel-test.XXXXXX");
	assert_non_null(mkdtemp(t->path));
	t->from = open_new(t->path, "from");
	t->to = open_new(t->path, "to");
	assert_int_equal(mkdirat(t->from, "one", 0755), 0);
	assert_int_equal(mkdirat(t->from, "two", 0700), 0);
	put(t->from, "one/a", "first");
	put(t->from, "two/a", "other");
	put(t->from, "l1", "links");
	assert_int_equal(linkat(t->from, "l1", t->from, "l2", 0), 0);
	assert_int_equal(symlinkat("one/a", t->from, "sym"), 0);
	*state = t;
	return 0;
}

static int end(void **state)
{
	struct trees *t = *state;

	tree_copy_done(&t->copy);
	(void)close(t->from);
	(void)close(t->to);
	(void)dir_remove_all_at(AT_FDCWD, t->path, NULL);
	free(t);
	return 0;
}

static void copy(struct trees *t, enum tree_copy_files files)
{
	assert_int_equal(tree_copy_make(&t->copy, t->from, t->to, files, NULL), 0);
}

/* `want`: "+" or "-" and a path, each with a blank behind it.  The list says the same. */
static void changed(struct trees *t, const char *want)
{
	auto_(strbuf) struct strbuf out = { 0 }, list = { 0 };
	auto_(changes) struct changes changes = { 0 }, again = { 0 };
	const struct ftree_dir_opts opts = { 0 };
	struct ftree_dir_notes notes = { 0 };
	auto_(ftree) struct ftree now, read;

	ftree_init(&now);
	ftree_init(&read);
	assert_int_equal(tree_copy_changes(&t->copy, t->from, t->to, &now, &changes, NULL), 0);
	change_list_encode(&changes, &list);
	assert_int_equal(ftree_add_dir(&read, t->to, &opts, &notes, NULL), 0);
	assert_int_equal(change_list_decode(strbuf_str(&list), list.len, &read, &again, NULL), 0);
	for (size_t i = 0; i < again.n; i++) {
		strbuf_addc(&out, again.items[i].kind == CHANGE_DELETED ? '-' : '+');
		ftree_path(again.items[i].node, &out);
		strbuf_addc(&out, ' ');
	}
	assert_string_equal(strbuf_str(&out), want);
}

static void reads(int dirfd, const char *name, const char *want)
{
	autofree char *text = NULL;

	assert_int_equal(file_read_at(dirfd, name, 100, &text, NULL, NULL), 0);
	assert_string_equal(text, want);
}

static ino_t inode_at(int dirfd, const char *name)
{
	struct stat st;

	assert_int_equal(fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st.st_ino;
}

/* ---- Tests ---- */

static void a_copy_that_nobody_touched_has_no_changes(void **state)
{
	struct trees *t = *state;

	copy(t, COPY_WRITABLE);
	reads(t->to, "two/a", "other");
	reads(t->to, "sym", "first");
	assert_int_equal(inode_at(t->to, "l1"), inode_at(t->to, "l2"));
	assert_int_not_equal(inode_at(t->to, "l1"), inode_at(t->from, "l1"));
	changed(t, "");
}

static void a_file_that_was_written_with_its_old_size_and_time_is_told(void **state)
{
	struct trees *t = *state;

	copy(t, COPY_WRITABLE);
	put(t->to, "one/a", "FIRST");
	changed(t, "+one +one/a ");
	reads(t->from, "one/a", "first");
}

static void a_file_that_was_written_as_it_was_is_not_told(void **state)
{
	struct trees *t = *state;

	copy(t, COPY_WRITABLE);
	put(t->to, "one/a", "first");
	changed(t, "");
}

static void directories_that_changed_places_differ_by_what_is_in_them(void **state)
{
	struct trees *t = *state;

	copy(t, COPY_WRITABLE);
	assert_int_equal(renameat2(t->to, "one", t->to, "two", RENAME_EXCHANGE), 0);
	changed(t, "+one +one/a +two +two/a ");
}

static void all_names_of_a_file_are_told(void **state)
{
	struct trees *t = *state;

	copy(t, COPY_WRITABLE);
	assert_int_equal(fchmodat(t->to, "l2", 0600, 0), 0);
	changed(t, "+l1 +l2 ");
}

static void what_is_gone_is_told_and_what_was_in_it_is_not(void **state)
{
	struct trees *t = *state;

	copy(t, COPY_WRITABLE);
	assert_int_equal(dir_remove_all_at(t->to, "two", NULL), 0);
	assert_int_equal(unlinkat(t->to, "one/a", 0), 0);
	changed(t, "+one -one/a -two ");
}

static void a_directory_in_place_of_a_file_is_new(void **state)
{
	struct trees *t = *state;

	copy(t, COPY_WRITABLE);
	assert_int_equal(unlinkat(t->to, "sym", 0), 0);
	assert_int_equal(mkdirat(t->to, "sym", 0755), 0);
	put(t->to, "sym/new", "x");
	changed(t, "+sym +sym/new ");
}

static void linked_files_are_the_old_ones_until_they_are_replaced(void **state)
{
	struct trees *t = *state;

	copy(t, COPY_LINKED);
	assert_int_equal(inode_at(t->to, "one/a"), inode_at(t->from, "one/a"));
	changed(t, "");
	assert_int_equal(unlinkat(t->to, "one/a", 0), 0);
	put(t->to, "one/a", "FIRST");
	changed(t, "+one +one/a ");
	reads(t->from, "one/a", "first");
}

static void what_is_put_over_a_tree_joins_directories_and_replaces_the_rest(void **state)
{
	struct trees *t = *state;

	assert_int_equal(mkdirat(t->to, "one", 0700), 0);
	put(t->to, "one/kept", "kept");
	put(t->to, "one/a", "below");
	put(t->to, "two", "was a file");
	assert_int_equal(mkdirat(t->to, "sym", 0755), 0);
	put(t->to, "sym/below", "x");
	copy(t, COPY_OVER);
	reads(t->to, "one/kept", "kept");
	reads(t->to, "one/a", "first");
	reads(t->to, "two/a", "other");
	reads(t->to, "sym", "first");
}

static void a_list_of_what_is_not_there_is_refused(void **state UNUSED)
{
	static const char *const bad[] = { "+gone", "-one/a", "-no/dir", "*x", "+", "-" };
	struct trees *t = *state;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		const struct ftree_dir_opts opts = { 0 };
		auto_(changes) struct changes changes = { 0 };
		struct ftree_dir_notes notes = { 0 };
		auto_(ftree) struct ftree read;
		size_t len = strlen(bad[i]);

		ftree_init(&read);
		assert_int_equal(ftree_add_dir(&read, t->from, &opts, &notes, NULL), 0);
		/* "+" alone is the root, with its NUL. */
		assert_int_equal(change_list_decode(bad[i], len + (len > 1), &read, &changes, NULL),
				 -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_copy_that_nobody_touched_has_no_changes, begin,
						end),
		cmocka_unit_test_setup_teardown(
			a_file_that_was_written_with_its_old_size_and_time_is_told, begin, end),
		cmocka_unit_test_setup_teardown(a_file_that_was_written_as_it_was_is_not_told,
						begin, end),
		cmocka_unit_test_setup_teardown(
			directories_that_changed_places_differ_by_what_is_in_them, begin, end),
		cmocka_unit_test_setup_teardown(all_names_of_a_file_are_told, begin, end),
		cmocka_unit_test_setup_teardown(what_is_gone_is_told_and_what_was_in_it_is_not,
						begin, end),
		cmocka_unit_test_setup_teardown(a_directory_in_place_of_a_file_is_new, begin, end),
		cmocka_unit_test_setup_teardown(
			linked_files_are_the_old_ones_until_they_are_replaced, begin, end),
		cmocka_unit_test_setup_teardown(
			what_is_put_over_a_tree_joins_directories_and_replaces_the_rest, begin,
			end),
		cmocka_unit_test_setup_teardown(a_list_of_what_is_not_there_is_refused, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
