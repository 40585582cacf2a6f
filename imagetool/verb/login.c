/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "imagetool/auth/auth.h"
#include "imagetool/errors.h"
#include "imagetool/verb/login_name.h"
#include "imagetool/verb/registry_flags.h"
#include "imagetool/verb/verbs.h"
#include "libutil/alloc.h"

struct values {
	struct registry_flags registry;
	const char *user;
	bool password_stdin;
	bool get_login;
	char asked_user[SECRET_SIZE];
	char password[SECRET_SIZE];
};

/* Docker and Podman have it, so people type it. */
static int refuse_password(void *values UNUSED, const char *text UNUSED, struct err *e)
{
	return err_set(
		e, IMAGE_EUSAGE,
		"a password on the command line can be read by everybody on this machine: it is "
		"asked for on the terminal, or give --password-stdin");
}

static const struct opt opts[] = {
	{ .letter = 'u',
	  .name = "username",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct values, user),
	  .arg = "USER",
	  .help = "who; asked for on the terminal otherwise" },
	{ .letter = 'p',
	  .name = "password",
	  .kind = OPT_CALL,
	  .bits = OPT_HIDDEN,
	  .arg = "SECRET",
	  .call = refuse_password,
	  .help = "refused: the command line is no place for it" },
	{ .name = "password-stdin",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct values, password_stdin),
	  .help = "read the password from standard input" },
	{ .name = "get-login",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct values, get_login),
	  .help = "print who is logged in there, and do nothing" },
	REGISTRY_TRUST_OPT_ROWS("", offsetof(struct values, registry)),
	REGISTRY_COMMON_OPT_ROWS(offsetof(struct values, registry)),
	OPT_END,
};

static void defaults(void *values)
{
	struct values *v = values;

	registry_flags_defaults(&v->registry);
	v->registry.makes_authfile = true;
}

static int get_login(const struct values *v, const struct login_name *name, struct err *e)
{
	const struct auth_opts auth = { .authfile = v->registry.authfile, .wakefd = -1 };
	auto_(credential) struct credential c = { 0 };
	int r = auth_find(&auth, name->ref.registry, name->repository, &c, e);

	if (r < 0)
		return r;
	if (r == 0)
		return err_set(e, IMAGE_EDENIED, "nobody is logged in to '%s'", name->key);
	if (puts(c.user ? c.user : CREDENTIAL_TOKEN_USER) == EOF || fflush(stdout) == EOF)
		return err_sys(e, "write to standard output");
	return 0;
}

/* Who, and the secret, into buffers of `v`. */
static int ask(struct values *v, int wakefd, struct err *e)
{
	int r = 0;

	if (v->password_stdin && !v->user)
		return err_set(e, IMAGE_EUSAGE, "--password-stdin: whose? Give --username USER");
	if (!v->user) {
		r = secret_ask("Username", true, wakefd, v->asked_user, e);
		v->user = v->asked_user;
	}
	if (r >= 0 && (strchr(v->user, ':') || !v->user[0]))
		r = err_set(e, IMAGE_EUSAGE, "a user's name is not empty and has no colon");
	if (r < 0)
		return r;
	return v->password_stdin ? secret_from_stdin(v->password, e)
				 : secret_ask("Password", false, wakefd, v->password, e);
}

static int log_in(struct values *v, const struct login_name *name, int wakefd, struct err *e)
{
	const struct auth_opts auth = { .authfile = v->registry.authfile, .wakefd = wakefd };
	auto_(credential) struct credential c = { 0 };
	autofree char *where = NULL;
	struct registry_opts registry;
	bool asked = false;
	int r = registry_flags_opts(&v->registry, wakefd, &registry, e);

	if (r >= 0)
		r = ask(v, wakefd, e);
	if (r < 0)
		return r;
	credential_set(&c, v->user, v->password);
	explicit_bzero(v->password, sizeof(v->password));
	registry.given = &c;
	r = registry_check(&name->ref, &registry, &asked, e);
	if (r >= 0)
		r = auth_store(&auth, name->key, &c, &where, e);
	if (r < 0)
		return r;
	(void)fprintf(stderr, "%s: %s is logged in%s (%s)\n", name->key, v->user,
		      asked ? "" : "; the registry did not ask, so nothing was checked", where);
	return 0;
}

static int run(const void *global UNUSED, void *values, char *const *args, int n, struct err *e)
{
	struct values *v = values;
	auto_(login_name) struct login_name name = { 0 };
	const char *text = n > 0 ? args[0] : "docker.io";
	autofd int signals = -1;
	int r = login_name_parse(text, &name, e);

	if (r < 0)
		return r;
	if (v->get_login)
		return get_login(v, &name, e);
	signals = registry_flags_signals(e);
	if (signals < 0)
		return signals;
	r = log_in(v, &name, signals, e);
	explicit_bzero(v->password, sizeof(v->password));
	return r < 0 ? err_wrap(e, r, "log in to '%s'", name.key) : 0;
}

const struct verb verb_login = {
	.name = "login",
	.args = "[REGISTRY[/NAMESPACE]]",
	.summary = "keep a name and a password for a registry",
	.details =
		"Name and password are tried at the registry, and kept when it takes them: with the "
		"credential helper that the configuration names (credHelpers, credsStore), else in "
		"$XDG_RUNTIME_DIR/containers/auth.json, which podman and skopeo read as well, with mode "
		"0600.  Without REGISTRY it is Docker Hub.  The password is asked for on the terminal or "
		"read from standard input; the command line is no place for it.\n\n"
		"With NAMESPACE they are for the repositories below it; the longest match is used.",
	.opts = opts,
	.opts_size = sizeof(struct values),
	.defaults = defaults,
	.min_args = 0,
	.max_args = 1,
	.stop_after = -1,
	.run = run,
};
