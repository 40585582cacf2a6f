/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main() for a fuzz target in an ordinary build: gives it each file of the
 * directories named as arguments, or of FUZZ_CORPUS/NAME for a program that is
 * called fuzz_NAME.  An empty or missing corpus is a failure.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>

#include "libutil/alloc.h"
#include "libutil/file.h"
#include "libutil/path.h"

#define INPUT_MAX ((size_t)16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(int dirfd, const char *name, struct err *e)
{
	autofree char *text = NULL;
	size_t len = 0;
	int r = file_read_at(dirfd, name, INPUT_MAX, &text, &len, e);

	if (r < 0)
		return r;
	/* An exact copy: a read behind the input must not find the NUL of the reader. */
	if (len)
		text = xreallocarray(text, len, 1);
	(void)LLVMFuzzerTestOneInput((const uint8_t *)text, len);
	return 0;
}

/* Returns how many files there were. */
static int replay_dir(const char *path, struct err *e)
{
	autodir DIR *dir = opendir(path);
	const struct dirent *entry;
	int n = 0, r;

	if (!dir)
		return err_sys(e, "open directory '%s'", path);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		/* Said first: when the target aborts, this is the file. */
		printf("%s/%s\n", path, entry->d_name);
		(void)fflush(stdout);
		r = replay_file(dirfd(dir), entry->d_name, e);
		if (r < 0)
			return r;
		n++;
	}
	return n ? n : err_set(e, ENOENT, "directory '%s' has no inputs", path);
}

static const char *target_name(const char *program)
{
	const char *base = path_base(program), *name = strstr(base, "fuzz_");

	return name ? name + strlen("fuzz_") : base;
}

int main(int argc, char **argv)
{
	autofree char *own = path_join(FUZZ_CORPUS, target_name(argv[0]));
	char *list[] = { own, NULL };
	struct err e = { 0 };

	for (char **path = argc > 1 ? argv + 1 : list; *path; path++) {
		if (replay_dir(*path, &e) < 0) {
			(void)fprintf(stderr, "%s: %s\n", argv[0], e.msg);
			return 1;
		}
	}
	return 0;
}
