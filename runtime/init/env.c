/* SPDX-License-Identifier: Apache-2.0 */
/* The environment of the container's program. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "libutil/alloc.h"
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

/* A variable, where it stands in the list. */
struct variable {
	const char *text;
	size_t len, at; /* bytes with the "=" */
};

static int by_name_and_place(const void *left, const void *right)
{
	const struct variable *a = left, *b = right;
	int r = memcmp(a->text, b->text, a->len < b->len ? a->len : b->len);

	if (r == 0)
		r = (a->len > b->len) - (a->len < b->len);
	return r ? r : (a->at > b->at) - (a->at < b->at);
}

static int read_given(const struct oci_strings *env, struct variable *ret, struct err *e)
{
	for (size_t i = 0; i < env->n; i++) {
		const char *text = env->items[i], *equals = strchr(text, '=');

		if (!equals || equals == text)
			return err_set(e, EINVAL, "process.env[%zu]: '%s' is not NAME=value", i,
				       text);
		ret[i] = (struct variable){ text, (size_t)(equals - text) + 1, i };
	}
	return 0;
}

/* getenv(3) finds the first of two, and callers append what is to replace.  Sorted, since an
 * image may have any number of them. */
static int add_given(struct init *in, struct err *e)
{
	const struct oci_strings *env = &in->process->env;
	autofree struct variable *all = xcalloc(env->n + 1, sizeof(*all));
	autofree bool *replaced = xcalloc(env->n + 1, sizeof(*replaced));
	int r = read_given(env, all, e);

	if (r < 0)
		return r;
	qsort(all, env->n, sizeof(*all), by_name_and_place);
	for (size_t i = 1; i < env->n; i++)
		replaced[all[i - 1].at] = all[i - 1].len == all[i].len &&
					  memcmp(all[i - 1].text, all[i].text, all[i].len) == 0;
	for (size_t i = 0; i < env->n; i++)
		if (!replaced[i])
			strv_add(&in->env, env->items[i]);
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
