/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/context/workers.h"

#include <pthread.h>
#include <unistd.h>

void workers_run(void *(*work)(void *ctx), void *ctx)
{
	pthread_t threads[WORKERS_MAX - 1];
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	int n = 0;

	while (n < WORKERS_MAX - 1 && n + 1 < cpus &&
	       pthread_create(&threads[n], NULL, work, ctx) == 0)
		n++;
	(void)work(ctx);
	while (n > 0)
		(void)pthread_join(threads[--n], NULL);
}
