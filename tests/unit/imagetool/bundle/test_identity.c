/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/bundle/identity.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct identity_host host = {
	.hosts = "127.0.0.1 localhost\n10.0.0.1 host",
	.resolv = "# resolver\nnameserver 127.0.0.53\nnameserver 10.0.0.2\nsearch old\n"
		  "search a.test b.test\noptions ndots:2\n",
};

struct options {
	struct container_options o;
};
static void options_done(struct options *o)
{
	strv_done(&o->o.add_hosts);
	strv_done(&o->o.dns);
	strv_done(&o->o.dns_search);
	strv_done(&o->o.dns_options);
}
AUTO_DEFINE_DONE(options, options_done)

static void nothing_is_made_when_nobody_asks(void **state UNUSED)
{
	auto_(identity) struct identity i = { 0 };
	struct container_options o = { 0 };

	assert_int_equal(identity_decide(&o, false, &host, &i, NULL), 0);
	assert_int_equal(i.hosts.len + i.hostname.len + i.resolv.len, 0);
}

static void the_hosts_network_brings_its_names(void **state UNUSED)
{
	auto_(identity) struct identity i = { 0 }, none = { 0 };
	struct container_options o = { 0 };

	assert_int_equal(identity_decide(&o, true, &host, &i, NULL), 0);
	assert_string_equal(i.hosts.data, "127.0.0.1 localhost\n10.0.0.1 host\n");
	assert_string_equal(i.resolv.data, host.resolv);
	assert_int_equal(identity_decide(&o, true, &(struct identity_host){ 0 }, &none, NULL), 0);
	assert_int_equal(none.resolv.len, 0);
}

static void names_get_their_lines(void **state UNUSED)
{
	auto_(identity) struct identity i = { 0 };
	auto_(options) struct options o = { .o = { .hostname = "box", .domainname = "dom" } };

	strv_add(&o.o.add_hosts, "a:1.2.3.4");
	strv_add(&o.o.add_hosts, "b:::1");
	strv_add(&o.o.add_hosts, "c=[::2]");
	assert_int_equal(identity_decide(&o.o, false, &host, &i, NULL), 0);
	assert_non_null(
		strstr(i.hosts.data, "\n1.2.3.4\ta\n::1\tb\n::2\tc\n127.0.0.1\tbox.dom box\n"));
	assert_true(starts_with(i.hosts.data, "127.0.0.1\tlocalhost\n"));
	assert_string_equal(i.hostname.data, "box\n");
}

static void each_option_replaces_its_part_of_the_resolver(void **state UNUSED)
{
	auto_(options) struct options servers = { 0 }, search = { 0 }, all = { 0 };
	auto_(identity) struct identity a = { 0 }, b = { 0 }, c = { 0 };

	strv_add(&servers.o.dns, "9.9.9.9");
	assert_int_equal(identity_decide(&servers.o, false, &host, &a, NULL), 0);
	assert_string_equal(a.resolv.data,
			    "nameserver 9.9.9.9\nsearch a.test b.test\noptions ndots:2\n");
	/* A server on the host's loopback is none for another network. */
	strv_add(&search.o.dns_search, ".");
	assert_int_equal(identity_decide(&search.o, false, &host, &b, NULL), 0);
	assert_string_equal(b.resolv.data, "nameserver 10.0.0.2\noptions ndots:2\n");
	strv_add(&all.o.dns_search, "x.test");
	strv_add(&all.o.dns_options, "use-vc");
	assert_int_equal(identity_decide(&all.o, true, &host, &c, NULL), 0);
	assert_string_equal(c.resolv.data, "nameserver 127.0.0.53\nnameserver 10.0.0.2\n"
					   "search x.test\noptions use-vc\n");
}

static void a_line_of_somebody_elses_can_not_be_smuggled_in(void **state UNUSED)
{
	static const char *const bad[] = {
		"a:1.2.3.4\nb", "a b:1.2.3.4",    "a",   "a:", ":1.2.3.4",
		"a:1.2.3",      "a:host-gateway", "a:[", "a:]"
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		auto_(options) struct options o = { 0 };
		auto_(identity) struct identity id = { 0 };

		strv_add(&o.o.add_hosts, bad[i]);
		assert_int_equal(identity_decide(&o.o, false, &host, &id, NULL), -EINVAL);
	}
	for (int i = 0; i < 3; i++) {
		auto_(options) struct options o = { 0 };
		auto_(identity) struct identity id = { 0 };

		strv_add(i == 0   ? &o.o.dns
			 : i == 1 ? &o.o.dns_search
				  : &o.o.dns_options,
			 "a:1\nnameserver 1.1.1.1");
		assert_int_equal(identity_decide(&o.o, false, &host, &id, NULL), -EINVAL);
	}
}

static void the_host_is_reached_where_its_network_is_shared(void **state UNUSED)
{
	auto_(options) struct options o = { 0 };
	auto_(identity) struct identity i = { 0 };

	strv_add(&o.o.add_hosts, "up=host-gateway");
	assert_int_equal(identity_decide(&o.o, true, &host, &i, NULL), 0);
	assert_non_null(strstr(i.hosts.data, "\n127.0.0.1\tup\n"));
}

static void a_hostname_is_one(void **state UNUSED)
{
	static const char *const bad[] = {
		"",    "-a",   "a b",
		"a/b", "a\nb", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct container_options o = { .hostname = bad[i] }, d = { .domainname = bad[i] };
		auto_(identity) struct identity id = { 0 };

		assert_int_equal(identity_decide(&o, false, &host, &id, NULL), -EINVAL);
		assert_int_equal(identity_decide(&d, false, &host, &id, NULL), -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_made_when_nobody_asks),
		cmocka_unit_test(the_hosts_network_brings_its_names),
		cmocka_unit_test(names_get_their_lines),
		cmocka_unit_test(each_option_replaces_its_part_of_the_resolver),
		cmocka_unit_test(a_line_of_somebody_elses_can_not_be_smuggled_in),
		cmocka_unit_test(the_host_is_reached_where_its_network_is_shared),
		cmocka_unit_test(a_hostname_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
