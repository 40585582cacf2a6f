/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container's groups on the host as it is: needs root and writable cgroups.
 * Everything happens in groups with this process's number in their name.
 */
#include "runtime/cgroup/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "libutil/file.h"
#include "runtime/cgroup/tree.h"

struct world {
	struct arena arena;
	struct runtime_spec spec;
	struct spec_linux lx;
	struct spec_resources resources;
	struct cgroup *cg;
	char path[64];
};

static int setup(void **state)
{
	struct world *w;

	if (getuid() != 0 || access("/sys/fs/cgroup", W_OK) < 0) {
		*state = NULL;
		return 0;
	}
	w = xcalloc(1, sizeof(*w));
	(void)snprintf(w->path, sizeof(w->path), "/creel-test-%d/group", (int)getpid());
	w->lx.cgroups_path = w->path;
	w->lx.resources = &w->resources;
	w->spec.linux_ = &w->lx;
	*state = w;
	return 0;
}

/* The parents as well, which a runtime leaves alone. */
static int teardown(void **state)
{
	struct world *w = *state;

	if (!w)
		return 0;
	for (size_t i = 0; w->cg && i < w->cg->n; i++) {
		autofree char *parent = tree_dir(&w->cg->trees[i]);

		*strrchr(parent, '/') = '\0';
		(void)rmdir(parent);
	}
	cgroup_free(w->cg);
	arena_done(&w->arena);
	free(w);
	return 0;
}

static struct world *need(void **state)
{
	if (!*state)
		skip();
	return *state;
}

static void plan(struct world *w)
{
	struct err e = { 0 };
	int r = cgroup_plan(&w->spec, "id", CGROUP_FS, false, &w->cg, &e);

	assert_string_equal(e.msg, "");
	assert_int_equal(r, 0);
}

static void make(struct world *w)
{
	struct err e = { 0 };
	int r;

	plan(w);
	r = cgroup_make(w->cg, &w->resources, &e);
	if (r == 0)
		r = cgroup_restrict_devices(w->cg, &w->resources, &e);
	assert_string_equal(e.msg, "");
	assert_int_equal(r, 0);
}

/* A child in the groups that runs `fn` and then waits to be killed; its result is in the pipe. */
static pid_t inhabit(struct world *w, int (*fn)(void), int *ret)
{
	int p[2], got = -1;
	pid_t pid;

	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		struct err e = { 0 };
		int r = cgroup_enter_self(w->cg, false, &e);

		if (r < 0)
			fprintf(stderr, "%s\n", e.msg);
		else if (fn)
			r = fn();
		if (write(p[1], &r, sizeof(r)) < 0)
			_exit(1);
		for (;;)
			(void)pause();
	}
	(void)close(p[1]);
	assert_int_equal(read(p[0], &got, sizeof(got)), sizeof(got));
	(void)close(p[0]);
	if (ret)
		*ret = got;
	else
		assert_int_equal(got, 0);
	return pid;
}

static void killed(pid_t pid)
{
	int status = 0;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
}

static void a_group_is_made_entered_killed_and_removed(void **state)
{
	struct world *w = need(state);
	pid_t pid, *pids = NULL;
	size_t n = 0;

	make(w);
	pid = inhabit(w, NULL, NULL);
	assert_int_equal(cgroup_pids(w->cg, &pids, &n, NULL), 0);
	assert_int_equal(n, 1);
	assert_int_equal(pids[0], pid);
	free(pids);
	assert_int_equal(cgroup_destroy(w->cg, NULL), -EBUSY);
	assert_int_equal(cgroup_kill(w->cg, SIGKILL, NULL), 0);
	killed(pid);
	assert_int_equal(cgroup_destroy(w->cg, NULL), 0);
	for (size_t i = 0; i < w->cg->n; i++) {
		autofree char *dir = tree_dir(&w->cg->trees[i]);

		assert_int_equal(access(dir, F_OK), -1);
	}
	/* What is gone is removed, empty and not frozen. */
	assert_int_equal(cgroup_destroy(w->cg, NULL), 0);
	assert_int_equal(cgroup_kill(w->cg, SIGKILL, NULL), 0);
	assert_int_equal(cgroup_is_frozen(w->cg, NULL), 0);
}

static void the_process_is_in_every_hierarchy(void **state)
{
	struct world *w = need(state);
	autofree char *text = NULL;
	char name[64];
	int found = 0;
	pid_t pid;

	make(w);
	pid = inhabit(w, NULL, NULL);
	(void)snprintf(name, sizeof(name), "/proc/%d/cgroup", (int)pid);
	assert_int_equal(file_read_at(AT_FDCWD, name, 65536, &text, NULL, NULL), 0);
	for (const char *at = text; (at = strstr(at, w->path)); at++)
		found++;
	assert_int_equal(found, w->cg->n);
	assert_int_equal(cgroup_kill(w->cg, SIGKILL, NULL), 0);
	killed(pid);
	assert_int_equal(cgroup_destroy(w->cg, NULL), 0);
}

static void a_group_in_use_is_not_taken(void **state)
{
	struct world *w = need(state);
	struct cgroup *again = NULL;
	struct err e = { 0 };
	pid_t pid;

	make(w);
	pid = inhabit(w, NULL, NULL);
	assert_int_equal(cgroup_plan(&w->spec, "id", CGROUP_FS, false, &again, NULL), 0);
	assert_int_equal(cgroup_make(again, NULL, &e), -EEXIST);
	assert_non_null(strstr(e.msg, "already has processes"));
	cgroup_free(again);
	assert_int_equal(cgroup_kill(w->cg, SIGKILL, NULL), 0);
	killed(pid);
	assert_int_equal(cgroup_destroy(w->cg, NULL), 0);
}

static void freezing_holds_and_killing_still_works(void **state)
{
	struct world *w = need(state);
	pid_t pid;

	make(w);
	pid = inhabit(w, NULL, NULL);
	assert_int_equal(cgroup_is_frozen(w->cg, NULL), 0);
	assert_int_equal(cgroup_freeze(w->cg, true, NULL), 0);
	assert_int_equal(cgroup_is_frozen(w->cg, NULL), 1);
	assert_int_equal(cgroup_freeze(w->cg, false, NULL), 0);
	assert_int_equal(cgroup_is_frozen(w->cg, NULL), 0);
	assert_int_equal(cgroup_freeze(w->cg, true, NULL), 0);
	assert_int_equal(cgroup_kill(w->cg, SIGKILL, NULL), 0);
	killed(pid);
	assert_int_equal(cgroup_destroy(w->cg, NULL), 0);
}

static void a_group_frozen_by_v1_is_seen_and_killed(void **state)
{
	struct world *w = need(state);
	const struct cgroup_tree *t;
	pid_t pid;

	make(w);
	t = cgroup_tree_find(w->cg, "freezer");
	if (!t) {
		assert_int_equal(cgroup_destroy(w->cg, NULL), 0);
		skip();
	}
	pid = inhabit(w, NULL, NULL);
	assert_int_equal(file_write_at(t->fd, "freezer.state", "FROZEN", NULL), 0);
	assert_int_equal(cgroup_is_frozen(w->cg, NULL), 1);
	assert_int_equal(cgroup_freeze(w->cg, false, NULL), 0);
	assert_int_equal(cgroup_is_frozen(w->cg, NULL), 0);
	assert_int_equal(file_write_at(t->fd, "freezer.state", "FROZEN", NULL), 0);
	assert_int_equal(cgroup_kill(w->cg, SIGKILL, NULL), 0);
	killed(pid);
	assert_int_equal(cgroup_destroy(w->cg, NULL), 0);
}

static void groups_made_inside_are_removed_too(void **state)
{
	struct world *w = need(state);

	make(w);
	for (size_t i = 0; i < w->cg->n; i++) {
		autofree char *dir = tree_dir(&w->cg->trees[i]);
		autofree char *sub = xasprintf("%s/a", dir), *deep = xasprintf("%s/a/b", dir);

		assert_int_equal(mkdir(sub, 0755), 0);
		assert_int_equal(mkdir(deep, 0755), 0);
	}
	assert_int_equal(cgroup_destroy(w->cg, NULL), 0);
}

static void a_failure_leaves_no_group(void **state)
{
	struct world *w = need(state);
	struct spec_cpu cpu = { .cpus = "9999" };
	struct err e = { 0 };

	if (access("/sys/fs/cgroup/cpuset", F_OK) < 0)
		skip();
	w->resources.cpu = &cpu;
	plan(w);
	assert_true(cgroup_make(w->cg, &w->resources, &e) < 0);
	assert_non_null(strstr(e.msg, "linux.resources.cpu.cpus: write '9999'"));
	for (size_t i = 0; i < w->cg->n; i++) {
		autofree char *dir = tree_dir(&w->cg->trees[i]);

		*strrchr(dir, '/') = '\0';
		assert_int_equal(access(dir, F_OK), -1);
	}
}

static int open_mem(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), fd;

	if (null < 0)
		return 100;
	(void)close(null);
	/* A node of its own, since /dev may lack it: loop0 is read by nobody here. */
	if (mknod("creel-test-node", S_IFBLK | 0600, makedev(7, 0)) < 0 && errno != EEXIST)
		return 101;
	fd = open("creel-test-node", O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		(void)close(fd);
	return fd >= 0 ? 0 : errno;
}

static void only_allowed_devices_open(void **state)
{
	struct world *w = need(state);
	struct spec_device_rule rule = { .allow = false, .access = "rwm" };
	int got = -1;
	pid_t pid;

	w->resources.devices = (struct oci_array){ &rule, 1 };
	make(w);
	pid = inhabit(w, open_mem, &got);
	assert_int_equal(got, EPERM);
	assert_int_equal(cgroup_kill(w->cg, SIGKILL, NULL), 0);
	killed(pid);
	/* The same with a permission added while it lives. */
	pid = inhabit(w, NULL, NULL);
	rule = (struct spec_device_rule){ .allow = true, .access = "rwm" };
	assert_int_equal(cgroup_update(w->cg, &w->resources, NULL), 0);
	assert_int_equal(cgroup_kill(w->cg, SIGKILL, NULL), 0);
	killed(pid);
	pid = inhabit(w, open_mem, &got);
	assert_int_not_equal(got, EPERM);
	assert_int_equal(cgroup_kill(w->cg, SIGKILL, NULL), 0);
	killed(pid);
	(void)unlink("creel-test-node");
	assert_int_equal(cgroup_destroy(w->cg, NULL), 0);
}

static void limits_are_in_the_files(void **state)
{
	struct world *w = need(state);
	struct spec_memory memory = { .limit = { true, 64 << 20 } };
	struct spec_pids pids = { .limit = { true, 30 } };
	struct spec_cpu cpu = { .quota = { true, 50000 },
				.period = { true, 100000 },
				.shares = { true, 512 } };
	const struct cgroup_tree *t;
	char text[64];

	w->resources.memory = &memory;
	w->resources.pids = &pids;
	w->resources.cpu = &cpu;
	if (cgroup_plan(&w->spec, "id", CGROUP_FS, false, &w->cg, NULL) < 0)
		skip(); /* a v2 tree without controllers */
	assert_int_equal(cgroup_make(w->cg, &w->resources, NULL), 0);
	t = cgroup_tree_find(w->cg, w->cg->layout == CGROUP_V2 ? "" : "pids");
	assert_true(tree_read_word(t->fd, "pids.max", text, sizeof(text)) > 0);
	assert_string_equal(text, "30");
	if (w->cg->layout != CGROUP_V2) {
		t = cgroup_tree_find(w->cg, "memory");
		assert_true(tree_read_word(t->fd, "memory.limit_in_bytes", text, sizeof(text)) > 0);
	} else {
		assert_true(tree_read_word(t->fd, "memory.max", text, sizeof(text)) > 0);
	}
	assert_string_equal(text, "67108864");
	/* More quota than the period it had, and less memory: order matters to the kernel. */
	cpu.quota.v = 20000;
	cpu.period.v = 10000;
	memory.limit.v = 32 << 20;
	memory.check_before_update = (struct opt_bool){ true, true };
	assert_int_equal(cgroup_update(w->cg, &w->resources, NULL), 0);
	assert_int_equal(cgroup_destroy(w->cg, NULL), 0);
}

static void the_place_survives_the_state_file(void **state)
{
	struct world *w = need(state);
	auto_(strbuf) struct strbuf out = { 0 };
	struct decode_opts opts = { 0 };
	struct cgroup_record rec;
	struct cgroup *back = NULL;
	void *read = NULL;

	plan(w);
	cgroup_to_record(w->cg, &w->arena, &rec);
	oci_encode(&cgroup_record_type, &rec, 0, &out);
	assert_int_equal(oci_decode(&cgroup_record_type, "state", out.data, out.len, &opts,
				    &w->arena, &read, NULL),
			 0);
	assert_int_equal(cgroup_of_record(read, &back, NULL), 0);
	assert_int_equal(back->n, w->cg->n);
	assert_int_equal(back->layout, w->cg->layout);
	for (size_t i = 0; i < back->n; i++) {
		assert_string_equal(back->trees[i].mount, w->cg->trees[i].mount);
		assert_string_equal(back->trees[i].path, w->path);
	}
	cgroup_free(back);
}

static int nothing(void)
{
	return 0;
}

static void exec_enters_the_same_group_or_one_below(void **state)
{
	struct world *w = need(state);
	struct cgroup *other = NULL;
	struct strv subs = { 0 };
	struct err e = { 0 };
	pid_t first, second, *pids = NULL;
	size_t n = 0;

	make(w);
	first = inhabit(w, NULL, NULL);
	assert_int_equal(cgroup_plan(&w->spec, "id", CGROUP_FS, false, &other, NULL), 0);
	strv_add(&subs, "../..");
	assert_int_equal(cgroup_open(other, first, &subs, &e), -EXDEV);
	strv_done(&subs);
	cgroup_free(other);
	other = NULL;
	assert_int_equal(cgroup_plan(&w->spec, "id", CGROUP_FS, false, &other, NULL), 0);
	assert_int_equal(cgroup_open(other, first, NULL, NULL), 0);
	cgroup_free(w->cg);
	w->cg = other;
	second = inhabit(w, nothing, NULL);
	assert_int_equal(cgroup_pids(w->cg, &pids, &n, NULL), 0);
	assert_int_equal(n, 2);
	free(pids);
	assert_int_equal(cgroup_kill(w->cg, SIGKILL, NULL), 0);
	killed(first);
	killed(second);
	assert_int_equal(cgroup_destroy(w->cg, NULL), 0);
}

#define EACH(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		EACH(a_group_is_made_entered_killed_and_removed),
		EACH(the_process_is_in_every_hierarchy),
		EACH(a_group_in_use_is_not_taken),
		EACH(freezing_holds_and_killing_still_works),
		EACH(a_group_frozen_by_v1_is_seen_and_killed),
		EACH(groups_made_inside_are_removed_too),
		EACH(a_failure_leaves_no_group),
		EACH(only_allowed_devices_open),
		EACH(limits_are_in_the_files),
		EACH(the_place_survives_the_state_file),
		EACH(exec_enters_the_same_group_or_one_below),
	};

	return cmocka_run_group_tests_name("cgroup", tests, NULL, NULL);
}
