/* SPDX-License-Identifier: Apache-2.0 */
/* Short forms of mounts and devices on the command line. */
#include "runtime/live/live.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* "source destination option option" */
static void mount_gives(const char *word, const char *want)
{
	auto_(arena) struct arena a = { 0 };
	auto_(strbuf) struct strbuf out = { 0 };
	struct spec_mount m;

	assert_int_equal(live_mount_word(word, &a, &m, NULL), 0);
	strbuf_addf(&out, "%s %s", m.source, m.destination);
	for (size_t i = 0; i < m.options.n; i++)
		strbuf_addf(&out, " %s", m.options.items[i]);
	assert_string_equal(strbuf_str(&out), want);
	assert_null(m.options.items[m.options.n]);
}

static void device_gives(const char *word, const char *want)
{
	auto_(arena) struct arena a = { 0 };
	auto_(strbuf) struct strbuf out = { 0 };
	struct spec_live_device d;
	const char *host = NULL;

	assert_int_equal(live_device_word(word, &a, &d, &host, NULL), 0);
	strbuf_addf(&out, "%s %s %s", host, d.node.path, d.access ? d.access : "-");
	assert_string_equal(strbuf_str(&out), want);
}

static void a_volume_is_source_destination_and_options(void **state UNUSED)
{
	mount_gives("/srv:/data", "/srv /data rbind");
	mount_gives("/srv:/data:ro,nosuid", "/srv /data rbind ro nosuid");
	mount_gives("/srv:/data:", "/srv /data rbind");
	mount_gives("/srv:/data:,ro,,", "/srv /data rbind ro");
	mount_gives("/srv:/data:idmap=uids=0-1-2:x", "/srv /data rbind idmap=uids=0-1-2:x");
}

static void a_volume_needs_both_ends(void **state UNUSED)
{
	static const char *const words[] = { "", ":", "/srv", ":/data", "/srv:", "/srv:data" };
	auto_(arena) struct arena a = { 0 };
	struct spec_mount m;

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		assert_int_equal(live_mount_word(words[i], &a, &m, NULL), -EINVAL);
}

static void a_device_is_dockers_word(void **state UNUSED)
{
	device_gives("/dev/fuse", "/dev/fuse /dev/fuse -");
	device_gives("/dev/sda:/dev/xvda", "/dev/sda /dev/xvda -");
	device_gives("/dev/sda:/dev/xvda:r", "/dev/sda /dev/xvda r");
	device_gives("/dev/sda:rw", "/dev/sda /dev/sda rw");
}

static void a_device_that_is_not_clear_is_refused(void **state UNUSED)
{
	static const char *const words[] = { "",
					     "fuse",
					     "/dev/fuse:",
					     "/dev/fuse:x",
					     "/dev/fuse:/x:",
					     "/dev/fuse:/x:rx",
					     "/dev/fuse:/x:r:w",
					     "/dev/fuse:r:w" };
	auto_(arena) struct arena a = { 0 };
	struct spec_live_device d;
	const char *host = NULL;

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		assert_int_equal(live_device_word(words[i], &a, &d, &host, NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_volume_is_source_destination_and_options),
		cmocka_unit_test(a_volume_needs_both_ends),
		cmocka_unit_test(a_device_is_dockers_word),
		cmocka_unit_test(a_device_that_is_not_clear_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
