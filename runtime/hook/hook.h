/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that config.json wants run at six moments of a container's life.
 * Both sides call this room: the host side runs prestart, createRuntime,
 * poststart and poststop, the init side createContainer and startContainer.
 *
 * A hook gets the state document on its standard input, with the status that
 * belongs to its moment; its output is kept for the error message.  It runs with
 * exactly the environment its entry gives.
 */
#ifndef RUNTIME_HOOK_HOOK_H
#define RUNTIME_HOOK_HOOK_H

#include <sys/types.h>

#include "libutil/strbuf.h"
#include "oci-spec/runtime_spec.h"
#include "runtime/hook/output.h"

enum hook_kind {
	HOOK_PRESTART,
	HOOK_CREATE_RUNTIME,
	HOOK_CREATE_CONTAINER,
	HOOK_START_CONTAINER,
	HOOK_POSTSTART,
	HOOK_POSTSTOP,
	HOOK_KIND_COUNT,
};

/* Where and for whom hooks run. */
struct hook_call {
	const struct oci_state *state; /* pid and status of it are not read */
	pid_t pid;                     /* of the container, as seen by the hook; 0: none any more */
	int cwdfd;                     /* working directory; 0: the caller's */
	const struct oci_strings *env; /* for hooks without `env`; NULL: an empty environment */
	/* NULL, or two descriptors (-1: none): when one becomes readable the hook is killed, the
	 * result is -EINTR. */
	const int *stopfds;
	/* NULL: the files that annotations of `state` name are opened; init can't and gets them. */
	const struct hook_output *output;
	size_t skip; /* so many of the list were done before */
	/* NULL, or told after each hook how many of the list are done, whatever came of it. */
	void (*note_done)(void *ctx, size_t done);
	void *ctx;
};

/* The key in config.json: "createRuntime". */
const char *hook_name(enum hook_kind kind);

/* True when there is a hook of that kind; `hooks` may be NULL. */
bool hook_any(const struct spec_hooks *hooks, enum hook_kind kind);

/* Run all hooks of a kind in order; the first that fails ends it.  poststop hooks are all run, each
 * failure is a warning in the log, and the result is 0. */
int hook_run(const struct spec_hooks *hooks, enum hook_kind kind, const struct hook_call *call,
	     struct err *e);

/* Pure: the document a hook of that kind reads. */
void hook_state_document(enum hook_kind kind, const struct oci_state *state, pid_t pid,
			 struct strbuf *out);

#endif
