/* SPDX-License-Identifier: Apache-2.0 */
/* The container's three streams.  The values are the tags of attach frames, which are conmon's. */
#ifndef SHIM_IO_STREAM_H
#define SHIM_IO_STREAM_H

enum stream {
	STREAM_STDIN = 1,
	STREAM_STDOUT = 2,
	STREAM_STDERR = 3,
};

/* The longest piece of output that travels as one: an attach frame, the text of a log line. */
#define STREAM_PIECE_MAX 8192

#endif
