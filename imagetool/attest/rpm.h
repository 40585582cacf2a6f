/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Data bases of rpm, in the three forms that images have.
 *
 * Whoever made the image made them up: nothing is followed out of the bytes that are given, and of
 * headers no more is looked at than a sound data base of that size can hold.  Damage ends the
 * reading; what was found before it stays.  A header that is none is passed over.
 */
#ifndef IMAGETOOL_ATTEST_RPM_H
#define IMAGETOOL_ATTEST_RPM_H

#include "imagetool/attest/packages.h"

#define RPM_FILE_MAX   ((size_t)1 << 30)
#define RPM_HEADER_MAX ((size_t)64 << 20)

struct rpm_file {
	struct packages *packages;
	/* A private mapping or copy: it is written to, and nobody sees that. */
	unsigned char *bytes;
	size_t len;
	const char *where;
	size_t looked_at; /* bytes of headers */
	const char *why;  /* why not all of it was read, a constant; NULL: it was */
};

/* For each header.  1: the data base holds more than it can, read no further; -E2BIG. */
int rpm_file_header(struct rpm_file *f, const unsigned char *header, size_t len, struct err *e);

/* By its first bytes; -E2BIG, everything else is `why`. */
int rpm_file_read(struct rpm_file *f, struct err *e);

int rpm_read_sqlite(struct rpm_file *f, struct err *e); /* Fedora 33, RHEL 9 and later */
int rpm_read_ndb(struct rpm_file *f, struct err *e);    /* SUSE */
int rpm_read_bdb(struct rpm_file *f, struct err *e);    /* up to RHEL 8 */

bool rpm_is_sqlite(const struct rpm_file *f);
bool rpm_is_ndb(const struct rpm_file *f);
bool rpm_is_bdb(const struct rpm_file *f);

#define RPM_DAMAGED "it is damaged"

#endif
