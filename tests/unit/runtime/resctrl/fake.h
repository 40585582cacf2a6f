/* SPDX-License-Identifier: Apache-2.0 */
/* A directory that looks like resctrl. */
#ifndef TESTS_UNIT_RUNTIME_RESCTRL_FAKE_H
#define TESTS_UNIT_RUNTIME_RESCTRL_FAKE_H

struct fake {
	char dir[32];
	int rootfd;
};

int fake_open(struct fake *f);
/* Removes it. */
void fake_close(struct fake *f);
void fake_put(const struct fake *f, const char *file, const char *text);
/* A class as the kernel makes it; "." is the first one. */
void fake_class(const struct fake *f, const char *name, const char *schemata);
void fake_says(const struct fake *f, const char *file, const char *want);

#endif
