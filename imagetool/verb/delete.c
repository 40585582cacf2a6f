/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/registry/delete.h"
#include "imagetool/errors.h"

#include <errno.h>
#include <stdio.h>

#include "imagetool/verb/remote.h"
#include "imagetool/verb/verbs.h"

struct delete_values {
	bool manifest, blob;
	struct registry_flags registry;
};

static const struct opt delete_opts[] = {
	{ .name = "manifest",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct delete_values, manifest),
	  .help = "the manifest behind the tag, and so every tag it has" },
	{ .name = "blob",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct delete_values, blob),
	  .help = "the blob of this digest" },
	REGISTRY_OPT_ROWS(offsetof(struct delete_values, registry)),
	OPT_END,
};

static void delete_defaults(void *values)
{
	struct delete_values *v = values;

	registry_flags_defaults(&v->registry);
}

static int delete_one(struct remote *remote, const struct delete_values *v, struct err *e)
{
	char digest[DIGEST_TEXT_SIZE];
	int r;

	if (v->blob && !remote->ref.digest)
		return err_set(e, IMAGE_EUSAGE, "--blob: give the digest, REPOSITORY@sha256:...");
	if (v->blob)
		return registry_delete_blob(remote->registry, remote->ref.digest, e);
	if (!v->manifest)
		return registry_delete_manifest(remote->registry, remote_reference(remote), e);
	r = remote_digest(remote, digest, e);
	return r < 0 ? r : registry_delete_manifest(remote->registry, digest, e);
}

static int delete_run(const void *global UNUSED, void *values, char *const *args, int n,
		      struct err *e)
{
	struct delete_values *v = values;
	int r = 0;

	if (v->manifest && v->blob)
		return err_set(e, IMAGE_EUSAGE, "--manifest and --blob: it is one or the other");
	for (int i = 0; i < n && r >= 0; i++) {
		auto_(remote) struct remote remote = { .signals = -1 };

		r = remote_open(&remote, args[i], &v->registry, REMOTE_WRITE, e);
		/* Saying so from the start saves a token. */
		if (r >= 0)
			registry_want(remote.registry, remote.ref.repository, "delete");
		if (r >= 0)
			r = delete_one(&remote, v, e);
		if (r < 0)
			return err_wrap(e, r, "'%s'", args[i]);
	}
	return r;
}

const struct verb verb_delete = {
	.name = "delete",
	.args = "NAME...",
	.summary = "delete tags, manifests or blobs in a registry",
	.details =
		"NAME is [docker://][REGISTRY/]REPOSITORY:TAG for a tag alone, or ...@DIGEST for a "
		"manifest, which takes every tag it has with it.  Registries need not allow any of "
		"it, and few delete single tags.\n\n"
		"A manifest that refers to another one (a signature, an attestation) leaves the list "
		"of referrers of that as well.  What the store has is not touched: 'rm' does that.",
	.opts = delete_opts,
	.opts_size = sizeof(struct delete_values),
	.defaults = delete_defaults,
	.min_args = 1,
	.max_args = -1,
	.stop_after = -1,
	.run = delete_run,
};
