/* SPDX-License-Identifier: Apache-2.0 */
/* Formats that are met around archives of images and not read here. */
#ifndef IMAGETOOL_ARCHIVE_FOREIGN_H
#define IMAGETOOL_ARCHIVE_FOREIGN_H

#include <errno.h>
#include <stdint.h>

#include "libutil/err.h"
#include "libutil/macro.h"

/* By the first bytes, after decompression: an error that says what to do with it, or 0. */
static inline int archive_check_foreign(const uint8_t *p, size_t len, struct err *e)
{
	static const struct {
		const char *magic;
		size_t len;
		const char *name, *command;
	} formats[] = {
		{ "\xfd"
		  "7zXZ\0",
		  6, "xz", "xz -dc" },
		{ "BZh", 3, "bzip2", "bzip2 -dc" },
		{ "\x04\x22\x4d\x18", 4, "lz4", "lz4 -dc" },
		{ "LZIP", 4, "lzip", "lzip -dc" },
	};

	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		if (len >= formats[i].len && memcmp(p, formats[i].magic, formats[i].len) == 0)
			return err_set(e, EINVAL, "it is compressed with %s: pipe it through '%s'",
				       formats[i].name, formats[i].command);
	return 0;
}

#endif
