/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/sig.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/syscall.h>
#include <unistd.h>

/* clang-format off */
#define SIGNALS(X) \
	X(ABRT) X(ALRM) X(BUS) X(CHLD) X(CONT) X(FPE) X(HUP) X(ILL) \
	X(INT) X(IO) X(KILL) X(PIPE) X(PROF) X(PWR) X(QUIT) X(SEGV) \
	X(STKFLT) X(STOP) X(SYS) X(TERM) X(TRAP) X(TSTP) X(TTIN) X(TTOU) \
	X(URG) X(USR1) X(USR2) X(VTALRM) X(WINCH) X(XCPU) X(XFSZ)
/* clang-format on */

#define X(name) [SIG##name] = "SIG" #name,
static const char *const standard[] = { SIGNALS(X) };
#undef X

/* Second names; sig_name() never gives them. */
static const struct {
	const char *name;
	int sig;
} aliases[] = { { "CLD", SIGCHLD }, { "IOT", SIGABRT }, { "POLL", SIGIO } };

/* Real-time signals are counted from the C library's first, which is not the kernel's. */
#define R(n) "SIGRTMIN+" #n
static const char *const realtime[] = {
	"SIGRTMIN", R(1),  R(2),  R(3),  R(4),  R(5),  R(6),  R(7),  R(8),  R(9),  R(10),
	R(11),      R(12), R(13), R(14), R(15), R(16), R(17), R(18), R(19), R(20), R(21),
	R(22),      R(23), R(24), R(25), R(26), R(27), R(28), R(29), R(30),
};
#undef R

static bool is_signal(long n)
{
	return n >= 1 && n <= SIGRTMAX;
}

/* Digits only, up to the end of the text; -1 for anything else. */
static long plain_number(const char *text)
{
	char *end;
	long n;

	if (text[0] < '0' || text[0] > '9')
		return -1;
	errno = 0;
	n = strtol(text, &end, 10);
	return errno || *end ? -1 : n;
}

/* What follows "RTMIN" or "RTMAX": nothing, or the sign and a number. */
static long realtime_offset(const char *text, char sign)
{
	if (text[0] == '\0')
		return 0;
	return text[0] == sign ? plain_number(text + 1) : -1;
}

static long parse_realtime(const char *name)
{
	bool from_max = strncasecmp(name, "RTMAX", 5) == 0;
	long offset;

	if (!from_max && strncasecmp(name, "RTMIN", 5) != 0)
		return -1;
	offset = realtime_offset(name + 5, from_max ? '-' : '+');
	if (offset < 0 || offset > SIGRTMAX - SIGRTMIN)
		return -1;
	return from_max ? SIGRTMAX - offset : SIGRTMIN + offset;
}

static long parse_name(const char *name)
{
	for (size_t i = 1; i < ARRAY_LEN(standard); i++)
		if (standard[i] && strcasecmp(standard[i] + 3, name) == 0)
			return (long)i;
	for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
		if (strcasecmp(aliases[i].name, name) == 0)
			return aliases[i].sig;
	return parse_realtime(name);
}

int sig_parse(const char *text, int *ret, struct err *e)
{
	long n = plain_number(text);

	if (n < 0)
		n = parse_name(strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text);
	if (!is_signal(n))
		return err_set(e, EINVAL, "unknown signal '%s'", text);
	*ret = (int)n;
	return 0;
}

const char *sig_name(int sig)
{
	if (sig >= SIGRTMIN && sig <= SIGRTMAX && (size_t)(sig - SIGRTMIN) < ARRAY_LEN(realtime))
		return realtime[sig - SIGRTMIN];
	return sig >= 1 && (size_t)sig < ARRAY_LEN(standard) ? standard[sig] : NULL;
}

void sig_reset_all(void)
{
	/* The kernel's struct, all zero: SIG_DFL, no flags, empty mask.  The C library keeps two
	 * real-time signals to itself, but a caller that ignores them hands that down as well. */
	static const unsigned long fresh[4];
	sigset_t none;

	/* KILL and STOP refuse, which is as it should be. */
	for (int sig = 1; sig <= SIGRTMAX; sig++)
		(void)syscall(SYS_rt_sigaction, sig, fresh, NULL, (size_t)_NSIG / 8);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}
