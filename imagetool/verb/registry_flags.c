/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/verb/registry_flags.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "imagetool/errors.h"
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

void registry_flags_inherit(struct registry_flags *side, const struct registry_flags *both)
{
	if (side->tls_verify == REGISTRY_FLAG_UNSET)
		side->tls_verify = both->tls_verify;
	if (!side->cert_dir)
		side->cert_dir = both->cert_dir;
	if (!side->authfile)
		side->authfile = both->authfile;
	if (!side->creds) {
		side->creds = both->creds;
		side->password_stdin = both->password_stdin;
	}
	side->registries_conf = both->registries_conf;
	side->hosts_dir = both->hosts_dir;
	side->retry = both->retry;
	side->timeout = both->timeout;
}

/* A slip in a name must not mean that nothing of it counts. */
static int check_places(const struct registry_flags *f, struct err *e)
{
	const struct {
		const char *option, *path;
		int access;
	} places[] = {
		{ "--cert-dir", f->cert_dir, R_OK | X_OK },
		{ "--authfile", f->makes_authfile ? NULL : f->authfile, R_OK },
		{ "--registries-conf", f->registries_conf, R_OK },
		{ "--hosts-dir", f->hosts_dir, R_OK | X_OK },
	};

	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		if (places[i].path && access(places[i].path, places[i].access) < 0)
			return err_sys(e, "%s '%s'", places[i].option, places[i].path);
	return 0;
}

static int check(const struct registry_flags *f, struct err *e)
{
	if (f->timeout == 0)
		return err_set(e, EINVAL, "--timeout: 0 seconds are no time at all");
	if (f->password_stdin && !f->creds)
		return err_set(e, EINVAL, "--password-stdin: whose? Give --creds USER");
	return check_places(f, e);
}

/* What stands behind a colon is not repeated: it is a secret. */
static int take_creds(struct registry_flags *f, int wakefd, struct err *e)
{
	if (strchr(f->creds, ':'))
		return err_set(
			e, EINVAL,
			"--creds takes a user's name and no password: everybody on this "
			"machine can read command lines; it is asked for on the terminal, or "
			"give --password-stdin");
	if (f->creds[0] == '\0' || strlen(f->creds) >= sizeof(f->user))
		return err_set(e, EINVAL, "--creds: '%.100s' is no user's name", f->creds);
	memcpy(f->user, f->creds, strlen(f->creds) + 1);
	f->given = (struct credential){ .user = f->user, .password = f->password };
	return f->password_stdin ? secret_from_stdin(f->password, e)
				 : secret_ask("Password", false, wakefd, f->password, e);
}

int registry_flags_opts(struct registry_flags *f, int wakefd, struct registry_opts *ret,
			struct err *e)
{
	int r = check(f, e);

	if (r >= 0 && f->creds)
		r = take_creds(f, wakefd, e);
	if (r < 0)
		return image_usage(r);
	*ret = (struct registry_opts){ .tls = tls_of(f),
				       .cert_dir = f->cert_dir,
				       .authfile = f->authfile,
				       .registries_conf = f->registries_conf,
				       .hosts_dir = f->hosts_dir,
				       .given = f->creds ? &f->given : NULL,
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
