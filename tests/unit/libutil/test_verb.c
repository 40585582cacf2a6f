/* SPDX-License-Identifier: Apache-2.0 */
/* A small program of two verbs, run in a child: what it prints and its exit status. */
#include "libutil/verb.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "libutil/alloc.h"

#define TEXT_MAX 16384

struct global {
	const char *root;
	int format;
	bool unprepared;
};

static const char *const formats[] = { "text", "json", NULL };

static const struct opt global_rows[] = {
	{ 0, "root", OPT_STRING, .offset = offsetof(struct global, root), .arg = "DIR",
	  .help = "where the state lives" },
	{ 0, "log-format", OPT_CHOICE, .offset = offsetof(struct global, format),
	  .choices = formats, .help = "format of the log" },
	{ 0, "unprepared", OPT_FLAG, OPT_HIDDEN, .offset = offsetof(struct global, unprepared) },
	OPT_END,
};

static void global_defaults(void *global)
{
	((struct global *)global)->root = "/run/toy";
}

static int prepare(void *global, struct err *e)
{
	if (((struct global *)global)->unprepared)
		return err_set(e, EACCES, "no preparation");
	return 0;
}

struct run_values {
	const char *bundle;
	struct strv env;
	bool secret;
};

static const struct opt run_rows[] = {
	{ 'b', "bundle", OPT_STRING, .offset = offsetof(struct run_values, bundle), .arg = "DIR",
	  .help = "path of the bundle" },
	{ 'e', "env", OPT_LIST, .offset = offsetof(struct run_values, env), .arg = "NAME=VALUE",
	  .help = "set a variable" },
	{ 0, "secret", OPT_FLAG, OPT_HIDDEN, .offset = offsetof(struct run_values, secret) },
	OPT_END,
};

static void run_defaults(void *values)
{
	((struct run_values *)values)->bundle = ".";
}

static int run(const void *global, void *values, char *const *args, int n, struct err *e)
{
	const struct global *g = global;
	const struct run_values *v = values;

	if (n > 1 && streq(args[1], "fail"))
		return err_set(e, ENOENT, "run '%s': no rootfs", args[0]);
	if (n > 1 && streq(args[1], "silent"))
		return -EBUSY;
	if (n > 1 && streq(args[1], "seven"))
		return 7;
	printf("%s %s %zu", g->root, v->bundle, v->env.n);
	for (int i = 0; i < n; i++)
		printf(" [%s]", args[i]);
	printf("\n");
	return 0;
}

static const struct verb run_verb = {
	.name = "run",
	.alias = "start-now|now run",
	.args = "CONTAINER [COMMAND...]",
	.summary = "create a container and start it",
	.details =
		"The first paragraph is folded at the width of a terminal, which is eighty columns.\n"
		"\n"
		"  toy run web\n"
		"\n"
		"./toy's end.",
	.opts = run_rows,
	.opts_size = sizeof(struct run_values),
	.defaults = run_defaults,
	.min_args = 1,
	.max_args = -1,
	.stop_after = 1,
	.run = run,
};

static int list(const void *global UNUSED, void *values UNUSED, char *const *args UNUSED,
		int n UNUSED, struct err *e UNUSED)
{
	printf("none\n");
	return 0;
}

static const struct verb list_verb = { .name = "list",
				       .summary = "print the containers",
				       .max_args = 0,
				       .stop_after = -1,
				       .run = list };
static int volume(const void *global UNUSED, void *values UNUSED, char *const *args, int n,
		  struct err *e UNUSED)
{
	printf("volume");
	for (int i = 0; i < n; i++)
		printf(" [%s]", args[i]);
	printf("\n");
	return 0;
}

static const struct verb volume_verbs[] = {
	{ .name = "volume make",
	  .args = "VOLUME",
	  .summary = "make one",
	  .min_args = 1,
	  .max_args = 1,
	  .stop_after = -1,
	  .run = volume },
	{ .name = "volume list",
	  .summary = "print them",
	  .max_args = 0,
	  .stop_after = -1,
	  .run = volume },
};
static const struct verb *const grouped_verbs[] = { &run_verb, &volume_verbs[0], &volume_verbs[1],
						    NULL };

static const struct verb hidden_verb = { .name = "internal-init",
					 .summary = "not for people",
					 .hidden = true,
					 .max_args = 0,
					 .stop_after = -1,
					 .run = list };
static const struct verb *const verbs[] = { &run_verb, &list_verb, &hidden_verb, NULL };
static const struct exit_row exits[] = { { 0, "success" },
					 { 1, "failure, told in one line" },
					 { 0, NULL } };

static const struct completion_row completions[] = { { "CONTAINER", "list" }, { NULL, NULL } };

static void version(struct strbuf *out)
{
	strbuf_adds(out, "toy version 1\n");
}

static int status_of_failure(const struct verb *v, int error)
{
	return v == &run_verb && error == -ENOENT ? 125 : 1;
}

static const struct program toy = {
	.name = "toy",
	.summary = "a program to test with",
	.global_opts = global_rows,
	.global_size = sizeof(struct global),
	.global_defaults = global_defaults,
	.prepare = prepare,
	.version = version,
	.verbs = verbs,
	.exits = exits,
	.completions = completions,
	.exit_status = status_of_failure,
};

struct result {
	char out[TEXT_MAX], err[TEXT_MAX];
	int status;
};

static void slurp(int fd, char *text)
{
	ssize_t n = pread(fd, text, TEXT_MAX - 1, 0);

	assert_true(n >= 0);
	text[n] = '\0';
}

static const struct result *run_toy(const struct program *p, const char *line, int stdout_flags)
{
	static struct result res;
	auto_(strv) struct strv argv = { 0 };
	autofd int outfd = stdout_flags ? open("/dev/full", stdout_flags)
					: memfd_create("stdout", MFD_CLOEXEC);
	autofd int errfd = memfd_create("stderr", MFD_CLOEXEC);
	pid_t pid;

	strv_add(&argv, "toy");
	strv_split(&argv, line, ' ', true);
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		(void)dup2(outfd, STDOUT_FILENO);
		(void)dup2(errfd, STDERR_FILENO);
		_exit(verb_main(p, (int)argv.n, argv.v));
	}
	assert_int_equal(waitpid(pid, &res.status, 0), pid);
	assert_true(WIFEXITED(res.status));
	res.status = WEXITSTATUS(res.status);
	slurp(errfd, res.err);
	res.out[0] = '\0';
	if (!stdout_flags)
		slurp(outfd, res.out);
	return &res;
}

static void expect(const char *line, int status, const char *out, const char *err)
{
	const struct result *res = run_toy(&toy, line, 0);

	assert_string_equal(res->err, err);
	assert_string_equal(res->out, out);
	assert_int_equal(res->status, status);
}

static void a_verb_gets_global_values_its_own_and_arguments(void **state UNUSED)
{
	expect("run web", 0, "/run/toy . 0 [web]\n", "");
	expect("--root /x run -b B -e A=1 --env B=2 web ls -l", 0, "/x B 2 [web] [ls] [-l]\n", "");
	expect("start-now web", 0, "/run/toy . 0 [web]\n", "");
	expect("now run web ls", 0, "/run/toy . 0 [web] [ls]\n", "");
	expect("now runs web", 1, "", "toy: error: unknown command 'now' (see 'toy --help')\n");
	expect("internal-init", 0, "none\n", "");
}

/* The toy with a group of verbs. */
static struct program grouped(void)
{
	struct program p = toy;

	p.verbs = grouped_verbs;
	return p;
}

static void a_name_may_be_of_two_words(void **state UNUSED)
{
	const struct program p = grouped();
	const struct {
		const char *line, *out, *err;
	} rows[] = {
		{ "volume make v", "volume [v]\n", "" },
		{ "volume list", "volume\n", "" },
		{ "volume", "",
		  "toy: error: 'volume' is the first of two words (see 'toy volume --help')\n" },
		{ "volume mkae v", "",
		  "toy: error: unknown command 'volume mkae', did you mean 'volume make'? (see "
		  "'toy --help')\n" },
		{ "volume make", "",
		  "toy: error: 'volume make' needs more arguments: VOLUME (see 'toy volume make "
		  "--help')\n" },
		{ "volume --help",
		  "Usage: toy volume COMMAND [OPTIONS] [ARGUMENTS]\n\nCommands:\n"
		  "  volume make  make one\n  volume list  print them\n\n"
		  "'toy help volume COMMAND' shows the options of one command.\n",
		  "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct result *res = run_toy(&p, rows[i].line, 0);

		assert_string_equal(res->err, rows[i].err);
		assert_string_equal(res->out, rows[i].out);
		assert_int_equal(res->status, rows[i].err[0] ? 1 : 0);
	}
	assert_non_null(strstr(run_toy(&p, "help volume make", 0)->out,
			       "Usage: toy volume make [OPTIONS] VOLUME"));
}

static void a_verb_decides_its_exit_status(void **state UNUSED)
{
	expect("run web seven", 7, "", "");
}

static void a_failure_is_one_line_and_a_status(void **state UNUSED)
{
	expect("run web fail", 125, "", "toy: error: run 'web': no rootfs\n");
	expect("run web silent", 1, "", "toy: error: Device or resource busy\n");
	expect("--unprepared run web", 1, "", "toy: error: no preparation\n");
}

static void wrong_command_lines_point_to_the_help(void **state UNUSED)
{
	expect("", 1, "", "toy: error: no command given (see 'toy --help')\n");
	expect("rnu", 1, "",
	       "toy: error: unknown command 'rnu', did you mean 'run'? (see 'toy --help')\n");
	expect("frobnicate", 1, "",
	       "toy: error: unknown command 'frobnicate' (see 'toy --help')\n");
	expect("--rot /x run", 1, "",
	       "toy: error: unknown option '--rot', did you mean '--root'? (see 'toy --help')\n");
	expect("run --foo web", 1, "",
	       "toy: error: unknown option '--foo' (see 'toy run --help')\n");
	expect("run", 1, "",
	       "toy: error: 'run' needs more arguments: CONTAINER [COMMAND...] (see 'toy run "
	       "--help')\n");
	expect("list all", 1, "",
	       "toy: error: 'list' takes no argument 'all' (see 'toy list --help')\n");
	expect("help no", 1, "", "toy: error: unknown command 'no' (see 'toy --help')\n");
}

static void a_word_of_other_programs_is_answered_with_what_to_do(void **state UNUSED)
{
	static const struct foreign_row foreign[] = {
		{ "boot|list all", "'toy run' does it" },
		{ NULL, NULL },
	};
	struct program p = toy;
	const char *const told = "unknown command 'boot': 'toy run' does it (see 'toy --help')\n";

	p.foreign = foreign;
	assert_non_null(strstr(run_toy(&p, "boot web", 0)->err, told));
	assert_non_null(strstr(run_toy(&p, "help boot", 0)->err, told));
	assert_non_null(strstr(run_toy(&p, "boots", 0)->err, "unknown command 'boots' ("));
	assert_string_equal(run_toy(&p, "list", 0)->out, "none\n");
}

static void a_global_option_behind_the_verb_is_explained(void **state UNUSED)
{
	expect("run --root=/x web", 1, "",
	       "toy: error: option '--root' is global, it goes before 'run' (see 'toy run "
	       "--help')\n");
}

static void wrong_usage_is_status_2_where_the_program_says_so(void **state UNUSED)
{
	static const struct exit_row with_2[] = { { 0, "ok" }, { 2, "wrong usage" }, { 0, NULL } };
	struct program p = toy;

	p.exits = with_2;
	assert_int_equal(run_toy(&p, "run --foo", 0)->status, 2);
	assert_int_equal(run_toy(&p, "run web silent", 0)->status, 1);
}

static void the_version_needs_no_verb(void **state UNUSED)
{
	expect("--version", 0, "toy version 1\n", "");
	expect("-v", 0, "toy version 1\n", "");
	expect("--root /x --version", 0, "toy version 1\n", "");
}

static void help_lists_options_verbs_and_statuses(void **state UNUSED)
{
	static const char text[] = "Usage: toy [GLOBAL OPTIONS] COMMAND [OPTIONS] [ARGUMENTS]\n"
				   "\n"
				   "a program to test with\n"
				   "\n"
				   "Global options:\n"
				   "      --root DIR              where the state lives\n"
				   "      --log-format text|json  format of the log\n"
				   "  -v, --version               show the version\n"
				   "  -h, --help                  show this help\n"
				   "\n"
				   "Commands:\n"
				   "  run   create a container and start it\n"
				   "  list  print the containers\n"
				   "\n"
				   "Exit status:\n"
				   "  0    success\n"
				   "  1    failure, told in one line\n"
				   "\n"
				   "'toy help COMMAND' shows the options of one command.\n";

	expect("--help", 0, text, "");
	expect("help", 0, text, "");
}

static void help_of_a_verb_shows_details_and_options(void **state UNUSED)
{
	static const char text[] =
		"Usage: toy run [OPTIONS] CONTAINER [COMMAND...]\n"
		"\n"
		"create a container and start it\n"
		"\n"
		"The first paragraph is folded at the width of a terminal, which is eighty\n"
		"columns.\n"
		"\n"
		"  toy run web\n"
		"\n"
		"./toy's end.\n"
		"\n"
		"Also written: toy start-now, now run\n"
		"\n"
		"Options:\n"
		"  -b, --bundle DIR      path of the bundle\n"
		"  -e, --env NAME=VALUE  set a variable\n"
		"  -h, --help            show this help\n";

	expect("run --help", 0, text, "");
	expect("help run", 0, text, "");
	expect("run -b x -h", 0, text, "");
}

static void output_that_cannot_be_written_is_a_failure(void **state UNUSED)
{
	const struct result *res = run_toy(&toy, "list", O_WRONLY);

	assert_int_equal(res->status, 1);
	assert_string_equal(res->err,
			    "toy: error: write to standard output: No space left on device\n");
	assert_int_equal(run_toy(&toy, "--help", O_WRONLY)->status, 1);
	assert_int_equal(run_toy(&toy, "--version", O_WRONLY)->status, 1);
}

static void closed_standard_descriptors_are_filled(void **state UNUSED)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		char *argv[] = { (char[]){ "toy" }, (char[]){ "list" }, NULL };

		(void)close(0);
		(void)close(1);
		(void)verb_main(&toy, 2, argv);
		_exit(fcntl(0, F_GETFD) == 0 && fcntl(1, F_GETFD) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void the_manual_has_all_tables_and_no_hidden_rows(void **state UNUSED)
{
	auto_(strbuf) struct strbuf out = { 0 };

	verb_write_man(&toy, &out);
	assert_string_equal(
		strbuf_str(&out),
		".SH OPTIONS\n"
		"These stand before the command.\n"
		".TP\n\\fB\\-\\-root\\fR \\fIDIR\\fR\nWhere the state lives.\n"
		".TP\n\\fB\\-\\-log\\-format\\fR \\fItext|json\\fR\nFormat of the log.\n"
		".TP\n\\fB\\-v\\fR, \\fB\\-\\-version\\fR\nShow the version.\n"
		".TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR\nShow a help text.\n"
		".SH COMMANDS\n"
		".SS \"toy run [OPTIONS] CONTAINER [COMMAND...]\"\n"
		"Create a container and start it.\n"
		"Also written \\fBstart\\-now\\fR, \\fBnow run\\fR.\n"
		".PP\n"
		"The first paragraph is folded at the width of a terminal, which is eighty "
		"columns.\n"
		".PP\n.nf\n  toy run web\n.fi\n.PP\n"
		"\\&./toy\\(aqs end.\n"
		".TP\n\\fB\\-b\\fR, \\fB\\-\\-bundle\\fR \\fIDIR\\fR\nPath of the bundle.\n"
		".TP\n\\fB\\-e\\fR, \\fB\\-\\-env\\fR \\fINAME=VALUE\\fR\nSet a variable.\n"
		".SS \"toy list [OPTIONS]\"\n"
		"Print the containers.\n"
		".SH EXIT STATUS\n"
		".TP\n\\fB0\\fR\nSuccess.\n"
		".TP\n\\fB1\\fR\nFailure, told in one line.\n");
}

/* Completes `words` (the last one is what stands before the cursor) by bash itself. */
static char *complete_for(const struct program *p, const char *words)
{
	auto_(strbuf) struct strbuf script = { 0 };
	autofree char *path = xasprintf("/tmp/test-verb-%d.bash", getpid());
	autofree char *command = NULL;
	static char reply[1024];
	FILE *f = fopen(path, "w");
	size_t n;

	assert_non_null(f);
	verb_write_completion(p, &script);
	assert_int_equal(fwrite(strbuf_str(&script), 1, script.len, f), script.len);
	(void)fprintf(f, "COMP_WORDS=(%s)\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n", words);
	(void)fprintf(f, "toy() { echo \"$*\"; }\n_toy toy\necho \"${COMPREPLY[*]}\"\n");
	assert_int_equal(fclose(f), 0);
	command = xasprintf("bash %s 2>&1", path);
	f = popen(command, "r");
	assert_non_null(f);
	n = fread(reply, 1, sizeof(reply) - 1, f);
	reply[n] = '\0';
	assert_int_equal(pclose(f), 0);
	(void)unlink(path);
	return reply;
}

static char *complete(const char *words)
{
	return complete_for(&toy, words);
}

static void bash_completes_the_second_word_of_a_name(void **state UNUSED)
{
	const struct program p = grouped();

	assert_string_equal(complete_for(&p, "toy ''"), "run volume help\n");
	assert_string_equal(complete_for(&p, "toy volume ''"), "make list\n");
	assert_string_equal(complete_for(&p, "toy volume make --"), "--help\n");
}

static void bash_completes_verbs_options_and_choices(void **state UNUSED)
{
	assert_string_equal(complete("toy ''"), "run list help\n");
	assert_string_equal(complete("toy r"), "run\n");
	assert_string_equal(complete("toy --"), "--root --log-format --version --help\n");
	assert_string_equal(complete("toy --log-format ''"), "text json\n");
	assert_string_equal(complete("toy --log-format = j"), "json\n");
	assert_string_equal(complete("toy --root = run ''"), "run list help\n");
	assert_string_equal(complete("toy --root run run --"), "--bundle --env --help\n");
	assert_string_equal(complete("toy help l"), "list\n");
	assert_string_equal(complete("toy run --bundle /us"), "/usr\n");
	assert_string_equal(complete("toy run --env ''"), "\n");
	assert_string_equal(complete("toy internal-init --"), "\n");
}

static void bash_asks_the_program_for_names(void **state UNUSED)
{
	/* The program of this test prints its arguments. */
	assert_string_equal(complete("toy run ''"), "list\n");
	assert_string_equal(complete("toy --root /x run --bundle d ''"), "--root /x list\n");
	assert_string_equal(complete("toy --root = /x run ''"), "--root=/x list\n");
	assert_string_equal(complete("toy run -"), "--bundle --env --help\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_verb_gets_global_values_its_own_and_arguments),
		cmocka_unit_test(a_name_may_be_of_two_words),
		cmocka_unit_test(a_verb_decides_its_exit_status),
		cmocka_unit_test(a_failure_is_one_line_and_a_status),
		cmocka_unit_test(wrong_command_lines_point_to_the_help),
		cmocka_unit_test(a_word_of_other_programs_is_answered_with_what_to_do),
		cmocka_unit_test(a_global_option_behind_the_verb_is_explained),
		cmocka_unit_test(wrong_usage_is_status_2_where_the_program_says_so),
		cmocka_unit_test(the_version_needs_no_verb),
		cmocka_unit_test(help_lists_options_verbs_and_statuses),
		cmocka_unit_test(help_of_a_verb_shows_details_and_options),
		cmocka_unit_test(output_that_cannot_be_written_is_a_failure),
		cmocka_unit_test(closed_standard_descriptors_are_filled),
		cmocka_unit_test(the_manual_has_all_tables_and_no_hidden_rows),
		cmocka_unit_test(bash_completes_verbs_options_and_choices),
		cmocka_unit_test(bash_completes_the_second_word_of_a_name),
		cmocka_unit_test(bash_asks_the_program_for_names),
	};

	return cmocka_run_group_tests_name("verb", tests, NULL, NULL);
}
