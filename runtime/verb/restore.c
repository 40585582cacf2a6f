/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/checkpoint/restore.h"

#include "runtime/verb/criu_opts.h"
#include "runtime/verb/globals.h"
#include "runtime/verb/verbs.h"

#define AT(member) offsetof(struct criu_values, create.member)

static const struct opt opts[] = {
	{ 'b', "bundle", OPT_STRING, 0, AT(bundle), "DIR",
	  "the bundle; without it the working directory", NULL, NULL },
	{ 'f', "config", OPT_STRING, 0, AT(config), "FILE",
	  "read FILE in place of the bundle's config.json", NULL, NULL },
	{ 'd', "detach", OPT_FLAG, 0, AT(detach), NULL,
	  "leave the container running in the background", NULL, NULL },
	{ 0, "console-socket", OPT_STRING, 0, AT(console_socket), "SOCKET",
	  "unix socket that receives the terminal's master end", NULL, NULL },
	{ 0, "pid-file", OPT_STRING, 0, AT(pid_file), "FILE",
	  "write the first process's id to FILE", NULL, NULL },
	{ 0, "no-subreaper", OPT_FLAG, 0, AT(no_subreaper), NULL,
	  "do not adopt processes that the container leaves behind", NULL, NULL },
	{ 0, "no-pivot", OPT_FLAG, 0, AT(no_pivot), NULL,
	  "for callers that send it: criu chooses how to change the root", NULL, NULL },
	{ 0, "preserve-fds", OPT_U32, 0, AT(preserve_fds), "N",
	  "in place of pipes and files the container had from 3 on, give it ours", NULL, NULL },
	CRIU_OPTS_ROWS,
	CRIU_FLAG("tcp-close", tcp_close, "restore TCP connections as closed ones"),
	CRIU_STRING("lsm-profile", lsm_profile, "TYPE:NAME",
		    "security profile in place of the one in the image; 'apparmor' or 'selinux'"),
	CRIU_STRING("lsm-mount-context", lsm_mount_context, "CONTEXT",
		    "SELinux context of mounts in place of the one in the image"),
	OPT_END,
};

static int run(const void *global, void *values, char *const *args, int n UNUSED, struct err *e)
{
	const struct criu_values *v = values;
	struct create_request req;

	create_opts_request(&v->create, globals_host(global), args[0], &req);
	return container_restore(&req, &v->flags, !v->create.no_subreaper, e);
}

const struct verb verb_restore = {
	.name = "restore",
	.args = "CONTAINER",
	.summary = "make a container from a bundle and the files of 'checkpoint'",
	.details =
		"The bundle says what the container may do; what the files want beyond that is refused. Without "
		"--detach the exit status is that of the container's program, as with 'run'.",
	.opts = opts,
	.opts_size = sizeof(struct criu_values),
	.min_args = 1,
	.max_args = 1,
	.stop_after = -1,
	.run = run,
};
