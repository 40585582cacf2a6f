/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/client/bundle.h"

#include "libutil/cleanup.h"
#include "libutil/dir.h"
#include "libutil/file.h"
#include "oci-spec/codec.h"

#include <fcntl.h>

#define CONFIG "config.json"

/* Two of config.json's keys.  The rest is passed over without being decoded: a runtime may know
 * more properties than we do, and says itself what is wrong with them. */
struct brief_process {
	bool terminal;
};
struct brief_config {
	struct brief_process *process;
};

static const struct field process_fields[] = {
	{ .key = "terminal",
	  .kind = FIELD_BOOL,
	  .offset = offsetof(struct brief_process, terminal) },
};
static const struct field_type process_type =
	FIELD_TYPE("process", struct brief_process, process_fields);
static const struct field config_fields[] = {
	{ .key = "process",
	  .kind = FIELD_OBJECT,
	  .offset = offsetof(struct brief_config, process),
	  .type = &process_type },
};
static const struct field_type config_type =
	FIELD_TYPE("runtime config", struct brief_config, config_fields);

static int read_config(int dirfd, bool *ret, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	autofree char *text = NULL;
	size_t len = 0;
	void *doc = NULL;
	const struct brief_config *config;
	int r = file_read_at(dirfd, CONFIG, BUNDLE_CONFIG_MAX, &text, &len, e);

	if (r < 0)
		return r;
	r = oci_decode(&config_type, CONFIG, text, len, NULL, &a, &doc, e);
	if (r < 0)
		return r;
	config = doc;
	*ret = config->process && config->process->terminal;
	return 0;
}

int bundle_wants_terminal(const char *dir, bool *ret, struct err *e)
{
	autofd int dirfd = dir_open_at(AT_FDCWD, dir, e);
	int r = dirfd < 0 ? dirfd : read_config(dirfd, ret, e);

	return r < 0 ? err_wrap(e, r, "bundle '%s'", dir) : 0;
}
