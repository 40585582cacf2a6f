/* SPDX-License-Identifier: Apache-2.0 */
/* What a person can do about a user namespace that the kernel refuses. */
#ifndef RUNTIME_NS_ADVICE_H
#define RUNTIME_NS_ADVICE_H

#include "libutil/err.h"

/* The switch of this host that keeps ordinary users from having namespaces, and how to turn it;
 * NULL when none explains a failure with `code`.  `proc` is "/proc". */
const char *ns_advice(const char *proc, int code);

/* Put that behind the words of a failure `r`.  Returns r unchanged. */
int ns_advise(struct err *e, int r);

#endif
