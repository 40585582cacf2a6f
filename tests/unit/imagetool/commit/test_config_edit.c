/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/commit/config_edit.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct edited {
	struct arena arena;
	struct image_config config;
	struct config_edit edit;
	struct err e;
};

static int begin(void **state)
{
	struct edited *d = xcalloc(1, sizeof(*d));

	config_edit_begin(&d->edit, &d->arena, &d->config);
	*state = d;
	return 0;
}

static int end(void **state)
{
	struct edited *d = *state;

	arena_done(&d->arena);
	free(d);
	return 0;
}

static void change(struct edited *d, const char *text)
{
	assert_int_equal(config_edit_change(&d->edit, text, &d->e), 0);
}

static void refuses(struct edited *d, const char *text, const char *why)
{
	err_clear(&d->e);
	assert_int_equal(config_edit_change(&d->edit, text, &d->e), -EINVAL);
	assert_non_null(strstr(d->e.msg, why));
}

static void lists(const struct oci_strings *have, const char *const *want)
{
	size_t n = 0;

	for (; want[n]; n++) {
		assert_true(n < have->n);
		assert_string_equal(have->items[n], want[n]);
	}
	assert_int_equal(have->n, n);
	assert_null(have->items[n]);
}

#define LISTS(have, ...) lists(have, (const char *const[]){ __VA_ARGS__, NULL })

static void the_base_s_lists_are_not_written_to(void **state)
{
	struct edited *d = *state;
	const char *env[] = { "A=1", "B=2", NULL };
	struct image_run_config base = { .env = { env, 2 } };
	struct image_config config = { .config = &base };

	config_edit_begin(&d->edit, &d->arena, &config);
	change(d, "ENV B=3 C=4");
	LISTS(&config.config->env, "A=1", "B=3", "C=4");
	assert_string_equal(env[1], "B=2");
	assert_int_equal(base.env.n, 2);
}

static void values_mean_what_was_before_the_instruction(void **state)
{
	struct edited *d = *state;

	change(d, "ENV abc=hello");
	change(d, "ENV abc=bye def=$abc");
	change(d, "ENV ghi=$abc");
	LISTS(&d->config.config->env, "abc=bye", "def=hello", "ghi=bye");
}

static void a_name_is_not_found_in_a_longer_one(void **state)
{
	struct edited *d = *state;

	change(d, "ENV AB=1");
	change(d, "ENV A=2");
	LISTS(&d->config.config->env, "AB=1", "A=2");
}

static void an_entrypoint_takes_away_the_base_s_command_only(void **state)
{
	struct edited *d = *state;
	const char *cmd[] = { "old", NULL };

	d->config.config->cmd = (struct oci_strings){ cmd, 1 };
	change(d, "ENTRYPOINT [\"x\"]");
	assert_int_equal(d->config.config->cmd.n, 0);
	change(d, "CMD [\"y\"]");
	change(d, "ENTRYPOINT [\"z\"]");
	LISTS(&d->config.config->cmd, "y");
	LISTS(&d->config.config->entrypoint, "z");
}

static void a_line_is_for_the_shell(void **state)
{
	struct edited *d = *state;

	change(d, "CMD echo $HOME");
	LISTS(&d->config.config->cmd, "/bin/sh", "-c", "echo $HOME");
	change(d, "SHELL [\"bash\"]");
	change(d, "CMD x");
	LISTS(&d->config.config->cmd, "bash", "x");
	change(d, "CMD []");
	assert_int_equal(d->config.config->cmd.n, 0);
}

static void paths_of_workdir_add_up(void **state)
{
	struct edited *d = *state;

	change(d, "WORKDIR a");
	assert_string_equal(d->config.config->working_dir, "/a");
	change(d, "WORKDIR b/../c/");
	assert_string_equal(d->config.config->working_dir, "/a/c");
	change(d, "WORKDIR /../../x");
	assert_string_equal(d->config.config->working_dir, "/x");
}

static void sets_and_maps_are_in_order_and_without_doubles(void **state)
{
	struct edited *d = *state;

	change(d, "EXPOSE 90 80/tcp 80 53/UDP");
	LISTS(&d->config.config->exposed_ports, "53/udp", "80/tcp", "90/tcp");
	change(d, "VOLUME [\"/b\", \"/a\", \"/b\"]");
	LISTS(&d->config.config->volumes, "/a", "/b");
	change(d, "LABEL z=1 a=2 z=3");
	assert_int_equal(d->config.config->labels.n, 2);
	assert_string_equal(d->config.config->labels.items[0].key, "a");
	assert_string_equal(d->config.config->labels.items[1].value, "3");
}

static void every_port_of_a_machine_is_quickly_listed(void **state)
{
	struct edited *d = *state;

	change(d, "EXPOSE 0-65535 0-65535/udp 1-65534 80 0-65535/sctp");
	change(d, "EXPOSE 0-65535");
	assert_int_equal(d->config.config->exposed_ports.n, 3 * 65536);
	assert_string_equal(d->config.config->exposed_ports.items[0], "0/sctp");
	assert_string_equal(d->config.config->exposed_ports.items[1], "0/tcp");
}

static void health_checks_have_words_or_a_line(void **state)
{
	struct edited *d = *state;
	const struct image_healthcheck *h;

	change(d, "HEALTHCHECK --interval=1m30s --retries=2 CMD [\"a\",\"b\"]");
	h = d->config.config->healthcheck;
	LISTS(&h->test, "CMD", "a", "b");
	assert_int_equal(h->interval.v, 90000000000);
	assert_int_equal(h->retries.v, 2);
	assert_false(h->timeout.set);
	change(d, "HEALTHCHECK NONE");
	LISTS(&d->config.config->healthcheck->test, "NONE");
	refuses(d, "HEALTHCHECK --interval=1us CMD x", "less than 1ms");
	refuses(d, "HEALTHCHECK --retries=-1 CMD x", "not a number of times");
}

static void podman_s_spelling_is_understood(void **state)
{
	struct edited *d = *state;

	change(d, "CMD=/bin/x");
	LISTS(&d->config.config->cmd, "/bin/sh", "-c", "/bin/x");
	change(d, "env=A=1");
	LISTS(&d->config.config->env, "A=1");
}

static void what_builds_or_is_nothing_is_refused(void **state)
{
	struct edited *d = *state;

	refuses(d, "RUN x", "RUN does not describe an image");
	refuses(d, "COPY a b", "COPY does not describe an image");
	refuses(d, "ONBUILD FROM x", "FROM");
	refuses(d, "STOPSIGNAL SIGNONE", "--change 'STOPSIGNAL SIGNONE'");
	refuses(d, "EXPOSE 65536", "is no port");
	refuses(d, "EXPOSE 2-1", "is no port");
	refuses(d, "EXPOSE 1/icmp", "is no port");
	refuses(d, "LABEL a\xff=b", "not UTF-8");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_base_s_lists_are_not_written_to, begin, end),
		cmocka_unit_test_setup_teardown(values_mean_what_was_before_the_instruction, begin,
						end),
		cmocka_unit_test_setup_teardown(a_name_is_not_found_in_a_longer_one, begin, end),
		cmocka_unit_test_setup_teardown(an_entrypoint_takes_away_the_base_s_command_only,
						begin, end),
		cmocka_unit_test_setup_teardown(a_line_is_for_the_shell, begin, end),
		cmocka_unit_test_setup_teardown(paths_of_workdir_add_up, begin, end),
		cmocka_unit_test_setup_teardown(sets_and_maps_are_in_order_and_without_doubles,
						begin, end),
		cmocka_unit_test_setup_teardown(every_port_of_a_machine_is_quickly_listed, begin,
						end),
		cmocka_unit_test_setup_teardown(health_checks_have_words_or_a_line, begin, end),
		cmocka_unit_test_setup_teardown(podman_s_spelling_is_understood, begin, end),
		cmocka_unit_test_setup_teardown(what_builds_or_is_nothing_is_refused, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
