/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same promises twice: with openat2(2), then with a filter on this process
 * that refuses it, so that the walk answers.
 */
#include "libutil/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "libutil/dir.h"
#include "libutil/file.h"

/* A directory with a secret beside the root that must never be reached. */
struct place {
	char *name;
	int top;  /* holds "root" and "secret" */
	int root; /* what paths are resolved below */
};

static void put(int dirfd, const char *name, const char *text)
{
	assert_int_equal(file_replace_at(dirfd, name, text, strlen(text), 0644, FILE_NO_SYNC, NULL),
			 0);
}

static int setup(void **state)
{
	struct place *p = xcalloc(1, sizeof(*p));
	autofree char *path = NULL;

	assert_int_equal(dir_make_temp_at(AT_FDCWD, "beneath-", 0755, &p->name, NULL), 0);
	p->top = dir_open_at(AT_FDCWD, p->name, NULL);
	assert_true(p->top >= 0);
	put(p->top, "secret", "outside");
	assert_int_equal(mkdirat(p->top, "root", 0755), 0);
	p->root = dir_open_at(p->top, "root", NULL);
	assert_int_equal(dir_make_all_at(p->root, "etc/deep/er", 0755, NULL), 0);
	put(p->root, "etc/passwd", "inside");
	put(p->root, "secret", "decoy");
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;

	(void)close(p->root);
	(void)close(p->top);
	assert_int_equal(dir_remove_all_at(AT_FDCWD, p->name, NULL), 0);
	free(p->name);
	free(p);
	return 0;
}

static void link_to(const struct place *p, const char *target, const char *name)
{
	assert_int_equal(symlinkat(target, p->root, name), 0);
}

static void opens(const struct place *p, const char *path, enum beneath_rule rule, const char *want)
{
	struct err e = { 0 };
	autofree char *text = NULL;
	autofd int fd = beneath_open(p->root, path, O_RDONLY, 0, rule, &e);

	assert_string_equal(e.msg, "");
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(file_read_fd(fd, path, 100, &text, NULL, NULL), 0);
	assert_string_equal(text, want);
}

static void refuses(const struct place *p, const char *path, enum beneath_rule rule, int code)
{
	struct err e = { 0 };
	int fd = beneath_open(p->root, path, O_RDONLY, 0, rule, &e);

	assert_int_equal(fd, -code);
	assert_int_equal(e.code, code);
}

static void a_plain_path_opens_under_both_rules(void **state)
{
	opens(*state, "etc/passwd", BENEATH_CHROOT, "inside");
	opens(*state, "./etc//./passwd", BENEATH_CHROOT, "inside");
	opens(*state, "/etc/passwd", BENEATH_CHROOT, "inside");
	opens(*state, "etc/passwd", BENEATH_STRICT, "inside");
	opens(*state, "./etc/passwd", BENEATH_STRICT, "inside");
}

static void dotdot_stops_at_the_root(void **state)
{
	opens(*state, "../secret", BENEATH_CHROOT, "decoy");
	opens(*state, "/../../../secret", BENEATH_CHROOT, "decoy");
	opens(*state, "etc/deep/er/../../../../../secret", BENEATH_CHROOT, "decoy");
	opens(*state, "etc/deep/../passwd", BENEATH_CHROOT, "inside");
}

static void strict_paths_have_no_dotdot_and_are_relative(void **state)
{
	refuses(*state, "../secret", BENEATH_STRICT, EXDEV);
	refuses(*state, "etc/../etc/passwd", BENEATH_STRICT, EXDEV);
	refuses(*state, "etc/..", BENEATH_STRICT, EXDEV);
	refuses(*state, "/etc/passwd", BENEATH_STRICT, EXDEV);
	refuses(*state, "", BENEATH_STRICT, ENOENT);
}

static void names_that_only_begin_with_dots_are_names(void **state)
{
	const struct place *p = *state;

	put(p->root, "..data", "dots");
	put(p->root, "etc/...", "three");
	opens(p, "..data", BENEATH_STRICT, "dots");
	opens(p, "etc/...", BENEATH_STRICT, "three");
	opens(p, "..data", BENEATH_CHROOT, "dots");
}

static void an_absolute_link_starts_at_the_root(void **state)
{
	const struct place *p = *state;

	link_to(p, "/etc/passwd", "abs");
	link_to(p, "/secret", "etc/sec");
	opens(p, "abs", BENEATH_CHROOT, "inside");
	opens(p, "etc/sec", BENEATH_CHROOT, "decoy");
}

static void a_link_that_climbs_out_stays_inside(void **state)
{
	const struct place *p = *state;

	link_to(p, "../../../secret", "etc/deep/climb");
	link_to(p, "../..", "etc/up");
	opens(p, "etc/deep/climb", BENEATH_CHROOT, "decoy");
	opens(p, "etc/up/secret", BENEATH_CHROOT, "decoy");
	opens(p, "etc/up/etc/deep/../passwd", BENEATH_CHROOT, "inside");
}

static void strict_paths_cross_no_link(void **state)
{
	const struct place *p = *state;

	link_to(p, "etc", "way");
	link_to(p, "etc/passwd", "end");
	refuses(p, "way/passwd", BENEATH_STRICT, ELOOP);
	refuses(p, "end", BENEATH_STRICT, ELOOP);
	opens(p, "way/passwd", BENEATH_CHROOT, "inside");
}

static void link_loops_end(void **state)
{
	const struct place *p = *state;

	link_to(p, "two", "one");
	link_to(p, "one", "two");
	link_to(p, "self/x", "self");
	refuses(p, "one", BENEATH_CHROOT, ELOOP);
	refuses(p, "one/file", BENEATH_CHROOT, ELOOP);
	refuses(p, "self", BENEATH_CHROOT, ELOOP);
}

static void forty_links_are_followed_and_one_more_is_not(void **state)
{
	const struct place *p = *state;
	char name[16], target[16];

	link_to(p, "secret", "l1");
	for (int i = 2; i <= 41; i++) {
		(void)snprintf(name, sizeof(name), "l%d", i);
		(void)snprintf(target, sizeof(target), "l%d", i - 1);
		link_to(p, target, name);
	}
	opens(p, "l40", BENEATH_CHROOT, "decoy");
	refuses(p, "l41", BENEATH_CHROOT, ELOOP);
}

static void magic_links_are_never_followed(void **state UNUSED)
{
	autofd int proc = dir_open_at(AT_FDCWD, "/proc", NULL);
	struct place p = { .root = proc };
	char path[64];

	refuses(&p, "self/cwd", BENEATH_CHROOT, ELOOP);
	refuses(&p, "self/root/etc/passwd", BENEATH_CHROOT, ELOOP);
	refuses(&p, "self/exe", BENEATH_CHROOT, ELOOP);
	(void)snprintf(path, sizeof(path), "self/fd/%d", proc);
	refuses(&p, path, BENEATH_CHROOT, ELOOP);
}

static void textual_links_of_procfs_are_followed(void **state UNUSED)
{
	autofd int proc = dir_open_at(AT_FDCWD, "/proc", NULL);
	autofd int fd = beneath_open(proc, "self/status", O_RDONLY, 0, BENEATH_CHROOT, NULL);

	assert_true(fd >= 0);
}

static void a_file_on_the_way_is_not_a_directory(void **state)
{
	refuses(*state, "etc/passwd/x", BENEATH_CHROOT, ENOTDIR);
	refuses(*state, "etc/passwd/", BENEATH_CHROOT, ENOTDIR);
	refuses(*state, "etc/passwd/..", BENEATH_CHROOT, ENOTDIR);
	refuses(*state, "etc/nothing", BENEATH_CHROOT, ENOENT);
	refuses(*state, "etc/nothing/x", BENEATH_STRICT, ENOENT);
}

static void the_root_itself_opens(void **state)
{
	const struct place *p = *state;
	static const char *const names[] = { "/", ".", "..", "etc/..", "//." };
	struct stat want, got;

	assert_int_equal(fstat(p->root, &want), 0);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		autofd int fd = beneath_open(p->root, names[i], O_PATH, 0, BENEATH_CHROOT, NULL);

		assert_true(fd >= 0);
		assert_int_equal(fstat(fd, &got), 0);
		assert_int_equal(got.st_ino, want.st_ino);
	}
}

static void o_nofollow_with_o_path_gives_the_link_itself(void **state)
{
	const struct place *p = *state;
	autofd int fd = -1;
	struct stat st;

	link_to(p, "etc", "ln");
	fd = beneath_open(p->root, "ln", O_PATH | O_NOFOLLOW, 0, BENEATH_CHROOT, NULL);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(
		beneath_open(p->root, "ln", O_RDONLY | O_NOFOLLOW, 0, BENEATH_CHROOT, NULL),
		-ELOOP);
}

static void created_files_stay_inside(void **state)
{
	const struct place *p = *state;
	autofd int fd = -1;
	struct stat st;

	link_to(p, "/../../made", "etc/dangling");
	fd = beneath_open(p->root, "etc/dangling", O_WRONLY | O_CREAT, 0640, BENEATH_CHROOT, NULL);
	assert_true(fd >= 0);
	assert_int_equal(fstatat(p->root, "made", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(fstatat(p->top, "made", &st, 0), -1);
	assert_int_equal(beneath_open(p->root, "etc/dangling", O_WRONLY | O_CREAT | O_EXCL, 0600,
				      BENEATH_CHROOT, NULL),
			 -EEXIST);
}

static void a_parent_is_opened_and_the_name_returned(void **state)
{
	const struct place *p = *state;
	autofree char *name = NULL;
	autofd int fd = -1;

	fd = beneath_open_parent(p->root, "/etc/deep/new/", BENEATH_CHROOT, &name, NULL);
	assert_true(fd >= 0);
	assert_string_equal(name, "new");
	assert_int_equal(faccessat(fd, "er", F_OK, 0), 0);
}

static void a_parent_of_no_name_is_refused(void **state)
{
	static const char *const bad[] = { "/", ".", "etc/..", "etc/.", "///" };
	const struct place *p = *state;
	char *name = NULL;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(beneath_open_parent(p->root, bad[i], BENEATH_CHROOT, &name, NULL),
				 -EINVAL);
	assert_null(name);
}

static void directories_are_made_on_the_way(void **state)
{
	const struct place *p = *state;
	autofd int fd = beneath_mkdir_p(p->root, "a/b//c/", 0711, BENEATH_STRICT, NULL);
	struct stat st, other;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(fstatat(p->root, "a/b/c", &other, 0), 0);
	assert_int_equal(st.st_ino, other.st_ino);
	assert_int_equal(st.st_mode & 07777, 0711);
}

static void making_directories_does_not_leave_through_links(void **state)
{
	const struct place *p = *state;
	struct stat st;
	autofd int fd = -1;

	link_to(p, "../../../../out", "etc/out");
	assert_int_equal(beneath_mkdir_p(p->root, "etc/out/x", 0755, BENEATH_STRICT, NULL), -ELOOP);
	fd = beneath_mkdir_p(p->root, "etc/out/x", 0755, BENEATH_CHROOT, NULL);
	assert_true(fd >= 0);
	assert_int_equal(fstatat(p->root, "out/x", &st, 0), 0);
	assert_int_equal(fstatat(p->top, "out", &st, 0), -1);
	assert_int_equal(beneath_mkdir_p(p->root, "etc/passwd/x", 0755, BENEATH_CHROOT, NULL),
			 -ENOTDIR);
	assert_int_equal(beneath_mkdir_p(p->root, "etc/passwd", 0755, BENEATH_CHROOT, NULL),
			 -ENOTDIR);
}

static void a_target_is_made_once_and_kept(void **state)
{
	const struct place *p = *state;
	struct stat st;
	autofd int file = beneath_make_target(p->root, "/run/x/socket", false, NULL);
	autofd int again = beneath_make_target(p->root, "/run/x/socket", false, NULL);
	autofd int dir = beneath_make_target(p->root, "/mnt/data", true, NULL);

	assert_true(file >= 0 && again >= 0 && dir >= 0);
	assert_int_equal(fstat(file, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(fstat(dir, &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(beneath_make_target(p->root, "/mnt/data", false, NULL), -EISDIR);
	assert_int_equal(beneath_make_target(p->root, "/run/x/socket", true, NULL), -ENOTDIR);
}

static void a_target_behind_a_dangling_link_is_made_inside(void **state)
{
	const struct place *p = *state;
	struct stat st;
	autofd int fd = -1;

	link_to(p, "/../run/systemd/resolv.conf", "etc/resolv.conf");
	fd = beneath_make_target(p->root, "/etc/resolv.conf", false, NULL);
	assert_true(fd >= 0);
	assert_int_equal(fstatat(p->root, "run/systemd/resolv.conf", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISREG(st.st_mode));
}

static void errors_name_the_path(void **state)
{
	const struct place *p = *state;
	struct err e = { 0 };

	assert_int_equal(beneath_open(p->root, "etc/none", O_RDONLY, 0, BENEATH_CHROOT, &e),
			 -ENOENT);
	assert_string_equal(e.msg, "open 'etc/none' below the root: No such file or directory");
}

#define EACH(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
static const struct CMUnitTest tests[] = {
	EACH(a_plain_path_opens_under_both_rules),
	EACH(dotdot_stops_at_the_root),
	EACH(strict_paths_have_no_dotdot_and_are_relative),
	EACH(names_that_only_begin_with_dots_are_names),
	EACH(an_absolute_link_starts_at_the_root),
	EACH(a_link_that_climbs_out_stays_inside),
	EACH(strict_paths_cross_no_link),
	EACH(link_loops_end),
	EACH(forty_links_are_followed_and_one_more_is_not),
	EACH(magic_links_are_never_followed),
	EACH(textual_links_of_procfs_are_followed),
	EACH(a_file_on_the_way_is_not_a_directory),
	EACH(the_root_itself_opens),
	EACH(o_nofollow_with_o_path_gives_the_link_itself),
	EACH(created_files_stay_inside),
	EACH(a_parent_is_opened_and_the_name_returned),
	EACH(a_parent_of_no_name_is_refused),
	EACH(directories_are_made_on_the_way),
	EACH(making_directories_does_not_leave_through_links),
	EACH(a_target_is_made_once_and_kept),
	EACH(a_target_behind_a_dangling_link_is_made_inside),
	EACH(errors_name_the_path),
};

static int refuse_openat2(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { .len = ARRAY_LEN(code), .filter = code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog);
}

int main(void)
{
	int failed;

	(void)umask(022);
	failed = cmocka_run_group_tests_name("beneath with openat2", tests, NULL, NULL);
	if (refuse_openat2() < 0) {
		perror("refuse openat2");
		return 1;
	}
	return failed + cmocka_run_group_tests_name("beneath without openat2", tests, NULL, NULL);
}
