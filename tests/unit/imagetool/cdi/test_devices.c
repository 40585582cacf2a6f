/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "imagetool/cdi/allow.h"
#include "imagetool/cdi/gpus.h"
#include "libutil/dir.h"
#include "libutil/file.h"
#include "libutil/path.h"

#define ONE(name, env) "{\"name\":\"" name "\",\"containerEdits\":{\"env\":[\"" env "\"]}}"
#define SPEC(kind, devices)                                                                        \
	"{\"cdiVersion\":\"0.6.0\",\"kind\":\"" kind "\",\"devices\":[" devices "]}"

struct world {
	char top[32];
	struct strv dirs;
	struct cdi_devices devices;
};

static int make_world(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	*state = w;
	(void)strcpy(w->top, "/tmp/cdi-XXXXXX");
	assert_non_null(mkdtemp(w->top));
	for (int i = 0; i < 2; i++) {
		strv_addf(&w->dirs, "%s/%d", w->top, i);
		assert_int_equal(mkdir(w->dirs.v[i], 0755), 0);
	}
	/* One that is not there has none. */
	strv_addf(&w->dirs, "%s/none", w->top);
	return 0;
}

static int end_world(void **state)
{
	struct world *w = *state;

	(void)dir_remove_all_at(AT_FDCWD, w->top, NULL);
	cdi_devices_done(&w->devices);
	strv_done(&w->dirs);
	free(w);
	return 0;
}

static void put(struct world *w, const char *name, const char *text)
{
	autofree char *path = path_join(w->top, name);

	assert_int_equal(
		file_replace_at(AT_FDCWD, path, text, strlen(text), 0644, FILE_NO_SYNC, NULL), 0);
}

static void read_all(struct world *w)
{
	assert_int_equal(cdi_devices_read(&w->dirs, &w->devices, NULL), 0);
}

static const char *env_of(const struct world *w, const char *name)
{
	const struct cdi_device *d = NULL;

	assert_int_equal(cdi_devices_find(&w->devices, name, &d, NULL), 0);
	return d->device->edits->env.items[0];
}

static void later_directories_win(void **state)
{
	struct world *w = *state;

	put(w, "0/a.json", SPEC("v/c", ONE("x", "A=0") "," ONE("y", "B=0")));
	put(w, "1/z.json", SPEC("v/c", ONE("x", "A=1")));
	put(w, "1/ignored.txt", "{");
	read_all(w);
	assert_int_equal(w->devices.n, 2);
	assert_int_equal(w->devices.n_broken, 0);
	assert_string_equal(env_of(w, "v/c=x"), "A=1");
	assert_string_equal(env_of(w, "v/c=y"), "B=0");
}

static void two_of_one_directory_are_nobodys_and_others_stay(void **state)
{
	struct world *w = *state;
	auto_(cdi_list) struct cdi_list list = { 0 };
	const struct cdi_device *d;
	struct err e = { 0 };

	put(w, "1/a.json", SPEC("v/c", ONE("x", "A=0") "," ONE("y", "B=0")));
	put(w, "1/b.json", SPEC("v/c", ONE("x", "A=1")));
	read_all(w);
	assert_int_equal(cdi_devices_find(&w->devices, "v/c=x", &d, &e), -EEXIST);
	assert_non_null(strstr(e.msg, "/1/a.json"));
	assert_non_null(strstr(e.msg, "/1/b.json"));
	assert_string_equal(env_of(w, "v/c=y"), "B=0");
	assert_int_equal(cdi_devices_select(&w->devices, "v/c=*", &list, NULL), 1);
}

static void a_later_directory_settles_what_two_before_it_dispute(void **state)
{
	struct world *w = *state;

	put(w, "0/a.json", SPEC("v/c", ONE("x", "A=0")));
	put(w, "0/b.json", SPEC("v/c", ONE("x", "A=1")));
	put(w, "1/a.json", SPEC("v/c", ONE("x", "A=2")));
	read_all(w);
	assert_string_equal(env_of(w, "v/c=x"), "A=2");
}

static void broken_files_hide_nothing_and_are_told_of(void **state)
{
	struct world *w = *state;
	const struct cdi_device *d;
	struct err e = { 0 };

	put(w, "0/a.json", "{");
	put(w, "0/b.json", SPEC("v/c", ONE("x", "A=0")));
	read_all(w);
	assert_int_equal(w->devices.n_broken, 1);
	assert_string_equal(env_of(w, "v/c=x"), "A=0");
	assert_int_equal(cdi_devices_find(&w->devices, "v/c=z", &d, &e), -ENOENT);
	assert_non_null(strstr(e.msg, "0/a.json"));
}

static void a_relative_directory_is_refused(void **state)
{
	struct world *w = *state;

	strv_add(&w->dirs, "x");
	assert_int_equal(cdi_devices_read(&w->dirs, &w->devices, NULL), -EINVAL);
}

/* ---- Steps ---- */

static void count_missing(void *ctx, const char *name)
{
	assert_string_equal(name, "v/none");
	++*(int *)ctx;
}

static int resolve(struct world *w, const char *const *allow, const char *const *wishes,
		   struct cdi_list *ret, int *missing, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	struct cdi_allow given = { 0 };
	struct run_device want[4];
	size_t n = 0;

	for (; *allow; allow++)
		assert_int_equal(cdi_allow_parse(*allow, &a, &given, NULL), 0);
	for (; *wishes; wishes++)
		assert_int_equal(run_device_parse(*wishes, &a, &want[n++], NULL), 0);
	return cdi_allow_resolve(&given, &w->devices, want, n, count_missing, missing, ret, e);
}

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define NO_WORDS   ((const char *const[]){ NULL })

static void make_four(struct world *w)
{
	put(w, "0/a.json",
	    SPEC("v/c",
		 ONE("b", "A=0") "," ONE(
			 "a", "A=0") ",{\"name\":\"k\",\"annotations\":{\"" CDI_CLASS
				     "\":\"class1\"},\"containerEdits\":{\"env\":[\"A=0\"]}}"));
	put(w, "0/b.json",
	    "{\"cdiVersion\":\"0.6.0\",\"kind\":\"v/auto\",\"annotations\":{\"" CDI_AUTO_ALLOW
	    "\":\"true\"},\"devices\":[" ONE("a", "A=0") "]}");
	read_all(w);
}

static void steps_name_devices_in_four_ways(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *wish, *first;
		size_t n;
	} cases[] = {
		{ "v/c", "v/c=a", 1 },
		{ "v/c=b", "v/c=b", 1 },
		{ "v/c=*", "v/c=a", 3 },
		{ "class1", "v/c=k", 1 },
		{ "name=v/c=b,required", "v/c=b", 1 },
	};

	make_four(w);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_(cdi_list) struct cdi_list list = { 0 };

		assert_int_equal(resolve(w, WORDS(""), WORDS(cases[i].wish), &list, NULL, NULL), 0);
		assert_int_equal(list.n, cases[i].n);
		assert_string_equal(list.items[0]->name, cases[i].first);
	}
}

static void what_is_not_allowed_is_refused(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };

	make_four(w);
	struct {
		const char *const *allow;
		const char *wish;
		int result;
	} cases[] = {
		{ NO_WORDS, "v/c=a", -EPERM },
		{ NO_WORDS, "v/auto=a", 0 },
		{ WORDS("=v/c=b"), "v/c=a", -EPERM },
		{ WORDS("=v/c=a"), "v/c=a", 0 },
		{ WORDS("=v/c=*"), "v/c=b", 0 },
		{ WORDS("=v/c=b"), "v/c=*", -EPERM },
		{ WORDS("=v/c=b,alias=mine"), "mine", 0 },
		{ WORDS("=v/c=b,alias=mine"), "v/c=b", -EPERM },
		{ WORDS("=class1"), "v/c=k", 0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_(cdi_list) struct cdi_list list = { 0 };

		assert_int_equal(resolve(w, cases[i].allow, WORDS(cases[i].wish), &list, NULL, &e),
				 cases[i].result);
		assert_int_equal(list.n, cases[i].result ? 0 : 1);
	}
}

static void what_is_optional_may_be_missing(void **state)
{
	struct world *w = *state;
	auto_(cdi_list) struct cdi_list list = { 0 };
	int missing = 0;

	make_four(w);
	assert_int_equal(resolve(w, WORDS(""), WORDS("v/none", "v/c"), &list, &missing, NULL), 0);
	assert_int_equal(missing, 1);
	assert_int_equal(list.n, 1);
	assert_int_equal(resolve(w, WORDS(""), WORDS("v/none,required"), &list, &missing, NULL),
			 -ENOENT);
}

/* ---- Words ---- */

static void words_of_a_step_are_understood(void **state)
{
	static const struct {
		const char *text, *name;
		bool required;
	} good[] = {
		{ "v/c=x", "v/c=x", false },
		{ "v/c,required", "v/c", true },
		{ "v/c,required=true", "v/c", true },
		{ "v/c,required=false", "v/c", false },
		{ "required,NAME=v/c=x", "v/c=x", true },
	};
	static const char *const bad[] = { "",      "required",     "a,b", "a,name=b",
					   "a,b=c", "a,required=x", "a\"b" };
	auto_(arena) struct arena a = { 0 };
	struct run_device d;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(run_device_parse(good[i].text, &a, &d, NULL), 0);
		assert_string_equal(d.name, good[i].name);
		assert_int_equal(d.required, good[i].required);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(run_device_parse(bad[i], &a, &d, NULL), -EINVAL);
}

static void gpus_are_names(void **state)
{
	static const struct {
		const char *text, *names;
	} cases[] = {
		{ "all", "nvidia.com/gpu=all" },
		{ "2", "nvidia.com/gpu=0 nvidia.com/gpu=1" },
		{ "", "nvidia.com/gpu=0" },
		{ "device=3", "nvidia.com/gpu=3" },
		{ "\"device=0,2\",\"capabilities=gpu,utility\"",
		  "nvidia.com/gpu=0 nvidia.com/gpu=2" },
		{ "driver=cdi,device=v.com/c=x", "v.com/c=x" },
		{ "all,driver=nvidia", "nvidia.com/gpu=all" },
		{ "0", "" },
	};
	static const char *const bad[] = { "x",       "all,2",    "-1",           "999",
					   "device=", "driver=x", "all,device=0", "driver=cdi",
					   "bogus=1", "a\"" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_(strv) struct strv names = { 0 };
		autofree char *all = NULL;

		assert_int_equal(cdi_gpus_parse(cases[i].text, &names, NULL), 0);
		all = strv_join(&names, " ");
		assert_string_equal(all, cases[i].names);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		auto_(strv) struct strv names = { 0 };

		assert_int_equal(cdi_gpus_parse(bad[i], &names, NULL), -EINVAL);
	}
}

int main(void)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, make_world, end_world)
	const struct CMUnitTest tests[] = {
		IN_WORLD(later_directories_win),
		IN_WORLD(two_of_one_directory_are_nobodys_and_others_stay),
		IN_WORLD(a_later_directory_settles_what_two_before_it_dispute),
		IN_WORLD(broken_files_hide_nothing_and_are_told_of),
		IN_WORLD(a_relative_directory_is_refused),
		IN_WORLD(steps_name_devices_in_four_ways),
		IN_WORLD(what_is_not_allowed_is_refused),
		IN_WORLD(what_is_optional_may_be_missing),
		cmocka_unit_test(words_of_a_step_are_understood),
		cmocka_unit_test(gpus_are_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
