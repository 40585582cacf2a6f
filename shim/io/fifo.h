/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The FIFOs through which a client of containerd reads and writes a process's
 * streams.  Nothing here waits for the client: what is written before it comes
 * stays in the FIFO, because we hold both ends.
 */
#ifndef SHIM_IO_FIFO_H
#define SHIM_IO_FIFO_H

#include "libutil/loop.h"

/* One output. */
struct fifo_out {
	int writer; /* for the process, or for a copy to it; blocking */
	/* Keeps a client that goes away from breaking the pipe, and what it did not read for the
	 * next one; -1 for a plain file. */
	int guard;
	bool client_seen; /* somebody had it open for reading when we came */
};

/* A FIFO, or a file that exists, which is appended to.  The caller owns both descriptors. */
int fifo_open_out(const char *path, struct fifo_out *ret, struct err *e);

/* A FIFO for the process's input, without waiting for who writes.  *ret_keep is a writer of ours:
 * as long as it is open the process finds no end (-1 for a plain file).  Returns the reader,
 * blocking. */
int fifo_open_in(const char *path, int *ret_keep, struct err *e);

/*
 * The last writer is gone, or goes with `guard`.  Bytes that a client has not
 * fetched would go too if it has not even opened the FIFO: then a writer is
 * returned that keeps them, else -1.  Closes `guard`.
 */
int fifo_leave(int guard);

/* Watches for a client of a FIFO that fifo_leave() kept: a descriptor that becomes readable when
 * somebody opens it. */
int fifo_watch(int writer, struct err *e);
/* Forget what was told. */
void fifo_watch_again(int watchfd);
bool fifo_has_reader(int writer);

#endif
