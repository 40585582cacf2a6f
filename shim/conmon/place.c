/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/conmon/place.h"

#include <errno.h>
#include <sys/un.h>
#include <unistd.h>

#include "libutil/path.h"

char *place_link(const char *socket_dir, const char *cuuid)
{
	char *link = path_join(socket_dir, cuuid);
	size_t len = strlen(link);

	if (len == sizeof(((struct sockaddr_un *)0)->sun_path) - 1)
		link[len - 1] = '\0';
	return link;
}

static bool has_link(const struct conmon_opts *o)
{
	return !o->full_attach && o->bundle;
}

int place_make(const struct conmon_opts *o, struct err *e)
{
	autofree char *link = NULL;

	if (!has_link(o))
		return 0;
	if (!o->cuuid)
		return err_set(e, EINVAL,
			       "no name for the attach socket: give --cuuid ID or --full-attach");
	link = place_link(o->socket_dir, o->cuuid);
	if (unlink(link) < 0 && errno != ENOENT)
		return err_sys(e, "replace '%s'", link);
	return symlink(o->bundle, link) < 0 ? err_sys(e, "make the link '%s'", link) : 0;
}

void place_remove(const struct conmon_opts *o)
{
	autofree char *link = NULL;

	if (!has_link(o) || !o->cuuid)
		return;
	link = place_link(o->socket_dir, o->cuuid);
	(void)unlink(link);
}
