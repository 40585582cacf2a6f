/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy as a program.  Rules are tried from the last to the first, and
 * each decides the kinds of access it names: a denial ends with 0, a permission
 * takes its kinds off the list of what is still asked for, and when nothing is
 * left the answer is 1.
 *
 *     r2  kinds of access still undecided     r4  major
 *     r3  type of the device                  r5  minor
 *
 * Loading costs a few microseconds per instruction, at each start of a
 * container.  Most rules stand in rows that say the same about other devices,
 * so a row is one block: a test of the type, then majors and minors.
 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/cgroup/devices.h"

/* Longest rule, in instructions; begin and end. */
#define RULE_INSNS  10
#define FRAME_INSNS 16
/* The kernel allows 64 programs on a group. */
#define MAX_ATTACHED 64

struct code {
	struct bpf_insn *v;
	size_t n;
};

static void emit(struct code *c, unsigned op, unsigned dst, unsigned src, int off, int imm)
{
	c->v[c->n++] = (struct bpf_insn){ .code = (uint8_t)op,
					  .dst_reg = dst & 0xf,
					  .src_reg = src & 0xf,
					  .off = (int16_t)off,
					  .imm = imm };
}

static void emit_answer(struct code *c, bool allow)
{
	emit(c, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, allow);
	emit(c, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void emit_begin(struct code *c)
{
	emit(c, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_2, BPF_REG_1,
	     offsetof(struct bpf_cgroup_dev_ctx, access_type), 0);
	emit(c, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_4, BPF_REG_1,
	     offsetof(struct bpf_cgroup_dev_ctx, major), 0);
	emit(c, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_5, BPF_REG_1,
	     offsetof(struct bpf_cgroup_dev_ctx, minor), 0);
	emit(c, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_3, BPF_REG_2, 0, 0);
	emit(c, BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_3, 0, 0, 0xffff);
	emit(c, BPF_ALU64 | BPF_RSH | BPF_K, BPF_REG_2, 0, 0, 16);
}

/* Where a jump goes is known when its block ends. */
enum { TO_END = -1, TO_ANSWER = -2 };

static void emit_unless(struct code *c, unsigned reg, int value, int target)
{
	emit(c, BPF_JMP | BPF_JNE | BPF_K, reg, 0, target, value);
}

static void emit_if(struct code *c, unsigned reg, int value, int target)
{
	emit(c, BPF_JMP | BPF_JEQ | BPF_K, reg, 0, target, value);
}

static void set_targets(struct code *c, size_t begin, int target, size_t where)
{
	for (size_t i = begin; i < c->n; i++)
		if (c->v[i].off == target)
			c->v[i].off = (int16_t)(where - i - 1);
}

static int type_number(char type)
{
	return type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;
}

static void emit_decision(struct code *c, const struct device_rule *rule)
{
	if (rule->access == DEVICE_ALL) {
		emit_answer(c, rule->allow);
	} else if (rule->allow) {
		emit(c, BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_2, 0, 0, DEVICE_ALL & ~rule->access);
		emit_unless(c, BPF_REG_2, 0, TO_END);
		emit_answer(c, true);
	} else {
		emit(c, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_1, BPF_REG_2, 0, 0);
		emit(c, BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_1, 0, 0, rule->access);
		emit_if(c, BPF_REG_1, 0, TO_END);
		emit_answer(c, false);
	}
}

static void emit_rule(struct code *c, const struct device_rule *rule)
{
	size_t begin = c->n;

	if (rule->type != 'a')
		emit_unless(c, BPF_REG_3, type_number(rule->type), TO_END);
	if (rule->major != DEVICE_ANY)
		emit_unless(c, BPF_REG_4, rule->major, TO_END);
	if (rule->minor != DEVICE_ANY)
		emit_unless(c, BPF_REG_5, rule->minor, TO_END);
	emit_decision(c, rule);
	set_targets(c, begin, TO_END, c->n);
}

/* Only whole devices of one number each: those that can stand in a row in any order. */
static bool fits_row(const struct device_rule *rule)
{
	return rule->type != 'a' && rule->major != DEVICE_ANY && rule->access == DEVICE_ALL;
}

/* How many of the rules v[0 .. n-1], counted from the last one, make a row. */
static size_t row_length(const struct device_rule *v, size_t n)
{
	const struct device_rule *last = &v[n - 1];
	size_t len = 0;

	while (len < n && fits_row(&v[n - 1 - len]) && v[n - 1 - len].type == last->type &&
	       v[n - 1 - len].allow == last->allow)
		len++;
	return len;
}

static bool major_is_done(const struct device_rule *row, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (row[k].major == row[i].major)
			return true;
	return false;
}

/* One major with all its minors. */
static void emit_major(struct code *c, const struct device_rule *row, size_t n, int major)
{
	size_t skip = c->n;

	for (size_t i = 0; i < n; i++) {
		if (row[i].major == major && row[i].minor == DEVICE_ANY) {
			emit_if(c, BPF_REG_4, major, TO_ANSWER);
			return;
		}
	}
	emit_unless(c, BPF_REG_4, major, 0);
	for (size_t i = 0; i < n; i++)
		if (row[i].major == major)
			emit_if(c, BPF_REG_5, row[i].minor, TO_ANSWER);
	c->v[skip].off = (int16_t)(c->n - skip - 1);
}

static void emit_row(struct code *c, const struct device_rule *row, size_t n)
{
	size_t begin = c->n;

	emit_unless(c, BPF_REG_3, type_number(row->type), TO_END);
	for (size_t i = 0; i < n; i++)
		if (!major_is_done(row, i))
			emit_major(c, row, n, row[i].major);
	emit(c, BPF_JMP | BPF_JA, 0, 0, TO_END, 0);
	set_targets(c, begin, TO_ANSWER, c->n);
	emit_answer(c, row->allow);
	set_targets(c, begin, TO_END, c->n);
}

static bool is_for_everything(const struct device_rule *rule)
{
	return rule->type == 'a' && rule->major == DEVICE_ANY && rule->minor == DEVICE_ANY &&
	       rule->access == DEVICE_ALL;
}

int devices_bpf_build(const struct device_policy *p, struct bpf_insn **ret, size_t *ret_n,
		      struct err *e)
{
	struct code c = { 0 };

	/* What the verifier takes on every kernel that has cgroup v2 devices. */
	if (p->n > (4096 - FRAME_INSNS) / RULE_INSNS)
		return err_set(e, E2BIG, "linux.resources.devices: %zu rules are too many", p->n);
	c.v = xcalloc(FRAME_INSNS + p->n * RULE_INSNS, sizeof(*c.v));
	emit_begin(&c);
	for (size_t left = p->n; left > 0;) {
		const struct device_rule *last = &p->v[left - 1];
		size_t row = row_length(p->v, left);

		assert(!is_for_everything(last)); /* devices_decide() leaves none */
		if (row > 1) {
			emit_row(&c, &p->v[left - row], row);
			left -= row;
		} else {
			emit_rule(&c, last);
			left--;
		}
	}
	emit_answer(&c, p->allow_rest);
	*ret = c.v;
	*ret_n = c.n;
	return 0;
}

static int sys_bpf(enum bpf_cmd cmd, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static int load(const struct bpf_insn *insns, size_t n, struct err *e)
{
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
				.insns = (uintptr_t)insns,
				.insn_cnt = (uint32_t)n,
				.license = (uintptr_t) "Apache-2.0" };
	int fd = sys_bpf(BPF_PROG_LOAD, &attr);

	return fd < 0 ? err_sys(e, "load the device program (%zu instructions)", n) : fd;
}

static int query(int dirfd, uint32_t ids[MAX_ATTACHED], uint32_t *ret_n, struct err *e)
{
	union bpf_attr attr = { .query.target_fd = (uint32_t)dirfd,
				.query.attach_type = BPF_CGROUP_DEVICE,
				.query.prog_ids = (uintptr_t)ids,
				.query.prog_cnt = MAX_ATTACHED };

	if (sys_bpf(BPF_PROG_QUERY, &attr) < 0)
		return err_sys(e, "list the device programs of the cgroup");
	*ret_n = attr.query.prog_cnt;
	return 0;
}

static int prog_by_id(uint32_t id)
{
	union bpf_attr attr = { .prog_id = id };

	return sys_bpf(BPF_PROG_GET_FD_BY_ID, &attr);
}

static int attach(int dirfd, int progfd, int replacefd, struct err *e)
{
	union bpf_attr attr = { .target_fd = (uint32_t)dirfd,
				.attach_bpf_fd = (uint32_t)progfd,
				.attach_type = BPF_CGROUP_DEVICE,
				.attach_flags = BPF_F_ALLOW_MULTI };

	if (replacefd >= 0) {
		attr.attach_flags |= BPF_F_REPLACE;
		attr.replace_bpf_fd = (uint32_t)replacefd;
	}
	return sys_bpf(BPF_PROG_ATTACH, &attr) < 0 ? err_sys(e, "attach the device program") : 0;
}

static int detach(int dirfd, int progfd, struct err *e)
{
	union bpf_attr attr = { .target_fd = (uint32_t)dirfd,
				.attach_bpf_fd = (uint32_t)progfd,
				.attach_type = BPF_CGROUP_DEVICE };

	return sys_bpf(BPF_PROG_DETACH, &attr) < 0 ? err_sys(e, "detach a device program") : 0;
}

/* All programs on a group must agree, so the old ones have to go; until then both hold. */
static int swap_programs(int dirfd, int progfd, const uint32_t *ids, uint32_t n, struct err *e)
{
	int r = attach(dirfd, progfd, -1, e);

	for (uint32_t i = 0; r == 0 && i < n; i++) {
		autofd int old = prog_by_id(ids[i]);

		r = old < 0 ? err_sys(e, "open device program %u", ids[i]) : detach(dirfd, old, e);
	}
	return r;
}

static int replace(int dirfd, int progfd, struct err *e)
{
	uint32_t ids[MAX_ATTACHED] = { 0 }, n = 0;
	autofd int old = -1;
	int r = query(dirfd, ids, &n, e);

	if (r < 0)
		return r;
	if (n == 1) {
		old = prog_by_id(ids[0]);
		/* Linux 5.6; where it is older, new and old overlap for a moment. */
		if (old >= 0 && attach(dirfd, progfd, old, NULL) == 0)
			return 0;
	}
	return swap_programs(dirfd, progfd, ids, n, e);
}

int devices_bpf_attach(int dirfd, const struct device_policy *p, bool fresh, struct err *e)
{
	autofree struct bpf_insn *insns = NULL;
	autofd int progfd = -1;
	size_t n = 0;
	int r = devices_bpf_build(p, &insns, &n, e);

	if (r < 0)
		return r;
	progfd = load(insns, n, e);
	if (progfd < 0)
		return progfd;
	return fresh ? attach(dirfd, progfd, -1, e) : replace(dirfd, progfd, e);
}
