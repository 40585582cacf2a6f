/* SPDX-License-Identifier: Apache-2.0 */
/* Which files make up the configuration of registries. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "imagetool/hosts/config_dirs.h"
#include "imagetool/hosts/registries_conf.h"
#include "libutil/file.h"
#include "libutil/path.h"
#include "libutil/toml.h"

#define SYSTEM_FILE "/etc/containers/registries.conf"
#define USER_FILE   "containers/registries.conf"

static int load_file(struct registries_conf *c, const char *path, struct err *e)
{
	autofree char *text = NULL;
	size_t len;
	int r = file_read_at(AT_FDCWD, path, TOML_MAX, &text, &len, e);

	return r < 0 ? r : registries_conf_add(c, path, text, len, e);
}

static int load_dropins(struct registries_conf *c, const char *file, struct err *e)
{
	autofree char *dir = xasprintf("%s.d", file);
	auto_(strv) struct strv files = { 0 };
	int r = config_list(dir, ".conf", &files, e);

	for (size_t i = 0; i < files.n && r >= 0; i++)
		r = load_file(c, files.v[i], e);
	return r;
}

static int load_both(struct registries_conf *c, const char *file, struct err *e)
{
	int r = load_file(c, file, e);

	return r < 0 ? r : load_dropins(c, file, e);
}

static int load_usual(struct registries_conf *c, struct err *e)
{
	autofree char *user = config_user_path(USER_FILE);
	int r;

	if (user && access(user, F_OK) == 0)
		return load_both(c, user, e);
	r = access(SYSTEM_FILE, F_OK) == 0 ? load_file(c, SYSTEM_FILE, e) : 0;
	if (r >= 0)
		r = load_dropins(c, SYSTEM_FILE, e);
	return r < 0 || !user ? r : load_dropins(c, user, e);
}

int registries_conf_load(struct registries_conf *c, const char *file, struct err *e)
{
	const char *named = file ? file : getenv("CONTAINERS_REGISTRIES_CONF");
	int r = named && *named ? load_both(c, named, e) : load_usual(c, e);

	return r < 0 ? err_wrap(e, r, "registries") : 0;
}
