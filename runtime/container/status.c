/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container/status.h"

enum oci_status status_decide(const struct observation *seen)
{
	if (seen->phase == RECORD_CREATING)
		return seen->creator_alive ? OCI_STATUS_CREATING : OCI_STATUS_STOPPED;
	if (!seen->alive)
		return OCI_STATUS_STOPPED;
	if (seen->frozen)
		return OCI_STATUS_PAUSED;
	return seen->gate ? OCI_STATUS_CREATED : OCI_STATUS_RUNNING;
}

const char *status_name(enum oci_status status)
{
	return status == OCI_STATUS_NONE ? "unknown" : oci_status_words.words[status - 1];
}
