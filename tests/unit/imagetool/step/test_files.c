/* SPDX-License-Identifier: Apache-2.0 */
/* COPY from contexts and from trees: where things go and what they become. */
#include "tests/unit/imagetool/step/files_fixture.h"

/* ---- Where things go ---- */

BOTH(a_file_becomes_what_the_destination_says)
{
	put(t->src, "a", "one", 0640);
	COPY("/a", "/x/y/b", .from_tree = tree);
	has(t->root, "x/y/b", "one");
	assert_int_equal(look(t->root, "x/y/b").st_mode & 07777, 0640);
	assert_int_equal(look(t->root, "x/y/b").st_mtim.tv_sec, 1000);
	assert_int_equal(look(t->root, "x/y/b").st_mtim.tv_nsec, 5);
	assert_int_equal(look(t->root, "x/y").st_mode & 07777, 0755);
}

BOTH(a_file_goes_into_a_directory_by_its_name)
{
	put(t->src, "a", "one", 0644);
	(void)mkdirat(t->root, "d", 0700);
	COPY("/a", "/d", .from_tree = tree);
	COPY("/a", "/e", .dest_is_dir = true, .from_tree = tree);
	has(t->root, "d/a", "one");
	has(t->root, "e/a", "one");
	assert_int_equal(look(t->root, "d").st_mode & 07777, 0700);
}

BOTH(what_is_in_a_directory_is_copied_not_itself)
{
	(void)mkdirat(t->src, "d", 0711);
	(void)mkdirat(t->src, "d/e", 01777);
	put(t->src, "d/f", "f", 04755);
	make_symlink("/etc/passwd", t->src, "d/l");
	COPY("/d", "/new", .from_tree = tree);
	has(t->root, "new/f", "f");
	assert_int_equal(look(t->root, "new").st_mode & 07777, 0755);
	assert_int_equal(look(t->root, "new/e").st_mode & 07777, 01777);
	assert_int_equal(look(t->root, "new/f").st_mode & 07777, 04755);
	assert_true(S_ISLNK(look(t->root, "new/l").st_mode));
}

BOTH(directories_merge_and_the_inner_ones_change)
{
	(void)mkdirat(t->src, "d", 0755);
	(void)mkdirat(t->src, "d/e", 0701);
	put(t->src, "d/e/f", "new", 0644);
	(void)mkdirat(t->root, "o", 0750);
	(void)mkdirat(t->root, "o/e", 0777);
	put(t->root, "o/e/f", "old", 0600);
	put(t->root, "o/e/kept", "kept", 0600);
	COPY("/d", "/o", .from_tree = tree);
	has(t->root, "o/e/f", "new");
	has(t->root, "o/e/kept", "kept");
	assert_int_equal(look(t->root, "o").st_mode & 07777, 0750);
	assert_int_equal(look(t->root, "o/e").st_mode & 07777, 0701);
}

BOTH(what_does_not_fit_is_refused)
{
	(void)mkdirat(t->src, "d", 0755);
	(void)mkdirat(t->src, "d/x", 0755);
	put(t->src, "a", "a", 0644);
	put(t->root, "file", "f", 0644);
	put(t->root, "x", "f", 0644);
	(void)mkdirat(t->root, "in", 0755);
	(void)mkdirat(t->root, "in/a", 0755);
	REFUSE(ENOTDIR, "cannot copy to non-directory", "/d", "/file", .from_tree = tree);
	REFUSE(ENOTDIR, "cannot copy to non-directory", "/d", "/", .from_tree = tree);
	REFUSE(EISDIR, "cannot replace to directory", "/a", "/in", .from_tree = tree);
	REFUSE(ENOTDIR, "not a directory", "/a", "/file", .dest_is_dir = true, .from_tree = tree);
	REFUSE(ENOENT, "missing", "/missing", "/y", .from_tree = tree);
	has(t->root, "file", "f");
}

BOTH(wildcards_take_what_fits)
{
	put(t->src, "a.c", "a", 0644);
	put(t->src, "b.c", "b", 0644);
	put(t->src, "b.h", "h", 0644);
	(void)mkdirat(t->src, "s", 0755);
	put(t->src, "s/d.c", "d", 0644);
	COPY("/*.c", "/x", .dest_is_dir = true, .from_tree = tree);
	COPY("/?/*.c", "/y", .dest_is_dir = true, .from_tree = tree);
	COPY("/*.none", "/z", .from_tree = tree);
	has(t->root, "x/a.c", "a");
	has(t->root, "x/b.c", "b");
	assert_false(is_there(t->root, "x/b.h"));
	assert_false(is_there(t->root, "x/d.c"));
	has(t->root, "y/d.c", "d");
	assert_false(is_there(t->root, "z"));
}

BOTH(parents_keep_the_way_from_the_pivot_on)
{
	(void)mkdirat(t->src, "p", 0755);
	(void)mkdirat(t->src, "p/q", 0710);
	(void)mkdirat(t->src, "p/q/r", 0755);
	(void)mkdirat(t->src, "p/none", 0755);
	put(t->src, "p/q/r/a.c", "a", 0644);
	put(t->src, "p/q/r/a.h", "h", 0644);
	put(t->src, "p/q/b.c", "b", 0644);
	COPY("p/q/b.c", "/1", .dest_is_dir = true, .parents = true, .from_tree = tree);
	COPY("p/./q/b.c", "/2", .dest_is_dir = true, .parents = true, .from_tree = tree);
	COPY("p/./**/*.c", "/3", .dest_is_dir = true, .parents = true, .from_tree = tree);
	COPY("p/q", "/4", .dest_is_dir = true, .parents = true, .from_tree = tree);
	has(t->root, "1/p/q/b.c", "b");
	assert_int_equal(look(t->root, "1/p/q").st_mode & 07777, 0710);
	assert_false(is_there(t->root, "1/p/q/r"));
	has(t->root, "2/q/b.c", "b");
	has(t->root, "3/q/r/a.c", "a");
	has(t->root, "3/q/b.c", "b");
	assert_false(is_there(t->root, "3/none"));
	assert_false(is_there(t->root, "3/q/r/a.h"));
	has(t->root, "4/p/q/r/a.h", "h");
	REFUSE(ENOENT, "p/gone", "p/gone", "/5", .dest_is_dir = true, .parents = true,
	       .from_tree = tree);
}

BOTH(what_is_excluded_stays_behind)
{
	(void)mkdirat(t->src, "d", 0755);
	(void)mkdirat(t->src, "d/node", 0755);
	put(t->src, "d/a.txt", "a", 0644);
	put(t->src, "d/b.c", "b", 0644);
	put(t->src, "d/node/c.txt", "c", 0644);
	COPY("/d", "/x", .exclude = "*.txt", .from_tree = tree);
	COPY("/d", "/y", .exclude = "node", .from_tree = tree);
	COPY("/d", "/z", .exclude = "**/*.txt", .from_tree = tree);
	assert_false(is_there(t->root, "x/a.txt"));
	has(t->root, "x/node/c.txt", "c");
	assert_false(is_there(t->root, "y/node"));
	assert_true(is_there(t->root, "z/node"));
	assert_false(is_there(t->root, "z/node/c.txt"));
}

BOTH(owners_and_modes_are_as_asked)
{
	struct stat st;

	(void)mkdirat(t->root, "etc", 0755);
	put(t->root, "etc/passwd", "root:x:0:0::/:/bin/sh\nu:x:7:8::/:/bin/sh\n", 0644);
	put(t->root, "etc/group", "root:x:0:\ng:x:9:\n", 0644);
	(void)mkdirat(t->src, "d", 0755);
	put(t->src, "d/f", "f", 0600);
	put(t->src, "d/x", "x", 0700);
	give(t->src, "d/f", 1, 2);
	COPY("/d", "/plain", .from_tree = tree);
	st = look(t->root, "plain/f");
	assert_int_equal(st.st_uid, tree ? 1 : 0);
	assert_int_equal(st.st_gid, tree ? 2 : 0);
	COPY("/d", "/new/u", .chown = "u", .chmod = "u=rwX,go=rX", .from_tree = tree);
	st = look(t->root, "new/u/f");
	assert_true(st.st_uid == 7 && st.st_gid == 8);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(look(t->root, "new/u/x").st_mode & 07777, 0755);
	st = look(t->root, "new");
	assert_true(st.st_uid == 7 && st.st_gid == 8);
	COPY("/d", "/ug", .chown = "u:g", .chmod = "0711", .from_tree = tree);
	st = look(t->root, "ug/f");
	assert_true(st.st_uid == 7 && st.st_gid == 9);
	assert_int_equal(st.st_mode & 07777, 0711);
	assert_int_equal(look(t->root, "ug").st_mode & 07777, 0711);
	COPY("/d", "/n", .chown = "55", .from_tree = tree);
	st = look(t->root, "n/f");
	assert_true(st.st_uid == 55 && st.st_gid == 55);
	REFUSE(ENOENT, "nobody", "/d", "/q", .chown = "nobody", .from_tree = tree);
	REFUSE(EINVAL, "chmod", "/d", "/q", .chmod = "u=rz", .from_tree = tree);
}

BOTH(hard_links_stay_together)
{
	(void)mkdirat(t->src, "d", 0755);
	(void)mkdirat(t->src, "d/e", 0755);
	put(t->src, "d/a", "a", 0644);
	assert_return_code(linkat(t->src, "d/a", t->src, "d/e/b", 0), errno);
	COPY("/d", "/x", .from_tree = tree);
	assert_int_equal(look(t->root, "x/a").st_ino, look(t->root, "x/e/b").st_ino);
	has(t->root, "x/e/b", "a");
}

BOTH(attributes_and_holes_are_kept)
{
	char value[4] = "";
	int fd;

	put(t->src, "a", "", 0644);
	fd = openat(t->src, "a", O_WRONLY | O_CLOEXEC);
	assert_return_code(ftruncate(fd, 64 << 20), errno);
	assert_int_equal(pwrite(fd, "x", 1, 32 << 20), 1);
	if (fsetxattr(fd, "user.creel", "abc", 3, 0) < 0)
		skip();
	(void)close(fd);
	COPY("/a", "/b", .from_tree = tree);
	fd = openat(t->root, "b", O_RDONLY | O_CLOEXEC);
	assert_int_equal(fgetxattr(fd, "user.creel", value, sizeof(value)), 3);
	assert_int_equal(pread(fd, value, 1, 32 << 20), 1);
	assert_int_equal(value[0], 'x');
	(void)close(fd);
	assert_int_equal(look(t->root, "b").st_size, 64 << 20);
	assert_true(look(t->root, "b").st_blocks < 4096);
}

BOTH(names_are_bytes)
{
	put(t->src, "a\nb", "1", 0644);
	put(t->src, "\xff", "2", 0644);
	COPY("/", "/x", .from_tree = tree);
	has(t->root, "x/a\nb", "1");
	has(t->root, "x/\xff", "2");
}

BOTH(a_fifo_is_copied_and_never_read)
{
	(void)mkdirat(t->src, "d", 0755);
	(void)mkfifoat(t->src, "d/p", 0600);
	COPY("/d", "/x", .from_tree = tree);
	COPY("/d/p", "/y", .from_tree = tree);
	assert_true(S_ISFIFO(look(t->root, "x/p").st_mode));
	assert_true(S_ISFIFO(look(t->root, "y").st_mode));
}

/* ---- Other forms ---- */

static void a_here_document_is_a_file(void **state)
{
	const struct fixture *t = *state;
	struct files_source source = { .inline_name = "EOF", .content = "text\n", .len = 5 };
	struct vertex_files f = { .sources = &source, .n_sources = 1, .dest = "/a/b" };
	const struct step_root root = { .fd = t->root };
	const struct step_tree none = { .fd = -1 };

	assert_return_code(step_files(&f, &none, &root, NULL, NULL), 0);
	f.dest_is_dir = true;
	f.dest = "/c";
	f.chmod = "755";
	assert_return_code(step_files(&f, &none, &root, NULL, NULL), 0);
	has(t->root, "a/b", "text\n");
	has(t->root, "c/EOF", "text\n");
	assert_int_equal(look(t->root, "a/b").st_mode & 07777, 0644);
	assert_int_equal(look(t->root, "c/EOF").st_mode & 07777, 0755);
}

static void a_working_directory_is_made_once(void **state)
{
	const struct fixture *t = *state;
	struct vertex_files f = { .dest = "/w/x", .mkdir_only = true, .chown = "5" };
	const struct step_root root = { .fd = t->root };

	(void)mkdirat(t->root, "w", 0711);
	assert_return_code(step_files(&f, NULL, &root, NULL, NULL), 0);
	assert_int_equal(look(t->root, "w").st_uid, 0);
	assert_int_equal(look(t->root, "w/x").st_uid, 5);
	f.chown = NULL;
	assert_return_code(step_files(&f, NULL, &root, NULL, NULL), 0);
	assert_int_equal(look(t->root, "w/x").st_uid, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN_BOTH(a_file_becomes_what_the_destination_says),
		RUN_BOTH(a_file_goes_into_a_directory_by_its_name),
		RUN_BOTH(what_is_in_a_directory_is_copied_not_itself),
		RUN_BOTH(directories_merge_and_the_inner_ones_change),
		RUN_BOTH(what_does_not_fit_is_refused),
		RUN_BOTH(wildcards_take_what_fits),
		RUN_BOTH(parents_keep_the_way_from_the_pivot_on),
		RUN_BOTH(what_is_excluded_stays_behind),
		RUN_BOTH(owners_and_modes_are_as_asked),
		RUN_BOTH(hard_links_stay_together),
		RUN_BOTH(attributes_and_holes_are_kept),
		RUN_BOTH(names_are_bytes),
		RUN_BOTH(a_fifo_is_copied_and_never_read),
		RUN(a_here_document_is_a_file),
		RUN(a_working_directory_is_made_once),
	};

	/* Owners can only be given by root. */
	if (geteuid() != 0)
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
