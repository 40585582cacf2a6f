/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first attempt at what selfexe.h promises, before libc has started: from then
 * on the process runs from a read-only clone of the mount its program lies on.
 *
 *   1. quickest: map the same file again, through the clone, over what the kernel
 *      mapped, and name the clone's file as our executable (PR_SET_MM_MAP).  No
 *      page changes, so that the code under our feet stays what it is; and nothing
 *      has been relocated or written yet that would get lost.
 *   2. execute the clone.  Here, before libc's start, because that asks the
 *      processor dozens of questions (cpuid) which a hypervisor answers slowly.
 *
 * Nothing is lost when both fail: this file only saves time.  selfexe_protect()
 * asks the kernel later whether the program is protected, and knows other ways.
 *
 * What runs here must not need libc, relocations or thread-local storage: there
 * are none yet.  Hence system calls by hand, no tables of pointers, no stack
 * protector and no sanitizers (module.am), and a test that the object file is so.
 */
#include <elf.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/prctl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#if !defined(__x86_64__)
#error "built for x86_64 only; see configure.ac"
#endif

#define SELF      "/proc/self/exe"
#define FD_PATH   "/proc/self/fd/"
#define PAGE_SIZE 4096UL /* x86_64 has no other */

/* <sys/statfs.h> has the call behind libc's structure; this is the kernel's. */
struct kernel_statfs {
	long type, bsize;
	unsigned long blocks, bfree, bavail, files, ffree;
	int fsid[2];
	long namelen, frsize, flags, spare[4];
};
#define KERNEL_ST_RDONLY 0x0001L

/* Where the linker put the file's header: the first byte of the image in memory. */
extern const Elf64_Ehdr __ehdr_start __attribute__((visibility("hidden")));

void selfexe_early(const long *stack);

/* selfexe.c.  It may be written once the image is mapped anew: what came before is lost. */
extern int selfexe_clone __attribute__((visibility("hidden")));

/* ---- without libc ---- */

static long call6(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

static long call3(long number, long a, long b, long c)
{
	return call6(number, a, b, c, 0, 0, 0);
}

static int is_word(const char *arg, const char *word)
{
	while (*arg && *arg == *word) {
		arg++;
		word++;
	}
	return *arg == *word;
}

/* Byte by byte, and out of sight of a compiler that would call memset() for it. */
static void zero(uintptr_t from, uintptr_t to)
{
	for (; from < to; from++)
		*(volatile char *)from = 0;
}

/* ---- the clone ---- */

static int is_readonly(long statfs_call, long file)
{
	struct kernel_statfs st;

	st.flags = 0;
	return call3(statfs_call, file, (long)&st, 0) == 0 && (st.flags & KERNEL_ST_RDONLY);
}

static long readonly_clone(void)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	long fd = call3(SYS_open_tree, AT_FDCWD, (long)SELF, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (fd < 0)
		return fd;
	if (call6(SYS_mount_setattr, fd, (long)"", AT_EMPTY_PATH, (long)&attr, sizeof(attr), 0) ==
		    0 &&
	    is_readonly(SYS_fstatfs, fd))
		return fd;
	(void)call3(SYS_close, fd, 0, 0);
	return -1;
}

/* The clone's descriptor is a place only; this one can be mapped. */
static long open_file(long clone)
{
	char path[sizeof(FD_PATH) + 10] = FD_PATH;
	size_t at = sizeof(FD_PATH) - 1, digits = 1;

	for (long rest = clone / 10; rest > 0; rest /= 10)
		digits++;
	path[at + digits] = '\0';
	for (size_t i = digits; i > 0; i--, clone /= 10)
		path[at + i - 1] = (char)('0' + clone % 10);
	return call3(SYS_open, (long)path, O_RDONLY | O_CLOEXEC, 0);
}

/* ---- 1. map it ---- */

static const Elf64_Phdr *segments(void)
{
	return (const Elf64_Phdr *)((uintptr_t)&__ehdr_start + __ehdr_start.e_phoff);
}

static int protection(Elf64_Word flags)
{
	return (flags & PF_R ? PROT_READ : 0) | (flags & PF_W ? PROT_WRITE : 0) |
	       (flags & PF_X ? PROT_EXEC : 0);
}

/* Pages that are written to are copied one by one, nearly all of them by relocation: that is
 * cheaper at once.  Of the others few are used, and a fault brings their neighbours. */
static int map_segment(const Elf64_Phdr *s, long fd)
{
	uintptr_t begin = (uintptr_t)&__ehdr_start + s->p_vaddr;
	uintptr_t in_page = begin % PAGE_SIZE;
	uintptr_t end = begin + s->p_filesz;

	if (call6(SYS_mmap, (long)(begin - in_page), (long)(end - begin + in_page),
		  protection(s->p_flags),
		  MAP_PRIVATE | MAP_FIXED | (s->p_flags & PF_W ? MAP_POPULATE : 0), fd,
		  (long)(s->p_offset - in_page)) < 0)
		return -1;
	/* What is beyond the file's part of the last page is the first piece of .bss. */
	if (s->p_memsz > s->p_filesz)
		zero(end, (end + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE);
	return 0;
}

static int map_image(long fd)
{
	const Elf64_Phdr *s = segments();

	for (size_t i = 0; i < __ehdr_start.e_phnum; i++)
		if (s[i].p_type == PT_LOAD && s[i].p_filesz > 0 && map_segment(&s[i], fd) < 0)
			return -1;
	return 0;
}

static void describe_code_and_data(struct prctl_mm_map *m)
{
	const Elf64_Phdr *s = segments();

	for (size_t i = 0; i < __ehdr_start.e_phnum; i++) {
		uintptr_t begin = (uintptr_t)&__ehdr_start + s[i].p_vaddr;

		if (s[i].p_type != PT_LOAD)
			continue;
		if (s[i].p_flags & PF_X) {
			m->start_code = begin;
			m->end_code = begin + s[i].p_filesz;
		} else if (s[i].p_flags & PF_W) {
			m->start_data = begin;
			m->end_data = begin + s[i].p_filesz;
		}
	}
}

/* One past the last string of a NULL-terminated vector, which lie one behind the other. */
static uintptr_t strings_end(char *const *v, uintptr_t begin)
{
	const char *last = NULL;

	for (; *v; v++)
		last = *v;
	if (!last)
		return begin;
	while (*last)
		last++;
	return (uintptr_t)last + 1;
}

/* The kernel wants all that it knows of our memory told again; none of it changes. */
static int name_executable(const long *stack, char *const *argv, char *const *envp, long fd)
{
	struct prctl_mm_map m = { .exe_fd = (uint32_t)fd };

	describe_code_and_data(&m);
	m.start_brk = m.brk = (uint64_t)call3(SYS_brk, 0, 0, 0);
	m.start_stack = (uintptr_t)stack;
	m.arg_start = (uintptr_t)argv[0];
	m.arg_end = strings_end(argv, m.arg_start);
	m.env_start = envp[0] ? (uintptr_t)envp[0] : m.arg_end;
	m.env_end = strings_end(envp, m.env_start);
	return (int)call6(SYS_prctl, PR_SET_MM, PR_SET_MM_MAP, (long)&m, sizeof(m), 0, 0);
}

/* ---- what to do when ---- */

/* A verb's name as somebody's argument costs a little time and does no harm. */
static int enters_containers(long argc, char *const *argv)
{
	for (long i = 1; i < argc; i++) {
		const char *arg = argv[i];

		if (is_word(arg, "create") || is_word(arg, "run") || is_word(arg, "exec") ||
		    is_word(arg, "mounts") || is_word(arg, "devices"))
			return 1;
	}
	return 0;
}

/* `stack` is what the kernel laid there: argc, argv, NULL, envp, NULL. */
void selfexe_early(const long *stack)
{
	long argc = stack[0];
	char *const *argv = (char *const *)(stack + 1);
	char *const *envp = argv + argc + 1;
	long clone, file;

	if (!enters_containers(argc, argv) || is_readonly(SYS_statfs, (long)SELF))
		return;
	clone = readonly_clone();
	if (clone < 0)
		return;
	file = open_file(clone);
	if (file < 0 || map_image(file) < 0 || name_executable(stack, argv, envp, file) < 0)
		(void)call6(SYS_execveat, clone, (long)"", (long)argv, (long)envp, AT_EMPTY_PATH,
			    0);
	else
		selfexe_clone = (int)clone;
	if (file >= 0)
		(void)call3(SYS_close, file, 0, 0);
	/* In the place of a closed standard stream it would be passed on as one. */
	if (selfexe_clone <= STDERR_FILENO) {
		selfexe_clone = 0;
		(void)call3(SYS_close, clone, 0, 0);
	}
}

/* The program's entry (module.am).  The stack pointer is the kernel's argument and must reach
 * libc's _start unchanged; rdx is a function that libc calls at exit, or 0. */
__asm__(".text\n"
	".globl creel_entry\n"
	".hidden creel_entry\n"
	".type creel_entry, @function\n"
	"creel_entry:\n"
	"	xorl %ebp, %ebp\n"
	"	movq %rsp, %rdi\n"
	"	movq %rsp, %rbx\n"
	"	movq %rdx, %r12\n"
	"	andq $-16, %rsp\n"
	"	call selfexe_early\n"
	"	movq %rbx, %rsp\n"
	"	movq %r12, %rdx\n"
	"	jmp _start\n"
	".size creel_entry, .-creel_entry\n");
