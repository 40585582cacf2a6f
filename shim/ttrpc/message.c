/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/ttrpc/message.h"

#define Q(member, number, ...) PB_FIELD(struct ttrpc_request, member, number, __VA_ARGS__)
static const struct pb_field request_rows[] = {
	Q(service, 1, PB_STRING),
	Q(method, 2, PB_STRING),
	Q(payload, 3, PB_BYTES),
	Q(timeout_nano, 4, PB_INT64),
};
const struct pb_message ttrpc_request_message =
	PB_MESSAGE_TYPE("Request", struct ttrpc_request, request_rows);

#define S(member, number, ...) PB_FIELD(struct ttrpc_status, member, number, __VA_ARGS__)
static const struct pb_field status_rows[] = {
	S(code, 1, PB_INT32),
	S(message, 2, PB_STRING),
};
static const struct pb_message status_message =
	PB_MESSAGE_TYPE("Status", struct ttrpc_status, status_rows);

#define R(member, number, ...) PB_FIELD(struct ttrpc_response, member, number, __VA_ARGS__)
static const struct pb_field response_rows[] = {
	R(status, 1, PB_MESSAGE, .type = &status_message),
	R(payload, 2, PB_BYTES),
};
const struct pb_message ttrpc_response_message =
	PB_MESSAGE_TYPE("Response", struct ttrpc_response, response_rows);

bool ttrpc_add_frame(struct strbuf *out, enum ttrpc_type type, uint32_t stream,
		     const struct pb_message *m, const void *object)
{
	static const uint8_t room[TTRPC_HEADER_SIZE];
	size_t start = out->len, len;

	strbuf_add(out, room, sizeof(room));
	pb_encode(m, object, out);
	if (out->failed || out->len - start - sizeof(room) > TTRPC_DATA_MAX) {
		strbuf_truncate(out, start);
		out->failed = false;
		return false;
	}
	len = out->len - start - sizeof(room);
	ttrpc_header_write((uint8_t *)out->data + start,
			   &(struct ttrpc_header){ .length = (uint32_t)len,
						   .stream = stream,
						   .type = (uint8_t)type });
	return true;
}
