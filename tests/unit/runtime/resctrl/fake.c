/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/runtime/resctrl/fake.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "libutil/dir.h"
#include "libutil/file.h"

int fake_open(struct fake *f)
{
	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/creel-rdt-XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	f->rootfd = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return f->rootfd < 0 ? -1 : 0;
}

void fake_close(struct fake *f)
{
	(void)close(f->rootfd);
	(void)dir_remove_all_at(AT_FDCWD, f->dir, NULL);
}

void fake_put(const struct fake *f, const char *file, const char *text)
{
	assert_int_equal(
		file_replace_at(f->rootfd, file, text, strlen(text), 0600, FILE_NO_SYNC, NULL), 0);
}

void fake_class(const struct fake *f, const char *name, const char *schemata)
{
	autofree char *lines = xasprintf("%s/schemata", name), *tasks = xasprintf("%s/tasks", name);
	autofree char *mon = xasprintf("%s/mon_groups", name);

	(void)mkdirat(f->rootfd, name, 0755);
	assert_int_equal(mkdirat(f->rootfd, mon, 0755), 0);
	fake_put(f, lines, schemata);
	fake_put(f, tasks, "");
}

void fake_says(const struct fake *f, const char *file, const char *want)
{
	autofree char *text = NULL;

	assert_int_equal(file_read_at(f->rootfd, file, 1000, &text, NULL, NULL), 0);
	assert_string_equal(text, want);
}
