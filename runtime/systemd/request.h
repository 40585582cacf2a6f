/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The protocol between creel and its helper creel-systemd, which alone knows the bus: creel is a
 * static program and starts no helper where systemd does not manage its groups.
 *
 * One request on the helper's stdin, lines of text:
 *
 *     creel-systemd 1             version
 *     start system 30000          verb, bus (system | user), time limit in milliseconds
 *     unit creel-web.scope
 *     property PIDs @au [4711]    name and value as in gvariant.h, any number of lines
 *     optional OOMPolicy 'kill'   the same, but left out where systemd does not know it
 *     end
 *
 * One answer on its stdout: "ok", or "error ERRNO MESSAGE", and a newline.
 *
 * Verbs: `start` makes a transient unit and waits until it runs, `set` changes properties of a unit
 * that runs, `attach` moves the processes of PIDs into the group of a unit (or the one that
 * Subgroup names below it), `stop` stops a unit, waits until it is gone and forgets that it failed;
 * a unit that does not exist is stopped.
 *
 * Both sides check what they read: names of units and properties, values, and the closing line,
 * without which a request was cut short.
 */
#ifndef RUNTIME_SYSTEMD_REQUEST_H
#define RUNTIME_SYSTEMD_REQUEST_H

#include <stdint.h>

#include "libutil/alloc.h"
#include "libutil/err.h"
#include "libutil/strbuf.h"

#define REQUEST_MAX      ((size_t)1 << 20) /* bytes */
#define REQUEST_PROPS    1024
#define REQUEST_WAIT_MAX 600000 /* milliseconds */
#define ANSWER_MAX       ((size_t)4096)

enum request_verb { REQUEST_START, REQUEST_SET, REQUEST_ATTACH, REQUEST_STOP, REQUEST_VERB_COUNT };
enum request_bus { REQUEST_SYSTEM, REQUEST_USER, REQUEST_BUS_COUNT };

struct property {
	const char *name; /* letters only */
	const char *text; /* gvariant.h */
	bool optional;    /* systemd may be too old to know it */
};

/* Texts belong to whoever fills it; request_decode() takes them from its arena. */
struct request {
	enum request_verb verb;
	enum request_bus bus;
	uint32_t timeout_ms;
	const char *unit;
	struct property *v;
	size_t n;
};

/* Letters only, three at least: no property of systemd has another name, and nothing else can be
 * smuggled in as one. */
bool property_name_ok(const char *name);

void request_encode(const struct request *req, struct strbuf *out);
int request_decode(const char *text, struct arena *a, struct request *ret, struct err *e);

void answer_encode(const struct err *e, struct strbuf *out);
/* 0 for "ok", the error it tells, or -EPROTO. */
int answer_decode(const char *text, struct err *e);

#endif
