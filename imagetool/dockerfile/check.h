/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Build checks: what is legal in a Dockerfile and mostly a mistake, by the names and rules BuildKit
 * gives them.
 *
 * What the text alone shows is found by dockerfile_check(); rules about values (variables, base
 * images, the context) are reported by the build as it comes to know them, through check_add().
 */
#ifndef IMAGETOOL_DOCKERFILE_CHECK_H
#define IMAGETOOL_DOCKERFILE_CHECK_H

#include <stdint.h>

#include "imagetool/dockerfile/dockerfile.h"
#include "libutil/strbuf.h"

/* In the order of check.c's table. */
enum check_rule {
	CHECK_STAGE_NAME_CASING,
	CHECK_FROM_AS_CASING,
	CHECK_NO_EMPTY_CONTINUATION,
	CHECK_CONSISTENT_INSTRUCTION_CASING,
	CHECK_DUPLICATE_STAGE_NAME,
	CHECK_RESERVED_STAGE_NAME,
	CHECK_JSON_ARGS_RECOMMENDED,
	CHECK_MAINTAINER_DEPRECATED,
	CHECK_UNDEFINED_ARG_IN_FROM,
	CHECK_UNDEFINED_VAR,
	CHECK_WORKDIR_RELATIVE_PATH,
	CHECK_MULTIPLE_INSTRUCTIONS_DISALLOWED,
	CHECK_LEGACY_KEY_VALUE_FORMAT,
	CHECK_REDUNDANT_TARGET_PLATFORM,
	CHECK_SECRETS_USED_IN_ARG_OR_ENV,
	CHECK_INVALID_DEFAULT_ARG_IN_FROM,
	CHECK_FROM_PLATFORM_FLAG_CONST_DISALLOWED,
	CHECK_COPY_IGNORED_FILE,
	CHECK_INVALID_DEFINITION_DESCRIPTION,
	CHECK_EXPOSE_PROTO_CASING,
	CHECK_EXPOSE_INVALID_FORMAT,
	CHECK_INVALID_BASE_IMAGE_PLATFORM,
	CHECK_RULES,
};

#define CHECK_FINDINGS_MAX 1000

struct finding {
	enum check_rule rule;
	const char *message;
	unsigned first_line, last_line; /* from 1 */
};

/* Zero it, give it an arena; then check_configure() with the directive, or
 * BUILDKIT_DOCKERFILE_CHECK. */
struct checks {
	struct arena *arena;
	struct finding *items;
	size_t n, cap;
	uint32_t skipped;      /* bits of rules */
	uint32_t experimental; /* rules that are off unless asked for, and were */
	bool fail;             /* findings are errors */
};

/* "skip=RULE,RULE|all;error=true;experimental=RULE|all"; NULL says nothing, and
 * rules that are not known neither. */
int check_configure(struct checks *c, const char *text, struct err *e);
void check_add(struct checks *c, enum check_rule rule, unsigned first_line, unsigned last_line,
	       const char *fmt, ...) PRINTF(5, 6);
/* At an instruction, whose comments may say otherwise: "# check=skip=RULE". */
void check_report(struct checks *c, enum check_rule rule, const struct instruction *i,
		  const char *fmt, ...) PRINTF(4, 5);
/* All that the text shows. */
void dockerfile_check(struct checks *c, const struct dockerfile *f);

/* The last of what a stage should have once; zeroed where it begins. */
struct check_stage {
	const struct instruction *cmd, *entrypoint, *health;
};
/* What an instruction of a stage that is needed shows.  `has_shell`: the config has a SHELL by now,
 * of the stage or of what it is built on, and JSON is no better then. */
void check_step(struct checks *c, struct check_stage *s, const struct instruction *i,
		bool has_shell);
/* A word of EXPOSE, with variables' values. */
void check_port(struct checks *c, const struct instruction *i, const char *port);

const char *check_name(enum check_rule rule);
/* Where the rule is explained; NULL: nowhere. */
const char *check_url(enum check_rule rule);
/* What it is about, in a sentence. */
const char *check_about(enum check_rule rule);

/* The lines around a place as BuildKit shows them, the place itself marked by ">>>". */
void source_excerpt(struct strbuf *out, const char *name, const char *text, size_t len,
		    unsigned first_line, unsigned last_line);

#endif
