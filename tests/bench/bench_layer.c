/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_layer medium|many|small N - layer N (from 0) of an image to measure
 * pulls with, as a tar archive on standard output, the same bytes every time.
 * The shapes are those of real images: "medium" is 3 layers of 19,000 entries
 * and 570 MB in all, "many" 2 layers of 56,000 entries and 168 MB, "small" one
 * of 400 entries and 4 MB.  What is in the files compresses as programs do
 * (medium) or as source text (many).
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "imagetool/tar/header.h"
#include "libutil/macro.h"

#define WORDS     4096
#define PER_DIR   12
#define WORD_SIZE 12

struct shape {
	const char *name;
	unsigned layers;
	unsigned files[3];
	unsigned mean[3]; /* bytes of a file */
	unsigned words;   /* of which files consist */
	unsigned noise;   /* of 100 words so many are random */
};

static const struct shape shapes[] = {
	{ "medium", 3, { 6000, 9000, 2300 }, { 19500, 25500, 89000 }, 320, 7 },
	{ "many", 2, { 30000, 22200 }, { 2450, 2600 }, 24, 0 },
	{ "small", 1, { 380 }, { 9000 }, 1024, 10 },
};

struct gen {
	uint64_t state;
	char words[WORDS][WORD_SIZE];
	const struct shape *shape;
};

/* xorshift64* */
static uint64_t next(struct gen *g)
{
	g->state ^= g->state >> 12;
	g->state ^= g->state << 25;
	g->state ^= g->state >> 27;
	return g->state * 0x2545f4914f6cdd1d;
}

static void put(const void *data, size_t len)
{
	if (fwrite(data, 1, len, stdout) != len)
		exit(1);
}

/* With a NUL at the end of the field. */
static void octal(char *field, size_t len, uint64_t v)
{
	for (field[--len] = '\0'; len > 0; v >>= 3)
		field[--len] = (char)('0' + (v & 7));
}

static void put_header(const char *name, char type, unsigned mode, size_t size)
{
	char block[TAR_BLOCK] = { 0 };
	unsigned sum = 0;

	(void)snprintf(block, TAR_LEN_NAME, "%s", name);
	octal(block + TAR_AT_MODE, TAR_LEN_MODE, mode);
	octal(block + TAR_AT_UID, TAR_LEN_UID, 0);
	octal(block + TAR_AT_GID, TAR_LEN_GID, 0);
	octal(block + TAR_AT_SIZE, TAR_LEN_SIZE, size);
	octal(block + TAR_AT_MTIME, TAR_LEN_MTIME, 1700000000);
	block[TAR_AT_TYPE] = type;
	memcpy(block + TAR_AT_MAGIC, "ustar\00000", TAR_LEN_MAGIC);
	memset(block + TAR_AT_CHECKSUM, ' ', TAR_LEN_CHECKSUM);
	for (size_t i = 0; i < sizeof(block); i++)
		sum += (unsigned char)block[i];
	octal(block + TAR_AT_CHECKSUM, TAR_LEN_CHECKSUM - 1, sum);
	put(block, sizeof(block));
}

static void put_content(struct gen *g, size_t size)
{
	static const char zeros[TAR_BLOCK];
	size_t left = size;

	while (left) {
		uint64_t r = next(g), noise = next(g);
		const char *word = g->words[(r >> 8) % g->shape->words];
		size_t n = 5 + (r >> 32) % 8;

		if (r % 100 < g->shape->noise) {
			word = (const char *)&noise;
			n = n < sizeof(noise) ? n : sizeof(noise);
		}
		n = n < left ? n : left;
		put(word, n);
		left -= n;
	}
	put(zeros, -size & (TAR_BLOCK - 1));
}

/* Most files are small, a few are large. */
static size_t file_size(struct gen *g, unsigned mean)
{
	uint64_t r = next(g);

	if (r % 16 == 0)
		return (size_t)mean * 8 + (r >> 20) % ((uint64_t)mean * 8 + 1);
	return (r >> 20) % ((uint64_t)mean / 2 + 1);
}

static void put_layer(struct gen *g, unsigned layer)
{
	char dir[64], name[100];

	(void)snprintf(dir, sizeof(dir), "layer%u/", layer);
	put_header(dir, '5', 0755, 0);
	for (unsigned i = 0; i < g->shape->files[layer]; i++) {
		size_t size = file_size(g, g->shape->mean[layer]);

		if (i % (PER_DIR * PER_DIR) == 0) {
			(void)snprintf(name, sizeof(name), "layer%u/package-%04u/", layer,
				       i / (PER_DIR * PER_DIR));
			put_header(name, '5', 0755, 0);
		}
		if (i % PER_DIR == 0) {
			(void)snprintf(dir, sizeof(dir), "layer%u/package-%04u/part-%02u/", layer,
				       i / (PER_DIR * PER_DIR), i / PER_DIR % PER_DIR);
			put_header(dir, '5', 0755, 0);
		}
		(void)snprintf(name, sizeof(name), "%sfile-%05u.dat", dir, i);
		put_header(name, '0', i % 16 ? 0644 : 0755, size);
		put_content(g, size);
	}
	put_content(g, 0);
	for (int i = 0; i < 2; i++)
		put((const char[TAR_BLOCK]){ 0 }, TAR_BLOCK);
}

int main(int argc, char **argv)
{
	static struct gen g;
	unsigned layer = argc == 3 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;

	for (size_t i = 0; argc == 3 && i < ARRAY_LEN(shapes); i++)
		if (streq(shapes[i].name, argv[1]))
			g.shape = &shapes[i];
	if (!g.shape || layer >= g.shape->layers) {
		(void)fputs("usage: bench_layer medium|many|small LAYER\n", stderr);
		return 2;
	}
	g.state = 0x9e3779b97f4a7c15 + layer;
	for (size_t i = 0; i < WORDS; i++)
		for (size_t k = 0; k < WORD_SIZE; k++)
			g.words[i][k] = (char)(next(&g) >> 40);
	put_layer(&g, layer);
	return fflush(stdout) == 0 ? 0 : 1;
}
