/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of the annotation org.creel.landlock. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "runtime/landlock/landlock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = xcalloc(size + 1, 1);
	auto_(arena) struct arena a = { 0 };
	struct landlock_rules *rules = NULL;
	struct err e = { 0 };
	uint64_t handled = 0;
	int r;

	memcpy(text, data, size);
	if (landlock_parse(text, &a, &rules, &e) < 0) {
		if (!e.code || rules)
			abort();
		return 0;
	}
	for (size_t i = 0; i < rules->n_paths; i++)
		if (!rules->paths[i].allowed ||
		    (rules->paths[i].allowed & ~rules->handled.v[LANDLOCK_FS]))
			abort();
	rules->best_effort = true;
	r = landlock_fit(rules, 4, &e);
	for (int kind = 0; kind < LANDLOCK_KIND_COUNT; kind++)
		handled |= rules->handled.v[kind];
	if (r != (handled != 0) || rules->handled.v[LANDLOCK_SCOPED])
		abort();
	return 0;
}
