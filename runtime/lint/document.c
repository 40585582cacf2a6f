/* SPDX-License-Identifier: Apache-2.0 */
/* Findings about the document alone: what the specification says of it. */
#include <stdio.h>

#include "libutil/suggest.h"
#include "runtime/lint/lint.h"

static void note_fault(void *ctx, enum decode_fault kind, const char *path, const char *reason)
{
	static const enum lint_rule rules[] = {
		[DECODE_WRONG_KIND] = LINT_RULE_WRONG_KIND,
		[DECODE_WRONG_VALUE] = LINT_RULE_WRONG_VALUE,
		[DECODE_DUPLICATE] = LINT_RULE_DUPLICATE,
		[DECODE_MISSING] = LINT_RULE_MISSING,
	};
	struct lint *l = ctx;

	l->faulty = true;
	lint_add(l, rules[kind], path, "%s", reason);
}

static void note_rule(void *ctx, const char *path, const char *reason)
{
	struct lint *l = ctx;

	l->faulty = true;
	lint_add(l, LINT_RULE_WRONG_VALUE, path, "%s", reason);
}

/* Engines write what their own version of the specification has, so that an unknown name is worth a
 * warning only when it looks like a slip. */
static void note_unknown(void *ctx, const char *path, const char *key,
			 const struct field_type *known)
{
	struct suggest near = { .typed = key };

	for (size_t i = 0; i < known->n_fields; i++)
		suggest_try(&near, known->fields[i].key);
	if (near.best)
		lint_add(ctx, LINT_RULE_TYPO, path, "unknown name '%s', did you mean '%s'?", key,
			 near.best);
	else
		lint_add(ctx, LINT_RULE_UNKNOWN, path, "unknown name '%s'", key);
}

/* "1.3.0" is newer than "1.2.7": the second number decides. */
static void check_version(struct lint *l)
{
	unsigned its = 0, ours = 0;

	if (sscanf(l->spec->oci_version, "1.%u", &its) == 1 &&
	    sscanf(RUNTIME_SPEC_VERSION, "1.%u", &ours) == 1 && its > ours)
		lint_add(l, LINT_RULE_VERSION, "ociVersion",
			 "the document is for specification %s, this runtime knows %s",
			 l->spec->oci_version, RUNTIME_SPEC_VERSION);
}

void lint_document(struct lint *l, const char *text, size_t len)
{
	const struct decode_opts opts = { .unknown = note_unknown, .fault = note_fault, .ctx = l };
	struct err e = { 0 };
	void *object = NULL;
	int r = oci_decode(&runtime_spec_type, l->name ? l->name : "config.json", text, len, &opts,
			   &l->arena, &object, &e);

	if (r < 0) {
		const char *reason = strstr(e.msg, ": ");

		l->faulty = true;
		lint_add(l, LINT_RULE_SYNTAX, "", "%s", reason ? reason + 2 : e.msg);
		return;
	}
	l->spec = object;
	runtime_spec_faults(l->spec, note_rule, l);
	check_version(l);
}
