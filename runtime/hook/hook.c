/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/hook/hook.h"

#include <errno.h>
#include <limits.h>

#include "libutil/log.h"
#include "libutil/proc.h"
#include "libutil/strv.h"

/* Bytes of a hook's output that are kept; what a program prints is not ours to bound otherwise. */
#define HOOK_OUTPUT_MAX ((size_t)64 << 10)
/* Of these, how many fit in a message. */
#define HOOK_OUTPUT_SHOWN 256

struct hook_row {
	const char *name;
	size_t list; /* offset of the struct oci_array in struct spec_hooks */
	enum oci_status status;
};

/* runtime.md "Lifecycle" says at which step, and so in which status, each kind runs. */
static const struct hook_row hook_rows[HOOK_KIND_COUNT] = {
	[HOOK_PRESTART] = { "prestart", offsetof(struct spec_hooks, prestart),
			    OCI_STATUS_CREATING },
	[HOOK_CREATE_RUNTIME] = { "createRuntime", offsetof(struct spec_hooks, create_runtime),
				  OCI_STATUS_CREATING },
	[HOOK_CREATE_CONTAINER] = { "createContainer",
				    offsetof(struct spec_hooks, create_container),
				    OCI_STATUS_CREATING },
	[HOOK_START_CONTAINER] = { "startContainer", offsetof(struct spec_hooks, start_container),
				   OCI_STATUS_CREATED },
	[HOOK_POSTSTART] = { "poststart", offsetof(struct spec_hooks, poststart),
			     OCI_STATUS_RUNNING },
	[HOOK_POSTSTOP] = { "poststop", offsetof(struct spec_hooks, poststop), OCI_STATUS_STOPPED },
};

const char *hook_name(enum hook_kind kind)
{
	return hook_rows[kind].name;
}

static const struct oci_array *hook_list(const struct spec_hooks *hooks, enum hook_kind kind)
{
	static const struct oci_array none;

	return hooks ? (const void *)((const char *)hooks + hook_rows[kind].list) : &none;
}

bool hook_any(const struct spec_hooks *hooks, enum hook_kind kind)
{
	return hook_list(hooks, kind)->n > 0;
}

void hook_state_document(enum hook_kind kind, const struct oci_state *state, pid_t pid,
			 struct strbuf *out)
{
	struct oci_state now = *state;

	now.status = hook_rows[kind].status;
	now.pid = (struct opt_i64){ .set = pid > 0, .v = pid };
	oci_encode(&oci_state_type, &now, 0, out);
}

/* The last words of a program are the ones that say why. */
static const char *tail(struct strbuf *out)
{
	const char *text = strbuf_str(out);

	while (out->len > 0 && (text[out->len - 1] == '\n' || text[out->len - 1] == ' '))
		strbuf_truncate(out, out->len - 1);
	text = strbuf_str(out);
	return out->len > HOOK_OUTPUT_SHOWN ? text + out->len - HOOK_OUTPUT_SHOWN : text;
}

static int timeout_ms(const struct spec_hook *hook)
{
	if (!hook->timeout.set)
		return -1;
	return hook->timeout.v > INT_MAX / 1000 ? INT_MAX : (int)hook->timeout.v * 1000;
}

static int run_one(const struct spec_hook *hook, const struct hook_call *call,
		   const struct strbuf *doc, struct err *e)
{
	auto_(strbuf) struct strbuf out = { .max = HOOK_OUTPUT_MAX };
	auto_(strv) struct strv argv = { 0 };
	auto_(strv) struct strv envp = { 0 };
	const struct oci_strings *env = hook->env.items || !call->env ? &hook->env : call->env;
	struct proc_spec spec = { .path = hook->path, .cwdfd = call->cwdfd };
	char text[PROC_STATUS_TEXT_SIZE];
	int status = 0;
	int r;

	for (size_t i = 0; i < hook->args.n; i++)
		strv_add(&argv, hook->args.items[i]);
	if (hook->args.n == 0)
		strv_add(&argv, hook->path);
	for (size_t i = 0; env->items && i < env->n; i++)
		strv_add(&envp, env->items[i]);
	spec.argv = strv_argv(&argv);
	spec.envp = strv_argv(&envp);
	if (call->stopfds) {
		memcpy(spec.stopfds, call->stopfds, sizeof(spec.stopfds));
		spec.may_stop = true;
	}
	if (call->output && call->output->outfd > 0)
		spec.outfd = call->output->outfd;
	if (call->output && call->output->errfd > 0)
		spec.errfd = call->output->errfd;
	r = proc_run(&spec, doc->data, doc->len, &out, timeout_ms(hook), &status, e);
	if (r == -ETIMEDOUT)
		return err_set(e, ETIMEDOUT, "'%s' was killed after its timeout of %lld s",
			       hook->path, (long long)hook->timeout.v);
	if (r < 0)
		return r;
	if (status != 0)
		return err_set(e, ECANCELED, "'%s' %s%s%s", hook->path,
			       proc_status_text(status, text), out.len ? ": " : "", tail(&out));
	return 0;
}

static int run_all(const struct oci_array *list, enum hook_kind kind, const struct hook_call *call,
		   struct err *e)
{
	const struct spec_hook *hook = list->items;
	auto_(strbuf) struct strbuf doc = { 0 };

	hook_state_document(kind, call->state, call->pid, &doc);
	for (size_t i = call->skip; i < list->n; i++) {
		struct err failure = { 0 };
		int r = run_one(&hook[i], call, &doc, kind == HOOK_POSTSTOP ? &failure : e);

		if (call->note_done)
			call->note_done(call->ctx, i + 1);
		if (r >= 0)
			continue;
		if (kind != HOOK_POSTSTOP)
			return err_wrap(e, r, "%s hook %zu", hook_rows[kind].name, i);
		/* runtime.md: a failing poststop hook is a warning and the rest goes on. */
		log_warning("poststop hook %zu: %s", i, failure.msg);
	}
	return 0;
}

int hook_run(const struct spec_hooks *hooks, enum hook_kind kind, const struct hook_call *call,
	     struct err *e)
{
	const struct oci_array *list = hook_list(hooks, kind);
	struct hook_output output = HOOK_OUTPUT_NONE;
	struct hook_call with = *call;
	struct err why = { 0 };
	int r;

	if (list->n == 0)
		return 0;
	if (call->output)
		return run_all(list, kind, call, e);
	r = hook_output_open(&call->state->annotations, &output, &why);
	if (r < 0 && kind != HOOK_POSTSTOP)
		return err_take(e, &why);
	if (r < 0)
		log_warning("%s", why.msg);
	with.output = &output;
	r = run_all(list, kind, &with, e);
	hook_output_done(&output);
	return r;
}
