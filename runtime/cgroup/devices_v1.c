/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "libutil/file.h"
#include "runtime/cgroup/devices.h"

#define RULE_MAX 64
/* Lines of devices.list are short, and a policy has some hundred at most. */
#define LIST_MAX ((size_t)1 << 20)

static void put_number(char *buf, size_t size, int number)
{
	if (number == DEVICE_ANY)
		(void)snprintf(buf, size, "*");
	else
		(void)snprintf(buf, size, "%d", number);
}

/* devices.deny and devices.allow of a group, indexed by what they say. */
struct files {
	int fd[2];
};

static void files_done(const struct files *f)
{
	close_at_exit(&f->fd[false]);
	close_at_exit(&f->fd[true]);
}
AUTO_DEFINE_DONE(files, files_done)

static const char *const file_name[] = { [false] = "devices.deny", [true] = "devices.allow" };

static int open_files(int dirfd, struct files *ret, struct err *e)
{
	for (int i = 0; i < 2; i++) {
		ret->fd[i] = openat(dirfd, file_name[i], O_WRONLY | O_CLOEXEC);
		if (ret->fd[i] < 0)
			return err_sys(e, "open '%s'", file_name[i]);
	}
	return 0;
}

static int write_text(const struct files *f, bool allow, const char *text, struct err *e)
{
	if (write(f->fd[allow], text, strlen(text)) < 0)
		return err_sys(e, "write '%s' to '%s'", text, file_name[allow]);
	return 0;
}

static int write_rule(const struct files *f, const struct device_rule *rule, bool allow,
		      struct err *e)
{
	char text[RULE_MAX], major[16], minor[16];

	put_number(major, sizeof(major), rule->major);
	put_number(minor, sizeof(minor), rule->minor);
	(void)snprintf(text, sizeof(text), "%c %s:%s %s%s%s", rule->type, major, minor,
		       rule->access & DEVICE_READ ? "r" : "",
		       rule->access & DEVICE_WRITE ? "w" : "",
		       rule->access & DEVICE_MKNOD ? "m" : "");
	return write_text(f, allow, text, e);
}

/* From scratch: a group begins with its parent's rules. */
static int write_all(const struct files *f, const struct device_policy *v1, struct err *e)
{
	int r = write_text(f, v1->allow_rest, "a", e);

	for (size_t i = 0; r == 0 && i < v1->n; i++)
		r = write_rule(f, &v1->v[i], v1->v[i].allow, e);
	return r;
}

/* Permissions first, so that what is allowed before and after is allowed all the time. */
static int write_steps(const struct files *f, const struct device_policy *steps, struct err *e)
{
	for (size_t i = 0; i < steps->n; i++) {
		int r = write_rule(f, &steps->v[i], steps->v[i].allow, e);

		if (r == 0)
			continue;
		while (i-- > 0)
			(void)write_rule(f, &steps->v[i], !steps->v[i].allow, NULL);
		return r;
	}
	return 0;
}

static int read_list(int dirfd, struct device_policy *ret, struct err *e)
{
	autofree char *text = NULL;
	int r = file_read_at(dirfd, "devices.list", LIST_MAX, &text, NULL, e);

	if (r < 0)
		return r;
	return devices_v1_parse(text, ret) < 0 ? err_set(e, EBADMSG, "'devices.list' is odd") : 0;
}

/* From "all but" to "only" and back there are moments that are neither: nobody runs meanwhile. */
static int rewrite_frozen(const struct cgroup *cg, const struct files *f,
			  const struct device_policy *now, const struct device_policy *want,
			  struct err *e)
{
	bool freeze = cgroup_is_frozen(cg, NULL) == 0 && cgroup_freeze(cg, true, NULL) == 0;
	int r = write_all(f, want, e);

	if (r < 0)
		(void)write_all(f, now, NULL);
	if (freeze)
		(void)cgroup_freeze(cg, false, NULL);
	return r == -EINVAL ? err_wrap(e, r, "groups that the container made in it are in the way")
			    : r;
}

static int change(const struct cgroup *cg, int dirfd, const struct files *f,
		  const struct device_policy *want, struct err *e)
{
	auto_(device_policy) struct device_policy now = { 0 }, steps = { 0 };
	int r = read_list(dirfd, &now, e);

	if (r < 0)
		return r;
	if (now.allow_rest || want->allow_rest)
		return rewrite_frozen(cg, f, &now, want, e);
	devices_v1_steps(&now, want, &steps);
	return write_steps(f, &steps, e);
}

int devices_v1_write(const struct cgroup *cg, int dirfd, const struct device_policy *p, bool fresh,
		     struct err *e)
{
	auto_(device_policy) struct device_policy want = { 0 };
	auto_(files) struct files f = { { -1, -1 } };
	int r = devices_v1_decide(p, &want, e);

	if (r == 0)
		r = open_files(dirfd, &f, e);
	if (r < 0)
		return r;
	return fresh ? write_all(&f, &want, e) : change(cg, dirfd, &f, &want, e);
}
