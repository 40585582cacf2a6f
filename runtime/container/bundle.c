/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container/bundle.h"

#include "libutil/cleanup.h"
#include "libutil/file.h"
#include "libutil/path.h"

int bundle_read_config(int dirfd, const char *name, struct arena *a, struct strbuf *ret_text,
		       struct runtime_spec **ret, struct err *e)
{
	autofree char *text = NULL;
	size_t len = 0;
	int r = file_read_at(dirfd, name, BUNDLE_CONFIG_MAX, &text, &len, e);

	if (r >= 0)
		r = runtime_spec_decode(path_base(name), text, len, NULL, a, ret, e);
	if (r >= 0 && ret_text)
		strbuf_add(ret_text, text, len);
	return r < 0 ? r : 0;
}
