/* SPDX-License-Identifier: Apache-2.0 */
/* Limits of the process, and the small init in front of it. */
#include <errno.h>
#include <sys/resource.h>

#include "imagetool/bundle/edit.h"
#include "imagetool/bundle/init_program.h"
#include "imagetool/bundle/ulimit.h"
#include "libutil/parse.h"
#include "libutil/sig.h"

#define STOP_SIGNAL "org.opencontainers.image.stopSignal"

/* One that is given twice has what was said last. */
static int add_ulimit(struct spec_edit *ed, const char *text, struct err *e)
{
	struct spec_process *p = ed->spec->process;
	struct spec_rlimit *all = p->rlimits.items, limit;
	int r = ulimit_parse(text, ed->a, &limit, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < p->rlimits.n; i++) {
		if (!streq(all[i].type, limit.type))
			continue;
		all[i] = limit;
		return 0;
	}
	*(struct spec_rlimit *)edit_push(ed->a, &p->rlimits, sizeof(limit)) = limit;
	return 0;
}

static int set_umask(struct spec_edit *ed, struct err *e)
{
	const char *text = ed->options->umask;
	unsigned mode = 0;

	if (!text)
		return 0;
	for (const char *p = text; *p; p++) {
		mode = 8 * mode + (unsigned)(*p - '0');
		if (*p < '0' || *p > '7' || mode > 0777)
			return err_set(e, EINVAL, "--umask '%s': no octal number up to 0777", text);
	}
	if (!*text)
		return err_set(e, EINVAL, "--umask: no octal number");
	ed->spec->process->user->umask = (struct opt_u64){ true, mode };
	return 0;
}

static int set_oom_score_adj(struct spec_edit *ed, struct err *e)
{
	const char *text = ed->options->oom_score_adj;
	int64_t n;

	if (!text)
		return 0;
	if (parse_i64(text, &n) < 0 || n < -1000 || n > 1000)
		return err_set(e, EINVAL, "--oom-score-adj '%s': no number from -1000 to 1000",
			       text);
	ed->spec->process->oom_score_adj = (struct opt_i64){ true, n };
	return 0;
}

static int set_stop_signal(struct spec_edit *ed, struct err *e)
{
	const char *text = ed->options->stop_signal;
	int sig, r;

	if (!text)
		return 0;
	r = sig_parse(text, &sig, e);
	if (r < 0)
		return err_wrap(e, r, "--stop-signal");
	edit_set_pair(ed->a, &ed->spec->annotations, STOP_SIGNAL, text);
	return 0;
}

/* Where docker has it.  Whether it reaps orphans depends on being process 1. */
static int add_init(struct spec_edit *ed, struct err *e)
{
	struct spec_process *p = ed->spec->process;
	const struct spec_namespace *ns = spec_find_namespace(ed->spec, OCI_NS_PID);
	struct oci_strings args = { 0 };
	struct spec_mount *m;
	autofree char *program = NULL;
	int r;

	if (!ed->options->init)
		return 0;
	if (!ns || ns->path)
		return err_set(e, EINVAL,
			       "--init: it must be process 1 of its own namespace, and "
			       "--pid says otherwise");
	r = init_program_find(&program, e);
	if (r < 0)
		return err_wrap(e, r, "--init");
	m = edit_push(ed->a, &ed->spec->mounts, sizeof(*m));
	m->destination = INIT_PROGRAM_PLACE;
	m->type = "bind";
	m->source = arena_strdup(ed->a, program);
	edit_push_string(ed->a, &m->options, "bind");
	edit_push_string(ed->a, &m->options, "rprivate");
	edit_push_string(ed->a, &m->options, "ro");
	edit_push_string(ed->a, &args, INIT_PROGRAM_PLACE);
	edit_push_string(ed->a, &args, "--");
	for (size_t i = 0; i < p->args.n; i++)
		edit_push_string(ed->a, &args, p->args.items[i]);
	p->args = args;
	return 0;
}

int edit_process(struct spec_edit *ed, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < ed->options->ulimits.n && r >= 0; i++)
		r = add_ulimit(ed, ed->options->ulimits.v[i], e);
	if (r >= 0)
		r = set_umask(ed, e);
	if (r >= 0)
		r = set_oom_score_adj(ed, e);
	if (r >= 0)
		r = set_stop_signal(ed, e);
	return r < 0 ? r : add_init(ed, e);
}
