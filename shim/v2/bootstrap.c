/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/v2/bootstrap.h"

#include "libutil/json.h"
#include "shim/v2/options.h"

/* The two messages share their first two fields.  A value of an Any may be no text, which
 * BootstrapParams does not survive. */
static bool decode_params(const void *data, size_t len, struct arena *a, struct v2_boot *b)
{
	struct msg_bootstrap_params p = { 0 };

	if (pb_decode(&msg_bootstrap_params_message, data, len, a, &p, NULL) < 0 ||
	    !p.containerd_version)
		return false;
	b->params = p;
	b->has_params = true;
	return true;
}

/* Options ride among whatever else is told. */
static void find_options(struct v2_boot *b)
{
	const struct msg_extension *list = b->params.extensions.items;

	for (size_t i = 0; i < b->params.extensions.n; i++)
		if (list[i].value && v2_options_known(list[i].value))
			b->options = *list[i].value;
}

int v2_boot_decode(const void *data, size_t len, struct arena *a, struct v2_boot *ret,
		   struct err *e)
{
	struct v2_boot b = { 0 };
	int r = 0;

	if (decode_params(data, len, a, &b))
		find_options(&b);
	else
		r = pb_decode(&msg_any_message, data, len, a, &b.options, e);
	if (r < 0)
		return err_wrap(e, r, "options on standard input");
	*ret = b;
	return 0;
}

void v2_boot_answer(const struct v2_boot *b, const char *wanted, const char *address,
		    struct strbuf *out)
{
	struct json_writer w = { .out = out };

	if (!b->has_params && !(wanted && streq(wanted, "3"))) {
		strbuf_adds(out, address);
		return;
	}
	json_object(&w);
	json_kv_i64(&w, "version", 3);
	json_kv_string(&w, "address", address);
	json_kv_string(&w, "protocol", "ttrpc");
	json_object_end(&w);
}
