/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/bundle/volumes_from.h"

#include <errno.h>
#include <fcntl.h>

#include "imagetool/bundle/identity.h"
#include "imagetool/bundle/init_program.h"
#include "libutil/alloc.h"
#include "libutil/file.h"
#include "libutil/path.h"
#include "oci-spec/runtime_spec.h"

#define CONFIG_MAX ((size_t)16 << 20)

/* What bundles mount for themselves. */
static bool is_furniture(const char *destination)
{
	static const char *const places[] = { IDENTITY_HOSTS,  IDENTITY_HOSTNAME,
					      IDENTITY_RESOLV, INIT_PROGRAM_PLACE,
					      "/sys",          "/proc",
					      "/dev",          NULL };

	for (const char *const *p = places; *p; p++)
		if (path_is_below(destination, *p))
			return true;
	return false;
}

static bool is_bind(const struct spec_mount *m)
{
	if (m->type && streq(m->type, "bind"))
		return true;
	for (size_t i = 0; i < m->options.n; i++)
		if (streq(m->options.items[i], "bind") || streq(m->options.items[i], "rbind"))
			return true;
	return false;
}

enum access { AS_IT_IS, READ_ONLY, READ_WRITE };

static void add(struct mount_args *to, const char *bundle, const struct spec_mount *m,
		enum access access)
{
	auto_(strv) struct strv options = { 0 };
	autofree char *source =
		path_is_absolute(m->source) ? xstrdup(m->source) : path_join(bundle, m->source);
	autofree char *destination = path_clean(m->destination);

	for (size_t i = 0; i < m->options.n; i++) {
		const char *word = m->options.items[i];

		if (access == AS_IT_IS || (!streq(word, "ro") && !streq(word, "rw")))
			strv_add(&options, word);
	}
	if (access == READ_ONLY)
		strv_add(&options, "ro");
	mount_args_add_bind(to, source, destination, &options);
}

static int read_bundle(const char *bundle, struct arena *a, struct runtime_spec **ret,
		       struct err *e)
{
	autofree char *path = path_join(bundle, "config.json"), *text = NULL;
	size_t len = 0;
	int r = file_read_at(AT_FDCWD, path, CONFIG_MAX, &text, &len, e);

	return r < 0 ? r : runtime_spec_decode(path, text, len, NULL, a, ret, e);
}

int volumes_from_add(struct mount_args *m, const char *text, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	const char *colon = strrchr(text, ':');
	bool ro = colon && streq(colon, ":ro"), rw = colon && streq(colon, ":rw");
	autofree char *given = ro || rw ? xstrndup(text, (size_t)(colon - text)) : xstrdup(text);
	autofree char *bundle = path_absolute(given);
	struct runtime_spec *spec = NULL;
	const struct spec_mount *mounts;
	int r = read_bundle(bundle, &a, &spec, e);

	if (r < 0)
		return err_wrap(e, r, "--volumes-from '%s'", text);
	mounts = spec->mounts.items;
	for (size_t i = 0; i < spec->mounts.n; i++)
		if (is_bind(&mounts[i]) && mounts[i].source && !is_furniture(mounts[i].destination))
			add(m, bundle, &mounts[i], ro ? READ_ONLY : rw ? READ_WRITE : AS_IT_IS);
	return 0;
}
