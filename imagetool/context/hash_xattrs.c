/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/context/hash_xattrs.h"

#include <errno.h>
#include <linux/limits.h>
#include <sys/xattr.h>

#include "imagetool/diff/disk_xattrs.h"
#include "libutil/digest.h"

/* A file with more of them is not one that somebody wants in an image. */
#define NAMES_SIZE 8192
#define NAMES_MAX  256

static int by_name(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

static int too_many(struct err *e)
{
	return err_set(e, E2BIG, "the file has too many extended attributes");
}

/* Those that count, sorted.  Returns how many. */
static int list_names(int fd, char *text, const char **ret, struct err *e)
{
	ssize_t len = flistxattr(fd, text, NAMES_SIZE);
	size_t n = 0;

	if (len < 0 && errno == ENOTSUP)
		return 0;
	if (len < 0)
		return errno == ERANGE ? too_many(e) : err_sys(e, "list extended attributes");
	for (const char *name = text; name < text + len; name += strlen(name) + 1) {
		if (!disk_xattr_counts(name))
			continue;
		if (n == NAMES_MAX)
			return too_many(e);
		ret[n++] = name;
	}
	qsort(ret, n, sizeof(const char *), by_name);
	return (int)n;
}

static int add_value(struct digest *d, int fd, const char *name, struct err *e)
{
	char value[XATTR_SIZE_MAX];
	ssize_t len = fgetxattr(fd, name, value, sizeof(value));
	uint64_t size = (uint64_t)len;

	if (len < 0)
		return err_sys(e, "read extended attribute '%s'", name);
	digest_update(d, name, strlen(name) + 1);
	digest_update(d, &size, sizeof(size));
	digest_update(d, value, (size_t)len);
	return 0;
}

int hash_xattrs(int fd, uint8_t hash[CONTEXT_HASH_SIZE], struct err *e)
{
	auto_(digest) struct digest *d = NULL;
	const char *names[NAMES_MAX];
	char text[NAMES_SIZE];
	int n = list_names(fd, text, names, e), r = n < 0 ? n : 0;

	if (n <= 0)
		return r;
	d = digest_new(DIGEST_SHA256);
	digest_update(d, hash, CONTEXT_HASH_SIZE);
	for (int i = 0; i < n && r >= 0; i++)
		r = add_value(d, fd, names[i], e);
	if (r >= 0)
		digest_final_bytes(d, hash);
	return r;
}
