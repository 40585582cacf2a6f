/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/interrupt.h"

#include <errno.h>

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

void interrupt_hold(struct interrupt *i)
{
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t n = 0; n < ARRAY_LEN(signals); n++)
		(void)sigaddset(&set, signals[n]);
	i->held = sigprocmask(SIG_BLOCK, &set, &i->before) == 0;
}

void interrupt_release(struct interrupt *i)
{
	if (i->held)
		(void)sigprocmask(SIG_SETMASK, &i->before, NULL);
	i->held = false;
}

int interrupt_check(struct err *e)
{
	sigset_t waiting;

	if (sigpending(&waiting) < 0)
		return 0;
	for (size_t n = 0; n < ARRAY_LEN(signals); n++)
		if (sigismember(&waiting, signals[n]) == 1)
			return err_set(e, EINTR, "interrupted by a signal");
	return 0;
}
