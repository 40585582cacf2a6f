/* SPDX-License-Identifier: Apache-2.0 */
/* Options as containerd's configuration writes them: read or refused, nothing in between. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shim/v2/options.h"
#include "shim/v2/toml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int check_value(void *ctx UNUSED, const char *key UNUSED, const struct toml_value *v,
		       struct err *e UNUSED)
{
	if ((v->kind == TOML_STRING) != (v->string != NULL))
		abort();
	return 0;
}

/* As the body of a message, which is where it comes from. */
static void decode_options(const uint8_t *data, size_t size)
{
	auto_(arena) struct arena a = { 0 };
	auto_(strbuf) struct strbuf text = { 0 };
	struct msg_runtime_options m = { .config_body = { data, size } };
	struct msg_any any = { .type_url = MSG_RUNTIME_OPTIONS };
	struct v2_options o = { 0 };
	struct err e = { 0 };

	pb_encode(&msg_runtime_options_message, &m, &text);
	any.value = (struct pb_bytes){ (const uint8_t *)text.data, text.len };
	if (v2_options_decode(&any, &a, &o, &e) < 0 ? !e.code : !o.binary || !o.root)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = { 0 };

	if (toml_read("input", (const char *)data, size, check_value, NULL, &e) < 0 && !e.code)
		abort();
	decode_options(data, size);
	return 0;
}
