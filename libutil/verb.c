/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/verb.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>

#include "libutil/alloc.h"
#include "libutil/log.h"
#include "libutil/suggest.h"
#include "libutil/verb_rows.h"

#define UPPER_CASE "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

#define STATUS_FAILED      1
#define STATUS_WRONG_USAGE 2

/* One run of a program. */
struct run {
	const struct program *program;
	struct opt *rows; /* global ones, with --version */
	void *global;
	size_t version;   /* offset in `global` */
	struct strv args; /* the verb and what follows */
	struct err e;
	const char *subject; /* the argument that says on what the verb acts, or NULL */
};

/* A descriptor opened later must not become somebody's stdin, stdout or stderr. */
static void fill_standard_fds(void)
{
	struct pollfd fds[] = { { .fd = 0 }, { .fd = 1 }, { .fd = 2 } };
	int r = poll(fds, ARRAY_LEN(fds), 0);

	for (size_t i = 0; r > 0 && i < ARRAY_LEN(fds); i++)
		if (fds[i].revents & POLLNVAL)
			(void)open("/dev/null", O_RDWR); /* kept: the lowest free number is i */
}

static int usage_status(const struct program *p)
{
	for (const struct exit_row *row = p->exits; row && row->meaning; row++)
		if (row->status == STATUS_WRONG_USAGE)
			return STATUS_WRONG_USAGE;
	return STATUS_FAILED;
}

/* What the one line says about a failure beside its words. */
struct failure {
	const struct run *run;
	const struct verb *verb; /* NULL: it did not come so far */
	int code, status;
};

/* What a verb acts on is the first of its arguments that is no fixed word: CONTAINER in "CONTAINER
 * [SIGNAL]", also in "add|remove CONTAINER".  Returns its place among them. */
static size_t find_subject(const struct verb *v, const char **ret_word)
{
	const char *word = v->args ? v->args : "";
	size_t at = 0;

	for (; *word && !strchr(UPPER_CASE, word[*word == '[']); at++) {
		word += strcspn(word, " ");
		word += strspn(word, " ");
	}
	*ret_word = word + (*word == '[');
	return at;
}

/* "CONTAINER [SIGNAL]" makes that argument the member "container". */
static void tell_subject(const struct failure *f, struct json_writer *w)
{
	const char *word = "";
	char key[16];
	size_t len;

	if (f->verb)
		(void)find_subject(f->verb, &word);
	len = strspn(word, UPPER_CASE);
	if (len == 0 || len >= sizeof(key) || !f->run->subject)
		return;
	for (size_t i = 0; i < len; i++)
		key[i] = (char)(word[i] - 'A' + 'a');
	key[len] = '\0';
	json_kv_string(w, key, f->run->subject);
}

/* The object, unless it was told already. */
static void tell_object(const struct failure *f, struct json_writer *w)
{
	char object[sizeof(f->run->e.msg)];

	if (!err_object(&f->run->e, object, sizeof(object)) ||
	    (f->verb && streq(object, f->verb->name)) ||
	    (f->run->subject && streq(object, f->run->subject)))
		return;
	json_kv_string(w, object[0] == '/' ? "path" : "object", object);
}

static void tell_failure(const void *ctx, struct json_writer *w)
{
	const struct failure *f = ctx;
	const struct err *e = &f->run->e;
	const char *name = strerrorname_np(f->code);

	if (f->verb)
		json_kv_string(w, "operation", f->verb->name);
	tell_subject(f, w);
	if (e->stage[0])
		json_kv_string(w, "stage", e->stage);
	tell_object(f, w);
	if (f->run->program->explain)
		f->run->program->explain(e, w);
	if (name)
		json_kv_string(w, "errno", name);
	json_kv_i64(w, "code", f->code);
	json_kv_i64(w, "exitStatus", f->status);
}

/* `name` is of a verb, a group, or "". */
static int tell_wrong_usage(const struct run *run, const struct verb *v, const char *name)
{
	struct failure f = { run, v, EINVAL, usage_status(run->program) };
	autofree char *msg = xasprintf("%s (see '%s %s%s--help')", run->e.msg, run->program->name,
				       name, name[0] ? " " : "");

	log_failure(msg, tell_failure, &f);
	return f.status;
}

static int wrong_usage(const struct run *run, const struct verb *v)
{
	return tell_wrong_usage(run, v, v ? v->name : "");
}

static int failed(const struct run *run, const struct verb *v, int r)
{
	const struct program *p = run->program;
	struct failure f = { run, v, run->e.code ? run->e.code : -r,
			     v && p->exit_status ? p->exit_status(v, r) : STATUS_FAILED };

	log_failure(run->e.code ? run->e.msg : strerrordesc_np(-r), tell_failure, &f);
	return f.status;
}

/* Also what verbs left in stdio: a full disk must not look like success. */
static int flush_stdout(int status)
{
	/* One failure, one line. */
	if ((fflush(stdout) == 0 && !ferror(stdout)) || status)
		return status;
	log_error("write to standard output: %s", strerrordesc_np(errno));
	return STATUS_FAILED;
}

static int print(const struct strbuf *text)
{
	(void)fwrite(strbuf_str(text), 1, text->len, stdout);
	return flush_stdout(0);
}

/* ---- Verbs ---- */

/* `words` are what was typed: a name of two words may have been meant. */
static int unknown_verb(struct run *run, char *const *words)
{
	bool two = words[1] && verb_is_group(run->program, words[0]);
	autofree char *name = xasprintf("%s%s%s", words[0], two ? " " : "", two ? words[1] : "");
	struct suggest near = { .typed = name };
	const char *hint = verb_foreign(run->program, words);

	for (const struct verb *const *v = run->program->verbs; *v; v++)
		if (!(*v)->hidden)
			suggest_try(&near, (*v)->name);
	if (hint)
		(void)err_set(&run->e, EINVAL, "unknown command '%s': %s", name, hint);
	else if (near.best)
		(void)err_set(&run->e, EINVAL, "unknown command '%s', did you mean '%s'?", name,
			      near.best);
	else
		(void)err_set(&run->e, EINVAL, "unknown command '%s'", name);
	return wrong_usage(run, NULL);
}

static int print_verb_help(struct run *run, const struct verb *v)
{
	auto_(strbuf) struct strbuf text = { 0 };

	verb_help(run->program, v, &text);
	return print(&text);
}

/* `words` are behind "help", or none. */
static int print_help(struct run *run, char *const *words)
{
	auto_(strbuf) struct strbuf text = { 0 };
	size_t n;
	const struct verb *v = words[0] ? verb_find(run->program, words, &n) : NULL;

	if (v)
		return print_verb_help(run, v);
	if (words[0] && !words[1] && verb_is_group(run->program, words[0]))
		verb_group_help(run->program, words[0], &text);
	else if (words[0])
		return unknown_verb(run, words);
	else
		verb_program_help(run->program, &text);
	return print(&text);
}

static int print_version(const struct program *p)
{
	auto_(strbuf) struct strbuf text = { 0 };

	p->version(&text);
	return print(&text);
}

/* "--root" behind the verb is a slip that deserves more than "unknown". */
static void explain_global(struct run *run, const struct verb *v, const char *const *argv)
{
	for (size_t i = 1; argv[i] && !streq(argv[i], "--"); i++) {
		size_t len = strcspn(argv[i], "=");
		auto_(strbuf) struct strbuf start = { 0 };

		strbuf_addf(&start, "unknown option '%.*s'", (int)len, argv[i]);
		if (!starts_with(argv[i], "--") || !starts_with(run->e.msg, strbuf_str(&start)))
			continue;
		for (const struct opt *o = run->rows; !opt_is_end(o); o++)
			if (o->name && strlen(o->name) == len - 2 &&
			    strncmp(o->name, argv[i] + 2, len - 2) == 0)
				(void)err_set(&run->e, EINVAL,
					      "option '--%s' is global, it goes before '%s'",
					      o->name, v->name);
	}
}

static int check_count(struct run *run, const struct verb *v, const struct strv *args)
{
	if (args->n < (size_t)v->min_args)
		return err_set(&run->e, EINVAL, "'%s' needs more arguments: %s", v->name,
			       v->args ? v->args : "");
	if (v->max_args >= 0 && args->n > (size_t)v->max_args)
		return err_set(&run->e, EINVAL, "'%s' takes no argument '%s'", v->name,
			       args->v[v->max_args]);
	return 0;
}

/* `argv` begins with the last word of the verb's name. */
static int run_parsed(struct run *run, const struct verb *v, char *const *argv, void *values,
		      struct strv *args)
{
	int r = opts_parse(v->opts, values, argv, v->stop_after, args, &run->e);
	const char *word;
	size_t at;

	if (r > 0)
		return print_verb_help(run, v);
	if (r < 0)
		explain_global(run, v, (const char *const *)argv);
	if (r < 0 || check_count(run, v, args) < 0)
		return wrong_usage(run, v);
	at = find_subject(v, &word);
	run->subject = at < args->n ? args->v[at] : NULL;
	r = v->run(run->global, values, strv_argv(args), (int)args->n, &run->e);
	return flush_stdout(r < 0 ? failed(run, v, r) : r);
}

static int run_verb(struct run *run, const struct verb *v, size_t n_words)
{
	autofree void *values = xcalloc(1, v->opts_size);
	auto_(strv) struct strv args = { 0 };
	int status;

	if (v->defaults)
		v->defaults(values);
	status = run_parsed(run, v, run->args.v + n_words - 1, values, &args);
	opts_done(v->opts, values);
	return status;
}

/* ---- The program ---- */

struct opt *verb_global_rows(const struct program *p, size_t *ret_size, size_t *ret_version)
{
	struct opt version = {
		.letter = 'v', .name = "version", .kind = OPT_FLAG, .help = "show the version"
	};
	struct opt *rows;
	size_t n = 0;

	for (; p->global_opts && !opt_is_end(&p->global_opts[n]); n++)
		if (p->global_opts[n].letter == version.letter)
			version.letter = 0;
	version.offset = p->global_size;
	rows = xcalloc(n + 2, sizeof(*rows));
	if (n)
		memcpy(rows, p->global_opts, n * sizeof(*rows));
	rows[n] = version;
	*ret_version = version.offset;
	*ret_size = p->global_size + sizeof(bool);
	return rows;
}

/* The first word alone, or with one that is no verb behind it. */
static int run_group(struct run *run)
{
	char *const *words = run->args.v;

	if (words[1] && (streq(words[1], "--help") || streq(words[1], "-h")))
		return print_help(run, (char *const[]){ words[0], NULL });
	if (words[1])
		return unknown_verb(run, words);
	(void)err_set(&run->e, EINVAL, "'%s' is the first of two words", words[0]);
	return tell_wrong_usage(run, NULL, words[0]);
}

static int dispatch(struct run *run)
{
	const struct program *p = run->program;
	char *const *words;
	const struct verb *v;
	size_t n;
	int r;

	if (*(bool *)((char *)run->global + run->version))
		return print_version(p);
	r = p->prepare ? p->prepare(run->global, &run->e) : 0;
	if (r < 0)
		return failed(run, NULL, r);
	if (!run->args.n) {
		(void)err_set(&run->e, EINVAL, "no command given");
		return wrong_usage(run, NULL);
	}
	words = run->args.v;
	v = verb_find(p, words, &n);
	if (v)
		return run_verb(run, v, n);
	if (streq(words[0], "help"))
		return print_help(run, words + 1);
	return verb_is_group(p, words[0]) ? run_group(run) : unknown_verb(run, words);
}

static int run_program(struct run *run, char **argv)
{
	const struct program *p = run->program;
	int r;

	if (p->global_defaults)
		p->global_defaults(run->global);
	r = opts_parse(run->rows, run->global, argv, 0, &run->args, &run->e);
	if (r < 0)
		return wrong_usage(run, NULL);
	return r > 0 ? print_help(run, (char *const[]){ NULL }) : dispatch(run);
}

int verb_main(const struct program *p, int argc, char **argv)
{
	struct run run = { .program = p };
	size_t size;
	int status;

	(void)argc;
	fill_standard_fds();
	log_init(p->name);
	run.rows = verb_global_rows(p, &size, &run.version);
	run.global = xcalloc(1, size);
	status = run_program(&run, argv);
	opts_done(run.rows, run.global);
	strv_done(&run.args);
	free(run.global);
	free(run.rows);
	return status;
}
