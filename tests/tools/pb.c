/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protocol buffers as text, by field number, for tests that speak a protocol
 * whose messages nobody here has rows for.
 *
 *     pb encode [grpc] WORD...    a message to stdout; `grpc` puts gRPC's five bytes before it
 *     pb decode [grpc]            stdin as the same words, a line each
 *     pb get [grpc] N[.N...]      the values of one field, a line each
 *
 * A word is N:TEXT (string or bytes), N=NUMBER (any variable-length number), N{ WORD... }
 * (a message; the braces are words of their own: `1{` and `}`).
 */
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libutil/strbuf.h"

enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };
#define GRPC_HEAD 5

/* ---- encode ---- */

static void put_varint(struct strbuf *out, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		strbuf_addc(out, (char)(v | 0x80));
	strbuf_addc(out, (char)v);
}

static void put_bytes(struct strbuf *out, uint64_t field, const char *data, size_t len)
{
	put_varint(out, field << 3 | WIRE_BYTES);
	put_varint(out, len);
	strbuf_add(out, data, len);
}

/* Words up to "}" or the end.  Returns the rest. */
static char **encode(struct strbuf *out, char **word)
{
	for (; *word && strcmp(*word, "}") != 0; word++) {
		char *rest;
		uint64_t field = strtoull(*word, &rest, 10);

		if (field == 0)
			errx(2, "no field number in '%s'", *word);
		if (*rest == ':') {
			put_bytes(out, field, rest + 1, strlen(rest + 1));
		} else if (*rest == '=') {
			put_varint(out, field << 3 | WIRE_VARINT);
			put_varint(out, (uint64_t)strtoll(rest + 1, NULL, 10));
		} else if (strcmp(rest, "{") == 0) {
			struct strbuf inner = { 0 };

			word = encode(&inner, word + 1);
			if (!*word)
				errx(2, "a message without its end");
			put_bytes(out, field, strbuf_str(&inner), inner.len);
			strbuf_done(&inner);
		} else {
			errx(2, "neither N:TEXT nor N=NUMBER nor N{: '%s'", *word);
		}
	}
	return word;
}

/* ---- decode ---- */

struct in {
	const uint8_t *p, *end;
};

static bool take_varint(struct in *in, uint64_t *ret)
{
	uint64_t v = 0;

	for (unsigned shift = 0; in->p < in->end && shift < 64; shift += 7) {
		uint8_t b = *in->p++;

		v |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80)) {
			*ret = v;
			return true;
		}
	}
	return false;
}

struct item {
	uint64_t field, number;
	unsigned wire;
	struct in bytes;
};

static bool take_fixed(struct in *in, size_t n, uint64_t *ret)
{
	if ((size_t)(in->end - in->p) < n)
		return false;
	*ret = 0;
	memcpy(ret, in->p, n); /* little-endian, as this machine */
	in->p += n;
	return true;
}

static bool take(struct in *in, struct item *ret)
{
	uint64_t tag, len;

	if (!take_varint(in, &tag) || tag >> 3 == 0)
		return false;
	*ret = (struct item){ .field = tag >> 3, .wire = tag & 7 };
	switch (ret->wire) {
	case WIRE_VARINT:
		return take_varint(in, &ret->number);
	case WIRE_64:
		return take_fixed(in, 8, &ret->number);
	case WIRE_32:
		return take_fixed(in, 4, &ret->number);
	case WIRE_BYTES:
		if (!take_varint(in, &len) || len > (uint64_t)(in->end - in->p))
			return false;
		ret->bytes = (struct in){ in->p, in->p + len };
		in->p += len;
		return true;
	default:
		return false;
	}
}

/* Bytes have no type on the wire: what is printable is taken for text, what decodes for a message.
 */
static bool is_text(struct in in)
{
	for (; in.p < in.end; in.p++)
		if (*in.p < ' ' && *in.p != '\n' && *in.p != '\t' && *in.p != 27)
			return false;
	return true;
}

static bool is_message(struct in in)
{
	struct item item;

	while (in.p < in.end)
		if (!take(&in, &item))
			return false;
	return true;
}

static void print_text(struct in in)
{
	(void)fwrite(in.p, 1, (size_t)(in.end - in.p), stdout);
	(void)putchar('\n');
}

static void decode(struct in in, int depth)
{
	struct item item;

	while (in.p < in.end && take(&in, &item)) {
		printf("%*s%llu", 2 * depth, "", (unsigned long long)item.field);
		if (item.wire != WIRE_BYTES) {
			printf("=%llu\n", (unsigned long long)item.number);
		} else if (is_text(item.bytes) || !is_message(item.bytes)) {
			(void)putchar(':');
			print_text(item.bytes);
		} else {
			puts("{");
			decode(item.bytes, depth + 1);
			printf("%*s}\n", 2 * depth, "");
		}
	}
}

static void get(struct in in, const char *path)
{
	char *rest;
	uint64_t field = strtoull(path, &rest, 10);
	struct item item;

	while (in.p < in.end && take(&in, &item)) {
		if (item.field != field)
			continue;
		if (*rest == '.')
			get(item.bytes, rest + 1);
		else if (item.wire == WIRE_BYTES)
			print_text(item.bytes);
		else
			printf("%llu\n", (unsigned long long)item.number);
	}
}

/* ---- command line ---- */

static void read_all(struct strbuf *text)
{
	char buf[4096];
	size_t n;

	while ((n = fread(buf, 1, sizeof(buf), stdin)) > 0)
		strbuf_add(text, buf, n);
}

static void write_message(struct strbuf *message, bool grpc)
{
	uint8_t head[GRPC_HEAD] = { 0, (uint8_t)(message->len >> 24), (uint8_t)(message->len >> 16),
				    (uint8_t)(message->len >> 8), (uint8_t)message->len };

	if (grpc)
		(void)fwrite(head, 1, sizeof(head), stdout);
	(void)fwrite(strbuf_str(message), 1, message->len, stdout);
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	bool grpc = argc > 2 && strcmp(argv[2], "grpc") == 0;
	char **words = argc > 1 ? argv + 2 + grpc : argv + 1;
	struct strbuf text = { 0 };
	struct in in;

	if (strcmp(verb, "encode") == 0) {
		if (*encode(&text, words))
			errx(2, "'}' without a message");
		write_message(&text, grpc);
		return 0;
	}
	read_all(&text);
	in.p = (const uint8_t *)strbuf_str(&text) + (grpc && text.len >= GRPC_HEAD ? GRPC_HEAD : 0);
	in.end = (const uint8_t *)strbuf_str(&text) + text.len;
	if (strcmp(verb, "decode") == 0)
		decode(in, 0);
	else if (strcmp(verb, "get") == 0 && *words)
		get(in, *words);
	else
		errx(2, "usage: pb encode|decode|get [grpc] ...");
	return 0;
}
