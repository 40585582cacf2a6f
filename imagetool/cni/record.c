/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/cni/record.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "libutil/dir.h"
#include "libutil/file.h"
#include "libutil/lock_wait.h"
#include "libutil/path.h"

/* A configuration and an answer. */
#define RECORD_MAX ((size_t)4 << 20)

/* ---- Writing ---- */

static void encode(const struct cni_attachment *at, const struct cni_host *host, struct strbuf *ret)
{
	struct json_writer w = { .out = ret };

	json_object(&w);
	json_kv_string(&w, "cniVersion", at->net->version);
	json_kv_string(&w, "name", at->net->name);
	json_key(&w, "plugins");
	json_array(&w);
	for (size_t i = 0; i < at->net->n; i++)
		json_write_tree(&w, at->net->plugins[i]);
	json_array_end(&w);
	json_kv_string(&w, "cniPath", host->path);
	if (at->result) {
		json_key(&w, "result");
		json_write_tree(&w, at->result);
	}
	json_object_end(&w);
}

/* In place, for the lock is on the file. */
int cni_record_write(const struct cni_attachment *at, const struct cni_host *host, struct err *e)
{
	auto_(strbuf) struct strbuf text = { .max = RECORD_MAX };
	int r;

	encode(at, host, &text);
	r = strbuf_check(&text, "a network's record", e);
	if (r >= 0)
		r = file_pwrite_all(at->recordfd, text.data, text.len, 0, e);
	return r < 0 ? err_wrap(e, r, "record of network '%s'", at->net->name) : 0;
}

int cni_record_open(const struct cni_host *host, struct cni_attachment *at, struct err *e)
{
	autofd int dirfd = -1, fd = -1;
	int r = dir_make_all_at(AT_FDCWD, host->dir, 0700, e);

	if (r < 0)
		return r;
	dirfd = dir_open_at(AT_FDCWD, host->dir, e);
	if (dirfd < 0)
		return dirfd;
	/* Against who sweeps: it must not be there without its lock. */
	if (flock(dirfd, LOCK_EX) < 0)
		return err_sys(e, "lock '%s'", host->dir);
	fd = openat(dirfd, at->id, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || flock(fd, LOCK_EX) < 0)
		return err_sys(e, "make record '%s/%s'", host->dir, at->id);
	at->recordfd = steal_fd(&fd);
	r = cni_record_write(at, host, e);
	if (r < 0)
		cni_record_close(host, at, true);
	return r;
}

void cni_record_close(const struct cni_host *host, struct cni_attachment *at, bool remove)
{
	autofree char *path = path_join(host->dir, at->id);

	if (remove)
		(void)unlink(path);
	if (at->recordfd >= 0)
		(void)close(at->recordfd);
	at->recordfd = -1;
}

/* ---- What others left ---- */

struct sweep {
	const struct cni_host *host;
	cni_record_fn *fn;
	void *ctx;
};

/* 1: it is ours now; 0: somebody has it, or had it and is done. */
static int take(int dirfd, const char *name, int *ret_fd)
{
	autofd int fd = openat(dirfd, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || flock(dirfd, LOCK_EX) < 0)
		return 0;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && lock_is_still_there(dirfd, name, fd))
		*ret_fd = steal_fd(&fd);
	(void)flock(dirfd, LOCK_UN);
	return *ret_fd >= 0;
}

static int decode(int fd, const char *name, struct arena *a, struct cni_network *net,
		  struct cni_attachment *at, struct cni_host *host, struct err *e)
{
	autofree char *text = NULL;
	const char *path;
	size_t len;
	int r = file_read_fd(fd, name, RECORD_MAX, &text, &len, e);

	if (r >= 0)
		r = cni_network_parse(name, text, len, a, net, e);
	if (r < 0)
		return r;
	path = json_get_string(net->doc, "cniPath");
	if (path)
		host->path = path;
	at->result = json_get(net->doc, "result");
	return 0;
}

/* One that cannot be read was never attached, or is beyond help. */
static int sweep_one(int dirfd, const char *name, unsigned char type UNUSED, void *ctx,
		     struct err *e UNUSED)
{
	const struct sweep *s = ctx;
	auto_(arena) struct arena a = { 0 };
	struct cni_host host = *s->host;
	struct cni_network net;
	struct cni_attachment at = { .net = &net, .id = name, .netns = "", .recordfd = -1 };

	if (!take(dirfd, name, &at.recordfd))
		return 0;
	if (decode(at.recordfd, name, &a, &net, &at, &host, NULL) < 0)
		cni_record_close(&host, &at, true);
	else
		(void)s->fn(&host, &at, s->ctx, NULL);
	return 0;
}

int cni_record_each_left(const struct cni_host *host, cni_record_fn *fn, void *ctx, struct err *e)
{
	autofd int dirfd = open(host->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct sweep s = { host, fn, ctx };

	if (dirfd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "open '%s'", host->dir);
	return dir_each(dirfd, sweep_one, &s, e);
}
