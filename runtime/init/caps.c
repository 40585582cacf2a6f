/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capabilities in two halves around the change of ids.
 *
 *   before  drop from the bounding set (needs CAP_SETPCAP); keep the permitted set
 *           over setuid()
 *   after   permitted, effective, inheritable in one capset(); then ambient, which
 *           must be in both of the last two
 */
#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/log.h"
#include "libutil/strbuf.h"
#include "runtime/init/stage.h"

static int caps_set(uint64_t permitted, uint64_t effective, uint64_t inheritable)
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2] = {
		{ (uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable },
		{ (uint32_t)(effective >> 32), (uint32_t)(permitted >> 32),
		  (uint32_t)(inheritable >> 32) },
	};

	return (int)syscall(SYS_capset, &h, d);
}

static int caps_held(uint64_t *ret, struct err *e)
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2] = { { 0 } };

	if (syscall(SYS_capget, &h, d) < 0)
		return err_sys(e, "read capabilities");
	*ret = d[0].permitted | (uint64_t)d[1].permitted << 32;
	return 0;
}

struct cap_sets {
	uint64_t bounding, permitted, effective, inheritable, ambient;
};

/*
 * "Any value which cannot be mapped to a relevant kernel interface, or cannot be granted otherwise,
 * MUST be logged as a warning", and is no reason to fail.  The first of the two calls says it.
 */
static uint64_t parse_set(const struct oci_strings *names, const char *set, bool say)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < names->n; i++) {
		int n = oci_capability_number(names->items[i]);

		if (n >= 0)
			bits |= (uint64_t)1 << n;
		else if (say)
			log_warning("process.capabilities.%s[%zu]: '%.60s' is left out: no "
				    "capability has this name",
				    set, i, names->items[i]);
	}
	return bits;
}

static struct cap_sets parse_sets(const struct spec_process *p, bool say)
{
	const struct spec_capabilities *c = p->capabilities;

	/* Absent: none at all, as every runtime reads it. */
	if (!c)
		return (struct cap_sets){ 0 };
	return (struct cap_sets){
		.bounding = parse_set(&c->bounding, "bounding", say),
		.permitted = parse_set(&c->permitted, "permitted", say),
		.effective = parse_set(&c->effective, "effective", say),
		.inheritable = parse_set(&c->inheritable, "inheritable", say),
		.ambient = parse_set(&c->ambient, "ambient", say),
	};
}

static void limit(uint64_t *set, uint64_t possible, const char *name, const char *why, bool say)
{
	auto_(strbuf) struct strbuf lost = { 0 };

	for (int n = 0; n < OCI_CAPABILITY_COUNT; n++)
		if ((*set & ~possible) & ((uint64_t)1 << n))
			strbuf_addf(&lost, "%s%s", lost.len ? ", " : "", oci_capability_names[n]);
	*set &= possible;
	if (say && lost.len)
		log_warning("process.capabilities.%s: left out, since %s: %s", name, why,
			    strbuf_str(&lost));
}

/* What can be had of what is asked for, when `held` is. */
static struct cap_sets decide(const struct spec_process *p, uint64_t held, bool say)
{
	static const char withheld[] = "the host or an outer container withholds it";
	struct cap_sets s = parse_sets(p, say);

	limit(&s.bounding, held, "bounding", withheld, say);
	limit(&s.permitted, held, "permitted", withheld, say);
	limit(&s.inheritable, held, "inheritable", withheld, say);
	limit(&s.effective, s.permitted, "effective", "it is not permitted", say);
	/* Documents that older runtimes wrote list ambient ones without the other two. */
	limit(&s.ambient, s.permitted & s.inheritable, "ambient",
	      "it is not permitted and inheritable", say);
	return s;
}

/* Up to the last capability the kernel knows, which may be beyond those we have names for. */
static int drop_bounding(uint64_t keep, struct err *e)
{
	for (int n = 0; n < 64; n++) {
		if (keep & ((uint64_t)1 << n))
			continue;
		if (prctl(PR_CAPBSET_DROP, n, 0, 0, 0) == 0)
			continue;
		if (errno == EINVAL)
			return 0;
		return err_sys(e, "drop capability %d from the bounding set", n);
	}
	return 0;
}

int caps_before_ids(struct init *in, struct err *e)
{
	int r = caps_held(&in->caps_held, e);

	if (r >= 0)
		r = drop_bounding(decide(in->process, in->caps_held, true).bounding, e);
	if (r < 0)
		return r;
	/* Cleared again by execve(). */
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return err_sys(e, "keep capabilities over the change of ids");
	return 0;
}

static int raise_ambient(uint64_t set, struct err *e)
{
	/* Kernels before 4.3 have none, and nothing to clear. */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && set == 0)
		return 0;
	for (int n = 0; n < OCI_CAPABILITY_COUNT; n++)
		if ((set & ((uint64_t)1 << n)) &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, n, 0, 0) < 0)
			return err_sys(e, "process.capabilities.ambient: raise %s",
				       oci_capability_names[n]);
	return 0;
}

int caps_after_ids(struct init *in, struct err *e)
{
	struct cap_sets s = decide(in->process, in->caps_held, false);
	uint64_t extra = 0;

	/* Loading a filter, or rules of Landlock, without no_new_privs takes CAP_SYS_ADMIN, and
	 * both come last.  It does no harm until then: execve() computes the new sets from
	 * inheritable, bounding and ambient alone, so nothing extra here reaches the program. */
	if ((in->job->seccomp || in->landlockfd >= 0) && !in->process->no_new_privileges)
		extra = ((uint64_t)1 << CAP_SYS_ADMIN) & in->caps_held;
	if (caps_set(s.permitted | extra, s.effective | extra, s.inheritable) < 0)
		return err_sys(e, "process.capabilities: capset");
	return raise_ambient(s.ambient, e);
}
