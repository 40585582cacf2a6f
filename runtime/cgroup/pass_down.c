/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/pass_down.h"

#include <fcntl.h>

#define CONTROLLERS_MAX 512
#define SUBTREE_CONTROL "cgroup.subtree_control"

static bool has_word(const char *words, const char *word, size_t len)
{
	for (const char *at = words; *at;) {
		size_t n = strcspn(at, " ");

		if (n == len && memcmp(at, word, len) == 0)
			return true;
		at += n + (at[n] == ' ');
	}
	return false;
}

/* "cpu io memory", of which "io" is enabled -> "+cpu +memory" */
static size_t enabling_text(const char *controllers, const char *enabled, char *out)
{
	char *to = out;

	for (const char *at = controllers; *at;) {
		size_t len = strcspn(at, " ");

		if (!has_word(enabled, at, len)) {
			if (to != out)
				*to++ = ' ';
			*to++ = '+';
			memcpy(to, at, len);
			to += len;
		}
		at += len + (at[len] == ' ');
	}
	*to = '\0';
	return (size_t)(to - out);
}

/*
 * Give the children of a group all controllers it has.  One that can't be had
 * (a threaded tree, processes in the way, realtime groups) must not keep the
 * others away; the limit that needs it says so later.  False: there are none,
 * so that further down there are none either.
 */
static bool enable_controllers(int dirfd)
{
	char have[CONTROLLERS_MAX], enabled[CONTROLLERS_MAX], text[2 * CONTROLLERS_MAX];
	int n = tree_read_word(dirfd, "cgroup.controllers", have, sizeof(have));
	autofd int fd = -1;
	size_t len;

	if (n <= 0)
		return false;
	if (tree_read_word(dirfd, SUBTREE_CONTROL, enabled, sizeof(enabled)) < 0)
		return false;
	len = enabling_text(have, enabled, text);
	/* Even a write that changes nothing waits until groups that were just removed are gone. */
	if (len == 0)
		return true;
	fd = openat(dirfd, SUBTREE_CONTROL, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (write(fd, text, len) == (ssize_t)len)
		return true;
	for (char *save = NULL, *word = strtok_r(text, " ", &save); word;
	     word = strtok_r(NULL, " ", &save))
		if (write(fd, word, strlen(word)) < 0)
			continue;
	return true;
}

void tree_pass_down(const struct cgroup_tree *t)
{
	autofd int fd = open(t->mount, O_PATH | O_DIRECTORY | O_CLOEXEC);
	size_t at = 0, all = strlen(t->path);

	while (fd >= 0 && enable_controllers(fd)) {
		size_t end = tree_component_end(t->path, at);
		autofree char *name = NULL;
		int next;

		if (end == all)
			break;
		name = xstrndup(t->path + at + 1, end - at - 1);
		next = openat(fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		(void)close(fd);
		fd = next;
		at = end;
	}
}
