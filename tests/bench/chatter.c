/* SPDX-License-Identifier: Apache-2.0 */
/* Writes so many bytes of lines to stdout, as fast as they are taken: chatter BYTES. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK 65536
static const char line[] =
	"The quick brown fox jumps over the lazy dog, again and again and ever so quickly.\n";

int main(int argc, char **argv)
{
	static char block[BLOCK];
	long long left = argc > 1 ? atoll(argv[1]) : 0;
	size_t len = 0;

	while (len + sizeof(line) - 1 <= BLOCK) {
		memcpy(block + len, line, sizeof(line) - 1);
		len += sizeof(line) - 1;
	}
	while (left > 0) {
		ssize_t n = write(1, block, left < (long long)len ? (size_t)left : len);

		if (n <= 0)
			return 1;
		left -= n;
	}
	return 0;
}
