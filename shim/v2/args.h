/* SPDX-License-Identifier: Apache-2.0 */
/* The command line that containerd calls a shim with: options as Go's flag package has them. */
#ifndef SHIM_V2_ARGS_H
#define SHIM_V2_ARGS_H

#include "libutil/opts.h"

enum v2_action {
	V2_SERVE, /* none is named: be the server */
	V2_START,
	V2_DELETE,
	V2_INFO,
	V2_VERSION,
	V2_HELP,
};

struct v2_args {
	enum v2_action action;
	const char *program; /* the name it was called by, without directories */
	/* As they were given, NULL or "" when not.  They point into argv. */
	const char *namespace_name, *id, *address, *publish_binary, *bundle, *socket;
	bool debug;
};

/* The options, for the manual. */
extern const struct opt v2_args_rows[];

/* Complete for its action, or a failure that says what is missing. */
int v2_args_parse(char *const *argv, struct v2_args *ret, struct err *e);
void v2_args_help(const char *program, struct strbuf *out);

#endif
