/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/attest/attest.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <zlib.h>

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

	assert_int_equal(PARSE(parse_go_modules,
			       "path\tx/cmd\nmod\tx\tv1.0.0\t\n"
			       "dep\tgolang.org/x/sys\tv0.1.0\th1:a=\n"
			       "=>\texample.com/sys\tv0.2.0\th1:b=\n"
			       "dep\tz\tv3.0.0\th1:c=\n=>\t./z\t(devel)\nbuild\t-x=y\n"),
			 0);
	packages_sort(&p);
	assert_int_equal(p.n, 3);
	is_package(&p, 0, "example.com/sys", "v0.2.0");
	is_package(&p, 1, "x", "v1.0.0");
	is_package(&p, 2, "z", "v3.0.0");
}

/* A program with the texts of Go in a writable segment. */
static size_t make_go_program(unsigned char *file, const char *version, const char *modules)
{
	Elf64_Ehdr head = { .e_phoff = sizeof(head),
			    .e_phentsize = sizeof(Elf64_Phdr),
			    .e_phnum = 1 };
	Elf64_Phdr segment = { .p_type = PT_LOAD, .p_flags = PF_R | PF_W, .p_offset = 128 };
	size_t len = 128 + 32;

	memcpy(head.e_ident, ELFMAG, SELFMAG);
	head.e_ident[EI_CLASS] = ELFCLASS64;
	head.e_ident[EI_DATA] = ELFDATA2LSB;
	memcpy(file, &head, sizeof(head));
	memcpy(file + sizeof(head), &segment, sizeof(segment));
	memcpy(file + 128, "\xff Go buildinf:\x08\x02", 16);
	file[len++] = (unsigned char)strlen(version);
	memcpy(file + len, version, strlen(version));
	len += strlen(version);
	file[len++] = (unsigned char)strlen(modules);
	memcpy(file + len, modules, strlen(modules));
	return len + strlen(modules);
}

static void go_programs_name_their_standard_library(void **state UNUSED)
{
	static const char modules[] = "0123456789abcdefdep\tx\tv1.0.0\n0123456789abcdef";
	auto_(packages) struct packages p = { 0 };
	unsigned char file[512] = { 0 };
	size_t len = make_go_program(file, "go1.22.1 X:loopvar", modules);
	struct go_info go;
	struct err e = { 0 };

	assert_int_equal(find_go_info(file, len, &go), 1);
	assert_int_equal(parse_go_version(&p, go.version, go.version_len, "/x", &e), 0);
	assert_int_equal(parse_go_modules(&p, go.modules, go.modules_len, "/x", &e), 0);
	packages_sort(&p);
	assert_int_equal(p.n, 2);
	is_package(&p, 0, "stdlib", "1.22.1");
	purl_is(&p, 0, "pkg:golang/stdlib@1.22.1");
	for (size_t i = 0; i < len; i++)
		assert_int_equal(find_go_info(file, i, &go), 0);
	/* Built without modules; by no release. */
	memset(file, 0, sizeof(file));
	assert_int_equal(find_go_info(file, make_go_program(file, "go1.22.1", ""), &go), 1);
	assert_int_equal(go.modules_len, 0);
	assert_int_equal(PARSE(parse_go_version, "devel go1.23-abcdef"), 0);
	assert_int_equal(PARSE(parse_go_version, ""), 0);
	assert_int_equal(p.n, 2);
}

static void cargo_lists_what_came_from_elsewhere(void **state UNUSED)
{
	auto_(packages) struct packages p = { 0 };
	struct err e = { 0 };

	assert_int_equal(PARSE(parse_cargo_lock,
			       "version = 3\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\n"
			       "dependencies = [\n \"libc\",\n]\n\n[[package]]\nname = \"libc\"\n"
			       "version = \"0.2.150\"\nsource = \"registry+https://x\"\n"
			       "checksum = \"ab\"\n"),
			 0);
	assert_int_equal(p.n, 1);
	is_package(&p, 0, "libc", "0.2.150");
	purl_is(&p, 0, "pkg:cargo/libc@0.2.150");
}

/* A program with nothing but names of sections and one of them. */
static size_t make_program(unsigned char *file, const char *section, const void *data, size_t len)
{
	static const char names[] = "\0.shstrtab\0.dep-v0\0.go.buildinfo";
	size_t at = streq(section, names + 11) ? 11 : 19;
	Elf64_Ehdr head = { .e_shoff = sizeof(Elf64_Ehdr),
			    .e_shentsize = sizeof(Elf64_Shdr),
			    .e_shnum = 2,
			    .e_shstrndx = 0 };
	Elf64_Shdr s[2] = { { .sh_name = 1,
			      .sh_type = SHT_STRTAB,
			      .sh_offset = sizeof(head) + sizeof(s),
			      .sh_size = sizeof(names) },
			    { .sh_name = (Elf64_Word)at,
			      .sh_type = SHT_PROGBITS,
			      .sh_offset = sizeof(head) + sizeof(s) + sizeof(names),
			      .sh_size = len } };

	assert_string_equal(names + at, section);
	memcpy(head.e_ident, ELFMAG, SELFMAG);
	head.e_ident[EI_CLASS] = ELFCLASS64;
	head.e_ident[EI_DATA] = ELFDATA2LSB;
	memcpy(file, &head, sizeof(head));
	memcpy(file + sizeof(head), s, sizeof(s));
	memcpy(file + s[0].sh_offset, names, sizeof(names));
	memcpy(file + s[1].sh_offset, data, len);
	return s[1].sh_offset + len;
}

static void auditable_programs_say_what_they_are_made_of(void **state UNUSED)
{
	static const char text[] =
		"{\"packages\":[{\"name\":\"libc\",\"version\":\"0.2.1\",\"source\":\"crates.io\"},"
		"{\"name\":\"cc\",\"version\":\"1.0.0\",\"source\":\"crates.io\",\"kind\":\"build\"},"
		"{\"name\":\"app\",\"version\":\"0.1.0\",\"source\":\"local\",\"root\":true}]}";
	auto_(packages) struct packages p = { 0 };
	unsigned char file[4096], packed[1024];
	uLongf packed_len = sizeof(packed);
	struct err e = { 0 };
	const char *found;
	size_t len, found_len;

	assert_int_equal(compress(packed, &packed_len, (const Bytef *)text, sizeof(text) - 1),
			 Z_OK);
	len = make_program(file, ".dep-v0", packed, packed_len);
	assert_int_equal(find_rust_crates(file, len, &found, &found_len), 1);
	assert_int_equal(found_len, packed_len);
	assert_int_equal(parse_rust_crates(&p, found, found_len, "/bin/app", &e), 0);
	packages_sort(&p);
	assert_int_equal(p.n, 2);
	is_package(&p, 0, "app", "0.1.0");
	is_package(&p, 1, "libc", "0.2.1");
	/* Cut anywhere it says nothing. */
	for (size_t i = 0; i < len; i++)
		assert_int_equal(find_rust_crates(file, i, &found, &found_len), 0);
	assert_int_equal(parse_rust_crates(&p, (const char *)packed, packed_len / 2, "/x", &e), 0);
	assert_int_equal(p.n, 2);
}

/* A linker of C's puts it anywhere. */
static void go_programs_may_have_a_section_for_it(void **state UNUSED)
{
	unsigned char go_file[512] = { 0 }, file[1024];
	size_t len = make_go_program(go_file, "go1.19.8", ""), all;
	struct go_info go;

	all = make_program(file, ".go.buildinfo", go_file + 128, len - 128);
	assert_int_equal(find_go_info(file, all, &go), 1);
	assert_int_equal(go.version_len, 8);
	assert_memory_equal(go.version, "go1.19.8", 8);
	for (size_t i = 0; i < all; i++)
		assert_int_equal(find_go_info(file, i, &go), 0);
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
	assert_null(p.rpm_unread); /* one that was made, and never used */
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
	assert_true(starts_with(json_get_string(&list->items[2], "licenseDeclared"),
				"LicenseRef-My-own-"));
	list = json_get(doc, "hasExtractedLicensingInfos");
	assert_int_equal(list->len, 1);
	assert_string_equal(json_get_string(&list->items[0], "extractedText"), "My own");
	assert_int_equal(json_get(doc, "relationships")->len, 3);
}

/* An image, a file, a repository, a context, and a step on all of them. */
struct made {
	struct vertex items[6];
	size_t inputs[5];
	struct run_mount_at mounts[2];
	struct graph graph;
	struct graph_target target;
	struct graph_options options;
	const char *found[6];
	struct provenance how;
};

static void made_init(struct made *m)
{
	*m = (struct made){ .inputs = { 0, 1, 2, 3 } };
	for (size_t i = 0; i < ARRAY_LEN(m->items); i++) {
		m->items[i].name = "step";
		(void)snprintf(m->items[i].digest, VERTEX_DIGEST_SIZE, "sha256:%zu", i);
	}
	m->items[0].kind = VERTEX_IMAGE;
	m->items[0].u.image.reference = "docker.io/library/alpine:3.20";
	m->items[0].u.image.digest = "sha256:aa";
	assert_int_equal(platform_parse("linux/amd64", &m->items[0].u.image.platform, NULL), 0);
	m->items[1].kind = VERTEX_HTTP;
	m->items[1].u.http.url = "https://me:word@host/x.tar";
	m->found[1] = "sha256:bb";
	m->items[2].kind = VERTEX_GIT;
	m->items[2].u.git = (struct vertex_git){ .url = "https://host/x.git", .ref = "v1" };
	m->found[2] = "0123456789012345678901234567890123456789";
	m->items[3].kind = VERTEX_CONTEXT;
	m->items[3].u.context.name = "";
	m->items[4].kind = VERTEX_RUN;
	m->items[4].inputs = m->inputs;
	m->items[4].n_inputs = 4;
	m->items[4].u.run.network = RUN_NETWORK_NONE;
	m->items[4].u.run.mounts = m->mounts;
	m->items[4].u.run.n_mounts = 2;
	m->mounts[0].m = (struct run_mount){
		.type = RUN_MOUNT_SECRET, .id = "", .target = "/run/x", .required = true
	};
	m->mounts[1].m = (struct run_mount){ .type = RUN_MOUNT_SSH, .id = "default", .target = "" };
	/* Of another image of this build. */
	m->items[5].kind = VERTEX_HTTP;
	m->items[5].u.http.url = "https://host/other";
	m->found[5] = "sha256:cc";
	m->target.vertex = 4;
	m->graph =
		(struct graph){ .items = m->items, .n = 6, .targets = &m->target, .n_targets = 1 };
	m->how = (struct provenance){ .graph = &m->graph,
				      .found = m->found,
				      .options = &m->options,
				      .platform = m->items[0].u.image.platform,
				      .dockerfile = "Dockerfile",
				      .dockerfile_is_local = true,
				      .text = "FROM x",
				      .len = 6,
				      .invocation = "i" };
}

static const struct json *written(const struct made *m, struct arena *a, struct strbuf *text)
{
	struct json *doc;

	strbuf_truncate(text, 0);
	provenance_write(&m->how, text);
	parses(text, a, &doc);
	return doc;
}

static void has(const struct strbuf *text, const char *part)
{
	if (!strstr(strbuf_str(text), part))
		fail_msg("no %s in %s", part, strbuf_str(text));
}

static void has_not(const struct strbuf *text, const char *part)
{
	if (strstr(strbuf_str(text), part))
		fail_msg("%s in %s", part, strbuf_str(text));
}

static void provenance_keeps_arguments_for_mode_max(void **state UNUSED)
{
	const struct graph_arg args[] = { { "TOKEN", "old" }, { "TOKEN", "secret" } };
	auto_(strbuf) struct strbuf text = { 0 };
	auto_(arena) struct arena a = { 0 };
	struct made m;

	made_init(&m);
	m.options = (struct graph_options){ .build_args = args, .n_build_args = 2 };
	written(&m, &a, &text);
	has_not(&text, "secret");
	has_not(&text, "\"ssh\"");
	has(&text, "\"request\":false");
	m.how.max = true;
	written(&m, &a, &text);
	has(&text, "\"build-arg:TOKEN\":\"secret\"");
	has_not(&text, "\"old\"");
	has(&text, "\"secrets\":[{\"id\":\"x\"}]");
	has(&text, "\"ssh\":[{\"id\":\"default\",\"optional\":true}]");
	has(&text, "\"request\":true");
	has(&text, "\"data\":\"RlJPTSB4\"");
}

static void provenance_has_the_digest_of_each_source_of_its_image(void **state UNUSED)
{
	auto_(strbuf) struct strbuf text = { 0 };
	auto_(arena) struct arena a = { 0 };
	struct made m;

	made_init(&m);
	written(&m, &a, &text);
	has(&text, "\"resolvedDependencies\":["
		   "{\"uri\":\"pkg:docker/alpine@3.20?platform=linux%2Famd64\","
		   "\"digest\":{\"sha256\":\"aa\"}},"
		   "{\"uri\":\"https://host/x.git#v1\","
		   "\"digest\":{\"sha1\":\"0123456789012345678901234567890123456789\"}},"
		   "{\"uri\":\"https://xxxxx:xxxxx@host/x.tar\",\"digest\":{\"sha256\":\"bb\"}}]");
	has(&text, "\"locals\":[{\"name\":\"context\"},{\"name\":\"dockerfile\"}]");
	has(&text, "\"resolvedDependencies\":false");
	has_not(&text, "hermetic");
}

static void a_remote_context_leaves_nothing_unknown(void **state UNUSED)
{
	auto_(strbuf) struct strbuf text = { 0 };
	auto_(arena) struct arena a = { 0 };
	struct made m;

	made_init(&m);
	m.how.dockerfile_is_local = false;
	m.how.context =
		(struct provenance_context){ .uri = "https://host/c.git#main",
					     .config_uri = "https://host/c.git#main:sub",
					     .digest = "9123456789012345678901234567890123456789" };
	written(&m, &a, &text);
	has(&text,
	    "\"configSource\":{\"uri\":\"https://host/c.git#main:sub\",\"digest\":{"
	    "\"sha1\":\"9123456789012345678901234567890123456789\"},\"path\":\"Dockerfile\"}");
	has(&text, "{\"uri\":\"https://host/c.git#main\",\"digest\":{\"sha1\":\"9123");
	has(&text, "\"buildkit_hermetic\":true");
	has(&text, "\"resolvedDependencies\":true");
	has_not(&text, "locals");
}

static void the_older_version_has_the_same_in_its_words(void **state UNUSED)
{
	auto_(strbuf) struct strbuf text = { 0 };
	auto_(arena) struct arena a = { 0 };
	const struct json *doc;
	struct made m;

	made_init(&m);
	m.how.v02 = m.how.max = m.how.reproducible = true;
	m.how.builder_id = "https://ci/7";
	doc = written(&m, &a, &text);
	assert_string_equal(json_get_string(doc, "buildType"),
			    "https://mobyproject.org/buildkit@v1");
	assert_string_equal(json_get_string(json_get(doc, "builder"), "id"), "https://ci/7");
	assert_int_equal(json_get(doc, "materials")->len, 3);
	assert_string_equal(json_get_string(json_get(json_get(doc, "invocation"), "configSource"),
					    "entryPoint"),
			    "Dockerfile");
	assert_non_null(json_get(json_get(doc, "buildConfig"), "llbDefinition"));
	has(&text, "\"completeness\":{\"parameters\":true,\"environment\":true,"
		   "\"materials\":false},\"reproducible\":true");
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
	static const char *const bad[] = { "type=sbom,generator=x",
					   "type=vuln",
					   "mode=max",
					   "type=provenance,mode=all",
					   "type=provenance,version=v0.3",
					   "type=provenance,reproducible=perhaps",
					   "type=provenance,inline-only=perhaps" };
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
		cmocka_unit_test(go_programs_name_their_standard_library),
		cmocka_unit_test(cargo_lists_what_came_from_elsewhere),
		cmocka_unit_test(auditable_programs_say_what_they_are_made_of),
		cmocka_unit_test(go_programs_may_have_a_section_for_it),
		cmocka_unit_test(a_tree_is_looked_through),
		cmocka_unit_test(links_and_pipes_are_not_read),
		cmocka_unit_test(an_sbom_is_spdx),
		cmocka_unit_test(provenance_keeps_arguments_for_mode_max),
		cmocka_unit_test(provenance_has_the_digest_of_each_source_of_its_image),
		cmocka_unit_test(a_remote_context_leaves_nothing_unknown),
		cmocka_unit_test(the_older_version_has_the_same_in_its_words),
		cmocka_unit_test(short_options_win),
		cmocka_unit_test(what_is_not_done_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
