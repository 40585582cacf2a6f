/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a container ended.  Only the parent of its first process is told, and
 * that is rarely us; in this order we know it from
 *
 *   exit.json   in the state directory: `run` and `start` write there what they
 *               learned, and so may whoever else reaped the process, before
 *               `delete`: {"waitStatus": 137}, as wait(2) gave it
 *   a zombie    not reaped yet: /proc/PID/stat
 *   a pidfd     held while somebody reaped it (Linux 6.15)
 *
 * and how often the kernel killed for want of memory from the control group,
 * which stays until `delete`.  What nobody knows is called unknown.
 */
#ifndef RUNTIME_ENDING_ENDING_H
#define RUNTIME_ENDING_ENDING_H

#include "runtime/container/container.h"

#define ENDING_FILE "exit.json"
/* Bytes of exit.json: a number and one message. */
#define ENDING_MAX ((size_t)16 << 10)

/* What was found; everything may be missing. */
struct ending_facts {
	bool known; /* status is that of wait(2) */
	int status;
	const char *failure; /* why it never ran its program, or NULL */
	uint64_t oom_kills;
	bool filtered;      /* config.json has a seccomp filter */
	bool never_started; /* the start gate is still there, or it was not finished */
};

/* From facts to the member `exit` of the state document; *ret borrows `failure`.  Pure. */
void ending_decide(const struct ending_facts *facts, struct oci_exit *ret);

/* Find out about a container that has stopped.  Reads its configuration into c->arena when only
 * that can tell a seccomp violation from another SIGSYS.  Nothing here fails: what can't be read is
 * not known. */
void ending_find(struct container *c, struct oci_exit *ret);

/* Write down what the kernel says of a process that has just ended under our eyes: soon nobody will
 * know. */
void ending_note(const struct container *c);

/* A text of exit.json.  *ret_failure lies in `a`; NULL: none. */
int ending_parse(const char *text, size_t len, struct arena *a, struct ending_facts *ret,
		 struct err *e);
/* Keep what was learned: a wait(2) status (NULL: unknown), why it never ran (NULL: it did). */
int ending_keep(int dirfd, const int *status, const char *failure, struct err *e);

#endif
