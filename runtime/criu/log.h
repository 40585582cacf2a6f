/* SPDX-License-Identifier: Apache-2.0 */
/* Why criu failed, from its log: the errors that came last, without the line that says that it
 * failed. */
#ifndef RUNTIME_CRIU_LOG_H
#define RUNTIME_CRIU_LOG_H

#include "libutil/strbuf.h"

/* Pure.  `text` need not begin at a line.  Adds nothing when there is no error in it. */
void criu_log_excerpt(const char *text, size_t len, struct strbuf *out);
/* The same from the end of a file. */
void criu_log_excerpt_fd(int fd, struct strbuf *out);

#endif
