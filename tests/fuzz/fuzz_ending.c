/* SPDX-License-Identifier: Apache-2.0 */
/* exit.json, which others may write: any text is refused, or says how a process ended. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "runtime/ending/ending.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_(arena) struct arena a = { 0 };
	struct ending_facts f = { 0 };
	struct oci_exit how;

	if (ending_parse((const char *)data, size, &a, &f, NULL) < 0)
		return 0;
	if (f.known && !WIFEXITED(f.status) && !WIFSIGNALED(f.status))
		abort();
	ending_decide(&f, &how);
	if (how.reason <= OCI_EXIT_NONE || how.reason > OCI_EXIT_UNKNOWN)
		abort();
	return 0;
}
