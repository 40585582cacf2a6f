/* SPDX-License-Identifier: Apache-2.0 */
/* A section of a program by its name, where the file still has names.  Only 64-bit little-endian
 * ELF files are read. */
#ifndef IMAGETOOL_ATTEST_ELF_SECTION_H
#define IMAGETOOL_ATTEST_ELF_SECTION_H

#include <stdbool.h>
#include <stddef.h>

/* Its bytes, in the file's; false: there is none. */
bool elf_section(const unsigned char *file, size_t len, const char *name, const unsigned char **ret,
		 size_t *ret_len);

#endif
