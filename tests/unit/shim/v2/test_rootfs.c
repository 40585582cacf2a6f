/* SPDX-License-Identifier: Apache-2.0 */
/* Real mounts, in a mount namespace of this test's own. */
#include "shim/v2/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cmocka.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "libutil/dir.h"
#include "libutil/proc.h"
#include "libutil/strv.h"

#define LAYERS 300

struct stage {
	char dir[96];
	char rootfs[128];
};

/* Everything lies on a tmpfs that only this process sees. */
static int set_up(void **state)
{
	struct stage *st = xcalloc(1, sizeof(*st));

	*state = st;
	(void)snprintf(st->dir, sizeof(st->dir), "/tmp/test-mounts-XXXXXX");
	assert_non_null(mkdtemp(st->dir));
	(void)snprintf(st->rootfs, sizeof(st->rootfs), "%s/rootfs", st->dir);
	if (geteuid() != 0)
		return 0;
	assert_int_equal(unshare(CLONE_NEWNS), 0);
	assert_int_equal(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	assert_int_equal(mount("tmpfs", st->dir, "tmpfs", 0, NULL), 0);
	return 0;
}

static int tear_down(void **state)
{
	struct stage *st = *state;

	(void)umount2(st->dir, MNT_DETACH);
	(void)rmdir(st->dir);
	free(st);
	return 0;
}

static char *below(const struct stage *st, const char *name)
{
	return xasprintf("%s/%s", st->dir, name);
}

static void make_file(const struct stage *st, const char *dir, const char *name)
{
	autofree char *path = xasprintf("%s/%s", st->dir, dir);
	autofree char *file = xasprintf("%s/%s", path, name);
	autofd int fd = -1;

	assert_int_equal(dir_make_all_at(AT_FDCWD, path, 0755, NULL), 0);
	fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
}

static bool there(const struct stage *st, const char *name)
{
	autofree char *path = below(st, name);

	return access(path, F_OK) == 0;
}

static int make(const struct stage *st, const char *type, const char *source, const char *target,
		const char **options, struct err *e)
{
	struct msg_mount m = {
		.type = type,
		.source = source,
		.target = target,
		.options = { .items = options },
	};

	while (options && options[m.options.n])
		m.options.n++;
	return rootfs_mount(st->dir, &m, 1, e);
}

#define OPTIONS(...) ((const char *[]){ __VA_ARGS__, NULL })
#define NEEDS_ROOT()                                                                               \
	do {                                                                                       \
		if (geteuid() != 0)                                                                \
			skip();                                                                    \
	} while (0)
#define assert_done(r, e)                                                                          \
	do {                                                                                       \
		if ((r) < 0)                                                                       \
			fail_msg("%s", (e).msg);                                                   \
	} while (0)

static void no_mounts_make_nothing(void **state)
{
	struct stage *st = *state;

	assert_int_equal(rootfs_mount(st->dir, NULL, 0, NULL), 0);
	assert_false(there(st, "rootfs"));
	assert_int_equal(rootfs_unmount(st->dir, NULL), 0);
}

static void a_read_only_bind_is_read_only(void **state)
{
	struct stage *st = *state;
	autofree char *source = below(st, "src");
	struct statvfs v;
	struct err e = { 0 };

	NEEDS_ROOT();
	make_file(st, "src", "f");
	assert_done(make(st, "bind", source, NULL, OPTIONS("rbind", "ro"), &e), e);
	assert_true(there(st, "rootfs/f"));
	assert_int_equal(statvfs(st->rootfs, &v), 0);
	assert_true(v.f_flag & ST_RDONLY);
	assert_int_equal(statvfs(source, &v), 0);
	assert_false(v.f_flag & ST_RDONLY);
	assert_int_equal(rootfs_unmount(st->dir, NULL), 0);
	assert_false(there(st, "rootfs/f"));
	assert_true(there(st, "src/f"));
}

static void an_overlay_of_many_layers_is_mounted(void **state)
{
	struct stage *st = *state;
	auto_(strv) struct strv layers = { 0 };
	autofree char *list = NULL, *lower = NULL, *upper = NULL, *work = NULL;
	autofree char *up = below(st, "a-directory-with-a-long-name/upper"),
		      *wk = below(st, "a-directory-with-a-long-name/work");
	struct err e = { 0 };
	char cwd[256], after[256];

	NEEDS_ROOT();
	make_file(st, "a-directory-with-a-long-name/upper", "u");
	make_file(st, "a-directory-with-a-long-name/work", "w");
	(void)remove(wk);
	for (int i = 0; i < LAYERS; i++) {
		char name[80], file[16];

		(void)snprintf(name, sizeof(name), "a-directory-with-a-long-name/snapshots/%d/fs",
			       i);
		(void)snprintf(file, sizeof(file), "f%d", i);
		make_file(st, name, file);
		strv_addf(&layers, "%s/%s", st->dir, name);
	}
	list = strv_join(&layers, ":");
	lower = xasprintf("lowerdir=%s", list);
	upper = xasprintf("upperdir=%s", up);
	work = xasprintf("workdir=%s", wk);
	assert_true(strlen(lower) > 4096);
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	assert_done(
		make(st, "overlay", "overlay", "", OPTIONS("index=off", work, upper, lower), &e),
		e);
	assert_non_null(getcwd(after, sizeof(after)));
	assert_string_equal(cwd, after);
	assert_true(there(st, "rootfs/f0"));
	assert_true(there(st, "rootfs/f299"));
	assert_true(there(st, "rootfs/u"));
	make_file(st, "rootfs", "new");
	assert_true(there(st, "a-directory-with-a-long-name/upper/new"));
	assert_int_equal(rootfs_unmount(st->dir, NULL), 0);
	assert_false(there(st, "rootfs/f0"));
}

/* Relative names of 500 bytes in all are short; these are not. */
static void an_overlay_too_long_even_so_goes_layer_by_layer(void **state)
{
	struct stage *st = *state;
	auto_(strv) struct strv layers = { 0 };
	autofree char *list = NULL, *lower = NULL;
	struct err e = { 0 };

	NEEDS_ROOT();
	for (int i = 0; i < 60; i++) {
		char name[128];

		(void)snprintf(name, sizeof(name), "s/%090d/fs", i);
		make_file(st, name, i == 59 ? "last" : "f");
		strv_addf(&layers, "%s/%s", st->dir, name);
	}
	list = strv_join(&layers, ":");
	lower = xasprintf("lowerdir=%s", list);
	assert_done(make(st, "overlay", "overlay", "", OPTIONS("ro", lower), &e), e);
	assert_true(there(st, "rootfs/last"));
	assert_int_equal(rootfs_unmount(st->dir, NULL), 0);
}

static uid_t owner(const struct stage *st, const char *name)
{
	autofree char *path = below(st, name);
	struct stat s;

	assert_int_equal(stat(path, &s), 0);
	return s.st_uid;
}

static void ids_of_layers_are_mapped(void **state)
{
	struct stage *st = *state;
	autofree char *a = below(st, "a"), *b = below(st, "b"), *lower = NULL;
	struct err e = { 0 };

	NEEDS_ROOT();
	make_file(st, "a", "fa");
	make_file(st, "b", "fb");
	lower = xasprintf("lowerdir=%s:%s", a, b);
	assert_done(make(st, "overlay", "overlay", "",
			 OPTIONS("uidmap=0:5000:100", "gidmap=0:5000:100", lower), &e),
		    e);
	assert_int_equal(owner(st, "rootfs/fa"), 5000);
	assert_int_equal(owner(st, "rootfs/fb"), 5000);
	assert_int_equal(owner(st, "a/fa"), 0);
	assert_int_equal(rootfs_unmount(st->dir, NULL), 0);
}

static void ids_of_binds_and_file_systems_are_mapped(void **state)
{
	struct stage *st = *state;
	autofree char *source = below(st, "src");
	struct err e = { 0 };

	NEEDS_ROOT();
	make_file(st, "src", "f");
	assert_done(make(st, "bind", source, "",
			 OPTIONS("bind", "ro", "uidmap=0:5000:100", "gidmap=0:5000:100"), &e),
		    e);
	assert_int_equal(owner(st, "rootfs/f"), 5000);
	assert_int_equal(rootfs_unmount(st->dir, NULL), 0);
	assert_done(make(st, "tmpfs", "tmpfs", "",
			 OPTIONS("uidmap=0:5000:100", "gidmap=0:5000:100"), &e),
		    e);
	assert_int_equal(owner(st, "rootfs"), 5000);
	assert_int_equal(rootfs_unmount(st->dir, NULL), 0);
	assert_int_equal(owner(st, "rootfs"), 0);
}

static void a_file_is_mounted_by_a_loop_device(void **state)
{
	struct stage *st = *state;
	autofree char *image = below(st, "image");
	autofd int fd = -1;
	char *argv[] = { (char[]){ "mkfs.ext4" }, (char[]){ "-q" }, image, NULL };
	struct proc_spec spec = { .path = "mkfs.ext4", .search = true, .argv = argv };
	int status = 1;
	struct err e = { 0 };

	NEEDS_ROOT();
	fd = open(image, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	if (access("/dev/loop-control", F_OK) < 0 ||
	    proc_run(&spec, NULL, 0, NULL, 20000, &status, NULL) < 0 || status != 0)
		skip();
	assert_done(make(st, "ext4", image, "", OPTIONS("loop", "ro"), &e), e);
	assert_true(there(st, "rootfs/lost+found"));
	assert_int_equal(rootfs_unmount(st->dir, NULL), 0);
	assert_false(there(st, "rootfs/lost+found"));
}

static void mounts_stack_and_go_in_reverse(void **state)
{
	struct stage *st = *state;
	struct msg_mount list[] = {
		{ .type = "tmpfs", .source = "tmpfs" },
		{ .type = "tmpfs", .source = "tmpfs", .target = "sub" },
	};
	struct err e = { 0 };

	NEEDS_ROOT();
	assert_int_equal(mkdir(st->rootfs, 0711), 0);
	assert_done(rootfs_mount(st->dir, list, 1, &e), e);
	make_file(st, "rootfs/sub", "below");
	assert_done(rootfs_mount(st->dir, list + 1, 1, &e), e);
	assert_false(there(st, "rootfs/sub/below"));
	assert_int_equal(rootfs_unmount(st->dir, NULL), 0);
	assert_false(there(st, "rootfs/sub"));
}

static void a_target_does_not_leave_the_root(void **state)
{
	struct stage *st = *state;
	autofree char *link = below(st, "rootfs/out");
	struct err e = { 0 };

	NEEDS_ROOT();
	make_file(st, "rootfs", "f");
	make_file(st, "outside", "kept");
	assert_int_equal(symlink("/outside", link), 0);
	assert_int_equal(make(st, "tmpfs", "tmpfs", "out", NULL, &e), -ENOENT);
	assert_true(there(st, "outside/kept"));
}

static void a_failure_undoes_what_was_done(void **state)
{
	struct stage *st = *state;
	struct msg_mount list[] = {
		{ .type = "tmpfs", .source = "tmpfs" },
		{ .type = "no-such-fs", .source = "x" },
	};
	struct err e = { 0 };
	autofree char *want = NULL;

	NEEDS_ROOT();
	assert_int_equal(mkdir(st->rootfs, 0711), 0);
	make_file(st, "rootfs", "covered");
	assert_int_equal(rootfs_mount(st->dir, list, 2, &e), -ENODEV);
	want = xasprintf(
		"mount 'x' (no-such-fs) on '%s': the kernel knows no file system 'no-such-fs'",
		st->rootfs);
	assert_string_equal(e.msg, want);
	assert_true(there(st, "rootfs/covered"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_mounts_make_nothing),
		TEST(a_read_only_bind_is_read_only),
		TEST(an_overlay_of_many_layers_is_mounted),
		TEST(an_overlay_too_long_even_so_goes_layer_by_layer),
		TEST(ids_of_layers_are_mapped),
		TEST(ids_of_binds_and_file_systems_are_mapped),
		TEST(a_file_is_mounted_by_a_loop_device),
		TEST(mounts_stack_and_go_in_reverse),
		TEST(a_target_does_not_leave_the_root),
		TEST(a_failure_undoes_what_was_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
