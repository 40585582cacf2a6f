/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/seccomp/seccomp.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>

#include "libutil/cleanup.h"
#include "runtime/seccomp/build.h"
#include "runtime/seccomp/cache.h"
#include "runtime/seccomp/key.h"
#include "runtime/seccomp/raw.h"

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

static bool notifies_of(const struct spec_seccomp *p, const char *name)
{
	const struct spec_seccomp_rule *rules = p->syscalls.items;

	for (size_t i = 0; i < p->syscalls.n; i++) {
		if (rules[i].action != OCI_ACT_NOTIFY)
			continue;
		for (size_t k = 0; k < rules[i].names.n; k++)
			if (streq(rules[i].names.items[k], name))
				return true;
	}
	return false;
}

static int choose_handover(const struct spec_seccomp *p, enum seccomp_handover *ret, struct err *e)
{
	static const char *const calls[SECCOMP_HANDOVER_COUNT] = {
		[SECCOMP_BY_SENDMSG] = "sendmsg",
		[SECCOMP_BY_WRITE] = "write",
		[SECCOMP_BY_SENDTO] = "sendto",
	};

	for (int i = 0; i < SECCOMP_HANDOVER_COUNT; i++) {
		if (notifies_of(p, calls[i]))
			continue;
		*ret = (enum seccomp_handover)i;
		return 0;
	}
	return err_set(e, EDEADLK,
		       "linux.seccomp: SCMP_ACT_NOTIFY for all of sendmsg, write and sendto leaves "
		       "no way to hand the listener over: leave one of them out");
}

static int get_program(const struct spec_seccomp *p, bool fail_unknown, int cache_dirfd,
		       struct sock_filter **ret, size_t *ret_n, struct err *e)
{
	auto_(strbuf) struct strbuf key = { 0 };
	int r;

	if (cache_dirfd < 0)
		return seccomp_build(p, fail_unknown, ret, ret_n, e);
	seccomp_key(p, fail_unknown, &key);
	r = strbuf_check(&key, "linux.seccomp", e);
	if (r < 0)
		return r;
	if (seccomp_cache_get(cache_dirfd, &key, ret, ret_n))
		return 0;
	r = seccomp_build(p, fail_unknown, ret, ret_n, e);
	if (r == 0)
		seccomp_cache_put(cache_dirfd, &key, *ret, *ret_n);
	return r;
}

int seccomp_compile(const struct spec_seccomp *profile, bool fail_unknown, int cache_dirfd,
		    struct seccomp_program *ret, struct err *e)
{
	enum seccomp_handover handover = SECCOMP_BY_SENDMSG;
	struct sock_filter *v = NULL;
	size_t n = 0;
	int r;

	if (!profile) {
		*ret = (struct seccomp_program){ 0 };
		return 0;
	}
	r = choose_handover(profile, &handover, e);
	if (r >= 0)
		r = get_program(profile, fail_unknown, cache_dirfd, &v, &n, e);
	if (r < 0)
		return r;
	*ret = (struct seccomp_program){ .prog = { .len = (unsigned short)n, .filter = v },
					 .notify = has_notify(profile),
					 .handover = handover };
	ret->flags = flags_of(profile, ret->notify);
	return 0;
}

int seccomp_load_raw(const char *text, const struct spec_seccomp *profile, bool notify,
		     struct seccomp_program *ret, struct err *e)
{
	static const struct spec_seccomp none;
	struct sock_filter *v = NULL;
	size_t n = 0;
	int r = seccomp_raw_decode(text, &v, &n, e);

	if (r < 0)
		return r;
	*ret = (struct seccomp_program){ .prog = { .len = (unsigned short)n, .filter = v },
					 .notify = notify };
	ret->flags = flags_of(profile ? profile : &none, ret->notify);
	return 0;
}

void seccomp_program_done(struct seccomp_program *p)
{
	free(p->prog.filter);
	*p = (struct seccomp_program){ 0 };
}
