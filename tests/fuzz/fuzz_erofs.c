/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A layer as an EROFS image, which is then walked from its root as the kernel
 * would: every number stays inside the image, names are sorted and legal.
 */
#include <endian.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imagetool/erofs/format.h"
#include "imagetool/erofs/layer.h"

#define IMAGE_MAX ((size_t)64 << 20) /* larger ones are not walked: mostly holes */
#define DEPTH_MAX 2100

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *data;
	size_t left;
};

static int next_piece(void *ctx, const uint8_t **ret, struct err *e)
{
	struct input *in = ctx;
	int n = (int)in->left;

	(void)e;
	*ret = in->data;
	in->left = 0;
	return n;
}

struct image {
	const uint8_t *bytes;
	size_t size;
};

struct node {
	unsigned mode, layout;
	uint64_t size, behind; /* where what follows the attributes begins */
	uint32_t u;
};

static void must(int condition)
{
	if (!condition)
		abort();
}

static struct node read_node(const struct image *m, uint64_t nid)
{
	uint64_t at = nid * EROFS_SLOT;
	struct erofs_inode_compact c;
	struct erofs_inode_extended x;
	struct node n;
	unsigned format, attrs;

	must(at + sizeof(c) <= m->size);
	memcpy(&c, m->bytes + at, sizeof(c));
	format = le16toh(c.format);
	attrs = le16toh(c.xattr_count);
	n = (struct node){ le16toh(c.mode), format >> 1, le32toh(c.size), at + sizeof(c),
			   le32toh(c.u) };
	if (format & 1) {
		must(at + sizeof(x) <= m->size);
		memcpy(&x, m->bytes + at, sizeof(x));
		n.size = le64toh(x.size);
		n.behind = at + sizeof(x);
	}
	n.behind += attrs ? sizeof(struct erofs_xattr_header) + 4 * (attrs - 1) : 0;
	must(n.behind <= m->size);
	return n;
}

/* The address of block `i` of what a node holds. */
static const uint8_t *block_of(const struct image *m, const struct node *n, uint64_t i, size_t len)
{
	bool tail = n->layout == EROFS_INLINE && i == n->size / EROFS_BLOCK;
	uint64_t at = tail ? n->behind : ((uint64_t)n->u + i) << EROFS_BLOCK_BITS;

	must(at + len <= m->size);
	/* A tail stays in its block. */
	must(!tail || at / EROFS_BLOCK == (at + len - 1) / EROFS_BLOCK);
	return m->bytes + at;
}

static void check_chunks(const struct image *m, const struct node *n)
{
	uint64_t chunk = (uint64_t)EROFS_BLOCK << n->u, count = (n->size + chunk - 1) / chunk;

	must(n->u < 32 && n->behind % 4 == 0 && n->behind + 4 * count <= m->size);
	for (uint64_t i = 0; i < count; i++) {
		uint32_t block;

		memcpy(&block, m->bytes + n->behind + 4 * i, sizeof(block));
		must(block == EROFS_HOLE || (uint64_t)le32toh(block) << EROFS_BLOCK_BITS < m->size);
	}
}

static void check_dir(const struct image *m, uint64_t nid, uint64_t parent, int depth);

static void check_child(const struct image *m, uint64_t nid, unsigned type, uint64_t dir, int depth)
{
	static const unsigned modes[] = {
		[EROFS_FT_FILE] = S_IFREG,  [EROFS_FT_DIR] = S_IFDIR,  [EROFS_FT_CHAR] = S_IFCHR,
		[EROFS_FT_BLOCK] = S_IFBLK, [EROFS_FT_FIFO] = S_IFIFO, [EROFS_FT_SYMLINK] = S_IFLNK,
	};
	struct node n = read_node(m, nid);

	must(type < sizeof(modes) / sizeof(*modes) && (n.mode & S_IFMT) == modes[type]);
	if (type == EROFS_FT_DIR)
		check_dir(m, nid, dir, depth + 1);
	else if (n.layout == EROFS_CHUNKS)
		check_chunks(m, &n);
	else
		for (uint64_t i = 0; i * EROFS_BLOCK < n.size; i++)
			(void)block_of(m, &n, i, 1);
}

struct last_name {
	uint8_t text[EROFS_NAME_MAX];
	size_t len;
	int dots;
};

/* Names ascend by bytes, over all blocks. */
static void check_name(struct last_name *last, const uint8_t *name, size_t len)
{
	size_t same = len < last->len ? len : last->len;
	int order = memcmp(last->text, name, same);

	must(len > 0 && len <= EROFS_NAME_MAX && !memchr(name, 0, len) && !memchr(name, '/', len));
	must(order < 0 || (order == 0 && last->len < len));
	memcpy(last->text, name, len);
	last->len = len;
}

static void check_block(const struct image *m, const uint8_t *block, size_t len, uint64_t nid,
			uint64_t parent, struct last_name *last, int depth)
{
	struct erofs_dirent d, after;
	size_t n;

	must(len > sizeof(d));
	memcpy(&d, block, sizeof(d));
	n = le16toh(d.nameoff) / sizeof(d);
	must(n > 0 && n * sizeof(d) == le16toh(d.nameoff));
	for (size_t i = 0; i < n; i++) {
		size_t begin, end = len;

		memcpy(&d, block + i * sizeof(d), sizeof(d));
		begin = le16toh(d.nameoff);
		if (i + 1 < n) {
			memcpy(&after, block + (i + 1) * sizeof(d), sizeof(d));
			end = le16toh(after.nameoff);
		} else {
			end = begin + strnlen((const char *)block + begin, len - begin);
		}
		must(begin < end && end <= len);
		check_name(last, block + begin, end - begin);
		if (end - begin <= 2 && memcmp(block + begin, "..", end - begin) == 0) {
			must(le64toh(d.nid) == (end - begin == 1 ? nid : parent));
			last->dots++;
		} else {
			check_child(m, le64toh(d.nid), d.type, nid, depth);
		}
	}
}

static void check_dir(const struct image *m, uint64_t nid, uint64_t parent, int depth)
{
	struct node n = read_node(m, nid);
	struct last_name last = { .len = 0 };

	must(depth < DEPTH_MAX && S_ISDIR(n.mode) && n.layout != EROFS_CHUNKS);
	for (uint64_t i = 0; i * EROFS_BLOCK < n.size; i++) {
		uint64_t left = n.size - i * EROFS_BLOCK;
		size_t len = left < EROFS_BLOCK ? (size_t)left : EROFS_BLOCK;

		check_block(m, block_of(m, &n, i, len), len, nid, parent, &last, depth);
	}
	must(last.dots == 2);
}

static void check_image(int fd)
{
	struct image m;
	struct erofs_super s;
	struct stat st;
	uint8_t *bytes;

	if (fstat(fd, &st) < 0)
		abort();
	must(st.st_size % EROFS_BLOCK == 0);
	if ((size_t)st.st_size > IMAGE_MAX)
		return;
	m.size = (size_t)st.st_size;
	bytes = malloc(m.size);
	must(bytes && pread(fd, bytes, m.size, 0) == st.st_size);
	m.bytes = bytes;
	memcpy(&s, bytes + EROFS_SUPER_AT, sizeof(s));
	must(le32toh(s.magic) == EROFS_MAGIC && le32toh(s.blocks) == m.size / EROFS_BLOCK);
	check_dir(&m, le16toh(s.root_nid), le16toh(s.root_nid), 0);
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	auto_(tar_reader) struct tar_reader *t =
		tar_reader_new((struct tar_source){ .next = next_piece, .ctx = &in });
	auto_(erofs_result) struct erofs_result result = { 0 };
	autofd int fd = memfd_create("image", MFD_CLOEXEC);
	struct err e = { 0 };
	int r;

	if (fd < 0)
		abort();
	r = erofs_layer_write(fd, NULL, t, &result, &e);
	if (r < 0)
		must(e.code == -r && e.msg[0]);
	else
		check_image(fd);
	return 0;
}
