/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of options that describe a container; the first byte says which. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "imagetool/bundle/identity.h"
#include "imagetool/bundle/key_values.h"
#include "imagetool/bundle/mount_args.h"
#include "imagetool/bundle/seccomp.h"
#include "imagetool/bundle/ulimit.h"
#include "libutil/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int mounts(const char *text, int which, struct err *e)
{
	auto_(mount_args) struct mount_args m = { 0 };
	int r = which == 'm'   ? mount_args_add_spec(&m, text, e)
		: which == 'v' ? mount_args_add_volume(&m, text, e)
			       : mount_args_add_tmpfs(&m, text, e);

	if (r >= 0 && (m.n != 1 || !path_is_absolute(m.items[0].destination) ||
		       path_has_dotdot(m.items[0].destination)))
		abort();
	return r;
}

static int key_values(const char *text, size_t len, struct err *e)
{
	auto_(strv) struct strv v = { 0 };
	int r = key_values_parse("f", text, len, &v, e);

	for (size_t i = 0; r >= 0 && i < v.n; i++)
		if (!v.v[i][0] || v.v[i][0] == '=' || strchr(v.v[i], '\n'))
			abort();
	return r;
}

static int ulimit(const char *text, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	struct spec_rlimit l;
	int r = ulimit_parse(text, &a, &l, e);

	if (r >= 0 && (oci_rlimit_number(l.type) < 0 || l.soft.v > l.hard.v))
		abort();
	return r;
}

static int seccomp(const char *text, size_t len, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	struct spec_seccomp *s = NULL;
	int r = seccomp_parse("profile", text, len, &(struct oci_strings){ 0 }, &a, &s, e);

	if (r >= 0 && !s)
		abort();
	return r;
}

/* One line in, one line out. */
static int host_line(const char *text, struct err *e)
{
	auto_(identity) struct identity i = { 0 };
	struct container_options o = { 0 };
	size_t lines = 0;
	int r;

	strv_add(&o.add_hosts, text);
	r = identity_decide(&o, true, &(struct identity_host){ "", text }, &i, e);
	strv_done(&o.add_hosts);
	for (size_t n = 0; r >= 0 && n < i.hosts.len; n++)
		lines += i.hosts.data[n] == '\n';
	if (r >= 0 && lines != 1)
		abort();
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = xcalloc(size + 1, 1);
	struct err e = { 0 };
	int r = 0;

	if (!size)
		return 0;
	memcpy(text, data + 1, size - 1);
	switch (data[0]) {
	case 'm':
	case 'v':
	case 't':
		r = mounts(text, data[0], &e);
		break;
	case 'e':
		r = key_values(text, size - 1, &e);
		break;
	case 'u':
		r = ulimit(text, &e);
		break;
	case 's':
		r = seccomp(text, size - 1, &e);
		break;
	case 'h':
		r = host_line(text, &e);
		break;
	default:
		return 0;
	}
	if (r < 0 && !e.code)
		abort();
	return 0;
}
