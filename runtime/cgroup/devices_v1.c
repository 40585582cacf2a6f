/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "runtime/cgroup/devices.h"

#define RULE_MAX 64

static void put_number(char *buf, size_t size, int number)
{
	if (number == DEVICE_ANY)
		(void)snprintf(buf, size, "*");
	else
		(void)snprintf(buf, size, "%d", number);
}

static int write_rule(int allowfd, int denyfd, const struct device_rule *rule, char type,
		      struct err *e)
{
	char text[RULE_MAX], major[16], minor[16];
	int len;

	put_number(major, sizeof(major), rule->major);
	put_number(minor, sizeof(minor), rule->minor);
	len = snprintf(text, sizeof(text), "%c %s:%s %s%s%s", type, major, minor,
		       rule->access & DEVICE_READ ? "r" : "",
		       rule->access & DEVICE_WRITE ? "w" : "",
		       rule->access & DEVICE_MKNOD ? "m" : "");
	if (write(rule->allow ? allowfd : denyfd, text, (size_t)len) < 0)
		return err_sys(e, "write '%s' to 'devices.%s'", text,
			       rule->allow ? "allow" : "deny");
	return 0;
}

int devices_v1_write(int dirfd, const struct device_policy *p, struct err *e)
{
	autofd int allowfd = openat(dirfd, "devices.allow", O_WRONLY | O_CLOEXEC);
	autofd int denyfd = openat(dirfd, "devices.deny", O_WRONLY | O_CLOEXEC);
	int r = 0;

	if (allowfd < 0 || denyfd < 0)
		return err_sys(e, "open 'devices.allow' and 'devices.deny'");
	/* A group begins with its parent's rules. */
	if (write(p->allow_rest ? allowfd : denyfd, "a", 1) < 0)
		return err_sys(e, "write 'a' to 'devices.%s'", p->allow_rest ? "allow" : "deny");
	for (size_t i = 0; r == 0 && i < p->n; i++) {
		const struct device_rule *rule = &p->v[i];

		if (rule->type != 'a') {
			r = write_rule(allowfd, denyfd, rule, rule->type, e);
			continue;
		}
		/* The kernel takes "a" for everything, whatever numbers follow. */
		r = write_rule(allowfd, denyfd, rule, 'c', e);
		if (r == 0)
			r = write_rule(allowfd, denyfd, rule, 'b', e);
	}
	return r;
}
