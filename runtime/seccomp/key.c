/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/seccomp/key.h"

#include <seccomp.h>
#include <sys/utsname.h>

/* Changes whenever the same profile compiles to something else than before. */
#define BUILD_VERSION 3

static void add_u64(struct strbuf *b, uint64_t v)
{
	strbuf_add(b, &v, sizeof(v));
}

/* Absent and zero differ. */
static void add_opt(struct strbuf *b, const struct opt_u64 *v)
{
	strbuf_addc(b, v->set ? 1 : 0);
	add_u64(b, v->set ? v->v : 0);
}

/* With its NUL, so that "ab","c" and "a","bc" differ. */
static void add_text(struct strbuf *b, const char *s)
{
	strbuf_add(b, s, strlen(s) + 1);
}

static void add_strings(struct strbuf *b, const struct oci_strings *s)
{
	add_u64(b, s->n);
	for (size_t i = 0; i < s->n; i++)
		add_text(b, s->items[i]);
}

static void add_rule(struct strbuf *b, const struct spec_seccomp_rule *rule)
{
	const struct spec_seccomp_arg *a = rule->args.items;

	add_u64(b, (uint64_t)rule->action);
	add_opt(b, &rule->errno_ret);
	add_strings(b, &rule->names);
	add_u64(b, rule->args.n);
	for (size_t i = 0; i < rule->args.n; i++) {
		add_u64(b, a[i].index.v);
		add_u64(b, a[i].value.v);
		add_u64(b, a[i].value_two.v);
		add_u64(b, (uint64_t)a[i].op);
	}
}

static void add_host(struct strbuf *b)
{
	const struct scmp_version *v = seccomp_version();
	struct utsname host = { 0 };

	(void)uname(&host);
	add_u64(b, BUILD_VERSION);
	add_u64(b, v->major);
	add_u64(b, v->minor);
	add_u64(b, v->micro);
	add_text(b, host.release);
	add_text(b, host.machine);
}

void seccomp_key(const struct spec_seccomp *p, bool fail_unknown, struct strbuf *out)
{
	const struct spec_seccomp_rule *rules = p->syscalls.items;

	add_host(out);
	add_u64(out, fail_unknown);
	add_u64(out, (uint64_t)p->default_action);
	add_opt(out, &p->default_errno_ret);
	add_strings(out, &p->architectures);
	add_u64(out, p->syscalls.n);
	for (size_t i = 0; i < p->syscalls.n; i++)
		add_rule(out, &rules[i]);
}

/* Eight bytes a step; the constants are those of common multiply-and-shift mixers. */
uint64_t seccomp_hash(const void *data, size_t len)
{
	const unsigned char *at = data;
	uint64_t h = 0x9e3779b97f4a7c15ULL ^ len;

	while (len > 0) {
		size_t n = len < 8 ? len : 8;
		uint64_t word = 0;

		memcpy(&word, at, n);
		h = (h ^ word) * 0xff51afd7ed558ccdULL;
		h ^= h >> 32;
		at += n;
		len -= n;
	}
	return h ^ (h >> 29);
}
