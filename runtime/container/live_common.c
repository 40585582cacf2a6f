/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container/live_common.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "libutil/file.h"
#include "libutil/path.h"

/* Bytes: thousands of mounts. */
#define DOCUMENT_MAX ((size_t)1 << 20)

static int check_status(const struct container *c, struct err *e)
{
	enum oci_status status = OCI_STATUS_NONE;
	int r = container_status(c, &status, e);

	if (r < 0)
		return r;
	if (status == OCI_STATUS_CREATING)
		return err_set(e, EBUSY, "it is still being created");
	if (status == OCI_STATUS_STOPPED)
		return err_set(e, ESRCH, "container not running: it is %s", status_name(status));
	return 0;
}

/* Whoever makes the container holds its lock and may be waiting for us: look before waiting. */
static int load(struct live_change *c, const char *id, struct err *e)
{
	auto_(container) struct container first = CONTAINER_NONE;
	int r = container_load(c->store, id, &first, e);

	if (r >= 0)
		r = check_status(&first, e);
	if (r >= 0)
		r = container_load_locked(c->store, id, &c->container, e);
	return r < 0 ? r : check_status(&c->container, e);
}

int live_begin(struct live_change *c, const struct live_request *req, struct err *e)
{
	int r = store_open(c->store, req->host->root, false, e);

	if (r >= 0)
		r = load(c, req->id, e);
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
	bool is_stdin = streq(file, "-");

	*ret_name = is_stdin ? "standard input" : path_base(file);
	return is_stdin ? file_read_fd(STDIN_FILENO, *ret_name, DOCUMENT_MAX, ret_text, ret_len, e)
			: file_read_at(AT_FDCWD, file, DOCUMENT_MAX, ret_text, ret_len, e);
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
