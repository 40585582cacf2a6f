/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/attest/rpm.h"

#include <errno.h>

int rpm_file_header(struct rpm_file *f, const unsigned char *header, size_t len, struct err *e)
{
	struct err mine = { 0 };
	int r;

	/* Headers do not share bytes: more than the file has are of somebody who wants us busy. */
	if (len > RPM_HEADER_MAX || len > f->len - f->looked_at) {
		f->why = RPM_DAMAGED;
		return 1;
	}
	f->looked_at += len;
	r = parse_rpm_header(f->packages, (const char *)header, len, f->where, &mine);
	if (r == -EBADMSG) {
		f->why = RPM_DAMAGED;
		return 0;
	}
	return r < 0 ? err_take(e, &mine) : 0;
}

int rpm_file_read(struct rpm_file *f, struct err *e)
{
	static const struct {
		bool (*is)(const struct rpm_file *f);
		int (*read)(struct rpm_file *f, struct err *e);
	} forms[] = {
		{ rpm_is_sqlite, rpm_read_sqlite },
		{ rpm_is_ndb, rpm_read_ndb },
		{ rpm_is_bdb, rpm_read_bdb },
	};

	for (size_t i = 0; i < ARRAY_LEN(forms); i++)
		if (forms[i].is(f))
			return forms[i].read(f, e);
	f->why = "its form is unknown";
	return 0;
}
