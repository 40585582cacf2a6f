/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/bundle/config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "runtime/annotation.h"

/* One conversion and everything it needs. */
struct convert {
	struct arena arena;
	struct config_wishes wishes;
	struct bundle_user user;
	struct mount_args mounts;
	struct runtime_spec *spec;
	struct config_notes notes;
	struct err e;
};

static void convert_done(struct convert *c)
{
	config_wishes_done(&c->wishes);
	mount_args_done(&c->mounts);
	arena_done(&c->arena);
}
AUTO_DEFINE_DONE(convert, convert_done)

/* `config` is the inside of the image's "config" object. */
static int convert(struct convert *c, const char *config)
{
	struct image_config *image;
	const char *text = arena_printf(&c->arena,
					"{\"os\":\"linux\",\"architecture\":\"amd64\",\"created\":"
					"\"2024-01-02T03:04:05Z\",\"config\":{%s},\"rootfs\":{"
					"\"type\":\"layers\",\"diff_ids\":[]}}",
					config);
	struct config_input in = { .wishes = &c->wishes, .user = &c->user, .mounts = &c->mounts };

	assert_int_equal(image_config_decode("image", text, strlen(text), &c->arena, &image, &c->e),
			 0);
	in.image = image;
	return config_convert(&in, &c->arena, &c->spec, &c->notes, &c->e);
}

static void assert_strings(const struct oci_strings *have, const char *want)
{
	auto_(strbuf) struct strbuf text = { 0 };

	for (size_t i = 0; i < have->n; i++)
		strbuf_addf(&text, "%s%s", i ? "|" : "", have->items[i]);
	assert_string_equal(strbuf_str(&text), want);
}

static void args_are_entrypoint_then_cmd(void **state UNUSED)
{
	auto_(convert) struct convert both = { 0 }, cmd = { 0 }, entry = { 0 }, none = { 0 };

	assert_int_equal(convert(&both, "\"Entrypoint\":[\"/e\",\"x\"],\"Cmd\":[\"a b\"]"), 0);
	assert_strings(&both.spec->process->args, "/e|x|a b");
	assert_int_equal(convert(&cmd, "\"Entrypoint\":null,\"Cmd\":[\"c\"]"), 0);
	assert_strings(&cmd.spec->process->args, "c");
	assert_int_equal(convert(&entry, "\"Entrypoint\":[\"/e\"]"), 0);
	assert_strings(&entry.spec->process->args, "/e");
	assert_int_equal(convert(&none, ""), -EINVAL);
}

static void another_command_keeps_the_entrypoint(void **state UNUSED)
{
	auto_(convert) struct convert c = { .wishes.has_command = true };

	strv_add(&c.wishes.command, "mine");
	assert_int_equal(convert(&c, "\"Entrypoint\":[\"/e\"],\"Cmd\":[\"c\"]"), 0);
	assert_strings(&c.spec->process->args, "/e|mine");
}

static void another_entrypoint_takes_the_command_away(void **state UNUSED)
{
	auto_(convert) struct convert c = { .wishes.has_entrypoint = true };

	strv_add(&c.wishes.entrypoint, "/mine");
	assert_int_equal(convert(&c, "\"Entrypoint\":[\"/e\"],\"Cmd\":[\"c\"]"), 0);
	assert_strings(&c.spec->process->args, "/mine");
}

static void the_environment_is_the_images_and_then_the_persons(void **state UNUSED)
{
	auto_(convert) struct convert c = { .wishes.tty = true };

	strv_add(&c.wishes.env, "B=new=value");
	strv_add(&c.wishes.env, "C=");
	assert_int_equal(convert(&c, "\"Cmd\":[\"x\"],\"Env\":[\"PATH=/p\",\"A=\",\"B=old\"]"), 0);
	assert_strings(&c.spec->process->env, "PATH=/p|A=|B=new=value|C=|TERM=xterm");
}

static void names_that_nobody_set_are_added_and_others_are_not_touched(void **state UNUSED)
{
	auto_(convert) struct convert bare = { 0 }, set = { .wishes.tty = true };

	assert_int_equal(convert(&bare, "\"Cmd\":[\"x\"]"), 0);
	assert_strings(&bare.spec->process->env,
		       "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	assert_int_equal(convert(&set, "\"Cmd\":[\"x\"],\"Env\":[\"TERM=dumb\",\"PATH=\"]"), 0);
	assert_strings(&set.spec->process->env, "TERM=dumb|PATH=");
}

static void the_working_directory_is_absolute(void **state UNUSED)
{
	auto_(convert) struct convert none = { 0 }, relative = { 0 },
				      wish = { .wishes.workdir = "/w" };

	assert_int_equal(convert(&none, "\"Cmd\":[\"x\"]"), 0);
	assert_string_equal(none.spec->process->cwd, "/");
	assert_int_equal(convert(&relative, "\"Cmd\":[\"x\"],\"WorkingDir\":\"srv/x\""), 0);
	assert_string_equal(relative.spec->process->cwd, "/srv/x");
	assert_int_equal(convert(&wish, "\"Cmd\":[\"x\"],\"WorkingDir\":\"/srv\""), 0);
	assert_string_equal(wish.spec->process->cwd, "/w");
}

static const char *annotation(const struct runtime_spec *spec, const char *key)
{
	for (size_t i = 0; i < spec->annotations.n; i++)
		if (streq(spec->annotations.items[i].key, key))
			return spec->annotations.items[i].value;
	return NULL;
}

static void annotations_follow_the_table_and_labels_win(void **state UNUSED)
{
	auto_(convert) struct convert c = { 0 };

	assert_int_equal(
		convert(&c, "\"Cmd\":[\"x\"],\"StopSignal\":\"9\",\"ExposedPorts\":{\"1/tcp\":{},"
			    "\"2/udp\":{}},\"Labels\":{\"org.opencontainers.image.os\":\"mine\","
			    "\"l\":\"\"}"),
		0);
	assert_string_equal(annotation(c.spec, "org.opencontainers.image.os"), "mine");
	assert_string_equal(annotation(c.spec, "org.opencontainers.image.architecture"), "amd64");
	assert_string_equal(annotation(c.spec, "org.opencontainers.image.created"),
			    "2024-01-02T03:04:05Z");
	assert_string_equal(annotation(c.spec, "org.opencontainers.image.stopSignal"), "9");
	assert_string_equal(annotation(c.spec, "org.opencontainers.image.exposedPorts"),
			    "1/tcp,2/udp");
	assert_string_equal(annotation(c.spec, "l"), "");
	assert_null(annotation(c.spec, "org.opencontainers.image.author"));
	assert_int_equal(c.spec->annotations.n, 6);
}

/* CVE-2026-53488: a label must not become an order to the runtime. */
static void labels_that_runtimes_obey_are_left_out_and_counted(void **state UNUSED)
{
	auto_(convert) struct convert c = { 0 };

	assert_int_equal(convert(&c, "\"Cmd\":[\"x\"],\"Labels\":{\"run.oci.hooks.stdout\":\"/x\","
				     "\"org.systemd.property.ExecStart\":\"x\",\"bundle\":\"/\","
				     "\"org.criu.config\":\"/x\",\"runner\":\"fine\"}"),
			 0);
	assert_int_equal(c.notes.labels, 4);
	assert_null(annotation(c.spec, "run.oci.hooks.stdout"));
	assert_null(annotation(c.spec, "bundle"));
	assert_string_equal(annotation(c.spec, "runner"), "fine");
}

/* All that creel obeys, but the signal that an image may choose. */
static void no_label_becomes_an_order_to_creel(void **state UNUSED)
{
#define X(name, key, power) key,
	static const char *const keys[] = { ANNOTATIONS(X) };
#undef X

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		auto_(convert) struct convert c = { 0 };
		autofree char *config =
			xasprintf("\"Cmd\":[\"x\"],\"Labels\":{\"%s\":\"true\"}", keys[i]);

		assert_int_equal(convert(&c, config), 0);
		if (streq(keys[i], "org.opencontainers.image.stopSignal"))
			continue;
		if (c.notes.labels != 1)
			fail_msg("the label '%s' became an annotation", keys[i]);
	}
}

static void mounts_come_behind_the_defaults_and_replace_them(void **state UNUSED)
{
	auto_(convert) struct convert c = { 0 };
	const struct spec_mount *m;
	size_t shm = 0;

	assert_int_equal(mount_args_add_tmpfs(&c.mounts, "/dev/shm:size=1g", NULL), 0);
	assert_int_equal(mount_args_add_volume(&c.mounts, "/host:/inside:ro", NULL), 0);
	mount_args_sort(&c.mounts);
	assert_int_equal(convert(&c, "\"Cmd\":[\"x\"]"), 0);
	m = c.spec->mounts.items;
	for (size_t i = 0; i < c.spec->mounts.n; i++)
		shm += streq(m[i].destination, "/dev/shm");
	assert_int_equal(shm, 1);
	m += c.spec->mounts.n - 1;
	assert_string_equal(m->destination, "/inside");
	assert_string_equal(m->type, "bind");
	assert_string_equal(m->source, "/host");
	assert_strings(&m->options, "ro|rbind|rprivate");
}

static void user_terminal_and_root_are_as_asked(void **state UNUSED)
{
	uint32_t groups[] = { 3, 4 };
	auto_(convert) struct convert c = {
		.user = { .uid = 1, .gid = 2, .groups = groups, .n_groups = 2 },
		.wishes = { .read_only = true, .hostname = "box" },
	};

	assert_int_equal(convert(&c, "\"Cmd\":[\"x\"]"), 0);
	assert_int_equal(c.spec->process->user->uid.v, 1);
	assert_int_equal(c.spec->process->user->gid.v, 2);
	assert_int_equal(c.spec->process->user->additional_gids.n, 2);
	assert_int_equal(c.spec->process->user->additional_gids.items[1], 4);
	assert_false(c.spec->process->terminal);
	assert_true(c.spec->root->readonly);
	assert_string_equal(c.spec->hostname, "box");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(args_are_entrypoint_then_cmd),
		cmocka_unit_test(another_command_keeps_the_entrypoint),
		cmocka_unit_test(another_entrypoint_takes_the_command_away),
		cmocka_unit_test(the_environment_is_the_images_and_then_the_persons),
		cmocka_unit_test(names_that_nobody_set_are_added_and_others_are_not_touched),
		cmocka_unit_test(the_working_directory_is_absolute),
		cmocka_unit_test(annotations_follow_the_table_and_labels_win),
		cmocka_unit_test(labels_that_runtimes_obey_are_left_out_and_counted),
		cmocka_unit_test(no_label_becomes_an_order_to_creel),
		cmocka_unit_test(mounts_come_behind_the_defaults_and_replace_them),
		cmocka_unit_test(user_terminal_and_root_are_as_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
