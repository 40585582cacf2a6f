/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of criu's. */
#include <stdint.h>

#include "runtime/criu/rpc.h"
#include "tests/fuzz/round_trip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	round_trip(&criu_resp_message, data, size);
	round_trip(&criu_req_message, data, size);
	return 0;
}
