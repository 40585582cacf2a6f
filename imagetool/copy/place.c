/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/copy/place.h"

#include <errno.h>
#include <stdlib.h>

#include "libutil/alloc.h"
#include "libutil/macro.h"
#include "libutil/parse.h"
#include "libutil/strbuf.h"

static const struct {
	const char *word, *form, *help;
} kinds[] = {
#define X(kind, word, form, help) [PLACE_##kind] = { word, form, help },
	PLACE_KINDS(X)
#undef X
};

/* skopeo's words for places that are none of ours, and what to do instead. */
static const struct {
	const char *word, *advice;
} refused[] = {
	{ "containers-storage",
	  "that is podman's own store: use 'podman save' and 'podman load' with an archive" },
	{ "docker-daemon", "that is docker's own store: use 'docker save' and 'docker load' with a "
			   "docker-archive" },
	{ "ostree", "write an OCI layout ('oci:DIR') instead" },
	{ "sif", "write an OCI archive ('oci-archive:FILE') instead" },
	{ "tarball", "'creel-image import' makes an image of a tar archive" },
};

/* The word before the first colon is `word`? */
static const char *after_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	return starts_with(text, word) && text[len] == ':' ? text + len + 1 : NULL;
}

bool place_is_spelled_out(const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (after_word(text, kinds[i].word))
			return i != PLACE_REGISTRY || starts_with(text, "docker://");
	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		if (after_word(text, refused[i].word))
			return true;
	return false;
}

/* FILE[:NAME]: file names with colons are as unlucky here as in skopeo. */
static int split_path(const char *rest, struct place *p, struct err *e)
{
	const char *colon = strchr(rest, ':');

	p->path = colon ? xstrndup(rest, (size_t)(colon - rest)) : xstrdup(rest);
	if (!*p->path)
		return err_set(e, EINVAL, "'%s:' wants a path behind it: '%s'", kinds[p->kind].word,
			       kinds[p->kind].form);
	if (colon && colon[1])
		p->name = xstrdup(colon + 1);
	return 0;
}

static int take_index(struct place *p, struct err *e)
{
	if (!p->name || p->name[0] != '@')
		return 0;
	if (parse_int(p->name + 1, &p->index) < 0 || p->index < 0)
		return err_set(e, EINVAL, "'%s' is no position in an archive: '@0' is the first",
			       p->name);
	free(p->name);
	p->name = NULL;
	return 0;
}

static int parse_rest(const char *rest, struct place *p, struct err *e)
{
	switch (p->kind) {
	case PLACE_REGISTRY:
		if (!starts_with(rest, "//") || !rest[2])
			return err_set(e, EINVAL, "a registry is spelled 'docker://NAME'");
		p->name = xstrdup(rest + 2);
		return 0;
	case PLACE_STORE:
		if (!*rest)
			return err_set(e, EINVAL, "'creel:' wants the name of an image behind it");
		p->name = xstrdup(rest);
		return 0;
	case PLACE_DIR:
		if (!*rest)
			return err_set(e, EINVAL, "'dir:' wants a directory behind it");
		p->path = xstrdup(rest);
		return 0;
	case PLACE_OCI:
	case PLACE_OCI_ARCHIVE:
		return split_path(rest, p, e);
	case PLACE_DOCKER_ARCHIVE:
		break;
	}
	if (split_path(rest, p, e) < 0)
		return -EINVAL;
	return take_index(p, e);
}

int place_parse(const char *text, struct place *ret, struct err *e)
{
	auto_(place) struct place p = { .kind = PLACE_STORE, .index = -1 };
	const char *rest = text;
	int r;

	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		if (after_word(text, refused[i].word))
			return err_set(e, EINVAL, "'%s:' is not read or written here: %s",
				       refused[i].word, refused[i].advice);
	for (size_t i = 0; i < ARRAY_LEN(kinds) && place_is_spelled_out(text); i++) {
		if (!after_word(text, kinds[i].word))
			continue;
		p.kind = (enum place_kind)i;
		rest = after_word(text, kinds[i].word);
	}
	r = parse_rest(rest, &p, e);
	if (r < 0)
		return r;
	*ret = p;
	p = (struct place){ 0 };
	return 0;
}

void place_done(struct place *p)
{
	free(p->path);
	free(p->name);
	*p = (struct place){ 0 };
}

void place_help(struct strbuf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		strbuf_addf(out, "  %-32s %s\n", kinds[i].form, kinds[i].help);
}
