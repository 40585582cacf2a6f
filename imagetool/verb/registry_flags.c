/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/verb/registry_flags.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "libutil/loop.h"

const char *const registry_flag_bools[] = { "true", "false", "1", "0", "yes", "no", NULL };

void registry_flags_defaults(struct registry_flags *f)
{
	f->tls_verify = REGISTRY_FLAG_UNSET;
	f->retry = 5;
	f->timeout = 30;
}

static enum registry_tls tls_of(const struct registry_flags *f)
{
	if (f->tls_verify != REGISTRY_FLAG_UNSET)
		return f->tls_verify % 2 == 0 ? REGISTRY_TLS_VERIFIED : REGISTRY_TLS_OFF;
	/* Who names a certificate wants it checked, on loopback too. */
	return f->cert_dir ? REGISTRY_TLS_VERIFIED : REGISTRY_TLS_AUTO;
}

int registry_flags_opts(struct registry_flags *f, int wakefd, struct registry_opts *ret,
			struct err *e)
{
	if (f->timeout == 0)
		return err_set(e, EINVAL, "--timeout: 0 seconds are no time at all");
	if (f->cert_dir && access(f->cert_dir, R_OK | X_OK) < 0)
		return err_sys(e, "--cert-dir '%s'", f->cert_dir);
	*ret = (struct registry_opts){ .tls = tls_of(f),
				       .cert_dir = f->cert_dir,
				       .retries = f->retry,
				       .timeout_s = f->timeout,
				       .wakefd = wakefd };
	return 0;
}

/* All but those a caller had us ignore (nohup). */
int registry_flags_signals(struct err *e)
{
	static const int polite[] = { SIGINT, SIGTERM, SIGHUP };
	sigset_t mask;

	(void)sigemptyset(&mask);
	for (size_t i = 0; i < ARRAY_LEN(polite); i++) {
		struct sigaction old;

		if (sigaction(polite[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			(void)sigaddset(&mask, polite[i]);
	}
	return loop_signals(&mask, e);
}
