/* SPDX-License-Identifier: Apache-2.0 */
/* Are we who we say, in a registry's eyes? */
#include <errno.h>

#include "imagetool/errors.h"
#include "imagetool/registry/session.h"
#include "libutil/alloc.h"

#define PING_MAX ((size_t)1 << 20)

static int ping(struct registry *r, struct err *e)
{
	autofree char *url = xasprintf("%s/", r->root);
	auto_(http_transfer) struct http_transfer t = { 0 };
	auto_(strbuf) struct strbuf body = { 0 };
	const struct registry_request request = { .url = url, .max = PING_MAX };
	int n = session_request(r, &request, &t, &body, e);

	if (n < 0)
		return n;
	if (session_is_web_page(&t.answer))
		return session_web_page_error(r, e);
	return t.answer.status == 200 ? 0 : session_status_error(r, &t.answer, e);
}

int registry_check(const struct image_reference *ref, const struct registry_opts *opts,
		   bool *ret_asked, struct err *e)
{
	auto_(registry) struct registry *r = NULL;
	struct registry_opts own = *opts;
	int n;

	/* Not its mirrors: credentials are for the registry itself. */
	own.push = true;
	n = registry_open(ref, &own, &r, e);
	while (n >= 0 && r->endpoints.v[r->current].mirror)
		n = session_next(r, -IMAGE_ENOTFOUND, e);
	if (n < 0)
		return n;
	/* No repository is meant. */
	scopes_done(&r->wanted);
	n = ping(r, e);
	if (n >= 0)
		*ret_asked = r->authorization != NULL;
	return n;
}
