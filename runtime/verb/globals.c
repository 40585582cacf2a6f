/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/verb/globals.h"

#include <errno.h>
#include <signal.h>

#include "libutil/path.h"

static const char *const managers[] = { "cgroupfs", "systemd", "disabled", NULL };
static const char *const rootless_words[] = { "auto", "true", "false", NULL };

#define AT(member) offsetof(struct globals, member)

const struct opt globals_opts[] = {
	{ 0, "root", OPT_STRING, 0, AT(root), "DIR",
	  "directory of the containers' state (/run/creel, or $XDG_RUNTIME_DIR/creel when not root)",
	  NULL, NULL },
	LOG_OPT_ROWS(AT(log)),
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

int globals_prepare(void *globals, struct err *e)
{
	struct globals *g = globals;
	int r = log_opts_apply(&g->log, e);

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
