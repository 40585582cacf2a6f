/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs that come as bytes: standard input, an URL; and repositories. */
#ifndef IMAGETOOL_BUILD_INPUT_STREAM_H
#define IMAGETOOL_BUILD_INPUT_STREAM_H

#include "imagetool/build/input.h"

/* All of it, a Dockerfile. */
int input_read_text(int fd, char **ret, size_t *ret_len, struct err *e);
int input_read_stdin(char **ret, size_t *ret_len, struct err *e);
int input_open_stdin(struct build_input *in, const char *file, const struct build_place *at,
		     struct err *e);
int input_open_http(struct build_input *in, const struct build_options *o,
		    const struct build_place *at, struct err *e);
int input_open_git(struct build_input *in, const struct git_url *url, const char *file,
		   const struct build_place *at, struct err *e);

/* input.c: in->context is open: its Dockerfile; `file` NULL: the usual one. */
int input_read_dockerfile(struct build_input *in, const char *file, struct err *e);

#endif
