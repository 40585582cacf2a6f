/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/verb/globals.h"

#include <errno.h>
#include <signal.h>

#include "libutil/log.h"
#include "libutil/path.h"

static const char *const log_formats[] = { "text", "json", NULL };
static const char *const managers[] = { "cgroupfs", "systemd", "disabled", NULL };
static const char *const rootless_words[] = { "auto", "true", "false", NULL };

#define AT(member) offsetof(struct globals, member)

const struct opt globals_opts[] = {
	{ 0, "root", OPT_STRING, 0, AT(root), "DIR",
	  "directory of the containers' state (/run/creel, or $XDG_RUNTIME_DIR/creel when not root)",
	  NULL, NULL },
	{ 0, "log", OPT_STRING, 0, AT(log), "FILE", "append messages to FILE as well", NULL, NULL },
	{ 0, "log-format", OPT_CHOICE, 0, AT(log_format), "FORMAT",
	  "format of the lines in the log file", log_formats, NULL },
	{ 0, "log-level", OPT_STRING, 0, AT(log_level), "LEVEL", "error, warning, info or debug",
	  NULL, NULL },
	{ 0, "debug", OPT_FLAG, 0, AT(debug), NULL, "the same as --log-level debug", NULL, NULL },
	{ 0, "systemd-cgroup", OPT_FLAG, 0, AT(systemd_cgroup), NULL,
	  "the same as --cgroup-manager systemd", NULL, NULL },
	{ 0, "cgroup-manager", OPT_CHOICE, 0, AT(cgroup_manager), "MANAGER",
	  "who makes control groups", managers, NULL },
	{ 0, "rootless", OPT_CHOICE, 0, AT(rootless), "WHEN",
	  "act without the rights of the machine's root: leave control groups that may not be changed, map ids with "
	  "newuidmap",
	  rootless_words, NULL },
	OPT_END,
};

void globals_defaults(void *globals)
{
	struct globals *g = globals;

	g->cgroup_manager = CGROUP_FS;
	g->rootless = HOST_ROOTLESS_AUTO;
}

static int set_up_log(const struct globals *g, struct err *e)
{
	enum log_level level = LOG_LEVEL_DEBUG;
	int r = 0;

	if (g->log_level && !g->debug)
		r = log_parse_level(g->log_level, &level, e);
	if (r < 0)
		return r;
	/* Only when asked: a JSON log then holds no more than the error that podman looks for. */
	if (g->debug || g->log_level)
		log_set_level(level);
	return g->log ? log_open_file(g->log, (enum log_format)g->log_format, e) : 0;
}

int globals_prepare(void *globals, struct err *e)
{
	struct globals *g = globals;
	int r = set_up_log(g, e);

	if (r < 0)
		return r;
	/* A caller that ignores SIGCHLD would have the kernel reap what we wait for. */
	(void)signal(SIGCHLD, SIG_DFL);
	if (g->root && (g->root[0] == '\0' || streq(g->root, "/")))
		return err_set(e, EINVAL, "--root: '%s' cannot hold the state of containers",
			       g->root);
	if (!g->root)
		g->default_root = host_default_root();
	g->host = (struct host){
		.root = g->root ? g->root : g->default_root,
		.driver =
			g->systemd_cgroup ? CGROUP_SYSTEMD : (enum cgroup_driver)g->cgroup_manager,
		.rootless = (enum host_rootless)g->rootless,
	};
	return 0;
}
