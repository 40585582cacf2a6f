/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/verb/live.h"

#include <errno.h>

int live_arguments(char *const *args, int n, struct live_request *req, struct err *e)
{
	if (!streq(args[0], "add") && !streq(args[0], "remove"))
		return err_set(e, EINVAL, "'%s' is neither 'add' nor 'remove'", args[0]);
	req->remove = streq(args[0], "remove");
	req->id = args[1];
	req->file = n > 2 ? args[2] : NULL;
	return 0;
}
