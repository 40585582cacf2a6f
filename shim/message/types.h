/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages that others are made of: google.protobuf's and containerd.types'.
 *
 * Every message of this folder is a struct msg_X of libutil/protobuf.h's kinds
 * and its rows msg_X_message.  Numbers are the protocol's, names too.  Fields
 * that nobody here writes or reads have no row and are skipped.
 */
#ifndef SHIM_MESSAGE_TYPES_H
#define SHIM_MESSAGE_TYPES_H

#include <time.h>

#include "libutil/protobuf.h"

struct msg_empty {
	char none;
};

/* A message of a type that its text names: "containerd.events.TaskExit". */
struct msg_any {
	const char *type_url;
	struct pb_bytes value;
};

struct msg_timestamp {
	struct pb_number seconds, nanos;
};

struct msg_mount {
	const char *type, *source, *target;
	struct pb_list options; /* const char * */
};

/* An entry of map<string, string>. */
struct msg_pair {
	const char *key, *value;
};

extern const struct pb_message msg_empty_message;
extern const struct pb_message msg_any_message;
extern const struct pb_message msg_timestamp_message;
extern const struct pb_message msg_mount_message;
extern const struct pb_message msg_pair_message;

/* The type without the "type.googleapis.com/" that some put in front; "" when there is none.  The
 * prefix of JSON documents, "types.containerd.io/", belongs to their name. */
const char *msg_any_name(const struct msg_any *any);
bool msg_any_is(const struct msg_any *any, const char *name);

struct msg_timestamp msg_timestamp(struct timespec t);

#endif
