/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/ttrpc/frame.h"

#include "libutil/macro.h"

static uint32_t read_u32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void write_u32(uint8_t *at, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(v >> (24 - 8 * i));
}

void ttrpc_header_read(const uint8_t raw[TTRPC_HEADER_SIZE], struct ttrpc_header *ret)
{
	*ret = (struct ttrpc_header){
		.length = read_u32(raw),
		.stream = read_u32(raw + 4),
		.type = raw[8],
		.flags = raw[9],
	};
}

void ttrpc_header_write(uint8_t raw[TTRPC_HEADER_SIZE], const struct ttrpc_header *h)
{
	write_u32(raw, h->length);
	write_u32(raw + 4, h->stream);
	raw[8] = h->type;
	raw[9] = h->flags;
}

static enum ttrpc_verdict refuse(struct ttrpc_refusal *ret, enum ttrpc_code code, const char *text)
{
	*ret = (struct ttrpc_refusal){ .code = code, .text = text };
	return TTRPC_REFUSE;
}

enum ttrpc_verdict ttrpc_judge(const struct ttrpc_header *h, uint32_t *last,
			       struct ttrpc_refusal *ret_why)
{
	if (h->type != TTRPC_REQUEST && h->type != TTRPC_DATA)
		return TTRPC_IGNORE;
	if (h->length > TTRPC_DATA_MAX)
		return refuse(ret_why, TTRPC_RESOURCE_EXHAUSTED,
			      "the message is longer than the limit of 4 MiB");
	if (h->stream % 2 == 0)
		return refuse(ret_why, TTRPC_INVALID_ARGUMENT,
			      "a client's stream has an odd number");
	if (h->type == TTRPC_DATA)
		return refuse(ret_why, TTRPC_INVALID_ARGUMENT, "the stream is not open for data");
	if (h->stream <= *last)
		return refuse(ret_why, TTRPC_INVALID_ARGUMENT,
			      "the stream's number is not above those used before");
	*last = h->stream;
	if (h->flags & TTRPC_REMOTE_OPEN)
		return refuse(ret_why, TTRPC_UNIMPLEMENTED, "streaming calls are not served here");
	return TTRPC_SERVE;
}

const char *ttrpc_code_name(int64_t code)
{
#define X(name, number, text) { number, text },
	static const struct {
		int64_t code;
		const char *name;
	} rows[] = { TTRPC_CODES(X) };
#undef X

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].code == code)
			return rows[i].name;
	return "unknown";
}
