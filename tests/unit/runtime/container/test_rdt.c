/* SPDX-License-Identifier: Apache-2.0 */
/* A container's class of service along its life, in a directory that looks like resctrl. */
#include "runtime/container/rdt.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "tests/unit/runtime/resctrl/fake.h"

struct world {
	struct container c;
	struct record rec;
	struct record_rdt rdt;
	struct fake f;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w || fake_open(&w->f) < 0)
		return -1;
	w->rdt = (struct record_rdt){ .root = w->f.dir, .group = "web" };
	w->rec = (struct record){ .id = "web", .rdt = &w->rdt };
	w->c = (struct container)CONTAINER_NONE;
	w->c.id = xstrdup("web");
	w->c.record = &w->rec;
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	container_done(&w->c);
	fake_close(&w->f);
	free(w);
	return 0;
}

static void without_a_record_of_it_nothing_is_touched(void **state)
{
	struct world *w = *state;
	struct runtime_spec spec = { 0 };
	struct resctrl *r = NULL;

	w->rec.rdt = NULL;
	assert_int_equal(rdt_plan(&spec, "web", &w->c.arena, &w->rec, &r, NULL), 0);
	assert_null(r);
	assert_int_equal(rdt_make(&w->rec, r, NULL), 0);
	assert_int_equal(rdt_add(&w->rec, getpid(), NULL), 0);
	assert_int_equal(rdt_add_all(&w->rec, NULL, NULL), 0);
	assert_int_equal(rdt_remove(&w->rec, NULL), 0);
	rdt_undo(&w->rec, r);
}

static void a_process_enters_with_its_threads(void **state)
{
	struct world *w = *state;
	autofree char *own = xasprintf("%d\n", (int)getpid());

	fake_class(&w->f, "web", "L3:0=f\n");
	assert_int_equal(rdt_add(&w->rec, getpid(), NULL), 0);
	fake_says(&w->f, "web/tasks", own);
	/* Who has ended needs no share. */
	assert_int_equal(rdt_add(&w->rec, INT32_MAX, NULL), 0);
}

static void an_update_writes_lines_and_can_be_taken_back(void **state)
{
	const struct spec_intel_rdt change = { .l3_cache_schema = "L3:0=3",
					       .mem_bw_schema = "MB:0=10" };
	struct world *w = *state;
	struct rdt_old old = { 0 };

	fake_class(&w->f, "web", "L3:0=f\n");
	assert_int_equal(rdt_update(&w->c, &change, &old, NULL), 0);
	fake_says(&w->f, "web/schemata", "L3:0=3\nMB:0=10\n");
	/* A file keeps what is behind a shorter text; the kernel does not. */
	fake_put(&w->f, "web/schemata", "");
	rdt_update_undo(&w->c, &old);
	fake_says(&w->f, "web/schemata", "L3:0=f\n");
}

static void only_what_was_made_is_removed(void **state)
{
	struct world *w = *state;

	assert_int_equal(mkdirat(w->f.rootfd, "web", 0755), 0);
	assert_int_equal(rdt_remove(&w->rec, NULL), 0);
	assert_int_equal(faccessat(w->f.rootfd, "web", F_OK, 0), 0);
	w->rdt.made = true;
	assert_int_equal(rdt_remove(&w->rec, NULL), 0);
	assert_int_equal(faccessat(w->f.rootfd, "web", F_OK, 0), -1);
	/* Unmounted since. */
	w->rdt.root = "/no/such/resctrl";
	assert_int_equal(rdt_remove(&w->rec, NULL), 0);
}

static void a_monitoring_group_of_others_stays_when_ours_cannot_be_made(void **state)
{
	struct world *w = *state;
	struct resctrl r = { .group = "web", .monitor = "web" };
	struct err e = { 0 };

	fake_class(&w->f, "web", "L3:0=f\n");
	assert_int_equal(mkdirat(w->f.rootfd, "web/mon_groups/web", 0755), 0);
	assert_int_equal(rdt_make(&w->rec, &r, &e), -EEXIST);
	assert_non_null(
		strstr(e.msg, "linux.intelRdt.enableMonitoring: make 'web/mon_groups/web'"));
	assert_int_equal(faccessat(w->f.rootfd, "web/mon_groups/web", F_OK, 0), 0);
}

static void a_host_without_resctrl_is_named_with_the_path(void **state)
{
	struct world *w = *state;
	struct spec_intel_rdt rdt = { .clos_id = "gold" };
	struct spec_linux linux_ = { .intel_rdt = &rdt };
	struct runtime_spec spec = { .linux_ = &linux_ };
	struct resctrl *r = NULL;
	struct err e = { 0 };
	int fd = resctrl_open(NULL, NULL);

	if (fd >= 0) {
		(void)close(fd);
		skip();
	}
	assert_int_equal(rdt_plan(&spec, "web", &w->c.arena, &w->rec, &r, &e), -ENODEV);
	assert_non_null(strstr(e.msg, "config.json: linux.intelRdt: no resctrl is mounted"));
}

#define EACH(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(without_a_record_of_it_nothing_is_touched),
		EACH(a_process_enters_with_its_threads),
		EACH(an_update_writes_lines_and_can_be_taken_back),
		EACH(only_what_was_made_is_removed),
		EACH(a_monitoring_group_of_others_stays_when_ours_cannot_be_made),
		EACH(a_host_without_resctrl_is_named_with_the_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
