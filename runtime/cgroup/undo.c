/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/undo.h"

#include <errno.h>
#include <fcntl.h>

#include "libutil/alloc.h"
#include "libutil/file.h"

/* A line for each of some hundred devices. */
#define OLD_MAX ((size_t)64 << 10)

/* Files with a line for each device or name: one of them is written by its name, and a name that is
 * not there has these values. */
static const struct keyed_row {
	const char *file; /* begins with it */
	const char *absent;
} keyed[] = {
	{ "io.max", " rbps=max wbps=max riops=max wiops=max" },
	{ "io.latency", " target=0" },
	{ "io.weight", " default" },
	{ "io.bfq.weight", " default" },
	{ "blkio.throttle.", " 0" },
	{ "blkio.weight_device", " 0" },
	{ "blkio.leaf_weight_device", " 0" },
	{ "blkio.bfq.weight_device", " 0" },
	{ "rdma.max", " hca_handle=max hca_object=max" },
	{ "misc.max", " max" },
	{ "dmem.", " max" },
	{ "net_prio.ifpriomap", " 0" },
};

static const char *absent_value(const char *file)
{
	for (size_t i = 0; i < ARRAY_LEN(keyed); i++)
		if (starts_with(file, keyed[i].file))
			return keyed[i].absent;
	return NULL;
}

/* The line of `old` that begins with the first word of `value`. */
static char *same_line(const char *value, const char *old)
{
	size_t len = strcspn(value, " ");

	for (const char *at = old; *at;) {
		size_t n = strcspn(at, "\n");

		if (n > len && strncmp(at, value, len) == 0 && at[len] == ' ')
			return xstrndup(at, n);
		at += n + (at[n] == '\n');
	}
	return NULL;
}

static char *keyed_text(const char *value, const char *old, const char *absent)
{
	char *line = same_line(value, old);

	return line ? line : xasprintf("%.*s%s", (int)strcspn(value, " "), value, absent);
}

char *undo_text(const char *file, const char *value, const char *old)
{
	const char *absent = absent_value(file);
	size_t len = strcspn(old, "\n");

	if (absent && strchr(value, ' '))
		return keyed_text(value, old, absent);
	/* "oom_kill_disable 0", then what can't be written. */
	if (streq(file, "memory.oom_control") && starts_with(old, "oom_kill_disable "))
		return xstrndup(old + strlen("oom_kill_disable "), 1);
	if (old[len] == '\n' && old[len + 1] && !absent)
		return NULL;
	/* Of an empty list nothing would be written. */
	return len > 0 ? xstrndup(old, len) : xstrdup("\n");
}

static void entry_done(const struct undo_entry *u)
{
	free(u->file);
	free(u->text);
}

void undo_done(struct undo *u)
{
	for (size_t i = 0; i < u->n; i++)
		entry_done(&u->v[i]);
	free(u->v);
	*u = (struct undo){ 0 };
}

void undo_note(struct undo *u, int dirfd, const char *file, const char *value)
{
	autofree char *old = NULL;
	int r = file_read_at(dirfd, file, OLD_MAX, &old, NULL, NULL);

	if (u->n == u->cap) {
		u->cap = u->cap ? u->cap * 2 : 16;
		u->v = xreallocarray(u->v, u->cap, sizeof(*u->v));
	}
	u->v[u->n++] = (struct undo_entry){
		.dirfd = dirfd,
		.file = xstrdup(file),
		.text = r < 0 ? NULL : undo_text(file, value, old),
	};
}

void undo_forget(struct undo *u)
{
	entry_done(&u->v[--u->n]);
}

static bool put_back(const struct undo_entry *u)
{
	return u->text && file_write_at(u->dirfd, u->file, u->text, NULL) >= 0;
}

/* Files that limit one another may want another order: what failed is tried once more. */
void undo_all(const struct undo *u, struct strbuf *ret_stuck)
{
	autofree bool *failed = xcalloc(u->n + 1, sizeof(*failed));

	for (size_t i = u->n; i-- > 0;)
		failed[i] = !put_back(&u->v[i]);
	for (size_t i = u->n; i-- > 0;)
		if (failed[i] && !put_back(&u->v[i]))
			strbuf_addf(ret_stuck, "%s'%s'", ret_stuck->len ? ", " : "", u->v[i].file);
}
