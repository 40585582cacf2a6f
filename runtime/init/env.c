/* SPDX-License-Identifier: Apache-2.0 */
/* The environment of the container's program. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "libutil/beneath.h"
#include "libutil/cleanup.h"
#include "libutil/file.h"
#include "runtime/init/passwd.h"
#include "runtime/init/stage.h"

/* A missing, odd or huge passwd file is the image's business: then there is no home. */
static char *find_home(const struct init *in, uint32_t uid)
{
	/* A fifo in its place must not stop us. */
	autofd int fd = beneath_open(in->rootfd, "/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY, 0,
				     BENEATH_CHROOT, NULL);
	autofree char *text = NULL;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return NULL;
	if (file_read_fd(fd, "/etc/passwd", PASSWD_MAX, &text, NULL, NULL) < 0)
		return NULL;
	return passwd_home(text, uid);
}

static void set_home(struct init *in)
{
	const char *given = strv_env_get(&in->env, "HOME");
	const struct spec_user *user = in->process->user;
	autofree char *home = NULL;

	if (given && given[0])
		return;
	home = find_home(in, user ? (uint32_t)user->uid.v : 0);
	strv_env_set(&in->env, "HOME", home ? home : "/");
}

/* getenv(3) finds the first of two, and callers append what is to replace. */
static bool is_set_later(const struct oci_strings *env, size_t at)
{
	size_t len = strcspn(env->items[at], "=") + 1;

	for (size_t i = at + 1; i < env->n; i++)
		if (strncmp(env->items[i], env->items[at], len) == 0)
			return true;
	return false;
}

static int add_given(struct init *in, struct err *e)
{
	const struct oci_strings *env = &in->process->env;

	for (size_t i = 0; i < env->n; i++) {
		if (env->items[i][0] == '=' || !strchr(env->items[i], '='))
			return err_set(e, EINVAL, "process.env[%zu]: '%s' is not NAME=value", i,
				       env->items[i]);
		if (!is_set_later(env, i))
			strv_add(&in->env, env->items[i]);
	}
	return 0;
}

int env_build(struct init *in, struct err *e)
{
	char number[16];
	int r = add_given(in, e);

	if (r < 0)
		return r;
	set_home(in);
	if (in->job->notify_dirfd >= 0)
		strv_env_set(&in->env, "NOTIFY_SOCKET", "/run/notify/notify.sock");
	if (in->job->listen_fds > 0) {
		(void)snprintf(number, sizeof(number), "%u", in->job->listen_fds);
		strv_env_set(&in->env, "LISTEN_FDS", number);
		strv_env_set(&in->env, "LISTEN_PID", "1");
	}
	return 0;
}
