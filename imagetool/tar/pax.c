/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/tar/pax.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "libutil/alloc.h"
#include "libutil/parse.h"

void tar_sparse_done(struct tar_sparse *s)
{
	free(s->pieces);
	*s = (struct tar_sparse){ 0 };
}

int tar_sparse_add(struct tar_sparse *s, int64_t offset, int64_t len, struct err *e)
{
	if (s->n == TAR_SPARSE_MAX)
		return err_set(e, E2BIG, "sparse map: more than %d pieces", TAR_SPARSE_MAX);
	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 16;
		s->pieces = xreallocarray(s->pieces, s->cap, sizeof(*s->pieces));
	}
	s->pieces[s->n++] = (struct tar_piece){ offset, len };
	return 0;
}

int tar_sparse_check(const struct tar_sparse *s, int64_t real_size, int64_t data_size,
		     struct err *e)
{
	int64_t end = 0, sum = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct tar_piece *p = &s->pieces[i];

		if (p->offset < end || p->len < 0 || p->offset > real_size ||
		    p->len > real_size - p->offset)
			return err_set(e, EBADMSG, "sparse map: piece %zu is out of order", i);
		end = p->offset + p->len;
		sum += p->len;
	}
	if (sum != data_size)
		return err_set(e, EBADMSG, "sparse map: %lld bytes in pieces, %lld in the archive",
			       (long long)sum, (long long)data_size);
	return 0;
}

void tar_pax_done(struct tar_pax *p)
{
	tar_sparse_done(&p->map);
	free(p->xattrs);
	*p = (struct tar_pax){ 0 };
}

/* ---- Values ---- */

static int pax_i64(const char *key, const char *value, int64_t min, int64_t *ret, struct err *e)
{
	int64_t v;

	if (parse_i64(value, &v) < 0 || v < min)
		return err_set(e, EBADMSG, "%s: '%.40s' is no such number", key, value);
	*ret = v;
	return 0;
}

/* "-12.345": what is finer than a nanosecond is cut off, towards the past. */
static int pax_time(const char *key, const char *value, struct timespec *ret, struct err *e)
{
	const char *dot = strchr(value, '.');
	size_t whole = dot ? (size_t)(dot - value) : strlen(value);
	char seconds[24];
	int64_t s;
	long ns = 0, digit = 100000000;

	if (whole >= sizeof(seconds))
		return err_set(e, EBADMSG, "%s: '%.40s' is no time", key, value);
	memcpy(seconds, value, whole);
	seconds[whole] = '\0';
	if (parse_i64(seconds, &s) < 0)
		return err_set(e, EBADMSG, "%s: '%.40s' is no time", key, value);
	for (const char *p = dot ? dot + 1 : ""; *p; p++, digit /= 10) {
		if (*p < '0' || *p > '9')
			return err_set(e, EBADMSG, "%s: '%.40s' is no time", key, value);
		ns += (*p - '0') * digit;
	}
	if (value[0] == '-' && ns) {
		s--;
		ns = 1000000000 - ns;
	}
	*ret = (struct timespec){ .tv_sec = s, .tv_nsec = ns };
	return 0;
}

static int pax_text(const char *key, const char *value, size_t len, const char **ret, struct err *e)
{
	if (strlen(value) != len)
		return err_set(e, EBADMSG, "%s: holds a NUL", key);
	*ret = len ? value : NULL;
	return 0;
}

/* ---- Extended attributes ---- */

static int add_xattr(struct tar_pax *p, const char *name, const char *value, size_t len,
		     struct err *e)
{
	size_t i = 0;

	/* The last record of a name counts. */
	while (i < p->n_xattrs && !streq(p->xattrs[i].name, name))
		i++;
	if (i == TAR_XATTRS_MAX)
		return err_set(e, E2BIG, "more than %d extended attributes", TAR_XATTRS_MAX);
	if (i == p->n_xattrs) {
		/* Powers of two; the array grows when it is full. */
		if ((i & (i - 1)) == 0)
			p->xattrs = xreallocarray(p->xattrs, i ? 2 * i : 1, sizeof(*p->xattrs));
		p->n_xattrs++;
	}
	p->xattrs[i] = (struct tar_xattr){ .name = name, .value = value, .len = len };
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* In place: "a%20b" -> "a b". */
static int url_decode(char *s)
{
	char *out = s;

	for (; *s; s++, out++) {
		int high, low;

		*out = *s;
		if (*s != '%')
			continue;
		high = hex_digit(s[1]);
		low = high < 0 ? -1 : hex_digit(s[2]);
		if (low < 0)
			return -EBADMSG;
		*out = (char)(high * 16 + low);
		s += 2;
	}
	*out = '\0';
	return 0;
}

/* In place; libarchive writes it without padding.  Returns the decoded length. */
static int base64_decode(char *s, size_t len, size_t *ret)
{
	autofree unsigned char *padded = NULL;
	size_t full = (len + 3) / 4 * 4;
	int n;

	padded = xcalloc(full + 1, 1);
	memcpy(padded, s, len);
	memset(padded + len, '=', full - len);
	/* Blocks decode to 3 bytes for 4, so the result fits where the text was, save the padding.
	 */
	n = EVP_DecodeBlock(padded, padded, (int)full);
	if (n < 0 || full - len == 3)
		return -EBADMSG;
	while (len && s[len - 1] == '=')
		len--;
	*ret = len * 3 / 4;
	memcpy(s, padded, *ret);
	return 0;
}

static int add_libarchive_xattr(struct tar_pax *p, char *key, char *value, size_t len,
				struct err *e)
{
	char *name = key + strlen("LIBARCHIVE.xattr.");

	if (url_decode(name) < 0 || base64_decode(value, len, &len) < 0)
		return err_set(e, EBADMSG, "'%.80s': bad encoding", key);
	return add_xattr(p, name, value, len, e);
}

/* ---- Records ---- */

static int add_sparse_number(struct tar_pax *p, const char *key, const char *value, struct err *e)
{
	int64_t v = 0;
	int r = pax_i64(key, value, 0, &v, e);

	if (r < 0)
		return r;
	if (streq(key, "GNU.sparse.offset"))
		return tar_sparse_add(&p->map, v, 0, e);
	if (p->map.n == 0)
		return err_set(e, EBADMSG, "%s: comes before an offset", key);
	p->map.pieces[p->map.n - 1].len = v;
	return 0;
}

/* GNU sparse 0.1: "offset,length,offset,length". */
static int parse_sparse_map(struct tar_pax *p, char *value, struct err *e)
{
	char *save = NULL;
	bool want_len = false;

	tar_sparse_done(&p->map);
	for (char *w = strtok_r(value, ",", &save); w; w = strtok_r(NULL, ",", &save)) {
		int r = add_sparse_number(p, want_len ? "GNU.sparse.numbytes" : "GNU.sparse.offset",
					  w, e);

		if (r < 0)
			return r;
		want_len = !want_len;
	}
	return want_len ? err_set(e, EBADMSG, "GNU.sparse.map: odd count of numbers") : 0;
}

static int gnu_sparse_record(struct tar_pax *p, const char *key, char *value, size_t len,
			     struct err *e)
{
	const char *k = key + strlen("GNU.sparse.");

	p->sparse = true;
	if (streq(k, "major"))
		return pax_i64(key, value, 0, &p->sparse_major, e);
	if (streq(k, "minor"))
		return pax_i64(key, value, 0, &p->sparse_minor, e);
	if (streq(k, "name"))
		return pax_text(key, value, len, &p->sparse_name, e);
	if (streq(k, "map"))
		return parse_sparse_map(p, value, e);
	if (streq(k, "offset") || streq(k, "numbytes"))
		return add_sparse_number(p, key, value, e);
	if (streq(k, "size") || streq(k, "realsize")) {
		p->has_real_size = true;
		return pax_i64(key, value, 0, &p->real_size, e);
	}
	return 0; /* numblocks: counted here */
}

static int number_record(const char *key, const char *value, bool *has, int64_t *to, struct err *e)
{
	/* An empty value takes an earlier one back. */
	*has = *value != '\0';
	return *has ? pax_i64(key, value, 0, to, e) : 0;
}

static int record(struct tar_pax *p, char *key, char *value, size_t len, struct err *e)
{
	static const char schily[] = "SCHILY.xattr.";

	if (streq(key, "path"))
		return pax_text(key, value, len, &p->path, e);
	if (streq(key, "linkpath"))
		return pax_text(key, value, len, &p->link, e);
	if (streq(key, "size"))
		return number_record(key, value, &p->has_size, &p->size, e);
	if (streq(key, "uid"))
		return number_record(key, value, &p->has_uid, &p->uid, e);
	if (streq(key, "gid"))
		return number_record(key, value, &p->has_gid, &p->gid, e);
	if (streq(key, "mtime")) {
		p->has_mtime = len > 0;
		return len ? pax_time(key, value, &p->mtime, e) : 0;
	}
	if (starts_with(key, schily))
		return add_xattr(p, key + strlen(schily), value, len, e);
	if (starts_with(key, "LIBARCHIVE.xattr."))
		return add_libarchive_xattr(p, key, value, len, e);
	if (starts_with(key, "GNU.sparse."))
		return gnu_sparse_record(p, key, value, len, e);
	return 0;
}

/* Length of the record at `text`, its own digits included; 0 when there is none. */
static size_t record_length(const char *text, size_t left, size_t *ret_digits)
{
	size_t n = 0, digits = 0;

	while (digits < left && digits < 8 && text[digits] >= '0' && text[digits] <= '9')
		n = n * 10 + (size_t)(text[digits++] - '0');
	if (digits == 0 || digits == left || text[digits] != ' ')
		return 0;
	if (n > left || n < digits + sizeof(" k=\n") - 1 || text[n - 1] != '\n')
		return 0;
	*ret_digits = digits;
	return n;
}

int tar_pax_parse(struct tar_pax *p, char *text, size_t len, struct err *e)
{
	size_t n, digits;

	for (; len; text += n, len -= n) {
		char *key, *equals;
		int r;

		/* Some writers fill up with NULs. */
		if (*text == '\0')
			return 0;
		n = record_length(text, len, &digits);
		if (n == 0)
			return err_set(e, EBADMSG, "malformed record");
		key = text + digits + 1;
		text[n - 1] = '\0';
		equals = memchr(key, '=', (size_t)(text + n - 1 - key));
		if (!equals || equals == key)
			return err_set(e, EBADMSG, "record without a key");
		*equals = '\0';
		r = record(p, key, equals + 1, (size_t)(text + n - 1 - (equals + 1)), e);
		if (r < 0)
			return r;
	}
	return 0;
}
