/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/seccomp/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/file.h"
#include "libutil/log.h"
#include "runtime/seccomp/key.h"

#define MAGIC    0x31706d6363736c63ULL /* of this layout of the file */
#define SLOTS    256
#define NAME_LEN 24
#define KEY_MAX  ((size_t)4 << 20)
#define FILE_MAX (sizeof(struct header) + KEY_MAX + BPF_MAXINSNS * sizeof(struct sock_filter))

/* Then the key, then the program. */
struct header {
	uint64_t magic;
	uint64_t key_len;
	uint64_t n_insns;
	uint64_t sum; /* of key and program: a torn or damaged file is not used */
};

static void slot_name(const struct strbuf *key, char name[NAME_LEN])
{
	(void)snprintf(name, NAME_LEN, "seccomp-%02x",
		       (unsigned)(seccomp_hash(key->data, key->len) % SLOTS));
}

/* A program from somebody else's hand would be no protection. */
static int open_own(int dirfd, const char *name, int flags)
{
	autofd int fd = openat(dirfd, name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 022)) {
		log_debug("seccomp cache: '%s' is not ours alone and is ignored", name);
		return -1;
	}
	return steal_fd(&fd);
}

static bool is_sound(const char *text, size_t len, const struct strbuf *key, struct header *h)
{
	if (len < sizeof(*h))
		return false;
	memcpy(h, text, sizeof(*h));
	if (h->magic != MAGIC || h->key_len != key->len)
		return false;
	if (h->n_insns == 0 || h->n_insns > BPF_MAXINSNS)
		return false;
	if (len != sizeof(*h) + h->key_len + h->n_insns * sizeof(struct sock_filter))
		return false;
	if (memcmp(text + sizeof(*h), key->data, key->len) != 0)
		return false;
	return h->sum == seccomp_hash(text + sizeof(*h), len - sizeof(*h));
}

bool seccomp_cache_get(int dirfd, const struct strbuf *key, struct sock_filter **ret, size_t *ret_n)
{
	char name[NAME_LEN];
	autofree char *text = NULL;
	autofd int fd = -1;
	struct sock_filter *v;
	struct header h;
	size_t len = 0;

	slot_name(key, name);
	fd = open_own(dirfd, name, O_RDONLY);
	if (fd < 0 || file_read_fd(fd, name, FILE_MAX, &text, &len, NULL) < 0)
		return false;
	if (!is_sound(text, len, key, &h))
		return false;
	v = xcalloc(h.n_insns, sizeof(*v));
	memcpy(v, text + sizeof(h) + h.key_len, h.n_insns * sizeof(*v));
	*ret = v;
	*ret_n = h.n_insns;
	return true;
}

/*
 * In place: a temporary would stay behind whoever is killed in the middle, and a file that is half
 * written, or by two at once, is not sound.
 */
static int write_slot(int dirfd, const char *name, const struct strbuf *text, struct err *e)
{
	autofd int fd = open_own(dirfd, name, O_WRONLY | O_CREAT);
	int r;

	if (fd < 0) {
		(void)unlinkat(dirfd, name, 0);
		fd = open_own(dirfd, name, O_WRONLY | O_CREAT | O_EXCL);
	}
	if (fd < 0)
		return err_sys(e, "open '%s'", name);
	r = file_write_all(fd, text->data, text->len, e);
	if (r >= 0 && ftruncate(fd, (off_t)text->len) < 0)
		r = err_sys(e, "shorten '%s'", name);
	return r;
}

void seccomp_cache_put(int dirfd, const struct strbuf *key, const struct sock_filter *v, size_t n)
{
	struct header h = { .magic = MAGIC, .key_len = key->len, .n_insns = n };
	auto_(strbuf) struct strbuf out = { .max = FILE_MAX };
	char name[NAME_LEN];
	struct err e = { 0 };

	strbuf_add(&out, &h, sizeof(h));
	strbuf_add(&out, key->data, key->len);
	strbuf_add(&out, v, n * sizeof(*v));
	if (strbuf_check(&out, "seccomp cache", NULL) < 0)
		return;
	h.sum = seccomp_hash(out.data + sizeof(h), out.len - sizeof(h));
	memcpy(out.data, &h, sizeof(h));
	slot_name(key, name);
	if (write_slot(dirfd, name, &out, &e) < 0)
		log_debug("seccomp cache: %s", e.msg);
}
