/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/log/chain.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "libutil/alloc.h"

/* Of opening a log that is rotated meanwhile. */
#define TRIES 1000

void chain_drop(struct chain *c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		(void)close(c->file[i].fd);
	c->n -= n;
	if (c->n > 0)
		memmove(c->file, c->file + n, c->n * sizeof(*c->file));
}

void chain_done(struct chain *c)
{
	chain_drop(c, c->n);
	free(c->file);
	*c = (struct chain){ 0 };
}

size_t chain_find(const struct chain *c, const struct file_id *id)
{
	size_t i = 0;

	while (i < c->n && !file_id_same(&c->file[i].id, id))
		i++;
	return i;
}

int chain_add_oldest(struct chain *c, int fd, struct err *e)
{
	struct file_id id = { 0 };
	int r = file_id_of(fd, &id, e);

	if (r < 0 || chain_find(c, &id) < c->n) {
		(void)close(fd);
		return r;
	}
	c->file = xreallocarray(c->file, c->n + 1, sizeof(*c->file));
	memmove(c->file + 1, c->file, c->n * sizeof(*c->file));
	c->file[0] = (struct chain_file){ .fd = fd, .id = id };
	c->n++;
	return 0;
}

/* O_NONBLOCK: a log may be a FIFO, whose writer is not waited for. */
static int open_nth(const char *path, unsigned n)
{
	autofree char *name = n > 0 ? xasprintf("%s.%u", path, n) : xstrdup(path);

	return open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

/* From the newest to the oldest, as files move: one that is renamed behind our back is met again
 * under its next name, and then known by its identity. */
static int open_all(struct chain *c, const char *path, unsigned files, struct err *e)
{
	for (unsigned i = 0; i == 0 || i < files; i++) {
		int fd = open_nth(path, i), r;

		/* A rotation that is at work, or was cut short, leaves a gap. */
		if (fd < 0 && errno == ENOENT)
			continue;
		r = fd < 0 ? err_sys(e, "open log '%s'", path) : chain_add_oldest(c, fd, e);
		if (r < 0)
			return r;
	}
	if (c->n > 0)
		return 0;
	errno = ENOENT;
	return err_sys(e, "open log '%s'", path);
}

/* Is the file we met first still that of the name?  After two rotations at once one that is newer
 * would have been met behind it. */
static bool is_still(const struct chain *c, const char *path)
{
	struct file_id now = { 0 };

	return file_id_at(path, &now, NULL) < 0 || file_id_same(&now, &c->file[c->n - 1].id);
}

int chain_open(struct chain *c, const char *path, unsigned files, struct err *e)
{
	for (int tries = 0; tries < TRIES; tries++) {
		auto_(chain) struct chain found = { 0 };
		int r = open_all(&found, path, files, e);

		if (r < 0)
			return r;
		if (!is_still(&found, path))
			continue;
		*c = found;
		found = (struct chain){ 0 };
		return 0;
	}
	return err_set(e, EAGAIN, "log '%s': it is rotated faster than it can be opened", path);
}
