/* SPDX-License-Identifier: Apache-2.0 */
/* Output that is in no record: how much, and why the first of it was lost. */
#ifndef SHIM_LOG_LOSS_H
#define SHIM_LOG_LOSS_H

#include <stddef.h>
#include <stdint.h>

struct log_loss {
	uint64_t bytes;
	int error; /* errno */
};

static inline void log_loss_add(struct log_loss *l, size_t bytes, int error)
{
	if (l->bytes == 0)
		l->error = error;
	l->bytes += bytes;
}

#endif
