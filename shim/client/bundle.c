/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/client/bundle.h"

#include "libutil/cleanup.h"
#include "libutil/dir.h"
#include "libutil/file.h"
#include "oci-spec/codec.h"

#include <fcntl.h>

#define CONFIG "config.json"

#define ANNOTATION_RESTART     "org.creel.restart"
#define ANNOTATION_STOP_SIGNAL "org.opencontainers.image.stopSignal"

/* A few of config.json's keys.  The rest is passed over without being decoded: a runtime may know
 * more properties than we do, and says itself what is wrong with them. */
struct brief_process {
	bool terminal;
};
struct brief_config {
	struct brief_process *process;
	struct oci_strmap annotations;
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
	{ .key = "annotations",
	  .kind = FIELD_STRMAP,
	  .offset = offsetof(struct brief_config, annotations) },
};
static const struct field_type config_type =
	FIELD_TYPE("runtime config", struct brief_config, config_fields);

static const char *annotation(const struct brief_config *c, const char *key)
{
	for (size_t i = 0; i < c->annotations.n; i++)
		if (streq(c->annotations.items[i].key, key) && c->annotations.items[i].value[0])
			return c->annotations.items[i].value;
	return NULL;
}

static int read_config(int dirfd, struct arena *a, struct bundle *ret, struct err *e)
{
	autofree char *text = NULL;
	size_t len = 0;
	void *doc = NULL;
	const struct brief_config *config;
	int r = file_read_at(dirfd, CONFIG, BUNDLE_CONFIG_MAX, &text, &len, e);

	if (r < 0)
		return r;
	r = oci_decode(&config_type, CONFIG, text, len, NULL, a, &doc, e);
	if (r < 0)
		return r;
	config = doc;
	*ret = (struct bundle){
		.terminal = config->process && config->process->terminal,
		.restart = annotation(config, ANNOTATION_RESTART),
		.stop_signal = annotation(config, ANNOTATION_STOP_SIGNAL),
	};
	return 0;
}

int bundle_read(const char *dir, struct arena *a, struct bundle *ret, struct err *e)
{
	autofd int dirfd = dir_open_at(AT_FDCWD, dir, e);
	int r = dirfd < 0 ? dirfd : read_config(dirfd, a, ret, e);

	return r < 0 ? err_wrap(e, r, "bundle '%s'", dir) : 0;
}
