/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/build/contexts.h"

#include <ctype.h>
#include <errno.h>
#include <sys/stat.h>

static const char *small_letters(const char *text, size_t len, struct arena *a)
{
	char *copy = arena_strndup(a, text, len);

	for (char *c = copy; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return copy;
}

static const char *whole_reference(const char *name, struct arena *a)
{
	auto_(image_reference) struct image_reference ref = { 0 };
	autofree char *text = NULL;

	if (reference_parse(name, &ref, NULL) < 0)
		return NULL;
	text = reference_text(&ref);
	return arena_strdup(a, text);
}

static int check_reference(const char *name, struct err *e)
{
	auto_(image_reference) struct image_reference ref = { 0 };

	return reference_parse(name, &ref, e);
}

/* DIR[:TAG][@DIGEST]: a directory's name may have colons of its own. */
static void set_layout(struct build_context *c, const char *value, struct arena *a)
{
	const char *at = strchr(value, '@');
	size_t len = at ? (size_t)(at - value) : strlen(value);
	const char *colon = memrchr(value, ':', len);

	if (colon && memchr(colon, '/', len - (size_t)(colon - value)))
		colon = NULL;
	c->is.kind = GRAPH_CONTEXT_LAYOUT;
	c->is.layout = arena_strndup(a, value, colon ? (size_t)(colon - value) : len);
	if (at)
		c->is.value = arena_strdup(a, at + 1);
	else
		c->is.value = colon ? arena_strdup(a, colon + 1) : "latest";
}

static int set_dir(struct build_context *c, const char *value, struct err *e)
{
	struct stat st;

	if (stat(value, &st) < 0)
		return err_set(e, EINVAL, "failed to get build context %s: stat %s: %s", c->name,
			       value, strerrordesc_np(errno));
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ENOTDIR, "failed to get build context %s: %s is no directory",
			       c->name, value);
	c->is.kind = GRAPH_CONTEXT_FILES;
	c->dir = value;
	return 0;
}

/* What a value begins with decides; DIR is what is left. */
static int set_value(struct build_context *c, const char *value, struct arena *a, struct err *e)
{
	struct git_url git = { 0 };
	enum input_kind kind = INPUT_DIR;
	int r;

	if (starts_with(value, "docker-image://")) {
		c->is.kind = GRAPH_CONTEXT_IMAGE;
		c->is.value = value + strlen("docker-image://");
		return check_reference(c->is.value, e);
	}
	if (starts_with(value, "oci-layout://")) {
		set_layout(c, value + strlen("oci-layout://"), a);
		return 0;
	}
	if (starts_with(value, "target:")) {
		c->is.kind = GRAPH_CONTEXT_TARGET;
		c->is.value = value + strlen("target:");
		return 0;
	}
	r = input_kind(value, a, &kind, &git, e);
	if (r < 0)
		return r;
	if (kind == INPUT_STDIN)
		return err_set(e, EINVAL, "standard input is for the main context alone");
	if (kind == INPUT_DIR)
		return set_dir(c, value, e);
	c->is.kind = kind == INPUT_GIT ? GRAPH_CONTEXT_GIT : GRAPH_CONTEXT_HTTP;
	c->is.value = value;
	return 0;
}

static int read_one(const char *typed, struct arena *a, struct build_context *c, struct err *e)
{
	const char *equals = strchr(typed, '=');
	int r;

	if (!equals || equals == typed || !equals[1])
		return err_set(e, EINVAL, "--build-context '%.200s': give NAME=VALUE", typed);
	c->name = small_letters(typed, (size_t)(equals - typed), a);
	c->whole = whole_reference(c->name, a);
	r = set_value(c, arena_strdup(a, equals + 1), a, e);
	return r < 0 ? err_wrap(e, r, "--build-context '%.200s'", typed) : 0;
}

int build_contexts_read(const struct strv *typed, struct arena *a, struct build_contexts *ret,
			struct err *e)
{
	int r = 0;

	ret->items = arena_alloc(a, typed->n + 1, sizeof(*ret->items));
	for (size_t i = 0; i < typed->n && r >= 0; i++)
		r = read_one(typed->v[i], a, &ret->items[ret->n++], e);
	return r;
}

/* The last of equal names counts. */
struct build_context *build_contexts_find(const struct build_contexts *c, const char *name)
{
	for (size_t i = c->n; i > 0; i--) {
		struct build_context *item = &c->items[i - 1];

		if (streq(item->name, name) || (item->whole && streq(item->whole, name)))
			return item;
	}
	return NULL;
}

int build_context_open(struct build_context *c, const struct store *s, struct context **ret,
		       struct err *e)
{
	struct context_opts opts = { .store = s };
	int r = c->context ? 0 : context_open_dir(c->dir, &opts, &c->context, e);

	if (r >= 0)
		*ret = c->context;
	return r;
}

void build_contexts_done(struct build_contexts *c)
{
	for (size_t i = 0; i < c->n; i++)
		context_free(c->items[i].context);
	c->n = 0;
}
