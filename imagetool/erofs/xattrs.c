/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/erofs/xattrs.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "libutil/alloc.h"
#include "libutil/macro.h"

#define SLOTS      (2 * XATTRS_KEPT_MAX)
#define SHARED_MAX 255 /* of one inode */
#define BODY_MAX   (sizeof(struct erofs_xattr_header) + 4u * (UINT16_MAX - 1))

enum {
	INDEX_USER = 1,
	INDEX_ACL_ACCESS = 2,
	INDEX_ACL_DEFAULT = 3,
	INDEX_TRUSTED = 4,
	INDEX_SECURITY = 6
};

/* Beginnings of names that are a number on disk.  An ACL's name is all beginning. */
static const struct {
	const char *prefix;
	uint8_t index;
	bool whole;
} prefixes[] = {
	{ "user.", INDEX_USER, false },
	{ "system.posix_acl_access", INDEX_ACL_ACCESS, true },
	{ "system.posix_acl_default", INDEX_ACL_DEFAULT, true },
	{ "trusted.", INDEX_TRUSTED, false },
	{ "security.", INDEX_SECURITY, false },
};

void xattrs_done(struct xattrs *x)
{
	strbuf_done(&x->texts);
	strbuf_done(&x->shared);
	strbuf_done(&x->body);
	free(x->kept);
	free(x->slots);
	*x = (struct xattrs){ 0 };
}

/* The rest of the name, or NULL. */
static const char *split_name(const char *name, uint8_t *ret_index)
{
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
		const char *rest = name + strlen(prefixes[i].prefix);

		if (!starts_with(name, prefixes[i].prefix) || prefixes[i].whole != !*rest)
			continue;
		*ret_index = prefixes[i].index;
		return strlen(rest) <= UINT8_MAX ? rest : NULL;
	}
	return NULL;
}

static void put_entry(struct strbuf *out, uint8_t index, const char *name,
		      const struct tar_xattr *x)
{
	struct erofs_xattr_entry head = { .name_len = (uint8_t)strlen(name), .name_index = index };
	size_t len = sizeof(head) + head.name_len + x->len;

	head.value_size = htole16((uint16_t)x->len);
	strbuf_add(out, &head, sizeof(head));
	strbuf_add(out, name, head.name_len);
	strbuf_add(out, x->value, x->len);
	strbuf_add(out, "\0\0\0", -len & 3);
}

/* ---- Those that are shared ---- */

static uint16_t *slot(const struct xattrs *x, const char *text, size_t len)
{
	uint32_t h = 0x811c9dc5;
	size_t i;

	for (size_t k = 0; k < len; k++)
		h = (h ^ (unsigned char)text[k]) * 0x01000193;
	for (i = h % SLOTS; x->slots[i]; i = (i + 1) % SLOTS) {
		const struct xattrs_kept *k = &x->kept[x->slots[i] - 1];

		if (k->len == len && memcmp(x->texts.data + k->at, text, len) == 0)
			break;
	}
	return &x->slots[i];
}

static void keep(struct xattrs *x, uint16_t *at, const char *text, size_t len)
{
	if (x->n_kept == XATTRS_KEPT_MAX)
		return;
	x->kept[x->n_kept++] =
		(struct xattrs_kept){ .at = (uint32_t)x->texts.len, .len = (uint32_t)len };
	*at = (uint16_t)x->n_kept;
	strbuf_add(&x->texts, text, len);
}

/* The id of this entry in the shared area + 1, or 0: it is seen for the first time, or too long. */
static uint32_t shared_id(struct xattrs *x, const char *text, size_t len)
{
	struct xattrs_kept *k;
	uint16_t *at;

	if (len > XATTRS_KEPT_LEN)
		return 0;
	if (!x->slots) {
		x->slots = xcalloc(SLOTS, sizeof(*x->slots));
		x->kept = xcalloc(XATTRS_KEPT_MAX, sizeof(*x->kept));
	}
	at = slot(x, text, len);
	if (!*at) {
		keep(x, at, text, len);
		return 0;
	}
	k = &x->kept[*at - 1];
	if (!k->shared) {
		k->shared = (uint32_t)(x->shared.len / 4) + 1;
		strbuf_add(&x->shared, text, len);
	}
	return k->shared;
}

/* ---- One inode ---- */

/* As with setxattr(2), the last of a name counts. */
static bool comes_again(const struct tar_xattr *list, size_t n, size_t i)
{
	for (size_t k = i + 1; k < n; k++)
		if (streq(list[k].name, list[i].name))
			return true;
	return false;
}

/* Only files and directories have attributes of users, symlinks no lists of access: the kernel
 * would show what it then refuses to read. */
static bool may_have(mode_t type, uint8_t index)
{
	switch (index) {
	case INDEX_USER:
		return S_ISREG(type) || S_ISDIR(type);
	case INDEX_ACL_ACCESS:
		return !S_ISLNK(type);
	case INDEX_ACL_DEFAULT:
		return S_ISDIR(type);
	}
	return true;
}

static int add_one(struct xattrs *x, mode_t type, struct strbuf *entries, uint32_t *ids,
		   uint8_t *n_ids, const struct tar_xattr *a, struct err *e)
{
	size_t before = entries->len;
	uint8_t index = 0;
	const char *name = split_name(a->name, &index);
	uint32_t id;

	if (!name || !may_have(type, index)) {
		x->skipped++;
		return 0;
	}
	if (a->len > UINT16_MAX || entries->len + a->len > BODY_MAX)
		return err_set(e, E2BIG, "extended attribute '%.80s': too much for EROFS", a->name);
	put_entry(entries, index, name, a);
	if (*n_ids == SHARED_MAX)
		return 0;
	id = shared_id(x, entries->data + before, entries->len - before);
	if (id) {
		strbuf_truncate(entries, before);
		ids[(*n_ids)++] = htole32(id - 1);
	}
	return 0;
}

int xattrs_body(struct xattrs *x, mode_t type, const struct tar_xattr *list, size_t n,
		const char **ret, size_t *ret_len, struct err *e)
{
	auto_(strbuf) struct strbuf entries = { 0 };
	struct erofs_xattr_header head = { 0 };
	uint32_t ids[SHARED_MAX];
	int r = 0;

	strbuf_truncate(&x->body, 0);
	for (size_t i = 0; i < n && r >= 0; i++)
		if (!comes_again(list, n, i))
			r = add_one(x, type, &entries, ids, &head.n_shared, &list[i], e);
	if (r < 0)
		return r;
	if (head.n_shared || entries.len) {
		strbuf_add(&x->body, &head, sizeof(head));
		strbuf_add(&x->body, ids, head.n_shared * sizeof(*ids));
		strbuf_add(&x->body, strbuf_str(&entries), entries.len);
	}
	if (x->body.len > BODY_MAX)
		return err_set(e, E2BIG, "extended attributes: too many for EROFS");
	*ret = strbuf_str(&x->body);
	*ret_len = x->body.len;
	return 0;
}

uint16_t xattrs_count(size_t body_len)
{
	return body_len ? (uint16_t)(1 + (body_len - sizeof(struct erofs_xattr_header)) / 4) : 0;
}

int xattrs_write(struct xattrs *x, struct space *s, uint32_t *ret_block, struct err *e)
{
	uint64_t at;
	int r;

	*ret_block = 0;
	if (!x->shared.len)
		return 0;
	r = space_blocks(s, x->shared.len, &at, e);
	if (r < 0)
		return r;
	*ret_block = (uint32_t)(at >> EROFS_BLOCK_BITS);
	return space_write(s, at, x->shared.data, x->shared.len, e);
}
