/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/core/ending.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libutil/alloc.h"
#include "libutil/dir.h"
#include "libutil/file.h"
#include "libutil/path.h"

#define STATE_FILE  "state.json"
#define ENDING_FILE "exit.json"
/* Larger ones are legal, and not worth their memory here. */
#define STATE_MAX ((size_t)1 << 20)

/* What of it tells whose it is. */
struct brief_container {
	struct opt_i64 pid;
};
struct brief_state {
	struct brief_container *container;
};

static const struct field container_fields[] = {
	FIELD_ROW(struct brief_container, pid, "pid", FIELD_I64),
};
static const struct field_type container_type =
	FIELD_TYPE("container", struct brief_container, container_fields);
static const struct field state_fields[] = {
	FIELD_ROW(struct brief_state, container, "container", FIELD_OBJECT,
		  .type = &container_type),
};
static const struct field_type state_type = FIELD_TYPE("state", struct brief_state, state_fields);

static bool is_of(int dirfd, pid_t pid)
{
	auto_(arena) struct arena a = { 0 };
	autofree char *text = NULL;
	const struct brief_state *state;
	void *doc = NULL;
	size_t len = 0;

	if (file_read_at(dirfd, STATE_FILE, STATE_MAX, &text, &len, NULL) < 0 ||
	    oci_decode(&state_type, STATE_FILE, text, len, NULL, &a, &doc, NULL) < 0)
		return false;
	state = doc;
	return state->container && state->container->pid.v == pid;
}

/* The last resort is below /tmp, where anybody may have made it. */
static bool is_ours(int dirfd)
{
	struct stat st;

	return fstat(dirfd, &st) == 0 && st.st_uid == geteuid();
}

/* True when the container is there. */
static bool tell_in(const char *root, const char *id, pid_t pid, int wait_status)
{
	autofree char *path = path_join(root, id);
	autofd int dirfd = dir_open_at(AT_FDCWD, path, NULL);
	char text[64];
	int len = snprintf(text, sizeof(text), "{\"waitStatus\":%d}", wait_status);

	if (dirfd < 0 || !is_ours(dirfd) || !is_of(dirfd, pid))
		return false;
	/* When this fails the runtime calls the end unknown, as it is for it without us. */
	(void)file_replace_at(dirfd, ENDING_FILE, text, (size_t)len, 0600, FILE_NO_SYNC, NULL);
	return true;
}

/* Ours, or among the arguments that the caller has for every call. */
static const char *told_root(const struct runtime *rt)
{
	const char *root = rt->root;

	for (size_t i = 0; i < rt->args.n; i++) {
		if (starts_with(rt->args.items[i], "--root="))
			root = rt->args.items[i] + strlen("--root=");
		else if (streq(rt->args.items[i], "--root") && i + 1 < rt->args.n)
			root = rt->args.items[i + 1];
	}
	return root;
}

void ending_tell(const struct runtime *rt, const char *id, pid_t pid, int wait_status)
{
	const char *root = told_root(rt), *run = getenv("XDG_RUNTIME_DIR");
	autofree char *own = run && path_is_absolute(run) ? path_join(run, "creel") : NULL;
	autofree char *last = xasprintf("/tmp/creel-%u", (unsigned)geteuid());

	if (root) {
		(void)tell_in(root, id, pid, wait_status);
		return;
	}
	/* Where creel keeps it depends on who it takes itself for: see who has this process. */
	if (own && tell_in(own, id, pid, wait_status))
		return;
	if (!tell_in("/run/creel", id, pid, wait_status))
		(void)tell_in(last, id, pid, wait_status);
}
