/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pull_floor DIR < LAYER.tar.gz - the least that unpacking a layer can cost: one
 * thread that hashes the blob, inflates it (ISA-L), hashes the archive and makes
 * files with plain *at() calls in directories whose descriptors it keeps.  It
 * reads ustar archives of bench_layer.c and trusts them: only to compare with.
 */
#include <fcntl.h>
#include <isa-l/igzip_lib.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imagetool/tar/header.h"
#include "libutil/macro.h"

#define IN_SIZE  ((size_t)256 << 10)
#define OUT_SIZE ((size_t)256 << 10)
#define DEPTH    16

struct floor {
	EVP_MD_CTX *blob, *tar;
	struct inflate_state z;
	unsigned char in[IN_SIZE], out[OUT_SIZE];
	const unsigned char *next; /* of `out` */
	size_t left;
	int dirs[DEPTH]; /* the directories on the way to the last entry */
	char path[TAR_NAME_SIZE];
	int depth;
};

static void check(int ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

/* More of the archive; 0 at the end. */
static size_t more(struct floor *f)
{
	ssize_t n;

	f->z.next_out = f->out;
	f->z.avail_out = OUT_SIZE;
	while (f->z.avail_out) {
		if (f->z.avail_in == 0) {
			n = read(STDIN_FILENO, f->in, IN_SIZE);
			check(n >= 0, "read");
			if (n == 0)
				break;
			EVP_DigestUpdate(f->blob, f->in, (size_t)n);
			f->z.next_in = f->in;
			f->z.avail_in = (uint32_t)n;
		}
		check(isal_inflate(&f->z) == ISAL_DECOMP_OK, "inflate");
		if (f->z.block_state == ISAL_BLOCK_FINISH)
			break;
	}
	f->next = f->out;
	f->left = OUT_SIZE - f->z.avail_out;
	EVP_DigestUpdate(f->tar, f->out, f->left);
	return f->left;
}

static const unsigned char *take(struct floor *f, size_t want, size_t *ret)
{
	const unsigned char *p;

	if (f->left == 0 && more(f) == 0)
		return NULL;
	*ret = want < f->left ? want : f->left;
	p = f->next;
	f->next += *ret;
	f->left -= *ret;
	return p;
}

static int block(struct floor *f, unsigned char to[TAR_BLOCK])
{
	size_t have = 0, n;

	while (have < TAR_BLOCK) {
		const unsigned char *p = take(f, TAR_BLOCK - have, &n);

		if (!p)
			return 0;
		memcpy(to + have, p, n);
		have += n;
	}
	return 1;
}

/* The directory of `name`; those on the way are kept open. */
static int parent(struct floor *f, const char *name, const char **ret_base)
{
	const char *base = name, *slash;
	int depth = 0;

	while ((slash = strchr(base, '/')) && slash[1]) {
		size_t end = (size_t)(slash + 1 - name);
		char part[TAR_NAME_SIZE];

		if (depth >= f->depth || strncmp(f->path, name, end) != 0) {
			while (f->depth > depth)
				(void)close(f->dirs[f->depth--]);
			(void)snprintf(part, sizeof(part), "%.*s", (int)(slash - base), base);
			f->dirs[++f->depth] = openat(f->dirs[depth], part, O_PATH | O_DIRECTORY);
			check(f->dirs[f->depth] >= 0, part);
			memcpy(f->path, name, end);
			f->path[end] = '\0';
		}
		depth++;
		base = slash + 1;
	}
	*ret_base = base;
	return f->dirs[depth];
}

static void entry(struct floor *f, const unsigned char *b)
{
	const struct timespec times[2] = { { .tv_sec = 1700000000 }, { .tv_sec = 1700000000 } };
	const char *name = (const char *)b, *base;
	size_t size = strtoul((const char *)b + TAR_AT_SIZE, NULL, 8), n, left = size;
	mode_t mode = (mode_t)strtoul((const char *)b + TAR_AT_MODE, NULL, 8);
	int dir = parent(f, name, &base), fd;

	if (b[TAR_AT_TYPE] == '5') {
		check(mkdirat(dir, base, mode) == 0, name);
		return;
	}
	fd = openat(dir, base, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	check(fd >= 0, name);
	while (left) {
		const unsigned char *p = take(f, left, &n);

		check(p != NULL, "truncated");
		check(write(fd, p, n) == (ssize_t)n, "write");
		left -= n;
	}
	check(futimens(fd, times) == 0, "futimens");
	(void)close(fd);
	for (left = -size & (TAR_BLOCK - 1); left; left -= n)
		(void)take(f, left, &n);
}

int main(int argc, char **argv)
{
	static struct floor f;
	unsigned char b[TAR_BLOCK], digest[EVP_MAX_MD_SIZE];
	size_t n;

	if (argc != 2)
		return 2;
	(void)umask(0);
	f.dirs[0] = open(argv[1], O_PATH | O_DIRECTORY);
	check(f.dirs[0] >= 0, argv[1]);
	f.blob = EVP_MD_CTX_new();
	f.tar = EVP_MD_CTX_new();
	EVP_DigestInit(f.blob, EVP_sha256());
	EVP_DigestInit(f.tar, EVP_sha256());
	isal_inflate_init(&f.z);
	f.z.crc_flag = ISAL_GZIP;
	while (block(&f, b) && b[0])
		entry(&f, b);
	while (take(&f, OUT_SIZE, &n))
		continue;
	EVP_DigestFinal(f.blob, digest, NULL);
	EVP_DigestFinal(f.tar, digest, NULL);
	return 0;
}
