/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/lint/rules.h"

#include <errno.h>

#include "libutil/suggest.h"

#define X(name, id, level, what, advice) [LINT_RULE_##name] = { id, LINT_##level, what, advice },
const struct lint_row lint_rows[LINT_RULE_COUNT] = { LINT_RULES(X) };
#undef X

const char *lint_level_name(enum lint_level level)
{
	static const char *const names[LINT_LEVELS] = {
		[LINT_ERROR] = "error",
		[LINT_WARNING] = "warning",
		[LINT_NOTE] = "note",
	};

	return names[level];
}

int lint_rule_find(const char *id, struct err *e)
{
	struct suggest near = { .typed = id };

	for (int i = 0; i < LINT_RULE_COUNT; i++) {
		if (streq(lint_rows[i].id, id))
			return i;
		suggest_try(&near, lint_rows[i].id);
	}
	if (near.best)
		return err_set(e, EINVAL, "unknown rule '%s', did you mean '%s'?", id, near.best);
	return err_set(e, EINVAL, "unknown rule '%s' (see 'creel lint --help')", id);
}

void lint_rules_help(struct strbuf *out)
{
	strbuf_adds(out, "The rules:\n\n");
	for (int i = 0; i < LINT_RULE_COUNT; i++)
		strbuf_addf(out, "  %-25s %-8s %s\n", lint_rows[i].id,
			    lint_level_name(lint_rows[i].level), lint_rows[i].what);
}
