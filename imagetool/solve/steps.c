/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/solve/steps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "imagetool/step/fetch_note.h"
#include "imagetool/step/files.h"
#include "libutil/alloc.h"

static int files(const struct vertex_files *f, const struct step_tree *trees,
		 const struct step_root *root, int usersfd, struct err *e)
{
	const struct step_files_opts opts = { .usersfd = usersfd };

	return step_files(f, trees, root, &opts, e);
}

static int run(const struct vertex_run *r, const struct step_tree *trees,
	       const struct step_root *root, const struct run_env *env, struct solve_log log,
	       struct err *e)
{
	return step_run(r, trees, root, env, log.fn, log.ctx, e);
}

/* ---- Sources out of the network ---- */

static void say(void *ctx, const void *data, size_t len)
{
	const struct solve_log *log = ctx;

	if (len > 0 && log->fn)
		log->fn(log->ctx, RUN_STDERR, data, len);
}

static struct fetch_opts opts_of(const struct solve_fetch *f, struct solve_log *log)
{
	*log = f->log;
	return (struct fetch_opts){
		.cancelfd = f->cancelfd, .keys = f->keys, .log = say, .ctx = log
	};
}

/* With a checksum nobody need be asked. */
static int source_http(const struct vertex_http *v, const char *note, const struct solve_fetch *f,
		       char **ret_identity, char **ret_note, struct err *e)
{
	auto_(fetch_http_facts) struct fetch_http_facts known = { 0 }, now = { 0 };
	bool has_known = note && fetch_note_read_http(note, &known) >= 0;
	struct solve_log log;
	const struct fetch_opts opts = opts_of(f, &log);
	int r;

	if (v->checksum) {
		*ret_identity = xstrdup(v->checksum);
		*ret_note = NULL;
		return 0;
	}
	r = fetch_http(v, &opts, has_known ? &known : NULL, f->dirfd, &now, e);
	if (r < 0)
		return r;
	*ret_identity = xstrdup(now.digest);
	*ret_note = fetch_note_http(&now);
	return r == 0 ? 1 : 0;
}

static int source_git(const struct vertex_git *v, const struct solve_fetch *f, char **ret_identity,
		      char **ret_note, struct err *e)
{
	auto_(fetch_git_facts) struct fetch_git_facts facts = { 0 };
	struct solve_log log;
	const struct fetch_opts opts = opts_of(f, &log);
	int r = fetch_git_resolve(v, &opts, &facts, e);

	if (r < 0)
		return r;
	/* With its .git the tree knows what it was called. */
	*ret_identity = v->keep_git_dir ? xasprintf("%s %s %s", facts.commit, facts.object,
						    facts.ref ? facts.ref : "")
					: xstrdup(facts.commit);
	*ret_note = fetch_note_git(&facts);
	return 0;
}

static int source(const struct vertex *v, const char *note, const struct solve_fetch *f,
		  char **ret_identity, char **ret_note, struct err *e)
{
	if (v->kind == VERTEX_HTTP)
		return source_http(&v->u.http, note, f, ret_identity, ret_note, e);
	return source_git(&v->u.git, f, ret_identity, ret_note, e);
}

static int get_http(const struct vertex_http *v, const char *note, const struct solve_fetch *f,
		    struct err *e)
{
	auto_(fetch_http_facts) struct fetch_http_facts known = { 0 }, now = { 0 };
	bool has_known = note && fetch_note_read_http(note, &known) >= 0;
	struct solve_log log;
	const struct fetch_opts opts = opts_of(f, &log);
	int r = fetch_http(v, &opts, NULL, f->dirfd, &now, e);

	if (r >= 0 && has_known && !streq(known.digest, now.digest))
		return err_set(e, ESTALE,
			       "the file changed while it was used: run the build again");
	return r;
}

static int get_git(const struct vertex_git *v, const char *note, const struct solve_fetch *f,
		   struct err *e)
{
	auto_(fetch_git_facts) struct fetch_git_facts facts = { 0 };
	struct solve_log log;
	const struct fetch_opts opts = opts_of(f, &log);
	int r = note ? fetch_note_read_git(note, &facts) : -EBADMSG;

	if (r < 0)
		r = fetch_git_resolve(v, &opts, &facts, e);
	return r < 0 ? r : fetch_git(v, &facts, &opts, f->workfd, f->dirfd, NULL, e);
}

static int fetch(const struct vertex *v, const char *note, const struct solve_fetch *f,
		 struct err *e)
{
	return v->kind == VERTEX_HTTP ? get_http(&v->u.http, note, f, e)
				      : get_git(&v->u.git, note, f, e);
}

const struct solve_steps solve_steps_real = {
	.files = files,
	.files_hash = step_files_hash,
	.path_hash = step_path_hash,
	.run = run,
	.source = source,
	.fetch = fetch,
};
