/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/hosts/hosts_toml.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "libutil/strbuf.h"

static void show(const struct endpoint *p, struct strbuf *out)
{
	strbuf_addf(out, "%s%s%s %s%s%s%u", p->scheme == ENDPOINT_HTTP ? "http:" : "", p->authority,
		    p->path, p->mirror ? "mirror " : "", p->verify ? "" : "unverified ",
		    p->ns ? "ns " : "", p->can);
	for (size_t i = 0; i < p->headers.n; i++)
		strbuf_addf(out, " [%s]", p->headers.v[i]);
	strbuf_addf(out, "%s%s\n", p->client_cert ? " " : "", p->client_cert ? p->client_cert : "");
}

static void check(const char *registry, const char *text, const char *want)
{
	auto_(endpoints) struct endpoints list = { 0 };
	auto_(strbuf) struct strbuf got = { 0 };
	struct err e = { 0 };
	bool server;

	if (hosts_toml_read("f", "/d", text, strlen(text), registry, "a/b", &list, &server, &e) < 0)
		fail_msg("%s", e.msg);
	for (size_t i = 0; i < list.n; i++)
		show(&list.v[i], &got);
	assert_string_equal(strbuf_str(&got), want);
}

static void check_refused(const char *text, const char *why)
{
	auto_(endpoints) struct endpoints list = { 0 };
	struct err e = { 0 };
	bool server;

	assert_true(hosts_toml_read("f", "/d", text, strlen(text), "r.io", "a/b", &list, &server,
				    &e) < 0);
	assert_string_equal(e.msg, why);
	assert_int_equal(list.n, 0);
}

static void hosts_come_in_their_order_and_the_server_last(void **state UNUSED)
{
	check("docker.io",
	      "server='https://registry-1.docker.io'\n[host.'http://b:1']\ncapabilities=['pull']\n"
	      "[host.'a']\nskip_verify=true\n",
	      "http:b:1/v2 mirror ns 1\na/v2 mirror unverified ns 7\nregistry-1.docker.io/v2 7\n");
}

static void a_path_comes_before_the_api_or_in_its_place(void **state UNUSED)
{
	check("r.io", "[host.'https://a/x/']\n[host.'https://a/y/z']\noverride_path=true\n",
	      "a/x/v2 mirror ns 7\na/y/z mirror ns 7\n");
}

static void files_are_relative_to_the_document(void **state UNUSED)
{
	check("r.io", "[host.'a']\nclient=[['c', 'k']]\n[host.'b']\nclient='/both'\n",
	      "a/v2 mirror ns 7 /d/c\nb/v2 mirror ns 7 /both\n");
}

static void headers_are_lines(void **state UNUSED)
{
	check("r.io", "[host.'a'.header]\nX-a='1'\nX-b=['2','3']",
	      "a/v2 mirror ns 7 [X-a: 1] [X-b: 2] [X-b: 3]\n");
	check_refused("[host.'a'.header]\nX-a=\"1\\r\\nX-b: 2\"", "f: line 2: 'X-a' is no header");
	check_refused("[host.'a'.header]\n'X a'='1'", "f: line 2: 'X a' is no header");
}

static void what_is_no_url_is_refused(void **state UNUSED)
{
	check_refused("server='ftp://a'", "f: line 1: 'ftp://a' is no URL of a registry");
	check_refused("server='https://a@b'", "f: line 1: 'https://a@b' is no URL of a registry");
	check_refused("server='https://a/../b'",
		      "f: line 1: 'https://a/../b' is no URL of a registry");
	check_refused("[host.'https://a?x']", "f: line 1: 'https://a?x' is no URL of a registry");
	check_refused("server=1", "f: line 1: 'server' is to be a string, not a whole number");
	check_refused("[host.'ok']\n[host.'b']\ncapabilities=[1]",
		      "f: line 3: 'capabilities' is to be an array of strings, not an array");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts_come_in_their_order_and_the_server_last),
		cmocka_unit_test(a_path_comes_before_the_api_or_in_its_place),
		cmocka_unit_test(files_are_relative_to_the_document),
		cmocka_unit_test(headers_are_lines),
		cmocka_unit_test(what_is_no_url_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
