/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/client/ask.h"

#include <limits.h>
#include <signal.h>

#include "libutil/sig.h"

/* From the container's end to the supervisor's: the runtime's delete, on a busy machine. */
#define ENDING_MS 30000
/* A longer time is as good as none: 24 days. */
#define TIMEOUT_MAX_S ((INT_MAX - ENDING_MS) / 1000)

int ask_send(const struct entry *en, const struct ask *a, enum request_kind kind, struct err *e)
{
	struct request req = { .kind = kind, .signal = SIGTERM, .timeout_ms = -1 };
	const char *signal = a->signal ? a->signal : en->rec->stop_signal;
	int r = signal ? sig_parse(signal, &req.signal, e) : 0;

	if (r < 0)
		return r;
	if (a->timeout_s >= 0 && a->timeout_s <= TIMEOUT_MAX_S)
		req.timeout_ms = a->timeout_s * 1000;
	return request_send(en, &req, e);
}

int ask_patience_ms(const struct ask *a)
{
	if (a->timeout_s < 0 || a->timeout_s > TIMEOUT_MAX_S)
		return -1;
	return (int)a->timeout_s * 1000 + ENDING_MS;
}
