/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/ending/kill.h"

#include <signal.h>

#include "libutil/log.h"
#include "libutil/sig.h"
#include "runtime/annotation.h"
#include "runtime/container/select.h"
#include "runtime/verb/globals.h"
#include "runtime/verb/verbs.h"

#define NOT_GIVEN (-1)

struct values {
	bool all, regex;
	int sig; /* NOT_GIVEN, or one */
};

static const struct opt opts[] = {
	{ 'a', "all", OPT_FLAG, 0, offsetof(struct values, all), NULL,
	  "signal every process of the container", NULL, NULL },
	{ 0, "regex", OPT_FLAG, 0, offsetof(struct values, regex), NULL,
	  "CONTAINER is an extended regular expression; signal each that matches", NULL, NULL },
	OPT_END,
};

/* image-spec: "the system call signal that will be sent to the container to exit" */
static int stop_signal(const struct oci_strmap *annotations)
{
	const char *text = annotation_of(annotations, ANNOTATION_STOP_SIGNAL);
	struct err why = { 0 };
	int sig = SIGTERM;

	if (text && text[0] && sig_parse(text, &sig, &why) < 0)
		log_warning("annotations.%s: %s; SIGTERM is sent",
			    annotation_key(ANNOTATION_STOP_SIGNAL), why.msg);
	return sig;
}

static int kill_one(const struct store *s, const char *id, const void *ctx, struct err *e)
{
	const struct values *v = ctx;
	int sig = v->sig;
	auto_(container) struct container c = CONTAINER_NONE;
	int r = container_load(s, id, &c, e);

	if (r < 0)
		return r;
	if (sig == NOT_GIVEN)
		sig = stop_signal(&c.record->annotations);
	return v->all ? container_kill_all(&c, sig, e) : container_kill(&c, sig, e);
}

static int run(const void *global, void *values, char *const *args, int n, struct err *e)
{
	auto_(store) struct store s = STORE_NONE;
	struct values *v = values;
	int r = 0;

	v->sig = NOT_GIVEN;
	/* 0 is no signal: kill(2) only looks whether the process is there. */
	if (n > 1 && streq(args[1], "0"))
		v->sig = 0;
	else if (n > 1)
		r = sig_parse(args[1], &v->sig, e);
	if (r >= 0)
		r = store_open(&s, globals_host(global)->root, false, e);
	if (r < 0)
		return r;
	return v->regex ? select_matching(&s, args[0], kill_one, v, e)
			: kill_one(&s, args[0], v, e);
}

const struct verb verb_kill = {
	.name = "kill",
	.args = "CONTAINER [SIGNAL]",
	.summary = "send a signal to a container",
	.details =
		"SIGNAL is a name, with or without SIG, or a number, 0 to only look whether it runs; without it the stop signal "
		"of the image, as the annotation org.opencontainers.image.stopSignal has it, or SIGTERM. SIGKILL reaches every process "
		"when the container has no pid namespace of its own, for nothing else would end them.",
	.opts = opts,
	.opts_size = sizeof(struct values),
	.min_args = 1,
	.max_args = 2,
	.stop_after = -1,
	.run = run,
};
