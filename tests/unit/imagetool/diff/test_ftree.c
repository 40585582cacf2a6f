/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/diff/ftree.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct inode *make(struct ftree *t, enum tar_type type, const char *link)
{
	struct inode *i = ftree_inode_new(&t->arena);

	i->type = type;
	i->link = link;
	return i;
}

/* The directories on the way are there. */
static struct node *put(struct ftree *t, const char *path, enum tar_type type, const char *link,
			unsigned layer)
{
	const char *base = strrchr(path, '/');
	struct node *dir = ftree_lookup(t, path, base ? (size_t)(base - path) : 0, true), *n = NULL;

	base = base ? base + 1 : path;
	assert_non_null(dir);
	assert_int_equal(
		ftree_put(t, dir, base, strlen(base), make(t, type, link), layer, &n, NULL), 0);
	return n;
}

static void lists(struct ftree *t, const char *want)
{
	auto_(strbuf) struct strbuf out = { 0 };

	ftree_sort(t);
	for (struct node *n = ftree_next(t->root, false); n; n = ftree_next(n, false)) {
		ftree_path(n, &out);
		strbuf_addc(&out, ' ');
	}
	assert_string_equal(strbuf_str(&out), want);
}

static int begin(void **state)
{
	struct ftree *t = xcalloc(1, sizeof(*t));

	ftree_init(t);
	put(t, "usr", TAR_DIR, "", 1);
	put(t, "usr/lib", TAR_DIR, "", 1);
	put(t, "usr/lib/x", TAR_FILE, "", 1);
	put(t, "lib", TAR_SYMLINK, "usr/lib", 1);
	put(t, "a", TAR_FILE, "", 1);
	*state = t;
	return 0;
}

static int end(void **state)
{
	struct ftree *t = *state;

	ftree_done(t);
	free(t);
	return 0;
}

static void nodes_come_in_order_of_their_names(void **state)
{
	lists(*state, "a lib usr usr/lib usr/lib/x ");
}

static void a_path_goes_through_symlinks_but_not_out_of_the_root(void **state)
{
	struct ftree *t = *state;
	struct node *x = ftree_lookup(t, "usr/lib/x", 9, false);

	assert_non_null(x);
	assert_ptr_equal(ftree_lookup(t, "lib/x", 5, false), x);
	assert_ptr_equal(ftree_lookup(t, "/../../lib/./x", 14, false), x);
	assert_string_equal(ftree_lookup(t, "lib", 3, false)->inode->link, "usr/lib");
	assert_ptr_equal(ftree_lookup(t, "lib", 3, true), x->parent);
	put(t, "up", TAR_SYMLINK, "../../../usr", 1);
	assert_ptr_equal(ftree_lookup(t, "up/lib/x", 8, false), x);
	assert_null(ftree_lookup(t, "a/x", 3, false));
}

static void symlinks_that_go_round_end(void **state)
{
	struct ftree *t = *state;

	put(t, "r1", TAR_SYMLINK, "r2", 1);
	put(t, "r2", TAR_SYMLINK, "r1", 1);
	assert_null(ftree_lookup(t, "r1/x", 4, false));
	put(t, "self", TAR_SYMLINK, "self/self/self", 1);
	assert_null(ftree_lookup(t, "self", 4, true));
}

static void a_directory_keeps_what_is_in_it_others_replace_it(void **state)
{
	struct ftree *t = *state;

	put(t, "usr", TAR_DIR, "", 2);
	lists(t, "a lib usr usr/lib usr/lib/x ");
	put(t, "usr", TAR_FILE, "", 2);
	lists(t, "a lib usr ");
	put(t, "usr", TAR_DIR, "", 2);
	lists(t, "a lib usr ");
}

static void a_whiteout_hides_lower_layers_only(void **state)
{
	struct ftree *t = *state;
	struct node *usr = ftree_lookup(t, "usr", 3, false);

	put(t, "usr/lib/new", TAR_FILE, "", 2);
	ftree_remove_lower(t, usr, 2, true);
	lists(t, "a lib usr usr/lib usr/lib/new ");
	ftree_remove_lower(t, usr, 3, false);
	lists(t, "a lib usr ");
	ftree_remove_lower(t, usr, 3, true);
	lists(t, "a lib ");
}

static void links_share_an_inode_and_leave_it_one_by_one(void **state)
{
	struct ftree *t = *state;
	struct node *a = ftree_lookup(t, "a", 1, false), *b;

	assert_int_equal(ftree_put(t, t->root, "b", 1, a->inode, 1, &b, NULL), 0);
	assert_ptr_equal(a->inode->nodes, b);
	assert_ptr_equal(b->next_link, a);
	/* A link to itself. */
	assert_int_equal(ftree_put(t, t->root, "b", 1, a->inode, 1, &b, NULL), 0);
	ftree_remove(t, a);
	assert_ptr_equal(b->inode->nodes, b);
	assert_null(b->next_link);
}

static void many_names_are_found(void **state)
{
	struct ftree *t = *state;
	char name[16];

	for (int i = 0; i < 5000; i++) {
		(void)snprintf(name, sizeof(name), "f%d", i);
		put(t, name, TAR_FILE, "", 1);
	}
	for (int i = 0; i < 5000; i++) {
		int len = snprintf(name, sizeof(name), "f%d", i);

		assert_non_null(ftree_child(t, t->root, name, (size_t)len));
	}
	assert_null(ftree_child(t, t->root, "f5000", 5));
	assert_null(ftree_child(t, t->root, "f", 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nodes_come_in_order_of_their_names, begin, end),
		cmocka_unit_test_setup_teardown(
			a_path_goes_through_symlinks_but_not_out_of_the_root, begin, end),
		cmocka_unit_test_setup_teardown(symlinks_that_go_round_end, begin, end),
		cmocka_unit_test_setup_teardown(a_directory_keeps_what_is_in_it_others_replace_it,
						begin, end),
		cmocka_unit_test_setup_teardown(a_whiteout_hides_lower_layers_only, begin, end),
		cmocka_unit_test_setup_teardown(links_share_an_inode_and_leave_it_one_by_one, begin,
						end),
		cmocka_unit_test_setup_teardown(many_names_are_found, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
