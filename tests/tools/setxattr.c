/* SPDX-License-Identifier: Apache-2.0 */
/*
 * setxattr NAME VALUE PATH - set an extended attribute, inside images that have no program for it.
 * VALUE is taken as it is, but for \xNN.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

int main(int argc, char **argv)
{
	char value[256];
	size_t len = 0;

	if (argc != 4) {
		(void)fprintf(stderr, "usage: setxattr NAME VALUE PATH\n");
		return 2;
	}
	for (const char *p = argv[2]; *p && len < sizeof(value); len++) {
		if (strncmp(p, "\\x", 2) == 0 && strlen(p) >= 4) {
			char hex[3] = { p[2], p[3], '\0' };

			value[len] = (char)strtoul(hex, NULL, 16);
			p += 4;
		} else {
			value[len] = *p++;
		}
	}
	if (lsetxattr(argv[3], argv[1], value, len, 0) < 0) {
		perror(argv[3]);
		return 1;
	}
	return 0;
}
