/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/seccomp/seccomp.h"

#include <linux/seccomp.h>
#include <stdlib.h>

#include "libutil/cleanup.h"
#include "runtime/seccomp/build.h"
#include "runtime/seccomp/cache.h"
#include "runtime/seccomp/key.h"

/* Linux 5.7 and 5.19; older headers lack them. */
#ifndef SECCOMP_FILTER_FLAG_TSYNC_ESRCH
#define SECCOMP_FILTER_FLAG_TSYNC_ESRCH (1UL << 4)
#endif
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

static const uint32_t flag_bits[] = {
	[OCI_SECCOMP_FLAG_TSYNC] = SECCOMP_FILTER_FLAG_TSYNC,
	[OCI_SECCOMP_FLAG_LOG] = SECCOMP_FILTER_FLAG_LOG,
	[OCI_SECCOMP_FLAG_SPEC_ALLOW] = SECCOMP_FILTER_FLAG_SPEC_ALLOW,
	[OCI_SECCOMP_FLAG_WAIT_KILLABLE_RECV] = SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
};

static bool has_notify(const struct spec_seccomp *p)
{
	const struct spec_seccomp_rule *rules = p->syscalls.items;

	for (size_t i = 0; i < p->syscalls.n; i++)
		if (rules[i].action == OCI_ACT_NOTIFY)
			return true;
	return false;
}

static uint32_t flags_of(const struct spec_seccomp *p, bool notify)
{
	uint32_t flags = 0;

	/* No list at all: keep the speculation that hardware mitigations would cost, as other
	 * runtimes do.  An empty list asks for nothing. */
	if (!p->flags.items)
		flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	for (size_t i = 0; p->flags.items && i < p->flags.n; i++)
		flags |= flag_bits[p->flags.items[i]];
	if (!notify)
		/* It says how a listener is waited for, and the kernel refuses it without one. */
		return flags & ~(uint32_t)SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	/* Both return something: with this flag the kernel knows which. */
	if (flags & SECCOMP_FILTER_FLAG_TSYNC)
		flags |= SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
	return flags;
}

static int get_program(const struct spec_seccomp *p, int cache_dirfd, struct sock_filter **ret,
		       size_t *ret_n, struct err *e)
{
	auto_(strbuf) struct strbuf key = { 0 };
	int r;

	if (cache_dirfd < 0)
		return seccomp_build(p, ret, ret_n, e);
	seccomp_key(p, &key);
	r = strbuf_check(&key, "linux.seccomp", e);
	if (r < 0)
		return r;
	if (seccomp_cache_get(cache_dirfd, &key, ret, ret_n))
		return 0;
	r = seccomp_build(p, ret, ret_n, e);
	if (r == 0)
		seccomp_cache_put(cache_dirfd, &key, *ret, *ret_n);
	return r;
}

int seccomp_compile(const struct spec_seccomp *profile, int cache_dirfd,
		    struct seccomp_program *ret, struct err *e)
{
	struct sock_filter *v = NULL;
	size_t n = 0;
	int r;

	if (!profile) {
		*ret = (struct seccomp_program){ 0 };
		return 0;
	}
	r = get_program(profile, cache_dirfd, &v, &n, e);
	if (r < 0)
		return r;
	*ret = (struct seccomp_program){ .prog = { .len = (unsigned short)n, .filter = v },
					 .notify = has_notify(profile) };
	ret->flags = flags_of(profile, ret->notify);
	return 0;
}

void seccomp_program_done(struct seccomp_program *p)
{
	free(p->prog.filter);
	*p = (struct seccomp_program){ 0 };
}
