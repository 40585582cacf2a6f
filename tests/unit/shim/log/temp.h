/* SPDX-License-Identifier: Apache-2.0 */
/* A directory for the files of one test, and what is in them. */
#ifndef TESTS_UNIT_SHIM_LOG_TEMP_H
#define TESTS_UNIT_SHIM_LOG_TEMP_H

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/dir.h"
#include "libutil/file.h"

struct temp {
	char dir[32];
	char log[40]; /* DIR/log */
};

static inline int temp_setup(void **state)
{
	struct temp *t = calloc(1, sizeof(*t));

	if (!t)
		return -1;
	strcpy(t->dir, "/tmp/creel-log.XXXXXX");
	if (!mkdtemp(t->dir))
		return -1;
	strcpy(t->log, t->dir);
	strcat(t->log, "/log");
	*state = t;
	return 0;
}

static inline int temp_teardown(void **state)
{
	struct temp *t = *state;
	int r = dir_remove_all_at(AT_FDCWD, t->dir, NULL);

	free(t);
	return r < 0;
}

/* The file `log`SUFFIX must hold `want`; NULL: there must be no such file. */
static inline void assert_file(const struct temp *t, const char *suffix, const char *want)
{
	autofree char *text = NULL;
	char path[64];
	size_t len = 0;
	int r;

	strcpy(path, t->log);
	strcat(path, suffix);
	r = file_read_at(AT_FDCWD, path, (size_t)1 << 20, &text, &len, NULL);
	if (!want) {
		assert_int_equal(r, -ENOENT);
		return;
	}
	assert_int_equal(r, 0);
	assert_string_equal(text, want);
}

static inline void put_file(const struct temp *t, const char *suffix, const char *text)
{
	char path[64];

	strcpy(path, t->log);
	strcat(path, suffix);
	assert_int_equal(
		file_replace_at(AT_FDCWD, path, text, strlen(text), 0600, FILE_NO_SYNC, NULL), 0);
}

#endif
