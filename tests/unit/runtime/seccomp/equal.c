/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/runtime/seccomp/equal.h"

#include <linux/audit.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "libutil/cleanup.h"
#include "runtime/seccomp/arch.h"
#include "runtime/seccomp/calls.h"

#define WORDS     (sizeof(struct seccomp_data) / 4)
#define CONST_MAX (4 * BPF_MAXINSNS)
/* Argument lists for a call about whose arguments a program asks. */
#define TRIES 60

uint32_t source_next(struct source *s, uint32_t below)
{
	uint64_t v = 0;

	if (s->left > 0) {
		size_t n = below > 256 && s->left > 1 ? 2 : 1;

		memcpy(&v, s->at, n);
		s->at += n;
		s->left -= n;
		return (uint32_t)(v % below);
	}
	s->state = s->state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)((s->state >> 33) % below);
}

/* libseccomp 2.5 leaks where rules for one call overlap. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libseccomp\nleak:seccomp_rule_add_array\n";
}

/* ---- running ---- */

static bool is_true(unsigned op, uint32_t a, uint32_t k)
{
	switch (op) {
	case BPF_JEQ:
		return a == k;
	case BPF_JGT:
		return a > k;
	case BPF_JGE:
		return a >= k;
	case BPF_JSET:
		return a & k;
	default:
		abort();
	}
}

/* *asks: whether the answer took a look at arguments. */
static uint32_t run(struct program p, const uint32_t words[WORDS], bool *asks)
{
	uint32_t a = 0;

	for (size_t pc = 0; pc < p.n; pc++) {
		const struct sock_filter *i = &p.v[pc];

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (i->k % 4 || i->k / 4 >= WORDS)
				abort();
			a = words[i->k / 4];
			*asks |= i->k >= offsetof(struct seccomp_data, instruction_pointer);
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= i->k;
			break;
		case BPF_JMP | BPF_JA:
			pc += i->k;
			break;
		case BPF_RET | BPF_K:
			return i->k;
		default:
			if (BPF_CLASS(i->code) != BPF_JMP || BPF_SRC(i->code) != BPF_K)
				abort();
			pc += is_true(BPF_OP(i->code), a, i->k) ? i->jt : i->jf;
		}
	}
	abort();
}

uint32_t program_run(struct program p, const struct seccomp_data *call)
{
	uint32_t words[WORDS];
	bool asks = false;

	memcpy(words, call, sizeof(words));
	return run(p, words, &asks);
}

/* ---- comparing ---- */

struct constants {
	uint32_t v[CONST_MAX];
	uint32_t n;
};

static void add_constants(struct constants *c, struct program p)
{
	for (size_t i = 0; i < p.n && c->n + 4 < CONST_MAX; i++) {
		if (BPF_CLASS(p.v[i].code) != BPF_JMP || BPF_OP(p.v[i].code) == BPF_JA)
			continue;
		for (uint32_t d = 0; d < 3; d++)
			c->v[c->n++] = p.v[i].k - 1 + d;
	}
}

static int compare_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a;
	uint32_t y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Sorted, each once. */
static void sort_constants(struct constants *c)
{
	uint32_t n = 0;

	qsort(c->v, c->n, sizeof(*c->v), compare_u32);
	for (uint32_t i = 0; i < c->n; i++)
		if (n == 0 || c->v[n - 1] != c->v[i])
			c->v[n++] = c->v[i];
	c->n = n;
}

static uint32_t pick_word(const struct constants *c, struct source *s)
{
	switch (source_next(s, 4)) {
	case 0:
		return 0;
	case 1:
		return source_next(s, 2) ? UINT32_MAX : source_next(s, 1U << 31);
	default:
		return c->n ? c->v[source_next(s, c->n)] : 1;
	}
}

struct comparison {
	struct program a, b;
	struct constants *constants;
	struct source *s;
	struct seccomp_data *ret;
};

static bool agree_on(const struct comparison *c, uint32_t words[WORDS], bool *asks)
{
	if (run(c->a, words, asks) == run(c->b, words, asks))
		return true;
	memcpy(c->ret, words, sizeof(*c->ret));
	return false;
}

static bool agree_on_call(const struct comparison *c, uint32_t arch, uint32_t nr)
{
	uint32_t words[WORDS] = { nr, arch };
	bool asks = false;

	if (!agree_on(c, words, &asks))
		return false;
	for (int i = 0; asks && i < TRIES; i++) {
		/* Few words differ from the last time: halves of one argument meet their own. */
		for (uint32_t n = 1 + source_next(c->s, 3); n > 0; n--)
			words[2 + source_next(c->s, WORDS - 2)] = pick_word(c->constants, c->s);
		if (!agree_on(c, words, &asks))
			return false;
	}
	return true;
}

/* This machine's and those of x32.  Others begin elsewhere, but whatever a program tells apart lies
 * beside one of its constants. */
static const uint32_t bases[] = { 0, 0x40000000 };

static bool agree_on_arch(const struct comparison *c, uint32_t arch)
{
	for (size_t i = 0; i < ARRAY_LEN(bases); i++)
		for (uint32_t nr = 0; nr < 1024; nr++)
			if (!agree_on_call(c, arch, bases[i] + nr))
				return false;
	for (uint32_t i = 0; i < c->constants->n; i++)
		if (!agree_on_call(c, arch, c->constants->v[i]))
			return false;
	return true;
}

bool programs_agree(struct program a, struct program b, struct source *s, struct seccomp_data *ret)
{
	autofree struct constants *constants = xcalloc(1, sizeof(*constants));
	struct comparison c = { a, b, constants, s, ret };

	add_constants(constants, a);
	add_constants(constants, b);
	sort_constants(constants);
	for (size_t i = 0; seccomp_arch_name(i); i++) {
		uint32_t token = 0;

		if (seccomp_arch_parse(seccomp_arch_name(i), &token) == 0 && token != 0 &&
		    !agree_on_arch(&c, seccomp_audit_arch(token)))
			return false;
	}
	return agree_on_arch(&c, 0) && agree_on_arch(&c, UINT32_MAX);
}

/* ---- profiles ---- */

/* Those that libseccomp treats in its own way, and those that profiles ask arguments of. */
static const char *const special[] = {
	"socket",
	"socketcall",
	"bind",
	"connect",
	"accept4",
	"sendmmsg",
	"recv",
	"send",
	"ipc",
	"semop",
	"shmat",
	"msgget",
	"semtimedop",
	"personality",
	"clone",
	"clone3",
	"arm_fadvise64_64",
	"fadvise64_64",
	"sync_file_range2",
	"breakpoint",
	"cacheflush",
	"set_tls",
	"mmap2",
	"umount",
	"umount2",
	"time",
	"no_such_call",
	"modify_ldt",
	"riscv_flush_icache",
	"swapcontext",
	"rtas",
	"sysmips",
};

static const char *make_name(struct source *s, struct arena *a)
{
	autofree char *name = NULL;
	uint32_t kind = source_next(s, 8);

	if (kind < 3)
		return special[source_next(s, ARRAY_LEN(special))];
	/* A few that meet again, or all there are. */
	name = seccomp_syscall_resolve_num_arch(kind < 5 ? SCMP_ARCH_X86_64 : SCMP_ARCH_X86,
						(int)source_next(s, kind & 1 ? 12 : 470));
	return arena_strdup(a, name ? name : "read");
}

static struct oci_strings make_names(struct source *s, struct arena *a)
{
	uint32_t n = 1 + source_next(s, source_next(s, 6) ? 4 : 300);
	struct oci_strings names = { arena_alloc(a, n, sizeof(*names.items)), n };

	for (uint32_t i = 0; i < n; i++)
		names.items[i] = make_name(s, a);
	return names;
}

static uint64_t make_value(struct source *s)
{
	static const uint64_t values[] = { 0,           1,          2,           8,
					   0x20000,     0xffffffff, 0x100000000, 0x100000001,
					   0x200000001, 0x7e020000, UINT64_MAX,  1ULL << 63 };

	return values[source_next(s, ARRAY_LEN(values))];
}

static struct oci_array make_args(struct source *s, struct arena *a)
{
	uint32_t n = source_next(s, 2) ? source_next(s, 4) : 0;
	struct spec_seccomp_arg *args = arena_alloc(a, n + 1, sizeof(*args));

	for (uint32_t i = 0; i < n; i++)
		args[i] = (struct spec_seccomp_arg){
			.index = { true, source_next(s, source_next(s, 3) ? 2 : 6) },
			.value = { true, make_value(s) },
			.value_two = { true, make_value(s) },
			.op = OCI_CMP_NE + (int)source_next(s, 7),
		};
	return (struct oci_array){ args, n };
}

static struct opt_u64 make_errno(struct source *s)
{
	uint32_t v = source_next(s, 4);

	return (struct opt_u64){ v > 0, v };
}

static struct spec_seccomp_rule make_rule(struct source *s, struct arena *a)
{
	/* Rules of one profile mostly say the same. */
	bool same = source_next(s, 3) > 0;

	return (struct spec_seccomp_rule){
		.names = make_names(s, a),
		.action = same ? OCI_ACT_ALLOW : OCI_ACT_KILL + (int)source_next(s, 9),
		.errno_ret = make_errno(s),
		.args = make_args(s, a),
	};
}

static struct oci_strings make_archs(struct source *s, struct arena *a)
{
	static const char *const usual[] = { "SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32" };
	uint32_t n = source_next(s, 4);
	struct oci_strings archs = { arena_alloc(a, n + 8, sizeof(*archs.items)), 0 };

	while (archs.n < n)
		archs.items[archs.n++] = usual[source_next(s, ARRAY_LEN(usual))];
	for (uint32_t more = source_next(s, 4) ? 0 : source_next(s, 6); more > 0; more--) {
		const char *name = seccomp_arch_name(source_next(s, 23));
		uint32_t token = 0;

		if (seccomp_arch_parse(name, &token) == 0 && token != 0)
			archs.items[archs.n++] = name;
	}
	return archs;
}

struct spec_seccomp *profile_make(struct source *s, struct arena *a)
{
	struct spec_seccomp *p = arena_alloc(a, 1, sizeof(*p));
	uint32_t n = source_next(s, 12);
	struct spec_seccomp_rule *rules = arena_alloc(a, n + 1, sizeof(*rules));

	/* All but the last, SCMP_ACT_NOTIFY, can be the default. */
	p->default_action =
		source_next(s, 2) ? OCI_ACT_ERRNO : OCI_ACT_KILL + (int)source_next(s, 8);
	p->default_errno_ret = make_errno(s);
	p->architectures = make_archs(s, a);
	for (uint32_t i = 0; i < n; i++)
		rules[i] = make_rule(s, a);
	p->syscalls = (struct oci_array){ rules, n };
	return p;
}
