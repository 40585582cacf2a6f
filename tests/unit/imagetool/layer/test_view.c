/* SPDX-License-Identifier: Apache-2.0 */
/* What an overlay shows, without one: whiteouts need no privilege since Linux 5.8. */
#include "imagetool/layer/view.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

#include "libutil/dir.h"

#define ROOM "/tmp/test-view-XXXXXX"

static int dir(int at, const char *path)
{
	assert_int_equal(dir_make_all_at(at, path, 0755, NULL), 0);
	return dir_open_at(at, path, NULL);
}

static void file(int at, const char *path)
{
	int fd = openat(at, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	(void)close(fd);
}

/* Two layers: lower has a/x, a/y, b/x, c -> a, f; upper hides a/x, makes b opaque with b/z, and
 * replaces f by a directory. */
static int setup(void **state)
{
	static char room[] = ROOM;
	int top, lower, upper;

	(void)stpcpy(room, ROOM);
	assert_non_null(mkdtemp(room));
	top = dir_open_at(AT_FDCWD, room, NULL);
	lower = dir(top, "lower");
	upper = dir(top, "upper");
	(void)close(dir(lower, "a"));
	(void)close(dir(lower, "b"));
	file(lower, "a/x");
	file(lower, "a/y");
	file(lower, "b/x");
	file(lower, "f");
	assert_int_equal(symlinkat("a", lower, "c"), 0);
	(void)close(dir(upper, "a"));
	(void)close(dir(upper, "b"));
	(void)close(dir(upper, "f/inside"));
	file(upper, "b/z");
	if (mknodat(upper, "a/x", S_IFCHR, makedev(0, 0)) < 0 ||
	    overlay_set_opaque(upper, "b", false, NULL) < 0)
		skip();
	(void)close(lower);
	(void)close(upper);
	(void)close(top);
	*state = room;
	return 0;
}

static int teardown(void **state)
{
	return dir_remove_all_at(AT_FDCWD, *state, NULL);
}

static struct view *open_view(const char *room)
{
	struct view *v = view_new();
	int top = dir_open_at(AT_FDCWD, room, NULL);

	view_add(v, dir_open_at(top, "lower", NULL), false);
	view_add(v, dir_open_at(top, "upper", NULL), false);
	(void)close(top);
	return v;
}

static void layers_are_merged_as_overlayfs_does(void **state)
{
	static const struct {
		const char *path;
		enum view_kind kind;
	} rows[] = {
		{ "a", VIEW_DIR },        { "a/x", VIEW_NONE },    { "a/y", VIEW_OTHER },
		{ "b", VIEW_DIR },        { "b/x", VIEW_NONE },    { "b/z", VIEW_OTHER },
		{ "c", VIEW_LINK },       { "c/y", VIEW_NONE },    { "f", VIEW_DIR },
		{ "f/inside", VIEW_DIR }, { "f/none", VIEW_NONE }, { "none/at/all", VIEW_NONE },
	};
	auto_(view) struct view *v = open_view(*state);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(view_found) struct view_found found = { .dirfd = -1 };
		struct err e = { 0 };

		assert_int_equal(view_find(v, rows[i].path, &found, &e), 0);
		if (found.kind != rows[i].kind)
			fail_msg("%s: %d instead of %d", rows[i].path, found.kind, rows[i].kind);
	}
}

static void what_hides_all_leaves_nothing_below(void **state)
{
	auto_(view) struct view *v = open_view(*state);
	auto_(view_found) struct view_found found = { .dirfd = -1 };
	int top = dir_open_at(AT_FDCWD, *state, NULL);

	view_add(v, dir(top, "third"), true);
	(void)close(top);
	assert_int_equal(view_find(v, "a", &found, NULL), 0);
	assert_int_equal(found.kind, VIEW_NONE);
}

/* A link in an image may lead to any file of the host. */
static void what_a_copied_link_leads_to_is_left_alone(void **state)
{
	int top = dir_open_at(AT_FDCWD, *state, NULL), tree = dir(top, "tree");
	struct stat st;

	file(top, "victim");
	assert_int_equal(fchmodat(top, "victim", 0600, 0), 0);
	assert_int_equal(symlinkat("../victim", tree, "link"), 0);
	assert_int_equal(symlinkat("nowhere", tree, "dangling"), 0);
	assert_int_equal(view_copy_tree(top, "tree", top, "copy", geteuid() == 0, NULL), 0);
	assert_int_equal(fstatat(top, "victim", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(fstatat(top, "copy/dangling", &st, AT_SYMLINK_NOFOLLOW), 0);
	(void)close(tree);
	(void)close(top);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(layers_are_merged_as_overlayfs_does, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_hides_all_leaves_nothing_below, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_a_copied_link_leads_to_is_left_alone, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
