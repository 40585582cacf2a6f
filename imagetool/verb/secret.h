/* SPDX-License-Identifier: Apache-2.0 */
/* A secret from a person or a pipe; never from the command line, which everybody can read. */
#ifndef IMAGETOOL_VERB_SECRET_H
#define IMAGETOOL_VERB_SECRET_H

#include "libutil/err.h"

#define SECRET_SIZE 8192

/* All of standard input, without the end of its line. */
int secret_from_stdin(char buf[SECRET_SIZE], struct err *e);

/* One line from the terminal.  echo: it may be seen, a user name for example.  `wakefd` ends the
 * wait when it is readable; -1: none. */
int secret_ask(const char *prompt, bool echo, int wakefd, char buf[SECRET_SIZE], struct err *e);

#endif
