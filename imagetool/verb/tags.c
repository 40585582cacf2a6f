/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "imagetool/errors.h"
#include "imagetool/registry/lists.h"
#include "imagetool/verb/opt_rows.h"
#include "imagetool/verb/remote.h"
#include "imagetool/verb/verbs.h"
#include "libutil/alloc.h"

struct tags_values {
	uint32_t limit;
	const char *last;
	struct registry_flags registry;
	bool json;
};

static const struct opt tags_opts[] = {
	{ .name = "limit",
	  .kind = OPT_U32,
	  .offset = offsetof(struct tags_values, limit),
	  .arg = "N",
	  .help = "at most so many" },
	{ .name = "last",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct tags_values, last),
	  .arg = "TAG",
	  .help = "only those that come after this one" },
	REGISTRY_OPT_ROWS(offsetof(struct tags_values, registry)),
	JSON_OPT_ROW(offsetof(struct tags_values, json),
		     "print the repository and its tags as JSON"),
	OPT_END,
};

static void tags_defaults(void *values)
{
	struct tags_values *v = values;

	registry_flags_defaults(&v->registry);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void write_json(const struct remote *r, const struct strv *tags, struct strbuf *out)
{
	struct json_writer w = { .out = out, .indent = 2 };
	autofree char *name = xasprintf("%s/%s", r->ref.registry, r->ref.repository);

	json_object(&w);
	json_kv_string(&w, "repository", name);
	json_kv_strv(&w, "tags", tags);
	json_object_end(&w);
	strbuf_addc(out, '\n');
}

static int tags_run(const void *global UNUSED, void *values, char *const *args, int n UNUSED,
		    struct err *e)
{
	struct tags_values *v = values;
	const struct tags_opts opts = { .max = v->limit, .last = v->last };
	auto_(remote) struct remote remote = { .signals = -1 };
	auto_(strbuf) struct strbuf out = { .max = (size_t)256 << 20 };
	auto_(strv) struct strv tags = { 0 };
	int r;

	if (v->last && !reference_is_tag(v->last))
		return err_set(e, IMAGE_EUSAGE, "--last: '%.130s' is not a legal tag", v->last);
	r = remote_open(&remote, args[0], &v->registry, REMOTE_READ, e);
	if (r >= 0)
		r = registry_tags(remote.registry, &opts, &tags, e);
	if (r < 0)
		return r;
	/* Not every registry has them in order. */
	if (tags.n > 1)
		qsort(tags.v, tags.n, sizeof(char *), by_name);
	if (v->json)
		write_json(&remote, &tags, &out);
	for (size_t i = 0; i < tags.n && !v->json; i++)
		strbuf_addf(&out, "%s\n", tags.v[i]);
	return remote_print(&out, e);
}

const struct verb verb_tags = {
	.name = "tags",
	.alias = "list-tags",
	.args = "REPOSITORY",
	.summary = "list the tags of a repository of a registry",
	.details = "REPOSITORY is [docker://][REGISTRY/]REPOSITORY, one tag a line.",
	.opts = tags_opts,
	.opts_size = sizeof(struct tags_values),
	.defaults = tags_defaults,
	.min_args = 1,
	.max_args = 1,
	.stop_after = -1,
	.run = tags_run,
};
