/* SPDX-License-Identifier: Apache-2.0 */
/* A verb of an ordinary user that goes on in a user namespace, and what it finds there. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "imagetool/mount/userns.h"
#include "libutil/alloc.h"
#include "libutil/file.h"
#include "libutil/proc.h"
#include "libutil/strv.h"

#define COMMAND_LINE_MAX ((size_t)8 << 20)
#define MAP_FILE_MAX     ((size_t)32 << 10)

/* What was typed behind the store that is said wins. */
static int command_line(const char *store, struct strv *ret, struct err *e)
{
	autofree char *text = NULL;
	size_t len, at;
	int r = file_read_at(AT_FDCWD, "/proc/self/cmdline", COMMAND_LINE_MAX, &text, &len, e);

	if (r < 0)
		return r;
	strv_add(ret, "/proc/self/exe");
	strv_add(ret, "--store");
	strv_add(ret, store);
	for (at = strlen(text) + 1; at < len; at += strlen(text + at) + 1)
		strv_add(ret, text + at);
	return 0;
}

int userns_reenter(const char *store, struct err *e)
{
	auto_(strv) struct strv argv = { 0 };
	int status = 0, r = command_line(store, &argv, e);

	if (r >= 0)
		r = userns_run(strv_argv(&argv), &status, e);
	return r < 0 ? r : proc_exit_code(status);
}

int userns_maps(bool groups, struct id_map **ret, size_t *ret_n, struct err *e)
{
	const char *file = groups ? "/proc/self/gid_map" : "/proc/self/uid_map";
	autofree char *text = NULL;
	autofree struct id_map *maps = xcalloc(ID_MAPS_MAX, sizeof(*maps));
	auto_(strv) struct strv lines = { 0 };
	int r = file_read_at(AT_FDCWD, file, MAP_FILE_MAX, &text, NULL, e);

	if (r < 0)
		return r;
	strv_split(&lines, text, '\n', true);
	for (size_t i = 0; i < lines.n; i++)
		if (i == ID_MAPS_MAX || sscanf(lines.v[i], "%u %u %u", &maps[i].inside,
					       &maps[i].outside, &maps[i].count) != 3)
			return err_set(e, EBADMSG, "'%s' makes no sense", file);
	*ret_n = lines.n;
	*ret = steal_ptr(&maps);
	return 0;
}

bool userns_is_inside(void)
{
	autofree struct id_map *maps = NULL;
	size_t n = 0;

	if (geteuid() != 0 || userns_maps(false, &maps, &n, NULL) < 0 || !maps)
		return false;
	return n != 1 || maps[0].outside != 0 || maps[0].count != UINT32_MAX;
}
