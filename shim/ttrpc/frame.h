/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ttrpc on the wire, as its PROTOCOL.md and its servers have it: frames of a
 * header of ten bytes and at most 4 MiB of data.
 *
 *     u32 length of the data, big endian    u32 stream    u8 type    u8 flags
 *
 * A client numbers its streams 1, 3, 5, ...  Only unary calls are served here:
 * one request frame, one response frame.  Pure.
 */
#ifndef SHIM_TTRPC_FRAME_H
#define SHIM_TTRPC_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TTRPC_HEADER_SIZE 10
#define TTRPC_DATA_MAX    ((uint32_t)4 << 20)

enum ttrpc_type {
	TTRPC_REQUEST = 1,
	TTRPC_RESPONSE = 2,
	TTRPC_DATA = 3,
};

enum ttrpc_flags {
	TTRPC_REMOTE_CLOSED = 1 << 0,
	TTRPC_REMOTE_OPEN = 1 << 1, /* the request is the first of a stream of data */
	TTRPC_NO_DATA = 1 << 2,
};

/* The codes of google.rpc that are used here; containerd makes its error classes of them. */
#define TTRPC_CODES(X)                                                                             \
	X(OK, 0, "ok")                                                                             \
	X(CANCELED, 1, "canceled")                                                                 \
	X(UNKNOWN, 2, "unknown")                                                                   \
	X(INVALID_ARGUMENT, 3, "invalid argument")                                                 \
	X(DEADLINE_EXCEEDED, 4, "deadline exceeded")                                               \
	X(NOT_FOUND, 5, "not found")                                                               \
	X(ALREADY_EXISTS, 6, "already exists")                                                     \
	X(RESOURCE_EXHAUSTED, 8, "resource exhausted")                                             \
	X(FAILED_PRECONDITION, 9, "failed precondition")                                           \
	X(UNIMPLEMENTED, 12, "unimplemented")                                                      \
	X(UNAVAILABLE, 14, "unavailable")

#define X(name, number, text) TTRPC_##name = (number),
enum ttrpc_code { TTRPC_CODES(X) };
#undef X

/* "code 7" is nobody's name: "unknown". */
const char *ttrpc_code_name(int64_t code);

struct ttrpc_header {
	uint32_t length; /* of the data that follows */
	uint32_t stream;
	uint8_t type, flags;
};

void ttrpc_header_read(const uint8_t raw[TTRPC_HEADER_SIZE], struct ttrpc_header *ret);
void ttrpc_header_write(uint8_t raw[TTRPC_HEADER_SIZE], const struct ttrpc_header *h);

/* What a server does with a frame. */
enum ttrpc_verdict {
	TTRPC_SERVE,  /* a request */
	TTRPC_IGNORE, /* of a type nobody knows yet */
	TTRPC_REFUSE, /* answer with the refusal's code and text */
};

struct ttrpc_refusal {
	enum ttrpc_code code;
	const char *text;
};

/* Judge a frame by its header alone; its data is skipped unless it is served.  `last` is the
 * highest stream that the connection has asked on so far, 0 at the beginning; a served frame's
 * stream becomes it. */
enum ttrpc_verdict ttrpc_judge(const struct ttrpc_header *h, uint32_t *last,
			       struct ttrpc_refusal *ret_why);

#endif
