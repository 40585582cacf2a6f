/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rpmdb.sqlite: a table of numbers and headers.
 *
 * SQLite gets the bytes, never a name: there is no journal for it to find, nor a place to write
 * to.  The schema is the image's too, so only a plain table is read, without views, functions or
 * modules, and for so many steps.
 */
#include "imagetool/attest/rpm.h"

#define FILE_MAGIC     "SQLite format 3"
#define FILE_HEAD_SIZE 100

bool rpm_is_sqlite(const struct rpm_file *f)
{
	return f->len >= FILE_HEAD_SIZE && memcmp(f->bytes, FILE_MAGIC, sizeof(FILE_MAGIC)) == 0;
}

#ifdef HAVE_SQLITE
#include "imagetool/attest/sqlite_api.h"

#define STEPS        100000 /* of SQLite, between two questions whether to go on */
#define QUESTIONS    1000
#define FORMAT_WRITE 18 /* bytes in the file's head: 1, or 2 with a write-ahead log */
#define FORMAT_READ  19

struct sqlite {
	struct sqlite_api api;
	sqlite3 *db;
	unsigned questions;
};

/* ---- What it may do ---- */

static int is_too_long(void *ctx)
{
	struct sqlite *s = ctx;

	return s->questions++ == QUESTIONS;
}

static int permit(void *ctx UNUSED, int action, const char *a UNUSED, const char *b UNUSED,
		  const char *c UNUSED, const char *d UNUSED)
{
	return action == SQLITE_SELECT || action == SQLITE_READ ? SQLITE_OK : SQLITE_DENY;
}

static void confine(struct sqlite *s)
{
	static const struct {
		int what, value;
	} settings[] = {
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
		{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
		{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
		{ SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(settings); i++)
		(void)s->api.sqlite3_db_config(s->db, settings[i].what, settings[i].value, NULL);
	(void)s->api.sqlite3_limit(s->db, SQLITE_LIMIT_LENGTH, (int)RPM_HEADER_MAX);
	(void)s->api.sqlite3_limit(s->db, SQLITE_LIMIT_ATTACHED, 0);
	s->api.sqlite3_progress_handler(s->db, STEPS, is_too_long, s);
	(void)s->api.sqlite3_set_authorizer(s->db, permit, s);
}

static bool open_db(struct sqlite *s, struct rpm_file *f)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX;
	sqlite3_int64 len = (sqlite3_int64)f->len;

	/* In memory there are no logs; what one beside the file has is the caller's matter. */
	f->bytes[FORMAT_WRITE] = f->bytes[FORMAT_READ] = 1;
	if (s->api.sqlite3_open_v2(":memory:", &s->db, flags, NULL) != SQLITE_OK)
		return false;
	if (s->api.sqlite3_deserialize(s->db, "main", f->bytes, len, len,
				       SQLITE_DESERIALIZE_READONLY) != SQLITE_OK)
		return false;
	/* It attaches, which would be refused from here on; nothing was looked at yet. */
	confine(s);
	return true;
}

/* ---- Rows ---- */

/* Each row of a question; 1 ends it, and so does damage. */
static int ask(struct sqlite *s, struct rpm_file *f, const char *question,
	       int (*row)(struct sqlite *s, struct rpm_file *f, sqlite3_stmt *q, struct err *e),
	       struct err *e)
{
	sqlite3_stmt *q = NULL;
	int state = s->api.sqlite3_prepare_v2(s->db, question, -1, &q, NULL), r = 0;

	while (state == SQLITE_OK || state == SQLITE_ROW) {
		state = s->api.sqlite3_step(q);
		if (state == SQLITE_ROW && (r = row(s, f, q, e)) != 0)
			break;
	}
	if (r == 0 && state != SQLITE_DONE)
		f->why = RPM_DAMAGED;
	(void)s->api.sqlite3_finalize(q);
	return r;
}

/* rpm's has no table that a module makes up. */
static int check_schema(struct sqlite *s, struct rpm_file *f, sqlite3_stmt *q, struct err *e UNUSED)
{
	const char *sql = (const char *)s->api.sqlite3_column_text(q, 0);

	if (!sql || !strcasestr(sql, "virtual"))
		return 0;
	f->why = RPM_DAMAGED;
	return 1;
}

static int read_row(struct sqlite *s, struct rpm_file *f, sqlite3_stmt *q, struct err *e)
{
	if (s->api.sqlite3_column_type(q, 0) == SQLITE_BLOB) {
		const void *header = s->api.sqlite3_column_blob(q, 0);

		if (header)
			return rpm_file_header(f, header, (size_t)s->api.sqlite3_column_bytes(q, 0),
					       e);
	}
	f->why = RPM_DAMAGED;
	return 1;
}

int rpm_read_sqlite(struct rpm_file *f, struct err *e)
{
	struct sqlite s = { 0 };
	int r = 0;

	if (!sqlite_api_load(&s.api)) {
		f->why = "libsqlite3 is not installed";
		return 0;
	}
	if (!open_db(&s, f))
		f->why = RPM_DAMAGED;
	if (!f->why)
		r = ask(&s, f, "SELECT sql FROM sqlite_master", check_schema, e);
	if (!f->why && r == 0)
		r = ask(&s, f, "SELECT blob FROM Packages", read_row, e);
	(void)s.api.sqlite3_close(s.db);
	return r < 0 ? r : 0;
}
#else
int rpm_read_sqlite(struct rpm_file *f, struct err *e UNUSED)
{
	f->why = "this program was built without libsqlite3";
	return 0;
}
#endif
