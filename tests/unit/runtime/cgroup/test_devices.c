/* SPDX-License-Identifier: Apache-2.0 */
/* Device programs are run by a small interpreter of the instructions they use. */
#include "runtime/cgroup/devices.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static int run(const struct bpf_insn *v, size_t n, const struct bpf_cgroup_dev_ctx *ctx)
{
	uint64_t reg[11] = { 0 };
	bool set[11] = { [1] = true };

	for (size_t pc = 0; pc < n; pc++) {
		const struct bpf_insn *i = &v[pc];
		uint64_t src =
			BPF_SRC(i->code) == BPF_X ? reg[i->src_reg] : (uint64_t)(int64_t)i->imm;
		uint32_t word;

		switch (i->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			assert_int_equal(i->src_reg, 1);
			memcpy(&word, (const char *)ctx + i->off, sizeof(word));
			reg[i->dst_reg] = word;
			set[i->dst_reg] = true;
			continue;
		case BPF_ALU64 | BPF_MOV | BPF_X:
		case BPF_ALU64 | BPF_MOV | BPF_K:
			reg[i->dst_reg] = src;
			set[i->dst_reg] = true;
			continue;
		case BPF_ALU64 | BPF_AND | BPF_K:
			reg[i->dst_reg] &= src;
			break;
		case BPF_ALU64 | BPF_RSH | BPF_K:
			reg[i->dst_reg] >>= src;
			break;
		case BPF_JMP | BPF_JNE | BPF_K:
			assert_true(i->off > 0);
			pc += reg[i->dst_reg] != src ? (size_t)i->off : 0;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			assert_true(i->off > 0);
			pc += reg[i->dst_reg] == src ? (size_t)i->off : 0;
			break;
		case BPF_JMP | BPF_JA:
			assert_true(i->off > 0);
			pc += (size_t)i->off;
			continue;
		case BPF_JMP | BPF_EXIT:
			assert_true(set[0]);
			return (int)reg[0];
		default:
			fail_msg("instruction %zu has code 0x%x", pc, i->code);
		}
		assert_true(set[i->dst_reg]);
	}
	fail_msg("the program runs off its end");
	return -1;
}

static void policy_of(const char *json, struct device_policy *p)
{
	struct spec_resources *r = NULL;
	struct arena a = { 0 };
	struct err e = { 0 };

	assert_int_equal(spec_resources_decode("test", json, strlen(json), &a, &r, &e), 0);
	assert_int_equal(devices_decide(r, p, &e), 0);
	assert_string_equal(e.msg, "");
	arena_done(&a);
}

/* `access` in the letters of the specification. */
static bool allows(const struct device_policy *p, char type, unsigned major, unsigned minor,
		   const char *access)
{
	struct bpf_cgroup_dev_ctx ctx = { .major = major, .minor = minor };
	autofree struct bpf_insn *v = NULL;
	size_t n = 0;

	ctx.access_type = type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;
	for (; *access; access++)
		ctx.access_type |= (unsigned)(*access == 'r'   ? BPF_DEVCG_ACC_READ
					      : *access == 'w' ? BPF_DEVCG_ACC_WRITE
							       : BPF_DEVCG_ACC_MKNOD)
				   << 16;
	assert_int_equal(devices_bpf_build(p, &v, &n, NULL), 0);
	return run(v, n, &ctx) == 1;
}

#define DENY_ALL "{\"allow\":false,\"access\":\"rwm\"}"

static void every_container_has_the_default_devices(void **state UNUSED)
{
	auto_(device_policy) struct device_policy p = { 0 };

	policy_of("{\"devices\":[" DENY_ALL "]}", &p);
	assert_true(allows(&p, 'c', 1, 3, "rw"));
	assert_true(allows(&p, 'c', 5, 2, "rw"));
	assert_true(allows(&p, 'c', 136, 77, "rw"));
	assert_true(allows(&p, 'b', 8, 0, "m"));
	assert_false(allows(&p, 'b', 8, 0, "r"));
	assert_false(allows(&p, 'b', 8, 0, "rm"));
	assert_false(allows(&p, 'c', 1, 1, "r"));
	assert_false(allows(&p, 'b', 1, 3, "r"));
}

static void without_rules_nothing_else_is_allowed(void **state UNUSED)
{
	auto_(device_policy) struct device_policy p = { 0 };

	policy_of("{}", &p);
	assert_false(p.allow_rest);
	assert_false(allows(&p, 'c', 10, 229, "r"));
	assert_true(allows(&p, 'c', 1, 9, "r"));
}

static void a_privileged_container_needs_no_program(void **state UNUSED)
{
	auto_(device_policy) struct device_policy p = { 0 };

	policy_of("{\"devices\":[" DENY_ALL ",{\"allow\":true,\"access\":\"rwm\"}]}", &p);
	assert_true(devices_allow_all(&p));
	assert_true(allows(&p, 'b', 8, 0, "rwm"));
}

static void the_last_rule_that_matches_decides(void **state UNUSED)
{
	auto_(device_policy) struct device_policy p = { 0 };

	policy_of("{\"devices\":[" DENY_ALL ",{\"allow\":true,\"type\":\"c\",\"major\":10,"
		  "\"access\":\"rwm\"},{\"allow\":false,\"type\":\"c\",\"major\":10,\"minor\":229,"
		  "\"access\":\"rw\"}]}",
		  &p);
	assert_true(allows(&p, 'c', 10, 1, "rwm"));
	assert_false(allows(&p, 'c', 10, 229, "r"));
	assert_false(allows(&p, 'c', 10, 229, "rw"));
	assert_true(allows(&p, 'c', 10, 229, "m"));
}

/* Rules in a row share one block, whatever their order. */
static void neighbours_do_not_disturb_one_another(void **state UNUSED)
{
	auto_(device_policy) struct device_policy p = { 0 };

	policy_of("{\"devices\":[" DENY_ALL ",{\"allow\":true,\"type\":\"b\",\"major\":8,"
		  "\"minor\":0,\"access\":\"rwm\"},{\"allow\":true,\"type\":\"b\",\"major\":9,"
		  "\"access\":\"rwm\"},{\"allow\":true,\"type\":\"b\",\"major\":8,\"minor\":16,"
		  "\"access\":\"rwm\"},{\"allow\":false,\"type\":\"b\",\"major\":9,\"minor\":1,"
		  "\"access\":\"rwm\"},{\"allow\":false,\"type\":\"b\",\"major\":7,\"access\":"
		  "\"rwm\"}]}",
		  &p);
	assert_true(allows(&p, 'b', 8, 0, "rw"));
	assert_true(allows(&p, 'b', 8, 16, "rw"));
	assert_false(allows(&p, 'b', 8, 1, "r"));
	assert_true(allows(&p, 'b', 9, 0, "rwm"));
	assert_false(allows(&p, 'b', 9, 1, "r"));
	assert_false(allows(&p, 'b', 7, 16, "r"));
	assert_false(allows(&p, 'c', 8, 0, "r"));
}

static void permissions_of_several_rules_add_up(void **state UNUSED)
{
	auto_(device_policy) struct device_policy p = { 0 };

	policy_of("{\"devices\":[" DENY_ALL ",{\"allow\":true,\"type\":\"b\",\"major\":8,"
		  "\"minor\":0,\"access\":\"r\"},{\"allow\":true,\"type\":\"b\",\"major\":8,"
		  "\"minor\":0,\"access\":\"w\"}]}",
		  &p);
	assert_true(allows(&p, 'b', 8, 0, "rw"));
	assert_true(allows(&p, 'b', 8, 0, "rwm"));
	assert_false(allows(&p, 'b', 8, 1, "r"));
}

static void a_rule_said_twice_is_kept_once(void **state UNUSED)
{
	auto_(device_policy) struct device_policy p = { 0 }, twice = { 0 };

	policy_of("{\"devices\":[" DENY_ALL "]}", &p);
	policy_of("{\"devices\":[" DENY_ALL ",{\"allow\":true,\"type\":\"c\",\"major\":1,"
		  "\"minor\":3,\"access\":\"rwm\"},{\"allow\":false,\"type\":\"c\",\"major\":1,"
		  "\"minor\":5,\"access\":\"rw\"}]}",
		  &twice);
	assert_int_equal(twice.n, p.n);
	assert_true(allows(&twice, 'c', 1, 5, "rw"));
}

static void a_rule_of_any_type_matches_both(void **state UNUSED)
{
	auto_(device_policy) struct device_policy p = { 0 };

	policy_of("{\"devices\":[{\"allow\":true},{\"allow\":false,\"type\":\"a\",\"major\":9,"
		  "\"access\":\"w\"}]}",
		  &p);
	assert_false(allows(&p, 'c', 9, 0, "w"));
	assert_false(allows(&p, 'b', 9, 4, "rw"));
	assert_true(allows(&p, 'b', 9, 4, "r"));
	assert_true(allows(&p, 'b', 8, 4, "rw"));
}

static void a_rule_that_makes_no_sense_is_named(void **state UNUSED)
{
	struct spec_device_rule rule = { .type = "x", .access = "rwm" };
	struct spec_resources r = { .devices = { &rule, 1 } };
	const struct cgroup none = { 0 };
	struct err e = { 0 };

	assert_int_equal(devices_check(&none, &r, &e), -EINVAL);
	assert_string_equal(e.msg, "linux.resources.devices[0].type: 'x' is not a, b or c");
	rule = (struct spec_device_rule){ .type = "c", .access = "rx" };
	assert_int_equal(devices_check(&none, &r, &e), -EINVAL);
	assert_string_equal(e.msg,
			    "linux.resources.devices[0].access: 'rx' has more than r, w and m");
	rule = (struct spec_device_rule){ .type = "c", .major = { true, -2 } };
	assert_int_equal(devices_check(&none, &r, &e), -EINVAL);
	assert_string_equal(e.msg, "linux.resources.devices[0].major: -2 is no device number");
}

static bool same(const char *x, const char *y)
{
	auto_(arena) struct arena a = { 0 };
	struct spec_resources *r = NULL, *q = NULL;

	assert_int_equal(spec_resources_decode("x", x, strlen(x), &a, &r, NULL), 0);
	assert_int_equal(spec_resources_decode("y", y, strlen(y), &a, &q, NULL), 0);
	return cgroup_same_devices(r, q);
}

static void rules_are_the_same_by_what_they_mean(void **state UNUSED)
{
	static const char all[] = "{\"devices\":[{\"allow\":true,\"access\":\"rwm\"}]}";
	static const char more[] = "{\"devices\":[{\"allow\":true,\"access\":\"rwm\"},"
				   "{\"allow\":true,\"type\":\"c\",\"major\":1,\"minor\":3}]}";
	static const char null[] = "{\"devices\":[{\"allow\":true,\"type\":\"c\",\"major\":1,"
				   "\"minor\":3,\"access\":\"rwm\"}]}";
	static const char fuse[] = "{\"devices\":[{\"allow\":true,\"type\":\"c\",\"major\":10,"
				   "\"minor\":229,\"access\":\"rwm\"}]}";

	assert_true(same(all, more));
	assert_true(same("{}", null));
	assert_false(same("{}", fuse));
	assert_false(same(all, null));
}

/* ---- cgroup v1 ---- */

static void list_of(const struct device_policy *p, struct strbuf *out)
{
	strbuf_adds(out, p->allow_rest ? "all but" : "only");
	for (size_t i = 0; i < p->n; i++)
		strbuf_addf(out, "; %s%c %d:%d %s%s%s", p->v[i].allow == p->allow_rest ? "!" : "",
			    p->v[i].type, p->v[i].major, p->v[i].minor,
			    p->v[i].access & DEVICE_READ ? "r" : "",
			    p->v[i].access & DEVICE_WRITE ? "w" : "",
			    p->v[i].access & DEVICE_MKNOD ? "m" : "");
}

/* The policy is copied, since some of its arrays are constants. */
static int v1_of(struct device_policy p, struct strbuf *out, struct err *e)
{
	auto_(device_policy) struct device_policy v1 = { 0 };
	int r = devices_v1_decide(&p, &v1, e);

	if (r == 0)
		list_of(&v1, out);
	return r;
}

static void a_denial_takes_the_permissions_back_that_it_covers(void **state UNUSED)
{
	struct device_rule rules[] = {
		{ true, 'c', 1, 3, DEVICE_ALL },
		{ true, 'c', 1, 5, DEVICE_READ },
		{ true, 'b', 1, 3, DEVICE_ALL },
		{ false, 'c', 1, DEVICE_ANY, DEVICE_READ },
	};
	auto_(strbuf) struct strbuf out = { 0 };

	assert_int_equal(
		v1_of((struct device_policy){ rules, ARRAY_LEN(rules), false }, &out, NULL), 0);
	assert_string_equal(strbuf_str(&out), "only; c 1:3 wm; b 1:3 rwm");
}

static void a_hole_in_a_wildcard_is_refused(void **state UNUSED)
{
	struct device_rule rules[] = {
		{ true, 'c', 1, DEVICE_ANY, DEVICE_ALL },
		{ false, 'c', 1, 3, DEVICE_READ },
	};
	auto_(strbuf) struct strbuf out = { 0 };
	struct err e = { 0 };

	assert_int_equal(v1_of((struct device_policy){ rules, 2, false }, &out, &e), -EOPNOTSUPP);
	assert_string_equal(e.msg,
			    "linux.resources.devices: cgroup v1 can't deny c 1:3 apart from c 1:-1 "
			    "(-1 is any)");
	rules[0].allow = false;
	rules[1].allow = true;
	assert_int_equal(v1_of((struct device_policy){ rules, 2, true }, &out, NULL), -EOPNOTSUPP);
}

static void an_exception_says_all_that_is_asked_for_at_once(void **state UNUSED)
{
	struct device_rule rules[] = {
		{ true, 'c', 10, DEVICE_ANY, DEVICE_READ },
		{ true, 'c', 10, 200, DEVICE_WRITE },
		{ true, 'c', DEVICE_ANY, DEVICE_ANY, DEVICE_MKNOD },
	};
	auto_(strbuf) struct strbuf out = { 0 };

	assert_int_equal(v1_of((struct device_policy){ rules, 3, false }, &out, NULL), 0);
	assert_string_equal(strbuf_str(&out), "only; c 10:-1 r; c 10:200 rw; c -1:-1 m");
}

static void the_kernels_list_is_read(void **state UNUSED)
{
	auto_(device_policy) struct device_policy some = { 0 }, all = { 0 };
	auto_(strbuf) struct strbuf out = { 0 };
	char list[] = "c *:* m\nb 7:* rw\nc 136:* rwm\n", any[] = "a *:* rwm\n", bad[] = "c 1 rw\n";

	assert_int_equal(devices_v1_parse(list, &some), 0);
	list_of(&some, &out);
	assert_string_equal(strbuf_str(&out), "only; c -1:-1 m; b 7:-1 rw; c 136:-1 rwm");
	assert_int_equal(devices_v1_parse(any, &all), 0);
	assert_true(all.allow_rest);
	assert_int_equal(devices_v1_parse(bad, &all), -EBADMSG);
}

static void a_change_allows_before_it_denies(void **state UNUSED)
{
	struct device_rule before[] = {
		{ true, 'c', 1, 3, DEVICE_ALL },
		{ true, 'c', 7, 1, DEVICE_READ },
		{ true, 'b', 8, 0, DEVICE_ALL },
	};
	struct device_rule after[] = {
		{ true, 'c', 1, 3, DEVICE_ALL },
		{ true, 'c', 7, 1, DEVICE_READ | DEVICE_WRITE },
		{ true, 'b', 8, 0, DEVICE_READ },
		{ true, 'c', 9, 9, DEVICE_MKNOD },
	};
	const struct device_policy now = { before, 3, false }, want = { after, 4, false };
	auto_(device_policy) struct device_policy steps = { 0 };
	auto_(strbuf) struct strbuf out = { 0 };

	devices_v1_steps(&now, &want, &steps);
	list_of(&steps, &out);
	assert_string_equal(strbuf_str(&out), "only; c 7:1 w; c 9:9 m; !b 8:0 wm");
}

/* The kernel's rule: to deny the rest, one exception must name all that is asked for; to allow the
 * rest, no exception may name a part of it. */
static bool v1_allows(const struct device_policy *v1, char type, int major, int minor, int access)
{
	for (size_t i = 0; i < v1->n; i++) {
		const struct device_rule *x = &v1->v[i];

		if (x->type != type || (x->major != DEVICE_ANY && x->major != major) ||
		    (x->minor != DEVICE_ANY && x->minor != minor))
			continue;
		if (v1->allow_rest ? (x->access & access) != 0 : (access & ~x->access) == 0)
			return !v1->allow_rest;
	}
	return v1->allow_rest;
}

/* Numbers that are the same each time. */
static int some(unsigned *seed, int n)
{
	*seed = *seed * 1103515245u + 12345u;
	return (int)(*seed >> 16) % n;
}

static void policy_of_chance(unsigned *seed, struct device_policy *p)
{
	static const char types[] = "abc";

	p->allow_rest = some(seed, 3) == 0;
	p->n = (size_t)some(seed, 6);
	for (size_t i = 0; i < p->n; i++)
		p->v[i] = (struct device_rule){
			.allow = some(seed, 3) > 0,
			.type = types[some(seed, 3)],
			.major = some(seed, 3) - 1,
			.minor = some(seed, 3) - 1,
			.access = 1 + some(seed, 7),
		};
	for (size_t i = 0; i < p->n; i++) {
		if (p->v[i].type == 'a') {
			p->v[i].major = p->v[i].minor = DEVICE_ANY;
			p->v[i].access =
				1 + some(seed, 6); /* not all: devices_decide() leaves none */
		}
	}
}

static void says_the_same(const struct device_policy *p, const struct device_policy *v1)
{
	static const struct {
		int bits;
		const char *letters;
	} asked[] = {
		{ DEVICE_MKNOD, "m" },
		{ DEVICE_READ, "r" },
		{ DEVICE_WRITE, "w" },
		{ DEVICE_READ | DEVICE_WRITE, "rw" },
	};

	for (int k = 0; k < 2 * 2 * 2 * 4; k++) {
		char type = k & 1 ? 'c' : 'b';
		int major = k >> 1 & 1, minor = k >> 2 & 1;

		assert_int_equal(
			v1_allows(v1, type, major, minor, asked[k >> 3].bits),
			allows(p, type, (unsigned)major, (unsigned)minor, asked[k >> 3].letters));
	}
}

static void both_layouts_decide_the_same(void **state UNUSED)
{
	struct device_rule rules[8];
	unsigned seed = 1;
	int said = 0;

	for (int i = 0; i < 20000; i++) {
		auto_(device_policy) struct device_policy v1 = { 0 };
		struct device_policy p = { .v = rules };

		policy_of_chance(&seed, &p);
		if (devices_v1_decide(&p, &v1, NULL) < 0)
			continue;
		said++;
		says_the_same(&p, &v1);
	}
	assert_true(said > 5000);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_container_has_the_default_devices),
		cmocka_unit_test(without_rules_nothing_else_is_allowed),
		cmocka_unit_test(a_privileged_container_needs_no_program),
		cmocka_unit_test(the_last_rule_that_matches_decides),
		cmocka_unit_test(neighbours_do_not_disturb_one_another),
		cmocka_unit_test(permissions_of_several_rules_add_up),
		cmocka_unit_test(a_rule_said_twice_is_kept_once),
		cmocka_unit_test(a_rule_of_any_type_matches_both),
		cmocka_unit_test(a_rule_that_makes_no_sense_is_named),
		cmocka_unit_test(rules_are_the_same_by_what_they_mean),
		cmocka_unit_test(a_denial_takes_the_permissions_back_that_it_covers),
		cmocka_unit_test(a_hole_in_a_wildcard_is_refused),
		cmocka_unit_test(an_exception_says_all_that_is_asked_for_at_once),
		cmocka_unit_test(the_kernels_list_is_read),
		cmocka_unit_test(a_change_allows_before_it_denies),
		cmocka_unit_test(both_layouts_decide_the_same),
	};

	return cmocka_run_group_tests_name("cgroup devices", tests, NULL, NULL);
}
