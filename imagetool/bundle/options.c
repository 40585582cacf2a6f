/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/bundle/options.h"

#include <errno.h>

#define X(letter, name, id, arg, why)                                                              \
	int option_refuse_##id(void *values UNUSED, const char *text UNUSED, struct err *e)        \
	{                                                                                          \
		return err_set(e, EINVAL, "--" name ": " why);                                     \
	}
REFUSED_OPTIONS(X)
#undef X
