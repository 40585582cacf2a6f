/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/message/types.h"

#define GOOGLE_PREFIX "type.googleapis.com/"

const struct pb_message msg_empty_message = {
	.name = "Empty",
	.size = sizeof(struct msg_empty),
};

#define A(member, number, ...) PB_FIELD(struct msg_any, member, number, __VA_ARGS__)
static const struct pb_field any_rows[] = {
	A(type_url, 1, PB_STRING),
	A(value, 2, PB_BYTES),
};
const struct pb_message msg_any_message = PB_MESSAGE_TYPE("Any", struct msg_any, any_rows);

#define T(member, number, ...) PB_FIELD(struct msg_timestamp, member, number, __VA_ARGS__)
static const struct pb_field timestamp_rows[] = {
	T(seconds, 1, PB_INT64),
	T(nanos, 2, PB_INT32),
};
const struct pb_message msg_timestamp_message =
	PB_MESSAGE_TYPE("Timestamp", struct msg_timestamp, timestamp_rows);

#define M(member, number, ...) PB_FIELD(struct msg_mount, member, number, __VA_ARGS__)
static const struct pb_field mount_rows[] = {
	M(type, 1, PB_STRING),
	M(source, 2, PB_STRING),
	M(target, 3, PB_STRING),
	M(options, 4, PB_STRING, .bits = PB_REPEATED),
};
const struct pb_message msg_mount_message = PB_MESSAGE_TYPE("Mount", struct msg_mount, mount_rows);

#define P(member, number, ...) PB_FIELD(struct msg_pair, member, number, __VA_ARGS__)
static const struct pb_field pair_rows[] = {
	P(key, 1, PB_STRING),
	P(value, 2, PB_STRING),
};
const struct pb_message msg_pair_message = PB_MESSAGE_TYPE("entry", struct msg_pair, pair_rows);

const char *msg_any_name(const struct msg_any *any)
{
	const char *url = any && any->type_url ? any->type_url : "";

	return starts_with(url, GOOGLE_PREFIX) ? url + strlen(GOOGLE_PREFIX) : url;
}

bool msg_any_is(const struct msg_any *any, const char *name)
{
	return streq(msg_any_name(any), name);
}

struct msg_timestamp msg_timestamp(struct timespec t)
{
	return (struct msg_timestamp){ .seconds = pb_set(t.tv_sec), .nanos = pb_set(t.tv_nsec) };
}
