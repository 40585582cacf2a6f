/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/step/git_run.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "imagetool/step/git_keys.h"
#include "libutil/alloc.h"
#include "libutil/fd.h"
#include "libutil/proc.h"
#include "libutil/strv.h"

/* What of its last words goes into a message. */
#define WORDS_MAX 300

/* Servers tell about their work every second, and what comes from them is counted here. */
#define SILENCE_MS 120000

/* Those that wait for servers. */
static const char *const remote_verbs[] = { "ls-remote", "fetch", "submodule" };

static const char *const passed_on[] = { "PATH",      "HTTP_PROXY",    "HTTPS_PROXY", "NO_PROXY",
					 "ALL_PROXY", "http_proxy",    "https_proxy", "no_proxy",
					 "all_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR" };

static const char *const fixed[] = {
	"GIT_TERMINAL_PROMPT=0",
	"GIT_CONFIG_NOSYSTEM=1",
	"GIT_CONFIG_GLOBAL=/dev/null",
	"HOME=/dev/null",
	"LC_ALL=C",
	"GIT_ALLOW_PROTOCOL=http:https:ssh:git",
	"GIT_ASKPASS=/bin/false",
	"SSH_ASKPASS=/bin/false",
};

static const char *const options[] = {
	/* The bits of files are git's own, whatever the process's umask. */
	"-c", "core.hooksPath=/dev/null",
	"-c", "core.fsmonitor=false",
	"-c", "init.defaultBranch=master",
	"-c", "advice.detachedHead=false",
	"-c", "gc.auto=0",
	"-c", "maintenance.auto=false",
};

void git_done(struct git *g)
{
	free(g->dir);
	g->dir = NULL;
}

int git_path_of(int dirfd, const char *name, char **ret, struct err *e)
{
	char link[FD_PATH_SIZE], path[PATH_MAX];
	ssize_t len = readlink(fd_path(dirfd, link), path, sizeof(path) - 1);

	if (len < 0)
		return err_sys(e, "read link '%s'", link);
	path[len] = '\0';
	if (path[0] != '/')
		return err_set(e, ENOENT, "git needs a directory that has a path");
	*ret = xasprintf("%s/%s", path, name);
	return 0;
}

static int make_environment(const struct git *g, struct strv *env, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(passed_on); i++) {
		const char *value = getenv(passed_on[i]);

		if (value)
			strv_addf(env, "%s=%s", passed_on[i], value);
	}
	for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
		strv_add(env, fixed[i]);
	if (g->opts->ca)
		strv_addf(env, "GIT_SSL_CAINFO=%s", g->opts->ca);
	return git_keys_environment(g->opts->keys, g->url, env, e);
}

/* Our umask is 0, and git would make files that everybody may write. */
static void make_command(const struct git *g, const char *const *args, struct strv *argv)
{
	strv_add(argv, "sh");
	strv_add(argv, "-c");
	strv_add(argv, "umask 022; exec \"$0\" \"$@\"");
	strv_add(argv, g->opts->git ? g->opts->git : "git");
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		strv_add(argv, options[i]);
	if (g->dir)
		strv_addf(argv, "--git-dir=%s", g->dir);
	if (g->treefd >= 0)
		strv_add(argv, "--work-tree=.");
	for (; *args; args++)
		strv_add(argv, *args);
}

/* "Receiving objects:  45% (9/20)", again and again with a carriage return, and ", done." */
static bool is_progress(const char *line, size_t len)
{
	return line[len] == '\r' || memmem(line, len, "% (", 3) ||
	       (len > 7 && memcmp(line + len - 7, ", done.", 7) == 0);
}

/* What it had to say apart from how far it was. */
static void drop_progress(const struct strbuf *out, struct strbuf *ret)
{
	const char *p = strbuf_str(out);

	while (*p) {
		size_t len = strcspn(p, "\r\n");
		size_t whole = len + (p[len] != '\0');

		if (!is_progress(p, len))
			strbuf_add(ret, p, whole);
		p += whole;
	}
}

static const char *hint_for(const char *said)
{
	return strstr(said, "The requested URL returned error: 30")
		       ? ": name the place where it is now: redirects are not followed with "
			 "GIT_AUTH_HEADER"
		       : "";
}

static int ended_badly(const char *verb, int status, const struct strbuf *said, struct err *e)
{
	auto_(strbuf) struct strbuf words = { 0 };
	const char *text = strbuf_str(said);
	size_t len = said->len;
	char how[PROC_STATUS_TEXT_SIZE];

	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return err_set(e, ENOENT, "the program git is missing: install it");
	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == ' '))
		len--;
	if (len > WORDS_MAX) {
		text += len - WORDS_MAX;
		len = WORDS_MAX;
	}
	strbuf_add_printable(&words, text, len, "");
	return err_set(e, ECHILD, "git %s %s: %s%s", verb, proc_status_text(status, how),
		       strbuf_str(&words), hint_for(text));
}

static int silence_of(const struct git *g, const char *verb)
{
	for (size_t i = 0; i < ARRAY_LEN(remote_verbs); i++)
		if (streq(verb, remote_verbs[i]))
			return g->opts->silence_ms > 0 ? g->opts->silence_ms : SILENCE_MS;
	return 0;
}

static int did_not_end(const char *verb, int r, const struct proc_spec *spec, struct err *e)
{
	if (r != -ETIME)
		return err_wrap(e, r, "git %s", verb);
	err_clear(e);
	return err_set(e, ETIMEDOUT,
		       "git %s: the server said nothing for %d seconds: try again later, or clone "
		       "the repository and build from there",
		       verb, spec->silence_ms / 1000);
}

int git_run(const struct git *g, const char *const *args, struct strbuf *out, struct err *e)
{
	auto_(strv) struct strv env = { 0 }, argv = { 0 };
	auto_(strbuf) struct strbuf own = { .max = GIT_OUTPUT_MAX }, said = { 0 };
	struct proc_spec spec = { .path = "/bin/sh",
				  /* Its helpers wait for servers, and outlive a git that is
				   * killed alone. */
				  .new_session = true,
				  .own_pids = true,
				  .silence_ms = silence_of(g, args[0]),
				  .die_with_parent = true,
				  .stopfds = { g->opts->cancelfd, -1 },
				  .may_stop = g->opts->cancelfd >= 0 };
	int status = 0, r;

	if (!out)
		out = &own;
	out->max = GIT_OUTPUT_MAX;
	make_command(g, args, &argv);
	spec.argv = argv.v;
	if (g->treefd > 0)
		spec.cwdfd = g->treefd;
	r = make_environment(g, &env, e);
	if (r < 0)
		return r;
	spec.envp = env.v;
	r = proc_run(&spec, NULL, 0, out, -1, &status, e);
	if (r < 0)
		return did_not_end(args[0], r, &spec, e);
	drop_progress(out, &said);
	if (g->opts->log && out == &own)
		g->opts->log(g->opts->ctx, strbuf_str(&said), said.len);
	return status == 0 ? 0 : ended_badly(args[0], status, &said, e);
}
