/* SPDX-License-Identifier: Apache-2.0 */
/* What frames carry: ttrpc's own Request and Response, around messages of services. */
#ifndef SHIM_TTRPC_MESSAGE_H
#define SHIM_TTRPC_MESSAGE_H

#include "libutil/protobuf.h"
#include "shim/ttrpc/frame.h"

/* Metadata (field 5) is skipped: a shim serves one namespace, which it knows. */
struct ttrpc_request {
	const char *service, *method;
	struct pb_bytes payload;
	struct pb_number timeout_nano; /* what is left of it; 0: no limit */
};

/* google.rpc.Status */
struct ttrpc_status {
	struct pb_number code;
	const char *message;
};

struct ttrpc_response {
	struct ttrpc_status *status; /* none: success */
	struct pb_bytes payload;
};

extern const struct pb_message ttrpc_request_message;
extern const struct pb_message ttrpc_response_message;

/* Append a frame with message `m`.  False when it is longer than a frame may be; then nothing was
 * appended. */
bool ttrpc_add_frame(struct strbuf *out, enum ttrpc_type type, uint32_t stream,
		     const struct pb_message *m, const void *object);

#endif
