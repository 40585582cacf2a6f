/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/attest/rpm.h"

#include <dlfcn.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "imagetool/attest/sbom.h"
#include "libutil/dir.h"
#include "libutil/file.h"
#include "libutil/path.h"

/* ---- Headers ---- */

struct header {
	unsigned char bytes[512];
	size_t n, len; /* entries; bytes of data */
};

#define ENTRIES 8 /* all have places for so many */

static void put_number(unsigned char *at, uint32_t n)
{
	n = htobe32(n);
	memcpy(at, &n, sizeof(n));
}

static void add_value(struct header *h, uint32_t tag, uint32_t type, const void *value, size_t len)
{
	unsigned char *entry = h->bytes + 8 + 16 * h->n++;

	assert_true(h->n <= ENTRIES);
	put_number(entry, tag);
	put_number(entry + 4, type);
	put_number(entry + 8, (uint32_t)h->len);
	put_number(entry + 12, 1);
	memcpy(h->bytes + 8 + 16 * (size_t)ENTRIES + h->len, value, len);
	h->len += len;
	put_number(h->bytes, ENTRIES);
	put_number(h->bytes + 4, (uint32_t)h->len);
}

static void add_text(struct header *h, uint32_t tag, const char *text)
{
	add_value(h, tag, 6, text, strlen(text) + 1);
}

static size_t size_of(const struct header *h)
{
	return 8 + 16 * (size_t)ENTRIES + h->len;
}

static struct header make_header(const char *name)
{
	struct header h = { 0 };

	add_text(&h, 1000, name);
	add_text(&h, 1001, "5.2");
	add_text(&h, 1002, "1.fc39");
	add_text(&h, 1014, "GPL-3.0-or-later");
	add_text(&h, 1022, "x86_64");
	add_text(&h, 1044, "bash-5.2-1.fc39.src.rpm");
	return h;
}

static int parse(struct packages *p, const struct header *h, size_t len, struct err *e)
{
	return parse_rpm_header(p, (const char *)h->bytes, len, "/x", e);
}

static void purl_is(const struct packages *p, size_t i, const char *want)
{
	auto_(strbuf) struct strbuf out = { 0 };

	assert_true(i < p->n);
	package_purl(p, &p->items[i], &out);
	assert_string_equal(strbuf_str(&out), want);
}

static void a_header_names_its_package(void **state UNUSED)
{
	auto_(packages) struct packages p = { 0 };
	struct header h = make_header("bash");
	unsigned char epoch[4] = { 0, 0, 0, 3 };
	struct err e = { 0 };

	parse_os_release(&p, "ID=rhel\nVERSION_ID=9.3\n", 23);
	add_value(&h, 1003, 4, epoch, sizeof(epoch));
	assert_int_equal(parse(&p, &h, size_of(&h), &e), 0);
	assert_int_equal(p.n, 1);
	assert_string_equal(p.items[0].license, "GPL-3.0-or-later");
	purl_is(&p, 0,
		"pkg:rpm/redhat/bash@5.2-1.fc39?arch=x86_64&distro=rhel-9.3&epoch=3"
		"&upstream=bash-5.2-1.fc39.src.rpm");
	p.os_id = "opensuse-leap";
	p.items[0].epoch = NULL;
	purl_is(&p, 0,
		"pkg:rpm/opensuse/bash@5.2-1.fc39?arch=x86_64&distro=opensuse-leap-9.3"
		"&upstream=bash-5.2-1.fc39.src.rpm");
}

static void keys_are_no_software(void **state UNUSED)
{
	auto_(packages) struct packages p = { 0 };
	struct header h = make_header("gpg-pubkey");

	assert_int_equal(parse(&p, &h, size_of(&h), NULL), 0);
	assert_int_equal(p.n, 0);
}

static void a_header_that_is_cut_or_points_behind_its_end_is_damaged(void **state UNUSED)
{
	auto_(packages) struct packages p = { 0 };
	struct header h = make_header("bash"), nameless = { 0 };
	struct err e = { 0 };

	for (size_t i = 0; i < size_of(&h); i++)
		assert_int_equal(parse(&p, &h, i, &e), -EBADMSG);
	add_text(&nameless, 1001, "1");
	assert_int_equal(parse(&p, &nameless, size_of(&nameless), &e), -EBADMSG);
	put_number(h.bytes + 8 + 8, 0xffffffff); /* where the name is */
	assert_int_equal(parse(&p, &h, size_of(&h), &e), -EBADMSG);
	put_number(h.bytes, 0xffffffff);
	assert_int_equal(parse(&p, &h, size_of(&h), &e), -EBADMSG);
	assert_int_equal(p.n, 0);
}

static void values_that_lie_on_one_another_are_damage(void **state UNUSED)
{
	auto_(packages) struct packages p = { 0 };
	struct header h = make_header("bash");

	for (size_t i = 0; i < h.n; i++)
		put_number(h.bytes + 8 + 16 * i + 8, 0);
	assert_int_equal(parse(&p, &h, size_of(&h), NULL), 0);
	/* A long text in place of the short one, for each of them. */
	for (size_t i = 0; i < h.n; i++)
		put_number(h.bytes + 8 + 16 * i + 8, 30);
	memset(h.bytes + 8 + 16 * (size_t)ENTRIES, 'x', h.len - 1);
	assert_int_equal(parse(&p, &h, size_of(&h), NULL), -EBADMSG);
	assert_int_equal(p.n, 1);
}

static void the_first_entry_of_a_tag_counts(void **state UNUSED)
{
	auto_(packages) struct packages p = { 0 };
	struct header h = make_header("bash");

	add_text(&h, 1000, "zsh");
	assert_int_equal(parse(&p, &h, size_of(&h), NULL), 0);
	assert_string_equal(p.items[0].name, "bash");
	put_number(h.bytes + 8 + 8, 0xffffffff);
	assert_int_equal(parse(&p, &h, size_of(&h), NULL), -EBADMSG);
}

/* ---- ndb ---- */

#define NDB_PAGE  4096
#define NDB_BLOCK 16

static void put_little(unsigned char *at, uint32_t n)
{
	n = htole32(n);
	memcpy(at, &n, sizeof(n));
}

struct ndb {
	unsigned char bytes[2 * NDB_PAGE];
	size_t used, n;
};

static void ndb_init(struct ndb *d)
{
	*d = (struct ndb){ .used = NDB_PAGE };
	memcpy(d->bytes, "RpmP", 4);
	put_little(d->bytes + 12, 1);
	for (size_t at = 32; at < NDB_PAGE; at += 16)
		memcpy(d->bytes + at, "Slot", 4);
}

static unsigned char *ndb_add(struct ndb *d, const struct header *h)
{
	unsigned char *slot = d->bytes + 32 + 16 * d->n++, *blob = d->bytes + d->used;
	size_t len = size_of(h);
	size_t blocks = (16 + len + 12 + NDB_BLOCK - 1) / NDB_BLOCK;

	assert_true(d->used + blocks * NDB_BLOCK <= sizeof(d->bytes));
	put_little(slot + 4, (uint32_t)d->n);
	put_little(slot + 8, (uint32_t)(d->used / NDB_BLOCK));
	put_little(slot + 12, (uint32_t)blocks);
	memcpy(blob, "BlbS", 4);
	put_little(blob + 4, (uint32_t)d->n);
	put_little(blob + 12, (uint32_t)len);
	memcpy(blob + 16, h->bytes, len);
	memcpy(blob + blocks * NDB_BLOCK - 4, "BlbE", 4);
	d->used += blocks * NDB_BLOCK;
	return slot;
}

static const char *read_bytes(struct packages *p, const void *bytes, size_t len)
{
	struct rpm_file f = { .packages = p, .len = len, .where = "/x" };
	autofree unsigned char *copy = xreallocarray(NULL, len, 1);
	struct err e = { 0 };

	memcpy(copy, bytes, len);
	f.bytes = copy;
	assert_int_equal(rpm_file_read(&f, &e), 0);
	packages_sort(p);
	return f.why;
}

static void ndb_has_slots(void **state UNUSED)
{
	auto_(packages) struct packages p = { 0 };
	struct header one = make_header("one"), two = make_header("two");
	struct ndb d;

	ndb_init(&d);
	ndb_add(&d, &two);
	d.n++; /* a free one */
	ndb_add(&d, &one);
	assert_null(read_bytes(&p, d.bytes, d.used));
	assert_int_equal(p.n, 2);
	assert_string_equal(p.items[0].name, "one");
	assert_string_equal(p.items[1].name, "two");
}

static void of_a_damaged_ndb_the_sound_packages_are_told(void **state UNUSED)
{
	auto_(packages) struct packages p = { 0 };
	struct header one = make_header("one"), two = make_header("two");
	unsigned char *slot;
	struct ndb d;

	ndb_init(&d);
	slot = ndb_add(&d, &two);
	ndb_add(&d, &one);
	put_little(slot + 12, 0xffffffff);
	assert_string_equal(read_bytes(&p, d.bytes, d.used), RPM_DAMAGED);
	assert_int_equal(p.n, 1);
	assert_string_equal(p.items[0].name, "one");
}

static void headers_that_share_their_bytes_are_not_read_for_ever(void **state UNUSED)
{
	auto_(packages) struct packages p = { 0 };
	struct header one = make_header("one");
	unsigned char *slot;
	struct ndb d;

	ndb_init(&d);
	slot = ndb_add(&d, &one);
	for (size_t at = 48; at < NDB_PAGE; at += 16)
		memcpy(d.bytes + at, slot, 16);
	assert_string_equal(read_bytes(&p, d.bytes, d.used), RPM_DAMAGED);
	assert_int_equal(p.n, 1);
}

/* ---- SQLite ---- */

#ifdef HAVE_SQLITE
#include <sqlite3.h>

/* Through the library as it is installed, as the program has it. */
#define CALL(name) ((__typeof__(&(name)))(uintptr_t)find_function(#name))

static void *find_function(const char *name)
{
	void *library = dlopen("libsqlite3.so.0", RTLD_LAZY), *f;

	assert_non_null(library);
	f = dlsym(library, name);
	assert_non_null(f);
	return f;
}

/* What these sentences make, as a file; `%s` in them is a header. */
static const char *read_sql(struct packages *p, const char *format, const struct header *h)
{
	auto_(strbuf) struct strbuf hex = { 0 };
	autofree char *sql = NULL;
	unsigned char *bytes;
	sqlite3_int64 len;
	const char *why;
	sqlite3 *db;

	for (size_t i = 0; i < size_of(h); i++)
		strbuf_addf(&hex, "%02x", h->bytes[i]);
	for (const char *c = format; *c; c++) /* one %s, which -Wformat can't see */
		if (c[0] == '%' && c[1] == 's')
			sql = xasprintf("%.*s%s%s", (int)(c - format), format, strbuf_str(&hex),
					c + 2);
	assert_int_equal(CALL(sqlite3_open)(":memory:", &db), SQLITE_OK);
	assert_int_equal(CALL(sqlite3_exec)(db, sql ? sql : format, NULL, NULL, NULL), SQLITE_OK);
	bytes = CALL(sqlite3_serialize)(db, "main", &len, 0);
	assert_non_null(bytes);
	/* As files of rpm, that have a log. */
	bytes[18] = bytes[19] = 2;
	why = read_bytes(p, bytes, (size_t)len);
	CALL(sqlite3_free)(bytes);
	CALL(sqlite3_close)(db);
	return why;
}

#define TABLE "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB NOT NULL);"

static void sqlite_has_a_table(void **state UNUSED)
{
	auto_(packages) struct packages p = { 0 };
	struct header h = make_header("one");

	assert_null(read_sql(&p, TABLE "INSERT INTO Packages VALUES (1, x'%s')", &h));
	assert_int_equal(p.n, 1);
	assert_string_equal(p.items[0].name, "one");
}

static void of_sqlite_nothing_but_a_plain_table_is_read(void **state UNUSED)
{
	static const char *const schemas[] = {
		/* For ever. */
		"CREATE VIEW Packages AS WITH RECURSIVE r(blob) AS "
		"(SELECT x'%s' UNION ALL SELECT blob FROM r) SELECT blob FROM r",
		"CREATE TABLE Packages (x, blob GENERATED ALWAYS AS (zeroblob(1000000)));"
		"INSERT INTO Packages VALUES (1)",
		"CREATE VIRTUAL TABLE Packages USING fts5(blob);"
		"INSERT INTO Packages VALUES (x'%s')",
		"CREATE TABLE other (x)",
		TABLE "INSERT INTO Packages VALUES (1, 'text')",
		TABLE "INSERT INTO Packages VALUES (1, x'')",
	};
	struct header h = make_header("one");

	for (size_t i = 0; i < ARRAY_LEN(schemas); i++) {
		auto_(packages) struct packages p = { 0 };

		assert_string_equal(read_sql(&p, schemas[i], &h), RPM_DAMAGED);
		assert_int_equal(p.n, 0);
	}
}
#endif

/* ---- The tree ---- */

static void scan(const char *root, struct packages *p)
{
	autofd int fd = dir_open_at(AT_FDCWD, root, NULL);
	struct err e = { 0 };

	assert_int_equal(packages_scan(fd, p, &e), 0);
}

static void put(const char *root, const char *path, const void *bytes, size_t len)
{
	autofree char *full = path_join(root, path), *dir = path_parent(full);

	assert_int_equal(dir_make_all_at(AT_FDCWD, dir, 0755, NULL), 0);
	assert_int_equal(file_replace_at(AT_FDCWD, full, bytes, len, 0644, FILE_NO_SYNC, NULL), 0);
}

static void what_was_not_read_is_told(void **state UNUSED)
{
	auto_(packages) struct packages p = { 0 };
	auto_(strbuf) struct strbuf text = { 0 };
	char root[] = "/tmp/rpm-XXXXXX";

	assert_non_null(mkdtemp(root));
	put(root, "var/lib/rpm/Packages", "something", 9);
	scan(root, &p);
	sbom_write(&p, "x", 0, &text);
	assert_non_null(strstr(strbuf_str(&text), "its form is unknown."));
	assert_int_equal(dir_remove_all_at(AT_FDCWD, root, NULL), 0);
}

static void a_data_base_with_two_names_is_read_once_and_its_log_is_told(void **state UNUSED)
{
	char root[] = "/tmp/rpm-XXXXXX";
	autofree char *link = NULL, *dir = NULL;
	auto_(packages) struct packages p = { 0 };
	struct header one = make_header("one");
	struct ndb d;

	ndb_init(&d);
	ndb_add(&d, &one);
	assert_non_null(mkdtemp(root));
	put(root, "usr/lib/sysimage/rpm/Packages.db", d.bytes, d.used);
	dir = path_join(root, "var/lib");
	link = path_join(dir, "rpm");
	assert_int_equal(dir_make_all_at(AT_FDCWD, dir, 0755, NULL), 0);
	assert_int_equal(symlink("/usr/lib/sysimage/rpm", link), 0);
	scan(root, &p);
	assert_int_equal(p.n, 1);
	assert_string_equal(p.items[0].where, "/usr/lib/sysimage/rpm/Packages.db");
	assert_null(p.rpm_unread);
	put(root, "usr/lib/sysimage/rpm/Packages.db-wal", "x", 1);
	scan(root, &p);
	assert_non_null(strstr(p.rpm_unread, "log"));
	assert_int_equal(dir_remove_all_at(AT_FDCWD, root, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_names_its_package),
		cmocka_unit_test(keys_are_no_software),
		cmocka_unit_test(a_header_that_is_cut_or_points_behind_its_end_is_damaged),
		cmocka_unit_test(ndb_has_slots),
		cmocka_unit_test(of_a_damaged_ndb_the_sound_packages_are_told),
		cmocka_unit_test(values_that_lie_on_one_another_are_damage),
		cmocka_unit_test(the_first_entry_of_a_tag_counts),
		cmocka_unit_test(headers_that_share_their_bytes_are_not_read_for_ever),
#ifdef HAVE_SQLITE
		cmocka_unit_test(sqlite_has_a_table),
		cmocka_unit_test(of_sqlite_nothing_but_a_plain_table_is_read),
#endif
		cmocka_unit_test(what_was_not_read_is_told),
		cmocka_unit_test(a_data_base_with_two_names_is_read_once_and_its_log_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
