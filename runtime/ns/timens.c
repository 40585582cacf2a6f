/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/ns/timens.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>

#include "libutil/cleanup.h"
#include "libutil/file.h"
#include "runtime/ns/plan.h"

#define NANOSECONDS 1000000000u

int timens_format(const struct oci_array *offsets, struct strbuf *out, struct err *e)
{
	const struct spec_time_offset *o = offsets->items;

	for (size_t i = 0; i < offsets->n; i++) {
		if (!streq(o[i].key, "monotonic") && !streq(o[i].key, "boottime"))
			return err_set(
				e, EINVAL,
				"linux.timeOffsets: unknown clock '%s' (monotonic, boottime)",
				o[i].key);
		if (o[i].nanosecs.v >= NANOSECONDS)
			return err_set(e, EINVAL,
				       "linux.timeOffsets.%s.nanosecs: %llu is a second "
				       "or more",
				       o[i].key, (unsigned long long)o[i].nanosecs.v);
		strbuf_addf(out, "%s %lld %llu\n", o[i].key, (long long)o[i].secs.v,
			    (unsigned long long)o[i].nanosecs.v);
	}
	return strbuf_check(out, "time offsets", e);
}

int timens_enter(int selffd, const struct oci_array *offsets, struct err *e)
{
	auto_(strbuf) struct strbuf text = { 0 };
	autofd int nsfd = -1;
	int r = timens_format(offsets, &text, e);

	if (r < 0)
		return r;
	if (text.len > 0) {
		r = file_write_at(selffd, "timens_offsets", text.data, e);
		if (r < 0)
			return err_wrap(e, r, "linux.timeOffsets");
	}
	nsfd = openat(selffd, "ns/time_for_children", O_RDONLY | O_CLOEXEC);
	if (nsfd < 0 || setns(nsfd, (int)ns_clone_flag(OCI_NS_TIME)) < 0)
		return err_sys(e, "enter the new time namespace");
	return 0;
}
