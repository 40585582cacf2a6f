/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/attest/attest.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "imagetool/attest/sbom.h"
#include "libutil/dir.h"
#include "libutil/file.h"
#include "libutil/json.h"
#include "libutil/path.h"

/* ---- Parsers ---- */

static void is_package(const struct packages *p, size_t i, const char *name, const char *version)
{
	assert_true(i < p->n);
	assert_string_equal(p->items[i].name, name);
	assert_string_equal(p->items[i].version, version);
}

static void purl_is(const struct packages *p, size_t i, const char *want)
{
	auto_(strbuf) struct strbuf out = { 0 };

	package_purl(p, &p->items[i], &out);
	assert_string_equal(strbuf_str(&out), want);
}

#define PARSE(parser, text) parser(&p, text, strlen(text), "/x", &e)

static void dpkg_tells_what_is_installed(void **state UNUSED)
{
	auto_(packages) struct packages p = { 0 };
	struct err e = { 0 };

	parse_os_release(&p, "ID=debian\nVERSION_ID=\"12\"\n", 26);
	assert_int_equal(PARSE(parse_dpkg_status,
			       "Package: libstdc++6\nStatus: install ok installed\n"
			       "Architecture: amd64\nSource: gcc-12\nVersion: 12.2.0-14+deb12u1\n"
			       "Description: long\n text\n .\n\n"
			       "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n\n"
			       "Package: half\nStatus: install ok half-installed\nVersion: 1\n\n"
			       "Package: less\nVersion: 2"),
			 0);
	packages_sort(&p);
	assert_int_equal(p.n, 2);
	is_package(&p, 0, "less", "2");
	is_package(&p, 1, "libstdc++6", "12.2.0-14+deb12u1");
	assert_string_equal(p.items[1].origin, "gcc-12");
	purl_is(&p, 1,
		"pkg:deb/debian/libstdc%2B%2B6@12.2.0-14%2Bdeb12u1?arch=amd64&distro=debian-12");
}

static void apk_has_letters(void **state UNUSED)
{
	auto_(packages) struct packages p = { 0 };
	struct err e = { 0 };

	assert_int_equal(PARSE(parse_apk_installed, "C:Q1x\nP:musl\nV:1.2.4-r2\nA:x86_64\nL:MIT\n\n"
						    "P:nameless\n\n"),
			 0);
	assert_int_equal(p.n, 1);
	is_package(&p, 0, "musl", "1.2.4-r2");
	assert_string_equal(p.items[0].license, "MIT");
	purl_is(&p, 0, "pkg:apk/apk/musl@1.2.4-r2?arch=x86_64");
}

static void python_has_headers(void **state UNUSED)
{
	auto_(packages) struct packages p = { 0 };
	struct err e = { 0 };

	assert_int_equal(PARSE(parse_python_metadata, "Metadata-Version: 2.1\r\nName: requests\r\n"
						      "Version: 2.31.0\r\n\r\nName: prose\n"),
			 0);
	is_package(&p, 0, "requests", "2.31.0");
	purl_is(&p, 0, "pkg:pypi/requests@2.31.0");
}

static void node_has_json(void **state UNUSED)
{
	auto_(packages) struct packages p = { 0 };
	struct err e = { 0 };

	assert_int_equal(PARSE(parse_package_json, "{\"name\":\"@a/b\",\"version\":\"1.0.0\"}"), 0);
	assert_int_equal(PARSE(parse_package_json, "{\"name\":"), 0);
	assert_int_equal(PARSE(parse_package_json, "[1]"), 0);
	assert_int_equal(p.n, 1);
	purl_is(&p, 0, "pkg:npm/%40a/b@1.0.0");
}

static void go_modules_may_be_replaced(void **state UNUSED)
{
	auto_(packages) struct packages p = { 0 };
	struct err e = { 0 };

	assert_int_equal(PARSE(parse_go_modules, "path\tx/cmd\nmod\tx\tv1.0.0\t\n"
						 "dep\tgolang.org/x/sys\tv0.1.0\th1:a=\n"
						 "=>\texample.com/sys\tv0.2.0\th1:b=\n"
						 "dep\tz\tv3.0.0\th1:c=\nbuild\t-x=y\n"),
			 0);
	packages_sort(&p);
	assert_int_equal(p.n, 3);
	is_package(&p, 0, "example.com/sys", "v0.2.0");
	is_package(&p, 1, "x", "v1.0.0");
	is_package(&p, 2, "z", "v3.0.0");
}

/* ---- The tree ---- */

static void put(const char *root, const char *path, const char *text)
{
	autofree char *full = path_join(root, path), *dir = path_parent(full);

	assert_int_equal(dir_make_all_at(AT_FDCWD, dir, 0755, NULL), 0);
	assert_int_equal(
		file_replace_at(AT_FDCWD, full, text, strlen(text), 0644, FILE_NO_SYNC, NULL), 0);
}

static void scan(const char *root, struct packages *p)
{
	autofd int fd = dir_open_at(AT_FDCWD, root, NULL);
	struct err e = { 0 };

	assert_int_equal(packages_scan(fd, p, &e), 0);
}

static void a_tree_is_looked_through(void **state UNUSED)
{
	char root[] = "/tmp/sbom-XXXXXX";
	auto_(packages) struct packages p = { 0 };

	assert_non_null(mkdtemp(root));
	put(root, "etc/os-release", "ID=debian\nVERSION_ID=12\n");
	put(root, "var/lib/dpkg/status", "Package: a\nVersion: 1\n");
	put(root, "var/lib/dpkg/status.d/b", "Package: b\nVersion: 2\n");
	put(root, "usr/lib/python3/dist-packages/x-1.dist-info/METADATA", "Name: x\nVersion: 1\n");
	put(root, "usr/lib/python3/dist-packages/y.egg-info", "Name: y\nVersion: 2\n");
	put(root, "app/node_modules/n/package.json", "{\"name\":\"n\",\"version\":\"1\"}");
	put(root, "app/node_modules/@s/m/package.json", "{\"name\":\"@s/m\",\"version\":\"2\"}");
	/* Its own files, and those that no manager put there, do not count. */
	put(root, "app/package.json", "{\"name\":\"app\",\"version\":\"1\"}");
	put(root, "app/node_modules/n/test/package.json", "{\"name\":\"t\",\"version\":\"1\"}");
	put(root, "var/lib/rpm/rpmdb.sqlite", "");
	scan(root, &p);
	assert_int_equal(p.n, 6);
	assert_string_equal(p.os_id, "debian");
	assert_true(p.has_rpm);
	is_package(&p, 0, "a", "1");
	assert_string_equal(p.items[1].where, "/var/lib/dpkg/status.d/b");
	assert_int_equal(dir_remove_all_at(AT_FDCWD, root, NULL), 0);
}

static void links_and_pipes_are_not_read(void **state UNUSED)
{
	char root[] = "/tmp/sbom-XXXXXX";
	autofree char *pipe_path = NULL, *link = NULL, *dir = NULL;
	auto_(packages) struct packages p = { 0 };

	assert_non_null(mkdtemp(root));
	pipe_path = path_join(root, "var/lib/dpkg/status");
	link = path_join(root, "out.dist-info");
	dir = path_join(root, "var/lib/dpkg");
	assert_int_equal(dir_make_all_at(AT_FDCWD, dir, 0755, NULL), 0);
	assert_int_equal(mkfifo(pipe_path, 0644), 0);
	assert_int_equal(symlink("/etc", link), 0);
	scan(root, &p);
	assert_int_equal(p.n, 0);
	assert_int_equal(dir_remove_all_at(AT_FDCWD, root, NULL), 0);
}

/* ---- Documents ---- */

static void parses(const struct strbuf *text, struct arena *a, struct json **ret)
{
	struct err e = { 0 };

	assert_int_equal(json_parse("x", strbuf_str(text), text->len, a, ret, &e), 0);
}

static void an_sbom_is_spdx(void **state UNUSED)
{
	auto_(packages) struct packages p = { 0 };
	auto_(strbuf) struct strbuf one = { 0 }, two = { 0 };
	auto_(arena) struct arena a = { 0 };
	const struct json *list;
	struct json *doc;
	struct err e = { 0 };

	assert_int_equal(PARSE(parse_apk_installed, "P:musl\nV:1\nL:MIT\n\nP:x\nV:2\nL:My own\n"),
			 0);
	packages_sort(&p);
	sbom_write(&p, "app", 0, &one);
	sbom_write(&p, "app", 0, &two);
	assert_string_equal(strbuf_str(&one), strbuf_str(&two));
	parses(&one, &a, &doc);
	assert_string_equal(json_get_string(doc, "spdxVersion"), "SPDX-2.3");
	assert_string_equal(json_get_string(json_get(doc, "creationInfo"), "created"),
			    "1970-01-01T00:00:00Z");
	list = json_get(doc, "packages");
	assert_int_equal(list->len, 3);
	assert_string_equal(json_get_string(&list->items[1], "licenseDeclared"), "MIT");
	assert_string_equal(json_get_string(&list->items[2], "licenseDeclared"), "NOASSERTION");
	assert_int_equal(json_get(doc, "relationships")->len, 3);
}

static void provenance_keeps_arguments_for_mode_max(void **state UNUSED)
{
	const struct graph_arg args[] = { { "TOKEN", "old" }, { "TOKEN", "secret" } };
	const struct graph_options options = { .build_args = args, .n_build_args = 2 };
	struct vertex v = { .kind = VERTEX_IMAGE, .name = "FROM x" };
	const struct graph g = { .items = &v, .n = 1 };
	struct provenance how = { .graph = &g,
				  .options = &options,
				  .dockerfile = "Dockerfile",
				  .text = "FROM x",
				  .len = 6,
				  .invocation = "i" };
	auto_(strbuf) struct strbuf min = { 0 }, max = { 0 };
	auto_(arena) struct arena a = { 0 };
	struct json *doc;

	v.u.image.reference = "docker.io/library/alpine:3.20";
	v.u.image.digest = "sha256:aa";
	assert_int_equal(platform_parse("linux/amd64", &v.u.image.platform, NULL), 0);
	how.platform = v.u.image.platform;
	provenance_write(&how, &min);
	how.max = true;
	provenance_write(&how, &max);
	assert_null(strstr(strbuf_str(&min), "secret"));
	assert_non_null(strstr(strbuf_str(&max), "\"build-arg:TOKEN\":\"secret\""));
	assert_null(strstr(strbuf_str(&max), "\"old\""));
	assert_non_null(strstr(strbuf_str(&min),
			       "{\"uri\":\"pkg:docker/alpine@3.20?platform="
			       "linux%2Famd64\",\"digest\":{\"sha256\":\"aa\"}}"));
	assert_non_null(strstr(strbuf_str(&max), "\"data\":\"RlJPTSB4\""));
	parses(&min, &a, &doc);
	parses(&max, &a, &doc);
}

/* ---- Options ---- */

static void short_options_win(void **state UNUSED)
{
	auto_(attest_plan) struct attest_plan p = { 0 };
	auto_(strv) struct strv list = { 0 };

	strv_add(&list, "type=provenance,mode=max");
	strv_add(&list, "type=sbom");
	assert_int_equal(attest_plan_make(&list, NULL, "false", &p, NULL), 0);
	assert_true(p.provenance && p.max && !p.sbom);
}

static void what_is_not_done_is_told(void **state UNUSED)
{
	static const char *const bad[] = { "type=sbom,generator=x", "type=vuln", "mode=max",
					   "type=provenance,mode=all",
					   "type=provenance,version=v0.2" };
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		auto_(attest_plan) struct attest_plan p = { 0 };
		auto_(strv) struct strv list = { 0 };

		strv_add(&list, bad[i]);
		assert_true(attest_plan_make(&list, NULL, NULL, &p, &e) < 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dpkg_tells_what_is_installed),
		cmocka_unit_test(apk_has_letters),
		cmocka_unit_test(python_has_headers),
		cmocka_unit_test(node_has_json),
		cmocka_unit_test(go_modules_may_be_replaced),
		cmocka_unit_test(a_tree_is_looked_through),
		cmocka_unit_test(links_and_pipes_are_not_read),
		cmocka_unit_test(an_sbom_is_spdx),
		cmocka_unit_test(provenance_keeps_arguments_for_mode_max),
		cmocka_unit_test(short_options_win),
		cmocka_unit_test(what_is_not_done_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
