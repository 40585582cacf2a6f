/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layers put on one another in a directory, and each of them alone in one of its
 * own, with a view of those below and without, beside a canary that must stay as
 * it is.  The input is one tar archive, or several with MARK between them.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imagetool/layer/apply.h"
#include "libutil/dir.h"

#define MARK "\nNEXT LAYER\n"

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

/* ROOM/root and ROOM/layers are filled; everything else in ROOM stays. */
struct room {
	char path[64];
	int fd, rootfd, layersfd;
	int n; /* directories in layers/ */
	struct stat before;
};

static void room_open(struct room *m)
{
	const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

	(void)snprintf(m->path, sizeof(m->path), "%s/fuzz-apply-XXXXXX", base);
	if (!mkdtemp(m->path))
		abort();
	m->fd = open(m->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (m->fd < 0 || mkdirat(m->fd, "root", 0755) < 0 || mkdirat(m->fd, "canary", 0700) < 0 ||
	    mkdirat(m->fd, "layers", 0755) < 0)
		abort();
	m->n = 0;
	m->layersfd = openat(m->fd, "layers", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	m->rootfd = openat(m->fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (m->rootfd < 0 || m->layersfd < 0 || fstatat(m->fd, "canary", &m->before, 0) < 0)
		abort();
}

static int count_entry(int dirfd, const char *name, unsigned char type, void *ctx, struct err *e)
{
	(void)dirfd;
	(void)name;
	(void)type;
	(void)e;
	++*(int *)ctx;
	return 0;
}

static void room_close(struct room *m)
{
	struct stat after;
	int n = 0;

	if (dir_each(m->fd, count_entry, &n, NULL) < 0 || n != 3)
		abort();
	if (fstatat(m->fd, "canary", &after, AT_SYMLINK_NOFOLLOW) < 0 ||
	    after.st_ino != m->before.st_ino || after.st_mode != m->before.st_mode ||
	    after.st_uid != m->before.st_uid ||
	    after.st_mtim.tv_nsec != m->before.st_mtim.tv_nsec || after.st_nlink != 2)
		abort();
	(void)close(m->rootfd);
	(void)close(m->layersfd);
	(void)close(m->fd);
	if (dir_remove_all_at(AT_FDCWD, m->path, NULL) < 0)
		abort();
}

static int apply_one(struct apply *a, const uint8_t *data, size_t len)
{
	struct input in = { data, len };
	auto_(tar_reader) struct tar_reader *t =
		tar_reader_new((struct tar_source){ .next = next_piece, .ctx = &in });
	struct err e = { 0 };
	int r = apply_layer(a, t, &e);

	if (r < 0 && (e.code != -r || !e.msg[0]))
		abort();
	return r;
}

static int layer_dir(struct room *m)
{
	char name[16];
	int fd;

	(void)snprintf(name, sizeof(name), "%d", m->n++);
	if (mkdirat(m->layersfd, name, 0755) < 0)
		abort();
	fd = openat(m->layersfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		abort();
	return fd;
}

/* Alone; what was made on top of a view is added to it. */
static void apply_alone(struct room *m, struct view *lower, const uint8_t *data, size_t len)
{
	int fd = layer_dir(m);
	struct apply *a = apply_new_overlay(fd, lower, false);
	int r = apply_one(a, data, len);

	if (r >= 0 && lower && (apply_facts(a)->implied.n || apply_facts(a)->whiteout_dirs.n))
		abort();
	if (r >= 0 && lower)
		view_add(lower, fd, apply_facts(a)->root_opaque);
	else
		(void)close(fd);
	apply_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view *lower = view_new();
	struct room m;
	struct apply *a;
	const uint8_t *mark;
	int r = 0;

	room_open(&m);
	a = apply_new(m.rootfd);
	do {
		size_t len;

		mark = memmem(data, size, MARK, sizeof(MARK) - 1);
		len = mark ? (size_t)(mark - data) : size;
		r = apply_one(a, data, len);
		apply_alone(&m, NULL, data, len);
		apply_alone(&m, lower, data, len);
		if (mark)
			len += sizeof(MARK) - 1;
		data += len;
		size -= len;
	} while (r >= 0 && mark);
	apply_free(a);
	view_free(lower);
	room_close(&m);
	return 0;
}
