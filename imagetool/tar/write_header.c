/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/tar/write_header.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "imagetool/tar/header.h"
#include "libutil/alloc.h"
#include "libutil/path.h"

#define NANOS      1000000000L
#define XATTR_KEY  "SCHILY.xattr."
#define PAX_DIR    "PaxHeaders.0"
#define PAX_HEADER 'x'
/* path, linkpath, size, uid, gid, mtime */
#define PAX_OWN_KEYS 6

static const char type_flags[] = {
	[TAR_FILE] = '0',         [TAR_HARDLINK] = '1', [TAR_SYMLINK] = '2', [TAR_CHAR] = '3',
	[TAR_BLOCK_DEVICE] = '4', [TAR_DIR] = '5',      [TAR_FIFO] = '6',
};

/* ---- Fields ---- */

/* A field ends in a NUL, so it has a digit less than bytes. */
static bool fits_octal(int64_t v, int len)
{
	return v >= 0 && v >> (3 * (len - 1)) == 0;
}

/* What does not fit is 0 here and has a record. */
static void put_octal(unsigned char *field, int len, int64_t v)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%0*llo", len - 1,
		       fits_octal(v, len) ? (unsigned long long)v : 0);
	memcpy(field, text, (size_t)len);
}

static bool is_ascii(const char *s)
{
	for (; *s; s++)
		if (*s & 0x80)
			return false;
	return true;
}

/* Only what is ASCII, cut to the field.  A cut name must not end in a slash, by which old readers
 * know a directory. */
static void put_text(unsigned char *field, size_t len, const char *s)
{
	size_t n = 0, whole = 0;

	for (; *s; s++) {
		if (*s & 0x80)
			continue;
		whole++;
		if (n < len)
			field[n++] = (unsigned char)*s;
	}
	while (whole > len && n && field[n - 1] == '/')
		field[--n] = 0;
}

static void seal(unsigned char *h)
{
	unsigned sum = 0;

	memcpy(h + TAR_AT_MAGIC, "ustar\00000", TAR_LEN_MAGIC);
	memset(h + TAR_AT_CHECKSUM, ' ', TAR_LEN_CHECKSUM);
	for (int i = 0; i < TAR_BLOCK; i++)
		sum += h[i];
	put_octal(h + TAR_AT_CHECKSUM, TAR_LEN_CHECKSUM - 1, sum);
}

static void put_numbers(unsigned char *h, mode_t mode, int64_t uid, int64_t gid, int64_t size,
			int64_t mtime)
{
	put_octal(h + TAR_AT_MODE, TAR_LEN_MODE, mode);
	put_octal(h + TAR_AT_UID, TAR_LEN_UID, uid);
	put_octal(h + TAR_AT_GID, TAR_LEN_GID, gid);
	put_octal(h + TAR_AT_SIZE, TAR_LEN_SIZE, size);
	put_octal(h + TAR_AT_MTIME, TAR_LEN_MTIME, mtime);
}

/* ---- Records ---- */

struct record {
	char *key, *value; /* owned */
	size_t len;
};

struct records {
	struct record *items; /* owned */
	size_t n;
};

static void records_done(struct records *r)
{
	for (size_t i = 0; i < r->n; i++) {
		free(r->items[i].key);
		free(r->items[i].value);
	}
	free(r->items);
}
AUTO_DEFINE_DONE(records, records_done)

static void add(struct records *r, char *key, char *value, size_t len)
{
	r->items[r->n++] = (struct record){ key, value, len };
}

static void add_text(struct records *r, const char *key, const char *value)
{
	if (!is_ascii(value) || strlen(value) > TAR_LEN_NAME)
		add(r, xstrdup(key), xstrdup(value), strlen(value));
}

static void add_number(struct records *r, const char *key, int64_t v, int len)
{
	char *text;

	if (fits_octal(v, len))
		return;
	text = xasprintf("%lld", (long long)v);
	add(r, xstrdup(key), text, strlen(text));
}

static void add_time(struct records *r, struct timespec t)
{
	bool negative = t.tv_sec < 0 && t.tv_nsec;
	char *text;
	size_t n;

	if (!t.tv_nsec) {
		add_number(r, "mtime", t.tv_sec, TAR_LEN_MTIME);
		return;
	}
	/* -0.25 is the second -1 and 750 million nanoseconds. */
	text = xasprintf("%s%lld.%09ld", negative ? "-" : "",
			 (long long)(negative ? -(t.tv_sec + 1) : t.tv_sec),
			 negative ? NANOS - t.tv_nsec : t.tv_nsec);
	n = strlen(text);
	while (text[n - 1] == '0')
		n--;
	add(r, xstrdup("mtime"), text, n);
}

static int by_key(const void *a, const void *b)
{
	const struct record *x = a, *y = b;

	return strcmp(x->key, y->key);
}

static void collect(const struct tar_entry *n, const char *name, struct records *r)
{
	r->items = xcalloc(PAX_OWN_KEYS + n->n_xattrs, sizeof(*r->items));
	add_text(r, "path", name);
	add_text(r, "linkpath", n->link);
	add_number(r, "size", n->type == TAR_FILE ? n->size : 0, TAR_LEN_SIZE);
	add_number(r, "uid", n->uid, TAR_LEN_UID);
	add_number(r, "gid", n->gid, TAR_LEN_GID);
	add_time(r, n->mtime);
	for (size_t i = 0; i < n->n_xattrs; i++) {
		const struct tar_xattr *x = &n->xattrs[i];
		char *value = xcalloc(x->len + 1, 1);

		memcpy(value, x->value, x->len);
		add(r, xasprintf(XATTR_KEY "%s", x->name), value, x->len);
	}
	qsort(r->items, r->n, sizeof(*r->items), by_key);
}

/* "LENGTH KEY=VALUE\n"; the length counts its own digits. */
static void format(const struct record *x, struct strbuf *out)
{
	size_t rest = strlen(x->key) + x->len + 3, len = rest;
	char digits[24];

	for (size_t had = 0; had != len;) {
		had = len;
		len = rest + (size_t)snprintf(digits, sizeof(digits), "%zu", had);
	}
	strbuf_addf(out, "%zu %s=", len, x->key);
	strbuf_add(out, x->value, x->len);
	strbuf_addc(out, '\n');
}

static char *pax_name(const char *name)
{
	const char *slash = strrchr(name, '/');
	size_t dir = slash ? (size_t)(slash + 1 - name) : 0;
	autofree char *raw = xasprintf("%.*s" PAX_DIR "/%s", (int)dir, name, name + dir);

	return path_clean(raw);
}

static void write_records(const struct records *r, const char *name, struct strbuf *out)
{
	auto_(strbuf) struct strbuf text = { .max = 2 * TAR_EXTENDED_MAX };
	autofree char *pax = pax_name(name);
	unsigned char h[TAR_BLOCK] = { 0 };

	for (size_t i = 0; i < r->n; i++)
		format(&r->items[i], &text);
	put_text(h + TAR_AT_NAME, TAR_LEN_NAME, pax);
	h[TAR_AT_TYPE] = PAX_HEADER;
	put_numbers(h, 0, 0, 0, (int64_t)text.len, 0);
	seal(h);
	strbuf_add(out, h, sizeof(h));
	strbuf_add(out, text.data, text.len);
	memset(h, 0, sizeof(h));
	strbuf_add(out, h, -text.len & (TAR_BLOCK - 1));
}

/* ---- The entry ---- */

static int check(const struct tar_entry *n, struct err *e)
{
	size_t records = strlen(n->name) + strlen(n->link);

	if (!*n->name)
		return err_set(e, EINVAL, "archive member without a name");
	if (n->mode & ~(mode_t)07777 || n->size < 0)
		return err_set(e, EINVAL, "archive member '%s': bad mode or size", n->name);
	/* Linux has 12 and 20 bits. */
	if (!fits_octal(n->major, TAR_LEN_MAJOR) || !fits_octal(n->minor, TAR_LEN_MINOR))
		return err_set(e, ERANGE, "archive member '%s': its device number fits no archive",
			       n->name);
	for (size_t i = 0; i < n->n_xattrs; i++) {
		records += strlen(n->xattrs[i].name) + n->xattrs[i].len;
		if (strchr(n->xattrs[i].name, '='))
			return err_set(e, EINVAL,
				       "archive member '%s': extended attribute '%.80s' has a '=', "
				       "which no archive can say",
				       n->name, n->xattrs[i].name);
	}
	if (records > TAR_EXTENDED_MAX)
		return err_set(e, E2BIG,
			       "archive member '%s': %zu bytes of names and extended attributes; "
			       "readers take %zu",
			       n->name, records, TAR_EXTENDED_MAX);
	return 0;
}

int tar_header_write(const struct tar_entry *n, struct strbuf *out, struct err *e)
{
	auto_(records) struct records records = { 0 };
	bool slash = n->type == TAR_DIR && *n->name && n->name[strlen(n->name) - 1] != '/';
	autofree char *name = xasprintf("%s%s", n->name, slash ? "/" : "");
	unsigned char h[TAR_BLOCK] = { 0 };
	int r = check(n, e);

	if (r < 0)
		return r;
	collect(n, name, &records);
	if (records.n)
		write_records(&records, name, out);
	put_text(h + TAR_AT_NAME, TAR_LEN_NAME, name);
	put_text(h + TAR_AT_LINK, TAR_LEN_LINK, n->link);
	put_numbers(h, n->mode, n->uid, n->gid, n->type == TAR_FILE ? n->size : 0, n->mtime.tv_sec);
	h[TAR_AT_TYPE] = (unsigned char)type_flags[n->type];
	put_octal(h + TAR_AT_MAJOR, TAR_LEN_MAJOR, n->major);
	put_octal(h + TAR_AT_MINOR, TAR_LEN_MINOR, n->minor);
	seal(h);
	strbuf_add(out, h, sizeof(h));
	return strbuf_check(out, "archive member's header", e);
}
