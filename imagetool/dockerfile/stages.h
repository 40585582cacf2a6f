/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stages of a Dockerfile: where each begins, what it is built on, which others it needs.
 *
 * Pure.  Names in FROM are expanded with the arguments declared above the first FROM; a stage is
 * known by its name (any case) or its number to what follows it.
 */
#ifndef IMAGETOOL_DOCKERFILE_STAGES_H
#define IMAGETOOL_DOCKERFILE_STAGES_H

#include "imagetool/dockerfile/dockerfile.h"

#define STAGES_MAX 1000

enum stage_base {
	BASE_SCRATCH, /* nothing */
	BASE_STAGE,   /* an earlier stage */
	BASE_IMAGE,   /* an image, or a context the caller named so */
};

struct stage {
	const char *name; /* in lower case; "" when it has none */
	const struct instruction *from;
	enum stage_base base;
	size_t base_stage;               /* BASE_STAGE */
	const char *base_name;           /* BASE_IMAGE: expanded, as written */
	const char *platform;            /* expanded; NULL: the target's */
	const struct instruction *items; /* behind FROM */
	size_t n;
};

/* An ARG above the first FROM. */
struct global_arg {
	const char *name;
	const char *value; /* NULL: no default and none given */
};

struct stages {
	struct stage *items;
	size_t n;
	struct global_arg *args;
	size_t n_args;
	unsigned failed_line; /* after a failure */
};

struct stages_input {
	/* --build-arg: the value, or NULL when none was given. */
	const char *(*build_arg)(void *ctx, const char *name);
	/* BUILDPLATFORM, TARGETARCH, ...: FROM may use them undeclared. */
	const char *(*platform_arg)(void *ctx, const char *name);
	/* FROM uses what nobody declared; may be NULL. */
	void (*undefined)(void *ctx, const struct instruction *from, const char *name);
	void *ctx;
};

int stages_plan(const struct dockerfile *f, const struct stages_input *in, struct arena *a,
		struct stages *ret, struct err *e);
/* By name or number, among the first `before`; -1: none. */
ssize_t stages_find(const struct stages *s, const char *text, size_t before);
/* --target: the last one for NULL.  -ENOENT names those there are. */
ssize_t stages_target(const struct stages *s, const char *target, struct err *e);
/* ret[i] for every stage that `target` needs, itself included; `ret` has s->n items. */
void stages_needed(const struct stages *s, size_t target, bool *ret);

#endif
