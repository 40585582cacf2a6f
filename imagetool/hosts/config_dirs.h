/* SPDX-License-Identifier: Apache-2.0 */
/* Where users and systems keep their configuration. */
#ifndef IMAGETOOL_HOSTS_CONFIG_DIRS_H
#define IMAGETOOL_HOSTS_CONFIG_DIRS_H

#include "libutil/err.h"
#include "libutil/strv.h"

/* $XDG_CONFIG_HOME/REST, else ~/.config/REST; NULL when neither is known.  Owned. */
char *config_user_path(const char *rest);

/* Full paths of the files in a directory whose names end so, by name.  No directory is none. */
int config_list(const char *dir, const char *suffix, struct strv *ret, struct err *e);

#endif
