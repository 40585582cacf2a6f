/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers for people. */
#ifndef IMAGETOOL_HUMAN_H
#define IMAGETOOL_HUMAN_H

#include <stdint.h>

#define HUMAN_SIZE 16

/* "0 B", "999 B", "1.0 kB", "12.3 MB": powers of 1000, as registries and disks count. */
const char *human_size(uint64_t bytes, char buf[HUMAN_SIZE]);

/* The first 12 hex digits, which people recognise a digest by. */
#define HUMAN_DIGEST 13
const char *human_digest(const char *digest, char buf[HUMAN_DIGEST]);

#endif
