/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes as BuildKit's progress shows them. */
#include "imagetool/progress/internal.h"

static void add_size(struct strbuf *out, int64_t bytes)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB" };
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 1000 && unit + 1 < ARRAY_LEN(units)) {
		value /= 1000;
		unit++;
	}
	if (unit == 0)
		strbuf_addf(out, "%lldB", (long long)bytes);
	else
		strbuf_addf(out, "%.2f%s", value, units[unit]);
}

void progress_bytes(struct strbuf *out, const struct progress_item *i)
{
	if (!i->total && !i->current)
		return;
	add_size(out, i->current);
	if (!i->total)
		return;
	strbuf_adds(out, " / ");
	add_size(out, i->total);
}
