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

#include "libutil/log.h"
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

static int parse_set(const struct oci_strings *names, const char *set, uint64_t *ret, struct err *e)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < names->n; i++) {
		int n = oci_capability_number(names->items[i]);

		if (n < 0)
			return err_set(e, EINVAL,
				       "process.capabilities.%s[%zu]: unknown capability '%s'", set,
				       i, names->items[i]);
		bits |= (uint64_t)1 << n;
	}
	*ret = bits;
	return 0;
}

/* The spec lets a runtime go on without; a program that asked for a right then fails somewhere
 * else, and nobody knows why. */
static int check_held(uint64_t wanted, uint64_t held, const char *set, struct err *e)
{
	for (int n = 0; n < OCI_CAPABILITY_COUNT; n++)
		if ((wanted & ~held) & ((uint64_t)1 << n))
			return err_set(
				e, EPERM,
				"process.capabilities.%s: %s cannot be granted: this process "
				"does not hold it (host or outer container withholds it)",
				set, oci_capability_names[n]);
	return 0;
}

static int check_within(uint64_t set, uint64_t limit, const char *name, const char *limit_name,
			struct err *e)
{
	for (int n = 0; n < OCI_CAPABILITY_COUNT; n++)
		if ((set & ~limit) & ((uint64_t)1 << n))
			return err_set(e, EINVAL, "process.capabilities.%s: %s is not in %s", name,
				       oci_capability_names[n], limit_name);
	return 0;
}

struct cap_sets {
	uint64_t bounding, permitted, effective, inheritable, ambient;
};

static int read_sets(const struct spec_process *p, struct cap_sets *s, struct err *e)
{
	const struct spec_capabilities *c = p->capabilities;
	int r = 0;

	/* Absent: none at all, as every runtime reads it. */
	if (!c)
		return 0;
	r = parse_set(&c->bounding, "bounding", &s->bounding, e);
	if (r >= 0)
		r = parse_set(&c->permitted, "permitted", &s->permitted, e);
	if (r >= 0)
		r = parse_set(&c->effective, "effective", &s->effective, e);
	if (r >= 0)
		r = parse_set(&c->inheritable, "inheritable", &s->inheritable, e);
	if (r >= 0)
		r = parse_set(&c->ambient, "ambient", &s->ambient, e);
	return r;
}

/*
 * The kernel raises an ambient capability only when it is permitted and inheritable.  Documents
 * that older runtimes wrote list them without; what can't be had is said and left out, as the
 * specification asks for.
 */
static void limit_ambient(struct cap_sets *s)
{
	uint64_t possible = s->permitted & s->inheritable;

	for (int n = 0; n < OCI_CAPABILITY_COUNT; n++)
		if ((s->ambient & ~possible) & ((uint64_t)1 << n))
			log_warning("process.capabilities.ambient: %s is left out: it is not "
				    "permitted and inheritable",
				    oci_capability_names[n]);
	s->ambient &= possible;
}

static int check_sets(const struct cap_sets *s, uint64_t held, struct err *e)
{
	int r = check_held(s->bounding, held, "bounding", e);

	if (r >= 0)
		r = check_held(s->permitted, held, "permitted", e);
	if (r >= 0)
		r = check_held(s->inheritable, held, "inheritable", e);
	if (r >= 0)
		r = check_within(s->effective, s->permitted, "effective", "permitted", e);
	return r;
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
	struct cap_sets s = { 0 };
	uint64_t held = 0;
	int r = read_sets(in->process, &s, e);

	if (r >= 0)
		r = caps_held(&held, e);
	if (r >= 0)
		r = check_sets(&s, held, e);
	if (r >= 0)
		r = drop_bounding(s.bounding, e);
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
	struct cap_sets s = { 0 };
	uint64_t extra = 0;
	int r = read_sets(in->process, &s, e);

	if (r < 0)
		return r;
	/* Loading a filter without no_new_privs takes CAP_SYS_ADMIN, and it is loaded last.  It
	 * does no harm until then: execve() computes the new sets from inheritable, bounding and
	 * ambient alone, so nothing extra here reaches the program. */
	if (in->job->seccomp && !in->process->no_new_privileges)
		extra = (uint64_t)1 << CAP_SYS_ADMIN;
	if (caps_set(s.permitted | extra, s.effective | extra, s.inheritable) < 0)
		return err_sys(e, "process.capabilities: capset");
	limit_ambient(&s);
	return raise_ambient(s.ambient, e);
}
