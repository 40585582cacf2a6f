/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where credentials are kept.  Read are, and the first that has one wins:
 *
 *     --authfile, else $REGISTRY_AUTH_FILE: then no other
 *     $XDG_RUNTIME_DIR/containers/auth.json, else /run/containers/UID/auth.json
 *     $XDG_CONFIG_HOME/containers/auth.json, else ~/.config/containers/auth.json
 *     $DOCKER_CONFIG/config.json, else ~/.docker/config.json
 *
 * All have one format: "auths", "credHelpers" and "credsStore"; a helper named for the host comes
 * before one for all hosts, and that before what the file itself holds.
 */
#ifndef IMAGETOOL_AUTH_AUTH_H
#define IMAGETOOL_AUTH_AUTH_H

#include "imagetool/auth/credential.h"

#define AUTH_FILE_MAX ((size_t)4 << 20)

struct auth_opts {
	const char *authfile; /* or NULL */
	unsigned timeout_s;   /* a helper's; 0: HELPER_TIMEOUT_S */
	int wakefd;           /* as in struct helper */
};

/* `repository` is "" for the host alone.  1: found; 0: there is none. */
int auth_find(const struct auth_opts *opts, const char *host, const char *repository,
	      struct credential *ret, struct err *e);

/*
 * Keep it, under "host" or "host/namespace": with the helper that a file names for the host, else
 * in the first file of the list above (made with mode 0600; members of it that are not ours
 * stay).  *ret_where is owned: where it is now.
 */
int auth_store(const struct auth_opts *opts, const char *key, const struct credential *c,
	       char **ret_where, struct err *e);

/* Forget it, everywhere it is; key NULL: all of them.  How many there were. */
int auth_erase(const struct auth_opts *opts, const char *key, struct err *e);

#endif
