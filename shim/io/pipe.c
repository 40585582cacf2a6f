/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/io/pipe.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIPE_MODE 0666

int pipe_make(int *ret_reader, int *ret_writer, struct err *e)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	(void)fchmod(p[0], PIPE_MODE);
	*ret_reader = p[0];
	*ret_writer = p[1];
	return 0;
}

int pipe_to_output(struct output *out, enum stream tag, int *ret_writer, struct err *e)
{
	int reader = -1;
	int r = pipe_make(&reader, ret_writer, e);

	return r < 0 ? r : output_add_pipe(out, tag, reader, e);
}

int pipe_from_input(struct input *in, int *ret_reader, struct err *e)
{
	int writer = -1;
	int r = pipe_make(ret_reader, &writer, e);

	return r < 0 ? r : input_open(in, writer, e);
}
