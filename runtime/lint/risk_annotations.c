/* SPDX-License-Identifier: Apache-2.0 */
/* Findings about annotations: some of them are orders to the runtime. */
#include "libutil/parse.h"
#include "runtime/annotation.h"
#include "runtime/lint/lint.h"

static bool is_off(const char *value)
{
	bool on = true;

	return !value || !*value || (parse_bool(value, &on) == 0 && !on);
}

void lint_annotations(struct lint *l)
{
	const struct oci_strmap *m = &l->spec->annotations;

	for (size_t i = 0; i < m->n; i++) {
		const char *power = annotation_power(m->items[i].key);

		if (power && !is_off(m->items[i].value))
			lint_add(l, LINT_RULE_ORDER,
				 lint_path(l, "annotations.%.80s", m->items[i].key), "%s", power);
	}
}
