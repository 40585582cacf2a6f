/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/live/freeze.h"

#include <errno.h>

#include "runtime/container/container.h"

int container_freeze(const struct host *h, const char *id, bool freeze, struct err *e)
{
	auto_(store) struct store s = STORE_NONE;
	auto_(container) struct container c = CONTAINER_NONE;
	enum oci_status status = OCI_STATUS_NONE;
	bool possible;
	int r = store_open(&s, h->root, false, e);

	if (r >= 0)
		r = container_load(&s, id, &c, e);
	if (r >= 0)
		r = container_status(&c, &status, e);
	if (r < 0)
		return r;
	possible = freeze ? status == OCI_STATUS_RUNNING || status == OCI_STATUS_CREATED
			  : status == OCI_STATUS_PAUSED;
	if (!possible)
		return err_set(e, EINVAL, "cannot %s container '%s': it is %s",
			       freeze ? "pause" : "resume", id, status_name(status));
	if (!c.cgroup || !cgroup_has_group(c.cgroup))
		return err_set(
			e, EOPNOTSUPP,
			"cannot %s container '%s': it has no control group (an ordinary user "
			"needs one that root delegates)",
			freeze ? "pause" : "resume", id);
	r = cgroup_freeze(c.cgroup, freeze, e);
	return r < 0 ? err_wrap(e, r, "container '%s'", id) : 0;
}
