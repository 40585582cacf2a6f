/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/verb/remote.h"

#include <errno.h>
#include <stdio.h>

#include "imagetool/errors.h"
#include "imagetool/registry/publish.h"
#include "imagetool/verb/argument.h"
#include "libutil/fd.h"

int remote_open(struct remote *ret, const char *name, struct registry_flags *flags,
		enum remote_access access, struct err *e)
{
	struct registry_opts opts;
	int r;

	ret->signals = -1;
	if (starts_with(name, "docker://"))
		name += strlen("docker://");
	r = argument_reference(name, &ret->ref, e);
	if (r < 0)
		return r;
	r = ret->signals = registry_flags_signals(e);
	if (r >= 0)
		r = registry_flags_opts(flags, ret->signals, &opts, e);
	if (r < 0)
		return r;
	opts.push = access == REMOTE_WRITE;
	r = registry_open(&ret->ref, &opts, &ret->registry, e);
	if (r >= 0 && access == REMOTE_WRITE)
		registry_want(ret->registry, ret->ref.repository, "pull,push");
	return r;
}

void remote_done(struct remote *r)
{
	registry_free(r->registry);
	image_reference_done(&r->ref);
	fd_close(&r->signals);
}

const char *remote_reference(const struct remote *r)
{
	return r->ref.digest ? r->ref.digest : r->ref.tag;
}

int remote_digest(struct remote *r, char ret[DIGEST_TEXT_SIZE], struct err *e)
{
	auto_(registry_document) struct registry_document d = { 0 };
	int n;

	if (r->ref.digest) {
		(void)snprintf(ret, DIGEST_TEXT_SIZE, "%s", r->ref.digest);
		return 0;
	}
	n = registry_head_manifest(r->registry, r->ref.tag, ret, e);
	if (n < 0)
		return n;
	if (n == 0)
		return err_set(e, IMAGE_ENOTFOUND, "'%s/%s' has no tag '%s'", r->ref.registry,
			       r->ref.repository, r->ref.tag);
	if (ret[0])
		return 0;
	/* It does not say the digest: the document does. */
	n = registry_get_manifest(r->registry, r->ref.tag, NULL, &d, e);
	if (n >= 0)
		(void)snprintf(ret, DIGEST_TEXT_SIZE, "%s", d.digest);
	return n;
}

int remote_print(const struct strbuf *out, struct err *e)
{
	if (fputs(strbuf_str(out), stdout) == EOF || fflush(stdout) == EOF)
		return err_sys(e, "write to standard output");
	return 0;
}
