/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled programs are run by a small interpreter of classic BPF. */
#include "runtime/seccomp/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "libutil/cleanup.h"
#include "libutil/dir.h"
#include "libutil/file.h"

#define X32     0x40000000U
#define FAIL(x) (SECCOMP_RET_ERRNO | (x))

static uint32_t run(const struct seccomp_program *p, const struct seccomp_data *data)
{
	uint32_t a = 0, words[sizeof(*data) / 4];

	memcpy(words, data, sizeof(*data));
	for (size_t pc = 0; pc < p->prog.len; pc++) {
		const struct sock_filter *i = &p->prog.filter[pc];

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			a = words[i->k / 4];
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= i->k;
			break;
		case BPF_JMP | BPF_JA:
			pc += i->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += a == i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			pc += a > i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			pc += a >= i->k ? i->jt : i->jf;
			break;
		case BPF_RET | BPF_K:
			return i->k;
		default:
			fail_msg("instruction %zu has code 0x%x", pc, i->code);
		}
	}
	fail_msg("the program runs off its end");
	return 0;
}

static uint32_t call(const struct seccomp_program *p, uint32_t arch, uint32_t nr, uint64_t arg0,
		     uint64_t arg1)
{
	struct seccomp_data data = { .nr = (int)nr, .arch = arch, .args = { arg0, arg1 } };

	return run(p, &data);
}

static uint32_t native(const struct seccomp_program *p, uint32_t nr)
{
	return call(p, seccomp_arch_native(), nr, 0, 0);
}

static const char *const archs[] = { "SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32" };
static const char *const common[] = { "read", "close", "openat2", "no_such_call" };
static const char *const conditional[] = { "personality" };
static const char *const refused[] = { "clone3" };

/* Shaped like the default profile of the engines. */
struct profile {
	struct spec_seccomp p;
	struct spec_seccomp_rule rules[3];
	struct spec_seccomp_arg args[2];
	const char *arch_items[4];
};

#define STRINGS(list)                                                                              \
	{                                                                                          \
		(const char **)(uintptr_t)(list), ARRAY_LEN(list)                                  \
	}

static void profile_init(struct profile *w)
{
	*w = (struct profile){
		.p = { .default_action = OCI_ACT_ERRNO },
		.rules = { { .names = STRINGS(common), .action = OCI_ACT_ALLOW },
			   { .names = STRINGS(conditional), .action = OCI_ACT_ALLOW },
			   { .names = STRINGS(refused),
			     .action = OCI_ACT_ERRNO,
			     .errno_ret = { true, ENOSYS } } },
		.args = { { .index = { true, 0 }, .value = { true, 0 }, .op = OCI_CMP_EQ },
			  { .index = { true, 0 }, .value = { true, 8 }, .op = OCI_CMP_EQ } },
	};
	memcpy(w->arch_items, archs, sizeof(archs));
	w->rules[1].args = (struct oci_array){ w->args, 2 };
	w->p.architectures = (struct oci_strings){ w->arch_items, 3 };
	w->p.syscalls = (struct oci_array){ w->rules, 3 };
}

static void compile(const struct spec_seccomp *p, int cachefd, struct seccomp_program *ret)
{
	struct err e = { 0 };
	int r = seccomp_compile(p, false, cachefd, ret, &e);

	assert_string_equal(e.msg, "");
	assert_int_equal(r, 0);
}

static void a_profile_decides_call_by_call(void **state UNUSED)
{
	struct seccomp_program prog;
	struct profile w;

	profile_init(&w);
	compile(&w.p, -1, &prog);
	assert_int_equal(native(&prog, SYS_read), SECCOMP_RET_ALLOW);
	assert_int_equal(native(&prog, SYS_openat2), SECCOMP_RET_ALLOW);
	assert_int_equal(native(&prog, SYS_mount), FAIL(EPERM));
	assert_int_equal(native(&prog, 435), FAIL(ENOSYS));
	assert_int_equal(call(&prog, AUDIT_ARCH_I386, 3, 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(call(&prog, AUDIT_ARCH_I386, 21, 0, 0), FAIL(EPERM));
	assert_int_equal(native(&prog, X32 + 0), SECCOMP_RET_ALLOW);
	assert_int_equal(call(&prog, AUDIT_ARCH_AARCH64, 63, 0, 0), SECCOMP_RET_KILL_THREAD);
	seccomp_program_done(&prog);
	assert_null(prog.prog.filter);
}

static void several_conditions_on_one_argument_are_alternatives(void **state UNUSED)
{
	struct seccomp_program prog;
	struct profile w;

	profile_init(&w);
	compile(&w.p, -1, &prog);
	assert_int_equal(call(&prog, seccomp_arch_native(), SYS_personality, 0, 0),
			 SECCOMP_RET_ALLOW);
	assert_int_equal(call(&prog, seccomp_arch_native(), SYS_personality, 8, 0),
			 SECCOMP_RET_ALLOW);
	assert_int_equal(call(&prog, seccomp_arch_native(), SYS_personality, 9, 0), FAIL(EPERM));
	seccomp_program_done(&prog);
	w.args[1].index.v = 1;
	compile(&w.p, -1, &prog);
	assert_int_equal(call(&prog, seccomp_arch_native(), SYS_personality, 0, 8),
			 SECCOMP_RET_ALLOW);
	assert_int_equal(call(&prog, seccomp_arch_native(), SYS_personality, 0, 9), FAIL(EPERM));
	seccomp_program_done(&prog);
}

static void calls_newer_than_the_profile_do_not_exist(void **state UNUSED)
{
	struct seccomp_program prog;
	struct profile w;

	profile_init(&w);
	compile(&w.p, -1, &prog);
	/* openat2 is 437 everywhere and the newest that is named. */
	assert_int_equal(native(&prog, 438), FAIL(ENOSYS));
	assert_int_equal(native(&prog, 9999), FAIL(ENOSYS));
	assert_int_equal(call(&prog, AUDIT_ARCH_I386, 438, 0, 0), FAIL(ENOSYS));
	assert_int_equal(native(&prog, X32 + 438), FAIL(ENOSYS));
	assert_int_equal(native(&prog, X32 + SYS_mount), FAIL(EPERM));
	assert_int_equal(native(&prog, 436), FAIL(EPERM));
	seccomp_program_done(&prog);
}

static void the_rest_of_the_x32_numbers_is_left_to_the_filter(void **state UNUSED)
{
	struct seccomp_program prog;
	struct profile w;

	profile_init(&w);
	w.p.architectures.n = 2;
	compile(&w.p, -1, &prog);
	assert_int_equal(native(&prog, 438), FAIL(ENOSYS));
	assert_int_equal(native(&prog, X32 + SYS_read), SECCOMP_RET_KILL_THREAD);
	assert_int_equal(native(&prog, X32 + 9999), SECCOMP_RET_KILL_THREAD);
	seccomp_program_done(&prog);
}

static void a_default_that_lets_calls_happen_gets_no_enosys(void **state UNUSED)
{
	static const int actions[] = { OCI_ACT_ALLOW, OCI_ACT_LOG, OCI_ACT_TRACE, OCI_ACT_TRAP };
	struct seccomp_program prog;
	struct profile w;

	for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
		profile_init(&w);
		w.p.default_action = actions[i];
		compile(&w.p, -1, &prog);
		assert_int_not_equal(native(&prog, 9999), FAIL(ENOSYS));
		seccomp_program_done(&prog);
	}
	profile_init(&w);
	w.p.default_action = OCI_ACT_KILL_PROCESS;
	compile(&w.p, -1, &prog);
	assert_int_equal(native(&prog, 9999), FAIL(ENOSYS));
	assert_int_equal(native(&prog, SYS_mount), SECCOMP_RET_KILL_PROCESS);
	seccomp_program_done(&prog);
}

static void errno_of_the_default_is_used(void **state UNUSED)
{
	struct seccomp_program prog;
	struct profile w;

	profile_init(&w);
	w.p.default_errno_ret = (struct opt_u64){ true, EACCES };
	compile(&w.p, -1, &prog);
	assert_int_equal(native(&prog, SYS_mount), FAIL(EACCES));
	seccomp_program_done(&prog);
}

static void absent_flags_differ_from_none(void **state UNUSED)
{
	int log_flag[] = { OCI_SECCOMP_FLAG_LOG, OCI_SECCOMP_FLAG_WAIT_KILLABLE_RECV };
	struct seccomp_program prog;
	struct profile w;

	profile_init(&w);
	compile(&w.p, -1, &prog);
	assert_int_equal(prog.flags, SECCOMP_FILTER_FLAG_SPEC_ALLOW);
	assert_false(prog.notify);
	seccomp_program_done(&prog);
	w.p.flags = (struct oci_ints){ log_flag, 0 };
	compile(&w.p, -1, &prog);
	assert_int_equal(prog.flags, 0);
	seccomp_program_done(&prog);
	w.p.flags.n = 2;
	compile(&w.p, -1, &prog);
	assert_int_equal(prog.flags, SECCOMP_FILTER_FLAG_LOG);
	seccomp_program_done(&prog);
}

static void a_notifying_rule_asks_for_a_listener(void **state UNUSED)
{
	struct seccomp_program prog;
	struct profile w;

	profile_init(&w);
	w.rules[1].action = OCI_ACT_NOTIFY;
	compile(&w.p, -1, &prog);
	assert_true(prog.notify);
	assert_true(prog.flags & SECCOMP_FILTER_FLAG_NEW_LISTENER);
	assert_int_equal(call(&prog, seccomp_arch_native(), SYS_personality, 8, 0),
			 SECCOMP_RET_USER_NOTIF);
	seccomp_program_done(&prog);
	w.p.default_action = OCI_ACT_NOTIFY;
	assert_int_equal(seccomp_compile(&w.p, false, -1, &prog, NULL), -EINVAL);
}

/* Init's first call under the filter must not wait for a listener that nobody has yet. */
static void the_handover_avoids_what_is_notified(void **state UNUSED)
{
	static const char *const calls[] = { "sendmsg", "write", "sendto" };
	struct seccomp_program prog;
	struct err e = { 0 };
	struct profile w;

	profile_init(&w);
	w.p.default_action = OCI_ACT_ALLOW;
	w.rules[0] = (struct spec_seccomp_rule){ .action = OCI_ACT_NOTIFY };
	w.p.syscalls.n = 1;
	for (int n = SECCOMP_BY_SENDMSG; n < SECCOMP_HANDOVER_COUNT; n++) {
		w.rules[0].names =
			(struct oci_strings){ (const char **)(uintptr_t)calls, (size_t)n };
		compile(&w.p, -1, &prog);
		assert_int_equal(prog.handover, n);
		seccomp_program_done(&prog);
	}
	w.rules[0].names = (struct oci_strings)STRINGS(calls);
	assert_int_equal(seccomp_compile(&w.p, false, -1, &prog, &e), -EDEADLK);
	assert_non_null(strstr(e.msg, "leaves no way to hand the listener over"));
}

static void an_unknown_call_is_an_error_only_on_demand(void **state UNUSED)
{
	struct seccomp_program prog;
	struct err e = { 0 };
	struct profile w;

	profile_init(&w);
	compile(&w.p, -1, &prog);
	seccomp_program_done(&prog);
	assert_int_equal(seccomp_compile(&w.p, true, -1, &prog, &e), -EINVAL);
	assert_string_equal(
		e.msg, "linux.seccomp.syscalls[0].names[3]: unknown system call 'no_such_call'");
}

static void an_unknown_architecture_is_named(void **state UNUSED)
{
	struct seccomp_program prog;
	struct err e = { 0 };
	struct profile w;

	profile_init(&w);
	w.arch_items[1] = "SCMP_ARCH_VAX";
	assert_int_equal(seccomp_compile(&w.p, false, -1, &prog, &e), -EINVAL);
	assert_string_equal(e.msg,
			    "linux.seccomp.architectures[1]: unknown architecture 'SCMP_ARCH_VAX'");
	/* Legal, but nothing of it can run here. */
	w.arch_items[1] = "SCMP_ARCH_S390X";
	compile(&w.p, -1, &prog);
	seccomp_program_done(&prog);
}

static void no_profile_is_no_program(void **state UNUSED)
{
	struct seccomp_program prog = { .flags = 7 };

	assert_int_equal(seccomp_compile(NULL, false, -1, &prog, NULL), 0);
	assert_null(prog.prog.filter);
	assert_int_equal(prog.flags, 0);
}

/* By the bare call: a sanitizer's _exit() makes others, which the program refuses. */
static void leave(int code)
{
	(void)syscall(SYS_exit_group, code);
}

/* The kernel checks every jump of a program before it takes it. */
static void the_kernel_takes_the_program(void **state UNUSED)
{
	static const char *const living[] = { "exit_group", "prctl", "rt_sigreturn", "mmap" };
	struct seccomp_program prog;
	struct profile w;
	int status = 0;
	pid_t pid;

	profile_init(&w);
	w.rules[1].names = (struct oci_strings)STRINGS(living);
	w.rules[1].args.n = 0;
	compile(&w.p, -1, &prog);
	pid = fork();
	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
			leave(1);
		if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, prog.flags, &prog.prog) < 0)
			leave(2);
		if (syscall(SYS_getpid) != -1 || errno != EPERM)
			leave(3);
		if (syscall(SYS_clone3, NULL, 0) != -1 || errno != ENOSYS)
			leave(4);
		if (syscall(500, NULL) != -1 || errno != ENOSYS)
			leave(5);
		leave(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	seccomp_program_done(&prog);
}

/* ---- the cache ---- */

struct cache {
	char *name;
	int fd;
	char file[256];
};

static int setup(void **state)
{
	struct cache *c = xcalloc(1, sizeof(*c));

	assert_int_equal(dir_make_temp_at(AT_FDCWD, "seccomp-", 0700, &c->name, NULL), 0);
	c->fd = dir_open_at(AT_FDCWD, c->name, NULL);
	*state = c;
	return 0;
}

static int teardown(void **state)
{
	struct cache *c = *state;

	(void)close(c->fd);
	assert_int_equal(dir_remove_all_at(AT_FDCWD, c->name, NULL), 0);
	free(c->name);
	free(c);
	return 0;
}

static int remember(int dirfd UNUSED, const char *name, unsigned char type UNUSED, void *ctx,
		    struct err *e UNUSED)
{
	struct cache *c = ctx;

	assert_int_equal(c->file[0], '\0');
	(void)snprintf(c->file, sizeof(c->file), "%s", name);
	return 0;
}

/* Compile `w` into the cache and read the file that holds it. */
static void store(struct cache *c, const struct profile *w, size_t *len, char **text)
{
	struct seccomp_program prog;

	compile(&w->p, c->fd, &prog);
	seccomp_program_done(&prog);
	c->file[0] = '\0';
	assert_int_equal(dir_each(c->fd, remember, c, NULL), 0);
	assert_int_equal(file_read_at(c->fd, c->file, 1 << 20, text, len, NULL), 0);
}

/* Make the file look old; was_written() tells whether it was touched since. */
static void make_old(const struct cache *c)
{
	const struct timespec times[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };

	assert_int_equal(utimensat(c->fd, c->file, times, 0), 0);
}

static bool was_written(const struct cache *c)
{
	struct stat st;

	assert_int_equal(fstatat(c->fd, c->file, &st, 0), 0);
	return st.st_mtim.tv_sec != 1;
}

static void a_program_is_stored_once_and_used(void **state)
{
	struct cache *c = *state;
	struct seccomp_program fresh, cached;
	autofree char *text = NULL;
	size_t len = 0;
	struct profile w;

	profile_init(&w);
	store(c, &w, &len, &text);
	make_old(c);
	compile(&w.p, -1, &fresh);
	compile(&w.p, c->fd, &cached);
	assert_false(was_written(c));
	assert_int_equal(cached.prog.len, fresh.prog.len);
	assert_memory_equal(cached.prog.filter, fresh.prog.filter,
			    fresh.prog.len * sizeof(struct sock_filter));
	assert_int_equal(cached.flags, fresh.flags);
	seccomp_program_done(&fresh);
	seccomp_program_done(&cached);
}

static void a_damaged_file_is_made_again(void **state)
{
	struct cache *c = *state;
	autofree char *text = NULL;
	size_t len = 0;
	struct profile w;

	profile_init(&w);
	store(c, &w, &len, &text);
	for (size_t cut = 0; cut < len; cut += len / 7 + 1) {
		struct seccomp_program prog;

		text[cut] ^= 1;
		assert_int_equal(
			file_replace_at(c->fd, c->file, text, len, 0600, FILE_NO_SYNC, NULL), 0);
		make_old(c);
		compile(&w.p, c->fd, &prog);
		assert_int_equal(native(&prog, SYS_mount), FAIL(EPERM));
		assert_true(was_written(c));
		seccomp_program_done(&prog);
		text[cut] ^= 1;
	}
	assert_int_equal(file_replace_at(c->fd, c->file, text, len / 2, 0600, FILE_NO_SYNC, NULL),
			 0);
	free(text);
	text = NULL;
	store(c, &w, &len, &text);
}

static void a_file_that_others_can_write_is_not_used(void **state)
{
	struct cache *c = *state;
	struct seccomp_program prog;
	autofree char *text = NULL;
	size_t len = 0;
	struct profile w;
	struct stat st;

	profile_init(&w);
	store(c, &w, &len, &text);
	assert_int_equal(fchmodat(c->fd, c->file, 0666, 0), 0);
	compile(&w.p, c->fd, &prog);
	seccomp_program_done(&prog);
	/* It was made again, and is ours alone now. */
	assert_int_equal(fstatat(c->fd, c->file, &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	if (getuid() != 0)
		return;
	assert_int_equal(fchownat(c->fd, c->file, 12345, 12345, 0), 0);
	compile(&w.p, c->fd, &prog);
	seccomp_program_done(&prog);
	assert_int_equal(fstatat(c->fd, c->file, &st, 0), 0);
	assert_int_equal(st.st_uid, 0);
}

static void another_profile_never_gets_this_program(void **state)
{
	struct cache *c = *state;
	struct seccomp_program prog;
	struct profile w;

	profile_init(&w);
	for (uint64_t i = 1; i < 600; i++) { /* more than there are file names */
		w.p.default_errno_ret = (struct opt_u64){ true, i == ENOSYS ? EPERM : i };
		compile(&w.p, c->fd, &prog);
		assert_int_equal(native(&prog, SYS_mount), FAIL(w.p.default_errno_ret.v));
		seccomp_program_done(&prog);
	}
}

static void features_name_what_can_be_used(void **state UNUSED)
{
	struct arena a = { 0 };
	struct features_seccomp f;
	bool x86_64 = false;

	seccomp_features(&a, &f);
	assert_true(f.enabled.v);
	assert_int_equal(f.actions.n, 9);
	assert_int_equal(f.operators.n, 7);
	assert_int_equal(f.known_flags.n, 4);
	for (size_t i = 0; i < f.archs.n; i++)
		x86_64 |= streq(f.archs.items[i], "SCMP_ARCH_X86_64");
	assert_true(x86_64);
	arena_done(&a);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_profile_decides_call_by_call),
		cmocka_unit_test(several_conditions_on_one_argument_are_alternatives),
		cmocka_unit_test(calls_newer_than_the_profile_do_not_exist),
		cmocka_unit_test(the_rest_of_the_x32_numbers_is_left_to_the_filter),
		cmocka_unit_test(a_default_that_lets_calls_happen_gets_no_enosys),
		cmocka_unit_test(errno_of_the_default_is_used),
		cmocka_unit_test(absent_flags_differ_from_none),
		cmocka_unit_test(a_notifying_rule_asks_for_a_listener),
		cmocka_unit_test(the_handover_avoids_what_is_notified),
		cmocka_unit_test(an_unknown_call_is_an_error_only_on_demand),
		cmocka_unit_test(an_unknown_architecture_is_named),
		cmocka_unit_test(the_kernel_takes_the_program),
		cmocka_unit_test(no_profile_is_no_program),
		cmocka_unit_test_setup_teardown(a_program_is_stored_once_and_used, setup, teardown),
		cmocka_unit_test_setup_teardown(a_damaged_file_is_made_again, setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_that_others_can_write_is_not_used, setup,
						teardown),
		cmocka_unit_test_setup_teardown(another_profile_never_gets_this_program, setup,
						teardown),
		cmocka_unit_test(features_name_what_can_be_used),
	};

	return cmocka_run_group_tests_name("seccomp", tests, NULL, NULL);
}
