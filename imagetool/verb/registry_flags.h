/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of every verb that speaks to a registry.  A verb puts a struct
 * registry_flags into its values, REGISTRY_OPT_ROWS() with that member's offset
 * into its rows, calls registry_flags_defaults() from its defaults, and
 * registry_flags_opts() when it runs.  A verb with two ends (copy) takes the
 * REGISTRY_SIDE_OPT_ROWS() twice, with a prefix each.
 */
#ifndef IMAGETOOL_VERB_REGISTRY_FLAGS_H
#define IMAGETOOL_VERB_REGISTRY_FLAGS_H

#include "imagetool/registry/registry.h"
#include "imagetool/verb/secret.h"
#include "libutil/opts.h"

/* Not set by the user. */
#define REGISTRY_FLAG_UNSET (-1)

struct registry_flags {
	int tls_verify; /* index into registry_flag_bools, or REGISTRY_FLAG_UNSET */
	const char *cert_dir;
	const char *authfile;
	bool makes_authfile; /* login: it need not be there */
	const char *creds;   /* a user's name */
	bool password_stdin;
	const char *registries_conf;
	const char *hosts_dir;
	uint32_t retry;
	uint32_t timeout;
	/* What --creds becomes: `given` points into the other two. */
	char user[256];
	char password[SECRET_SIZE];
	struct credential given;
};

/* Even places are yes, odd ones no. */
extern const char *const registry_flag_bools[];

#define REGISTRY_FLAG(prefix, word, k, base, member)                                               \
	.name = prefix word, .kind = (k), .offset = (base) + offsetof(struct registry_flags, member)

/* Whom to trust, and where credentials are kept: of one registry.  `prefix` is "", or "src-" for
 * example. */
#define REGISTRY_TRUST_OPT_ROWS(prefix, base)                                                             \
	{ REGISTRY_FLAG(prefix, "tls-verify", OPT_CHOICE, base, tls_verify), .bits = OPT_OPTIONAL,        \
	  .arg = "BOOL", .choices = registry_flag_bools,                                                  \
	  .help = "false: take any certificate, and plain http where there is no https; loopback "        \
		  "registries need no flag" },                                                            \
		{ REGISTRY_FLAG(prefix, "cert-dir", OPT_STRING, base, cert_dir), .arg = "DIR",            \
		  .help = "trust the certificates DIR/*.crt, and show DIR/NAME.cert with DIR/NAME.key" }, \
	{                                                                                                 \
		REGISTRY_FLAG(prefix, "authfile", OPT_STRING, base, authfile),                            \
			.arg = "FILE",                                                                    \
			.help = "credentials (auth.json or docker's config.json) in place of the usual "  \
				"files"                                                                   \
	}

/* Who one is, said right now. */
#define REGISTRY_CREDS_OPT_ROWS(prefix, base)                                                      \
	{ REGISTRY_FLAG(prefix, "creds", OPT_STRING, base, creds), .arg = "USER",                  \
	  .help = "log in as USER for this command; the password is asked for on the terminal" },  \
	{                                                                                          \
		REGISTRY_FLAG(prefix, "password-stdin", OPT_FLAG, base, password_stdin),           \
			.help = "with --" prefix "creds: read the password from standard input"    \
	}

/* What belongs to one registry. */
#define REGISTRY_SIDE_OPT_ROWS(prefix, base)                                                       \
	REGISTRY_TRUST_OPT_ROWS(prefix, base), REGISTRY_CREDS_OPT_ROWS(prefix, base)

/* What is said once for all of them. */
#define REGISTRY_COMMON_OPT_ROWS(base)                                                                   \
	{ REGISTRY_FLAG("", "registries-conf", OPT_STRING, base, registries_conf), .arg = "FILE",        \
	  .help = "mirrors, blocked and insecure registries: FILE and FILE.d/*.conf in place of "        \
		  "the usual files" },                                                                   \
		{ REGISTRY_FLAG("", "hosts-dir", OPT_STRING, base, hosts_dir), .arg = "DIR",             \
		  .help = "containerd's hosts: DIR/HOST/hosts.toml in place of the usual directories" }, \
		{ REGISTRY_FLAG("", "retry", OPT_U32, base, retry), .arg = "N",                          \
		  .help = "failures in a row to forgive for each blob (5)" },                            \
		{ REGISTRY_FLAG("", "retry-times", OPT_U32, base, retry), .bits = OPT_HIDDEN,            \
		  .arg = "N" }, /* skopeo's word */                                                      \
	{                                                                                                \
		REGISTRY_FLAG("", "timeout", OPT_U32, base, timeout),                                    \
			.arg = "SECONDS",                                                                \
			.help = "how long to wait for a connection, and for a silent one (30)"           \
	}

#define REGISTRY_OPT_ROWS(base) REGISTRY_SIDE_OPT_ROWS("", base), REGISTRY_COMMON_OPT_ROWS(base)

void registry_flags_defaults(struct registry_flags *f);
/* What one end's own options leave open is as those for both ends say. */
void registry_flags_inherit(struct registry_flags *side, const struct registry_flags *both);
/* Check them, and ask for a password when --creds was given.  `wakefd` is of registry_opts.  *ret
 * points into `f`. */
int registry_flags_opts(struct registry_flags *f, int wakefd, struct registry_opts *ret,
			struct err *e);

/* The signals that end a program politely, held back and readable: a descriptor of the caller's,
 * fit for `wakefd`. */
int registry_flags_signals(struct err *e);

#endif
