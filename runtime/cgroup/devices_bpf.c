/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy as a program.  Rules are tried from the last to the first, and
 * each decides the kinds of access it names: a denial ends with 0, a permission
 * takes its kinds off the list of what is still asked for, and when nothing is
 * left the answer is 1.
 *
 *     r2  kinds of access still undecided     r4  major
 *     r3  type of the device                  r5  minor
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libutil/log.h"
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

/* A comparison that leaves the rule when it fails; its target is filled in at the rule's end. */
static void emit_unless(struct code *c, unsigned reg, int value)
{
	emit(c, BPF_JMP | BPF_JNE | BPF_K, reg, 0, -1, value);
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
		emit_unless(c, BPF_REG_2, 0);
		emit_answer(c, true);
	} else {
		emit(c, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_1, BPF_REG_2, 0, 0);
		emit(c, BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_1, 0, 0, rule->access);
		emit(c, BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_1, 0, -1, 0);
		emit_answer(c, false);
	}
}

static void emit_rule(struct code *c, const struct device_rule *rule)
{
	size_t begin = c->n;

	if (rule->type != 'a')
		emit_unless(c, BPF_REG_3, type_number(rule->type));
	if (rule->major != DEVICE_ANY)
		emit_unless(c, BPF_REG_4, rule->major);
	if (rule->minor != DEVICE_ANY)
		emit_unless(c, BPF_REG_5, rule->minor);
	emit_decision(c, rule);
	for (size_t i = begin; i < c->n; i++)
		if (c->v[i].off == -1)
			c->v[i].off = (int16_t)(c->n - i - 1);
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
	for (size_t i = p->n; i > 0; i--) {
		emit_rule(&c, &p->v[i - 1]);
		/* The verifier refuses what can't be reached. */
		if (p->v[i - 1].type == 'a' && p->v[i - 1].major == DEVICE_ANY &&
		    p->v[i - 1].minor == DEVICE_ANY && p->v[i - 1].access == DEVICE_ALL)
			break;
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
	uint32_t ids[MAX_ATTACHED], n = 0;
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
