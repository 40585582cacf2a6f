/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "imagetool/cni/conf.h"
#include "libutil/dir.h"
#include "libutil/file.h"

static int parse(const char *text, struct arena *a, struct cni_network *net, struct err *e)
{
	return cni_network_parse("net.conf", text, strlen(text), a, net, e);
}

static struct json *tree(const char *text, struct arena *a)
{
	struct json *v;

	assert_int_equal(json_parse("text", text, strlen(text), a, &v, NULL), 0);
	return v;
}

static void a_list_and_a_single_plugin_are_networks(void **state)
{
	auto_(arena) struct arena a = { 0 };
	struct cni_network net;

	(void)state;
	assert_int_equal(parse("{\"cniVersion\":\"1.0.0\",\"name\":\"a.b-c_1\",\"plugins\":"
			       "[{\"type\":\"bridge\"},{\"type\":\"portmap\"}]}",
			       &a, &net, NULL),
			 0);
	assert_int_equal(net.n, 2);
	assert_string_equal(net.name, "a.b-c_1");
	assert_int_equal(
		parse("{\"cniVersion\":\"0.3.1\",\"name\":\"x\",\"type\":\"ptp\"}", &a, &net, NULL),
		0);
	assert_int_equal(net.n, 1);
}

static void what_could_lead_astray_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"[]",
		"{}",
		"{\"cniVersion\":\"1.0.0\",\"type\":\"x\"}",
		"{\"cniVersion\":\"1.0.0\",\"name\":\"\",\"type\":\"x\"}",
		"{\"cniVersion\":\"1.0.0\",\"name\":\"../x\",\"type\":\"x\"}",
		"{\"cniVersion\":\"1.0.0\",\"name\":\"a/b\",\"type\":\"x\"}",
		"{\"cniVersion\":\"0.2.0\",\"name\":\"a\",\"type\":\"x\"}",
		"{\"cniVersion\":\"2.0.0\",\"name\":\"a\",\"type\":\"x\"}",
		"{\"name\":\"a\",\"type\":\"x\"}",
		"{\"cniVersion\":\"1.0.0\",\"name\":\"a\"}",
		"{\"cniVersion\":\"1.0.0\",\"name\":\"a\",\"type\":\"../x\"}",
		"{\"cniVersion\":\"1.0.0\",\"name\":\"a\",\"type\":\".\"}",
		"{\"cniVersion\":\"1.0.0\",\"name\":\"a\",\"type\":5}",
		"{\"cniVersion\":\"1.0.0\",\"name\":\"a\",\"plugins\":[]}",
		"{\"cniVersion\":\"1.0.0\",\"name\":\"a\",\"plugins\":{}}",
		"{\"cniVersion\":\"1.0.0\",\"name\":\"a\",\"plugins\":[{\"type\":\"x\"},7]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		auto_(arena) struct arena a = { 0 };
		struct cni_network net;
		struct err e = { 0 };

		if (parse(texts[i], &a, &net, &e) >= 0)
			fail_msg("taken: %s", texts[i]);
		assert_non_null(strstr(e.msg, "net.conf"));
	}
}

static void a_plugin_is_fed_its_own_object_and_what_the_list_says(void **state)
{
	auto_(arena) struct arena a = { 0 };
	auto_(strbuf) struct strbuf got = { 0 };
	struct cni_network net;

	(void)state;
	assert_int_equal(parse("{\"cniVersion\":\"1.0.0\",\"name\":\"n\",\"plugins\":["
			       "{\"type\":\"x\",\"name\":\"lie\",\"cniVersion\":\"0.1.0\","
			       "\"prevResult\":{},\"ipam\":{\"type\":\"y\",\"list\":[1,true]}}]}",
			       &a, &net, NULL),
			 0);
	cni_plugin_input(&net, 0, NULL, &got);
	assert_string_equal(strbuf_str(&got),
			    "{\"cniVersion\":\"1.0.0\",\"name\":\"n\",\"type\":\"x\","
			    "\"ipam\":{\"type\":\"y\",\"list\":[1,true]}}");
	strbuf_truncate(&got, 0);
	cni_plugin_input(&net, 0, tree("{\"ips\":[]}", &a), &got);
	assert_non_null(strstr(strbuf_str(&got), ",\"prevResult\":{\"ips\":[]}}"));
}

static void name_servers_become_lines_and_nothing_else_does(void **state)
{
	static const struct {
		const char *result, *lines;
	} rows[] = {
		{ "{}", "" },
		{ "{\"dns\":{}}", "" },
		{ "{\"dns\":[]}", "" },
		{ "{\"dns\":{\"search\":[\"a.b\"]}}", "" },
		{ "{\"dns\":{\"nameservers\":[\"10.0.0.1\",\"fd00::1\"]}}",
		  "nameserver 10.0.0.1\nnameserver fd00::1\n" },
		{ "{\"dns\":{\"nameservers\":[\"10.0.0.1\"],\"search\":[\"a.b\",\"c\"],"
		  "\"options\":[\"ndots:2\"]}}",
		  "nameserver 10.0.0.1\nsearch a.b c\noptions ndots:2\n" },
		{ "{\"dns\":{\"nameservers\":[\"1.1.1.1\\noptions x\",\"a b\",\"\",5,\"2.2.2.2\"]}}",
		  "nameserver 2.2.2.2\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(arena) struct arena a = { 0 };
		auto_(strbuf) struct strbuf got = { 0 };

		cni_result_resolv(tree(rows[i].result, &a), &got);
		assert_string_equal(strbuf_str(&got), rows[i].lines);
	}
}

static void the_gateway_is_the_first_that_an_address_has(void **state)
{
	static const struct {
		const char *result, *gateway;
	} rows[] = {
		{ "{}", NULL },
		{ "{\"ips\":{\"gateway\":\"10.0.0.1\"}}", NULL },
		{ "{\"ips\":[]}", NULL },
		{ "{\"ips\":[{\"address\":\"10.0.0.2/24\"},{\"gateway\":7},7]}", NULL },
		{ "{\"ips\":[{\"address\":\"fd00::2/64\"},{\"gateway\":\"10.0.0.1\"},"
		  "{\"gateway\":\"10.9.0.1\"}]}",
		  "10.0.0.1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(arena) struct arena a = { 0 };
		const char *got = cni_result_gateway(tree(rows[i].result, &a));

		if (rows[i].gateway)
			assert_string_equal(got, rows[i].gateway);
		else
			assert_null(got);
	}
}

static void a_plugins_error_is_words_that_a_terminal_can_have(void **state)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{ "{\"code\":7,\"msg\":\"no cable\",\"details\":\"port 3\"}", "no cable: port 3" },
		{ "{\"msg\":\"no cable\"}", "no cable" },
		{ "{\"msg\":\"\"}", NULL },
		{ "panic: index out of range", NULL },
		{ "", NULL },
	};
	static const char hostile[] = "{\"msg\":\"\\u001b[2J\"}";
	auto_(arena) struct arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *got = cni_error_text(rows[i].text, strlen(rows[i].text), &a);

		if (!rows[i].words)
			assert_null(got);
		else
			assert_string_equal(got, rows[i].words);
	}
	assert_null(strchr(cni_error_text(hostile, strlen(hostile), &a), ''));
}

static void put(int dirfd, const char *file, const char *text)
{
	assert_int_equal(file_replace_at(dirfd, file, text, strlen(text), 0600, FILE_NO_SYNC, NULL),
			 0);
}

static void of_a_directory_the_first_or_the_named_one_is_taken(void **state)
{
	char dir[] = "/tmp/creel-cni-XXXXXX";
	auto_(arena) struct arena a = { 0 };
	struct cni_network net;
	struct err e = { 0 };
	autofd int dirfd = -1;

	(void)state;
	assert_non_null(mkdtemp(dir));
	dirfd = dir_open_at(AT_FDCWD, dir, NULL);
	assert_int_equal(cni_network_find(dir, NULL, &a, &net, &e), -ENOENT);
	put(dirfd, "20-b.conf", "{\"cniVersion\":\"1.0.0\",\"name\":\"b\",\"type\":\"x\"}");
	put(dirfd, "10-a.conflist",
	    "{\"cniVersion\":\"1.0.0\",\"name\":\"a\",\"plugins\":[{\"type\":\"x\"}]}");
	put(dirfd, "05-no.txt", "{}");
	assert_int_equal(cni_network_find(dir, NULL, &a, &net, &e), 0);
	assert_string_equal(net.name, "a");
	put(dirfd, "01-broken.json", "{");
	assert_true(cni_network_find(dir, NULL, &a, &net, &e) < 0);
	assert_int_equal(cni_network_find(dir, "b", &a, &net, &e), 0);
	assert_string_equal(net.name, "b");
	assert_int_equal(dir_remove_all_at(AT_FDCWD, dir, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_and_a_single_plugin_are_networks),
		cmocka_unit_test(what_could_lead_astray_is_refused),
		cmocka_unit_test(a_plugin_is_fed_its_own_object_and_what_the_list_says),
		cmocka_unit_test(name_servers_become_lines_and_nothing_else_does),
		cmocka_unit_test(the_gateway_is_the_first_that_an_address_has),
		cmocka_unit_test(a_plugins_error_is_words_that_a_terminal_can_have),
		cmocka_unit_test(of_a_directory_the_first_or_the_named_one_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
