/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Run a program in which some system calls fail, to see its fallbacks work.
 *
 *     no_syscall openat2,clone3 -- COMMAND...
 *     no_syscall mount_setattr --errno EPERM -- COMMAND...
 *
 * Exit status is the command's; 125 when the filter could not be installed,
 * 126 and 127 as a shell's.
 */
#include <errno.h>
#include <getopt.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libutil/macro.h"

#define EXIT_FILTER 125

static const struct {
	const char *name;
	int value;
} errnos[] = {
	{ "EACCES", EACCES }, { "EINVAL", EINVAL }, { "ENOENT", ENOENT },
	{ "ENOMEM", ENOMEM }, { "ENOSYS", ENOSYS }, { "EOPNOTSUPP", EOPNOTSUPP },
	{ "EPERM", EPERM },   { "EAGAIN", EAGAIN },
};

static NORETURN void usage(void)
{
	fprintf(stderr, "usage: no_syscall NAME[,NAME...] [--errno ERRNO] -- COMMAND...\n");
	exit(EXIT_FILTER);
}

static int parse_errno(const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(errnos); i++)
		if (streq(errnos[i].name, text))
			return errnos[i].value;
	fprintf(stderr, "no_syscall: unknown errno '%s'\n", text);
	exit(EXIT_FILTER);
}

static void refuse(scmp_filter_ctx ctx, char *names, int error)
{
	char *save = NULL;

	for (char *name = strtok_r(names, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
		int nr = seccomp_syscall_resolve_name(name);
		int r = nr == __NR_SCMP_ERROR
				? -EINVAL
				: seccomp_rule_add(ctx, SCMP_ACT_ERRNO((unsigned)error), nr, 0);

		if (r < 0) {
			fprintf(stderr, "no_syscall: '%s': %s\n", name, strerror(-r));
			exit(EXIT_FILTER);
		}
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "errno", required_argument, NULL, 'e' },
						 { NULL, 0, NULL, 0 } };
	scmp_filter_ctx ctx;
	int error = ENOSYS, opt, r;

	if (argc < 2 || argv[1][0] == '-')
		usage();
	optind = 2;
	while ((opt = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		if (opt != 'e')
			usage();
		error = parse_errno(optarg);
	}
	if (optind >= argc)
		usage();
	ctx = seccomp_init(SCMP_ACT_ALLOW);
	if (!ctx) {
		fprintf(stderr, "no_syscall: no filter can be made\n");
		return EXIT_FILTER;
	}
	refuse(ctx, argv[1], error);
	/* Root keeps the right to set-id programs below; others need no-new-privileges. */
	if (getuid() == 0)
		(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 0);
	r = seccomp_load(ctx);
	seccomp_release(ctx);
	if (r < 0) {
		fprintf(stderr, "no_syscall: load the filter: %s\n", strerror(-r));
		return EXIT_FILTER;
	}
	execvp(argv[optind], argv + optind);
	fprintf(stderr, "no_syscall: '%s': %s\n", argv[optind], strerror(errno));
	return errno == ENOENT ? 127 : 126;
}
