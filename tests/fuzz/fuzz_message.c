/* SPDX-License-Identifier: Apache-2.0 */
/* containerd's messages: the first byte chooses one. */
#include <stdint.h>

#include "shim/message/bootstrap.h"
#include "shim/message/events.h"
#include "shim/message/metrics_v2.h"
#include "shim/message/options.h"
#include "shim/message/task.h"
#include "shim/ttrpc/message.h"
#include "tests/fuzz/round_trip.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0)
		round_trip(types[data[0] % ARRAY_LEN(types)], data + 1, size - 1);
	return 0;
}
