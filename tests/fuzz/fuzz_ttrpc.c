/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of a ttrpc connection, in reads of any size: frames come out the same however they were
 * cut, none reaches behind what came, and a request is taken or refused whole. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shim/ttrpc/message.h"
#include "shim/ttrpc/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What came of a connection. */
struct tally {
	uint64_t served, refused, ignored;
	uint64_t bytes; /* of served frames */
};

static void check_request(const uint8_t *data, size_t len)
{
	auto_(arena) struct arena a = { 0 };
	struct ttrpc_request q = { 0 };
	struct err e = { 0 };

	if (pb_decode(&ttrpc_request_message, data, len, &a, &q, &e) < 0 &&
	    (e.code <= 0 || e.msg[0] == '\0'))
		abort();
}

static void take_frame(const struct ttrpc_header *h, const uint8_t *data, uint32_t *last,
		       struct tally *t)
{
	struct ttrpc_refusal why = { 0 };

	switch (ttrpc_judge(h, last, &why)) {
	case TTRPC_SERVE:
		if (h->length > TTRPC_DATA_MAX || h->stream % 2 == 0 || *last != h->stream)
			abort();
		check_request(data, h->length);
		t->served++;
		t->bytes += h->length;
		break;
	case TTRPC_REFUSE:
		if (!why.text || why.code == TTRPC_OK)
			abort();
		t->refused++;
		break;
	case TTRPC_IGNORE:
		t->ignored++;
		break;
	}
}

/* As ttrpc_wire_read() puts it there. */
static void feed(struct ttrpc_wire *w, const uint8_t *data, size_t len)
{
	size_t past = len < w->skip ? len : w->skip;

	w->skip -= (uint32_t)past;
	strbuf_add(&w->in, data + past, len - past);
}

static void run(const uint8_t *data, size_t size, size_t step, struct tally *ret)
{
	struct ttrpc_wire w = { .fd = -1 };
	struct ttrpc_header h;
	const uint8_t *body;
	uint32_t last = 0;

	for (size_t at = 0; at < size; at += step) {
		feed(&w, data + at, size - at < step ? size - at : step);
		while (ttrpc_wire_next(&w, &h, &body))
			take_frame(&h, body, &last, ret);
		ttrpc_wire_settle(&w);
		if (w.in.len > TTRPC_HEADER_SIZE + (size_t)TTRPC_DATA_MAX)
			abort();
	}
	ttrpc_wire_done(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tally whole = { 0 }, cut = { 0 };

	if (size < 1)
		return 0;
	run(data + 1, size - 1, size, &whole);
	run(data + 1, size - 1, (size_t)data[0] + 1, &cut);
	if (memcmp(&whole, &cut, sizeof(whole)) != 0)
		abort();
	return 0;
}
