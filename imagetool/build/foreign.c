/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/build/foreign.h"

#include <errno.h>

#define X(letter, name, id, arg, why)                                                              \
	int build_foreign_##id(void *values UNUSED, const char *text UNUSED, struct err *e)        \
	{                                                                                          \
		return err_set(e, EINVAL, "--" name ": " why);                                     \
	}
BUILD_FOREIGN_OPTIONS(X)
#undef X
