/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mktar < DESCRIPTION > FILE.tar - tar archives that no honest tool would write.
 *
 * One entry per line, words separated by blanks; in words \NNN is an octal
 * byte, so \040 is a blank.  The first word is the type: file, hardlink,
 * symlink, char, block, dir, fifo, or flag=N for a type flag of one's own.
 * Then, in any order:
 *
 *   name=TEXT link=TEXT mode=OCTAL uid=N gid=N mtime=N dev=MAJOR:MINOR
 *   data=TEXT        the content
 *   fill=N           N bytes of content
 *   size=N           what the header claims, whatever there is
 *   pax:KEY=VALUE    a record of a PAX header in front
 *   xattr:NAME=VALUE the record SCHILY.xattr.NAME
 *   gnulong          name and link in GNU's long-name entries
 *   badsum           a wrong checksum
 *   magic=TEXT       instead of ustar's
 *
 * Lines of one word:
 *   eof       the two zero blocks (at the end they come by themselves)
 *   noeof     no zero blocks at the end
 *   raw=TEXT  these bytes, as they are
 *   zeros=N   N zero bytes
 *   repeat=N  the next line N times, "%" in it replaced by 0, 1, 2, ...
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "libutil/macro.h"
#include "libutil/strbuf.h"

#define BLOCK 512

struct entry {
	char flag;
	char *name, *link, *magic;
	struct strbuf data, pax;
	unsigned long mode, uid, gid, dev_major, dev_minor;
	long long mtime, size; /* size -1: that of the data */
	bool gnulong, badsum;
};

static void die(const char *why, const char *what)
{
	(void)fprintf(stderr, "mktar: %s '%s'\n", why, what);
	exit(1);
}

static void put(const void *data, size_t len)
{
	if (fwrite(data, 1, len, stdout) != len)
		die("write to", "stdout");
}

static void put_zeros(unsigned long long n)
{
	static const char zeros[BLOCK];

	for (; n > sizeof(zeros); n -= sizeof(zeros))
		put(zeros, sizeof(zeros));
	put(zeros, (size_t)n);
}

static void put_padded(const char *data, size_t len)
{
	put(data, len);
	put_zeros(-len & (BLOCK - 1));
}

/* In place; returns the length, as the result may hold NULs. */
static size_t unescape(char *s)
{
	char *out = s, *start = s;

	for (; *s; s++) {
		if (*s == '\\' && strspn(s + 1, "01234567") >= 3) {
			*out++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 3;
		} else {
			*out++ = *s;
		}
	}
	*out = '\0';
	return (size_t)(out - start);
}

/* Octal, or base-256 where that is too short. */
static void put_number(char *field, int len, long long v)
{
	if (v >= 0 && (len > 20 || (unsigned long long)v >> (3 * (len - 1)) == 0)) {
		(void)snprintf(field, (size_t)len, "%0*llo", len - 1, (unsigned long long)v);
		return;
	}
	for (int i = len - 1; i >= 0; i--) {
		field[i] = (char)(v & 0xff);
		v >>= 8;
	}
	field[0] = (char)((unsigned char)field[0] | 0x80);
}

static void put_text(char *field, size_t len, const char *text)
{
	memcpy(field, text, strnlen(text, len));
}

static void put_header(const struct entry *n, char flag, const char *name, long long size)
{
	char h[BLOCK] = { 0 };
	unsigned sum = 0;

	put_text(h, 100, name);
	put_number(h + 100, 8, (long long)n->mode);
	put_number(h + 108, 8, (long long)n->uid);
	put_number(h + 116, 8, (long long)n->gid);
	put_number(h + 124, 12, size);
	put_number(h + 136, 12, n->mtime);
	h[156] = flag;
	put_text(h + 157, 100, n->link);
	if (n->magic)
		put_text(h + 257, 8, n->magic);
	else
		memcpy(h + 257, n->gnulong ? "ustar  " : "ustar\00000", 8);
	put_number(h + 329, 8, (long long)n->dev_major);
	put_number(h + 337, 8, (long long)n->dev_minor);
	memset(h + 148, ' ', 8);
	for (int i = 0; i < BLOCK; i++)
		sum += (unsigned char)h[i];
	(void)snprintf(h + 148, 8, "%06o", n->badsum ? sum + 1 : sum);
	put(h, sizeof(h));
}

/* The length of a record counts its own digits. */
static void add_pax(struct entry *n, const char *key, const char *value, size_t len)
{
	size_t rest = strlen(key) + len + 3, total = rest + 1;
	char digits[24];

	while (total != rest + (size_t)snprintf(digits, sizeof(digits), "%zu", total))
		total = rest + strlen(digits);
	strbuf_addf(&n->pax, "%zu %s=", total, key);
	strbuf_add(&n->pax, value, len);
	strbuf_addc(&n->pax, '\n');
}

struct type_row {
	const char *word;
	char flag;
};

static const struct type_row types[] = {
	{ "file", '0' },  { "hardlink", '1' }, { "symlink", '2' }, { "char", '3' },
	{ "block", '4' }, { "dir", '5' },      { "fifo", '6' },
};

static char parse_type(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (streq(types[i].word, word))
			return types[i].flag;
	if (starts_with(word, "flag="))
		return (char)atoi(word + 5);
	die("unknown type", word);
	return 0;
}

/* "pax:KEY=VALUE" and "xattr:NAME=VALUE" */
static void parse_record(struct entry *n, const char *prefix, char *word)
{
	char *value = strchr(word, '=');
	autofree char *key = NULL;

	if (!value)
		die("no value in", word);
	*value++ = '\0';
	key = xasprintf("%s%s", prefix, word);
	add_pax(n, key, value, unescape(value));
}

static void parse_number(struct entry *n, const char *key, const char *value)
{
	if (streq(key, "mode"))
		n->mode = strtoul(value, NULL, 8);
	else if (streq(key, "uid"))
		n->uid = strtoul(value, NULL, 10);
	else if (streq(key, "gid"))
		n->gid = strtoul(value, NULL, 10);
	else if (streq(key, "mtime"))
		n->mtime = strtoll(value, NULL, 10);
	else if (streq(key, "size"))
		n->size = strtoll(value, NULL, 10);
	else if (!streq(key, "dev") || sscanf(value, "%lu:%lu", &n->dev_major, &n->dev_minor) != 2)
		die("unknown key", key);
}

static void parse_word(struct entry *n, char *word)
{
	char *value = strchr(word, '=');
	size_t len;

	if (streq(word, "gnulong")) {
		n->gnulong = true;
	} else if (streq(word, "badsum")) {
		n->badsum = true;
	} else if (starts_with(word, "pax:")) {
		parse_record(n, "", word + 4);
	} else if (starts_with(word, "xattr:")) {
		parse_record(n, "SCHILY.xattr.", word + 6);
	} else if (!value) {
		die("unknown word", word);
	} else {
		*value++ = '\0';
		len = unescape(value);
		if (streq(word, "name"))
			n->name = value;
		else if (streq(word, "link"))
			n->link = value;
		else if (streq(word, "magic"))
			n->magic = value;
		else if (streq(word, "data"))
			strbuf_add(&n->data, value, len);
		else if (streq(word, "fill"))
			for (long i = atol(value); i > 0; i--)
				strbuf_addc(&n->data, (char)('a' + i % 26));
		else
			parse_number(n, word, value);
	}
}

static void put_extended(const struct entry *n, char flag, const char *text, size_t len)
{
	struct entry plain = { .link = (char *)(uintptr_t) "",
			       .mode = 0644,
			       .gnulong = n->gnulong };

	put_header(&plain, flag, "extended", (long long)len);
	put_padded(text, len);
}

static void put_entry(const struct entry *n)
{
	if (n->gnulong) {
		put_extended(n, 'L', n->name, strlen(n->name) + 1);
		if (*n->link)
			put_extended(n, 'K', n->link, strlen(n->link) + 1);
	}
	if (n->pax.len)
		put_extended(n, 'x', n->pax.data, n->pax.len);
	put_header(n, n->flag, n->name, n->size < 0 ? (long long)n->data.len : n->size);
	put_padded(strbuf_str(&n->data), n->data.len);
}

static void do_entry(char *line)
{
	char *save = NULL, *word = strtok_r(line, " \t", &save);
	struct entry n = { .name = (char *)(uintptr_t) "",
			   .link = (char *)(uintptr_t) "",
			   .size = -1 };

	n.flag = parse_type(word);
	n.mode = n.flag == '5' ? 0755 : 0644;
	n.mtime = 1700000000;
	while ((word = strtok_r(NULL, " \t", &save)))
		parse_word(&n, word);
	put_entry(&n);
	strbuf_done(&n.data);
	strbuf_done(&n.pax);
}

static void do_repeat(const char *line, long count)
{
	for (long i = 0; i < count; i++) {
		auto_(strbuf) struct strbuf b = { 0 };

		for (const char *p = line; *p; p++)
			if (*p == '%')
				strbuf_addf(&b, "%ld", i);
			else
				strbuf_addc(&b, *p);
		do_entry(b.data);
	}
}

int main(void)
{
	autofree char *line = NULL;
	size_t size = 0;
	long count = 1;
	bool eof = true;
	ssize_t len;

	while ((len = getline(&line, &size, stdin)) > 0) {
		char *at = line + strspn(line, " \t");

		if (line[len - 1] == '\n')
			line[len - 1] = '\0';
		if (*at == '\0' || *at == '\n' || *at == '#')
			continue;
		if (streq(at, "noeof"))
			eof = false;
		else if (streq(at, "eof"))
			put_zeros(2ULL * BLOCK);
		else if (starts_with(at, "raw="))
			put(at + 4, unescape(at + 4));
		else if (starts_with(at, "zeros="))
			put_zeros(strtoull(at + 6, NULL, 10));
		else if (starts_with(at, "repeat="))
			count = atol(at + 7);
		else {
			do_repeat(at, count);
			count = 1;
		}
	}
	if (eof)
		put_zeros(2ULL * BLOCK);
	return fflush(stdout) == 0 ? 0 : 1;
}
