/* SPDX-License-Identifier: Apache-2.0 */
/* Fresh names for temporary files and directories. */
#ifndef LIBUTIL_RANDOM_H
#define LIBUTIL_RANDOM_H

/* Eight lower-case letters and digits, from the kernel's random source. */
#define RANDOM_NAME_SIZE 9
const char *random_name(char buf[RANDOM_NAME_SIZE]);

#endif
