/* SPDX-License-Identifier: Apache-2.0 */
/* A file or directory that appears whole, behind a sink.  Signals are held back meanwhile. */
#ifndef IMAGETOOL_COPY_OUTPUT_H
#define IMAGETOOL_COPY_OUTPUT_H

#include "imagetool/archive/sink.h"
#include "imagetool/interrupt.h"
#include "imagetool/unpack/staging.h"

struct output {
	struct sink *sink;
	bool is_dir;
	struct staging_file file;
	struct staging stage;
	struct interrupt held;
};

#define OUTPUT_INIT                                                                                \
	{                                                                                          \
		.file = STAGING_FILE_INIT, .stage = STAGING_INIT                                   \
	}

/* "-" is standard output. */
int output_open_file(const char *path, struct output *o, struct err *e);
int output_open_dir(const char *path, struct output *o, struct err *e);
/* End the archive, bring it to the disk, give it its name. */
int output_commit(struct output *o, struct err *e);
void output_done(struct output *o);

#endif
