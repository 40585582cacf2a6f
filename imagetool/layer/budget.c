/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/layer/budget.h"

#include <errno.h>

void layer_budget_init(struct layer_budget *b, int64_t max_bytes, int64_t max_entries)
{
	b->max_bytes = max_bytes ? max_bytes : BUDGET_BYTES;
	b->max_entries = max_entries ? max_entries : BUDGET_ENTRIES;
	atomic_init(&b->bytes, 0);
	atomic_init(&b->entries, 0);
}

int layer_budget_take_bytes(struct layer_budget *b, int64_t n, struct err *e)
{
	if (atomic_fetch_add_explicit(&b->bytes, n, memory_order_relaxed) + n <= b->max_bytes)
		return 0;
	return err_set(e, EFBIG,
		       "the layers hold more than %lld bytes when they are unpacked: "
		       "--max-size allows more",
		       (long long)b->max_bytes);
}

int layer_budget_take_entry(struct layer_budget *b, struct err *e)
{
	if (atomic_fetch_add_explicit(&b->entries, 1, memory_order_relaxed) < b->max_entries)
		return 0;
	return err_set(e, E2BIG,
		       "the layers have more than %lld entries: --max-entries allows more",
		       (long long)b->max_entries);
}

int budget_opts_check(const struct budget_opts *o, struct err *e)
{
	if (o->max_size < 0)
		return err_set(e, EINVAL, "--max-size: %lld is not a size", (long long)o->max_size);
	if (o->max_entries < 0)
		return err_set(e, EINVAL, "--max-entries: %lld is not a number of entries",
			       (long long)o->max_entries);
	return 0;
}
