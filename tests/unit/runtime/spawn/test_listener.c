/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/spawn/listener.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct oci_state web = { .oci_version = "1.3.0", .id = "web", .bundle = "/b/web" };

static void an_agent_learns_which_descriptor_and_which_container(void **state UNUSED)
{
	auto_(strbuf) struct strbuf out = { 0 };
	struct spec_seccomp seccomp = { .listener_metadata = "agent=1" };

	listener_document(&seccomp, &web, 42, &out);
	assert_string_equal(
		strbuf_str(&out),
		"{\"ociVersion\":\"1.3.0\",\"fds\":[\"seccompFd\"],\"pid\":42,\"metadata\":\"agent=1\","
		"\"state\":{\"ociVersion\":\"1.3.0\",\"id\":\"web\",\"pid\":42,\"status\":\"creating\","
		"\"bundle\":\"/b/web\"}}");
}

static void absent_metadata_is_left_out(void **state UNUSED)
{
	auto_(strbuf) struct strbuf out = { 0 };
	struct spec_seccomp seccomp = { 0 };

	listener_document(&seccomp, &web, 42, &out);
	assert_null(strstr(strbuf_str(&out), "metadata"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_agent_learns_which_descriptor_and_which_container),
		cmocka_unit_test(absent_metadata_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
