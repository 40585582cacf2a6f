/* SPDX-License-Identifier: Apache-2.0 */
/* containerd's messages: the first byte chooses one.  Whatever comes is taken or refused whole, and
 * what is taken is written as something that means the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shim/message/bootstrap.h"
#include "shim/message/events.h"
#include "shim/message/metrics_v2.h"
#include "shim/message/options.h"
#include "shim/message/task.h"
#include "shim/ttrpc/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* New ones at the end: the corpus counts. */
static const struct pb_message *const types[] = {
	&msg_create_request_message,     &msg_exec_request_message,
	&msg_process_request_message,    &msg_kill_request_message,
	&msg_resize_request_message,     &msg_close_io_request_message,
	&msg_checkpoint_request_message, &msg_update_request_message,
	&msg_shutdown_request_message,   &msg_state_reply_message,
	&msg_pids_reply_message,         &msg_forward_request_message,
	&msg_runc_options_message,       &msg_runtime_options_message,
	&msg_linux_options_message,      &msg_checkpoint_options_message,
	&msg_bootstrap_params_message,   &msg_runtime_info_message,
	&msg_metrics_v1_message,         &msg_metrics_v2_message,
	&ttrpc_request_message,          &ttrpc_response_message,
};

static void check(const struct pb_message *m, const void *data, size_t size)
{
	auto_(arena) struct arena a = { 0 };
	auto_(strbuf) struct strbuf once = { 0 }, twice = { 0 };
	void *first = arena_alloc(&a, 1, m->size), *second = arena_alloc(&a, 1, m->size);
	struct err e = { 0 };

	if (pb_decode(m, data, size, &a, first, &e) < 0) {
		if (e.code <= 0 || e.msg[0] == '\0')
			abort();
		return;
	}
	pb_encode(m, first, &once);
	/* Overlong numbers and unknown fields make the input longer than what it says; a packed
	 * number may take a key of its own. */
	if (once.len > size * 4 + 64 ||
	    pb_decode(m, once.data ? once.data : "", once.len, &a, second, &e) < 0)
		abort();
	pb_encode(m, second, &twice);
	if (twice.len != once.len || (once.len && memcmp(once.data, twice.data, once.len) != 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0)
		check(types[data[0] % ARRAY_LEN(types)], data + 1, size - 1);
	return 0;
}
