/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/conmon/command.h"

const char *conmon_command_name(const struct conmon_opts *o)
{
	if (o->exec)
		return "exec";
	return o->restore ? "restore" : "create";
}

static void add_pair(struct strv *argv, const char *option, const char *value)
{
	strv_add(argv, option);
	strv_add(argv, value);
}

static void add_exec(struct strv *argv, const struct conmon_opts *o)
{
	add_pair(argv, "--pid-file", o->pid_file);
	add_pair(argv, "--process", o->exec_process_spec);
	strv_add(argv, "--detach");
}

/* A restored container runs at once: without --detach the runtime would stay with it. */
static void add_container(struct strv *argv, const struct conmon_opts *o)
{
	add_pair(argv, "--bundle", o->bundle);
	add_pair(argv, "--pid-file", o->pid_file);
	if (o->no_pivot)
		strv_add(argv, "--no-pivot");
	if (o->no_new_keyring)
		strv_add(argv, "--no-new-keyring");
	if (!o->restore)
		return;
	strv_add(argv, "--detach");
	add_pair(argv, "--image-path", o->restore);
	add_pair(argv, "--work-path", o->bundle);
}

void conmon_command(struct strv *argv, const struct conmon_opts *o, const char *console)
{
	strv_add(argv, o->runtime);
	if (o->systemd_cgroup && !o->exec)
		strv_add(argv, "--systemd-cgroup");
	strv_add_all(argv, strv_argv(&o->runtime_args));
	strv_add(argv, conmon_command_name(o));
	if (o->exec)
		add_exec(argv, o);
	else
		add_container(argv, o);
	strv_add_all(argv, strv_argv(&o->runtime_opts));
	if (console)
		add_pair(argv, "--console-socket", console);
	strv_add(argv, o->cid);
}
