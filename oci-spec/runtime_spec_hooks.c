/* SPDX-License-Identifier: Apache-2.0 */
/* Rows: hooks (config.md "POSIX-platform Hooks"). */
#include "oci-spec/runtime_rows.h"

#define H(...) FIELD_ROW(struct spec_hook, __VA_ARGS__)
static const struct field hook_rows[] = {
	H(path, "path", FIELD_STRING, .bits = FIELD_REQUIRED | FIELD_NONEMPTY | FIELD_ABSOLUTE),
	H(args, "args", FIELD_STRINGS),
	H(env, "env", FIELD_STRINGS),
	H(timeout, "timeout", FIELD_I64, .min = 1, .max = INT32_MAX),
};
static const struct field_type hook_type = FIELD_TYPE("hook", struct spec_hook, hook_rows);

#define L(...) FIELD_ROW(struct spec_hooks, __VA_ARGS__, FIELD_OBJECTS, .type = &hook_type)
static const struct field hooks_rows[] = {
	L(prestart, "prestart"),
	L(create_runtime, "createRuntime"),
	L(create_container, "createContainer"),
	L(start_container, "startContainer"),
	L(poststart, "poststart"),
	L(poststop, "poststop"),
};
const struct field_type spec_hooks_type = FIELD_TYPE("hooks", struct spec_hooks, hooks_rows);
