/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/live/change.h"

#include <errno.h>

#include "libutil/file.h"
#include "libutil/path.h"

/* Bytes: thousands of mounts. */
#define DOCUMENT_MAX ((size_t)1 << 20)

int live_begin(struct live_change *c, const struct live_request *req, struct err *e)
{
	int r = store_open(c->store, req->host->root, false, e);

	if (r >= 0)
		r = container_load_living(c->store, req->id, &c->container, e);
	if (r >= 0)
		r = container_spec(&c->container, &c->spec, e);
	if (r < 0)
		return r;
	if (!spec_find_namespace(c->spec, OCI_NS_MOUNT))
		return err_set(e, EOPNOTSUPP, "it has no mount namespace of its own");
	return 0;
}

int live_read_file(const char *file, char **ret_text, size_t *ret_len, const char **ret_name,
		   struct err *e)
{
	return file_read_named(file, DOCUMENT_MAX, ret_text, ret_len, ret_name, e);
}

bool live_same_place(const char *x, const char *y)
{
	autofree char *a = path_join("/", x), *b = path_join("/", y);
	autofree char *clean_a = path_clean(a), *clean_b = path_clean(b);

	return streq(clean_a, clean_b);
}

int live_end(const struct live_change *c, int r, struct err *e)
{
	if (r < 0) {
		container_drop_spec(&c->container);
		return r;
	}
	r = container_keep_spec(&c->container, e);
	if (r >= 0)
		r = container_write_record(&c->container, e);
	return r < 0 ? err_wrap(e, r, "it is done, but not written down") : 0;
}
