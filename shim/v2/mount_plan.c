/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/v2/mount_plan.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mount.h>

#include "libutil/parse.h"
#include "libutil/path.h"
#include "libutil/strbuf.h"

struct word {
	const char *name;
	unsigned long set, clear;
};

#define ATIMES (MS_NOATIME | MS_RELATIME | MS_STRICTATIME)

/* Sorted by name; a unit test says so. */
static const struct word words[] = {
	{ "async", 0, MS_SYNCHRONOUS },
	{ "atime", 0, MS_NOATIME },
	{ "bind", MS_BIND, 0 },
	{ "defaults", 0, 0 },
	{ "dev", 0, MS_NODEV },
	{ "diratime", 0, MS_NODIRATIME },
	{ "dirsync", MS_DIRSYNC, 0 },
	{ "exec", 0, MS_NOEXEC },
	{ "mand", MS_MANDLOCK, 0 },
	{ "noatime", MS_NOATIME, ATIMES },
	{ "nodev", MS_NODEV, 0 },
	{ "nodiratime", MS_NODIRATIME, 0 },
	{ "noexec", MS_NOEXEC, 0 },
	{ "nomand", 0, MS_MANDLOCK },
	{ "norelatime", 0, MS_RELATIME },
	{ "nostrictatime", 0, MS_STRICTATIME },
	{ "nosuid", MS_NOSUID, 0 },
	{ "rbind", MS_BIND | MS_REC, 0 },
	{ "relatime", MS_RELATIME, ATIMES },
	{ "remount", MS_REMOUNT, 0 },
	{ "ro", MS_RDONLY, 0 },
	{ "rw", 0, MS_RDONLY },
	{ "strictatime", MS_STRICTATIME, ATIMES },
	{ "suid", 0, MS_NOSUID },
	{ "sync", MS_SYNCHRONOUS, 0 },
};

static const char *const helpers[] = { "mount.fuse3", "mount.fuse" };

void mount_plan_done(struct mount_plan *p)
{
	strv_done(&p->words);
}

static int compare_word(const void *key, const void *row)
{
	return strcmp(key, ((const struct word *)row)->name);
}

static bool apply_flag(struct mount_plan *p, const char *name)
{
	const struct word *w =
		bsearch(name, words, ARRAY_LEN(words), sizeof(words[0]), compare_word);

	if (!w)
		return false;
	p->flags = (p->flags & ~w->clear) | w->set;
	return true;
}

/* "INSIDE:OUTSIDE:COUNT" */
static int parse_mapping(const char *text, struct mount_mapping *ret)
{
	auto_(strv) struct strv parts = { 0 };

	strv_split(&parts, text, ':', false);
	if (parts.n != 3 || parse_id(parts.v[0], &ret->inside) < 0 ||
	    parse_id(parts.v[1], &ret->outside) < 0 || parse_u32(parts.v[2], &ret->count) < 0 ||
	    ret->count == 0)
		return -EINVAL;
	return 0;
}

static int parse_map(const char *text, struct mount_map *ret)
{
	auto_(strv) struct strv parts = { 0 };

	strv_split(&parts, text, ',', false);
	if (parts.n > MOUNT_MAPPINGS)
		return -EINVAL;
	for (ret->n = 0; ret->n < parts.n; ret->n++)
		if (parse_mapping(parts.v[ret->n], &ret->items[ret->n]) < 0)
			return -EINVAL;
	return 0;
}

/* Returns 1 when the word is a map. */
static int take_map(struct mount_plan *p, const char *word, struct err *e)
{
	bool of_uids = starts_with(word, "uidmap=");

	if (!of_uids && !starts_with(word, "gidmap="))
		return 0;
	if (parse_map(word + strlen("uidmap="), of_uids ? &p->uids : &p->gids) < 0)
		return err_set(e, EINVAL, "option '%s' is no list of INSIDE:OUTSIDE:COUNT", word);
	return 1;
}

static int take_word(struct mount_plan *p, const char *word, struct err *e)
{
	int r = take_map(p, word, e);

	if (r != 0)
		return r < 0 ? r : 0;
	if (streq(word, "loop"))
		p->loop = true;
	else if (*word && !apply_flag(p, word))
		strv_add(&p->words, word);
	return 0;
}

static void find_helper(struct mount_plan *p)
{
	for (size_t i = 0; i < ARRAY_LEN(helpers); i++) {
		const char *name = helpers[i] + strlen("mount.");
		size_t len = strlen(name);

		if (strncmp(p->type, name, len) == 0 && p->type[len] == '.')
			p->helper = helpers[i];
	}
}

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

int mount_plan_make(const struct msg_mount *m, struct mount_plan *ret, struct err *e)
{
	struct mount_plan p = {
		.type = or_empty(m->type),
		.source = or_empty(m->source),
		.target = or_empty(m->target),
		.options = &m->options,
	};
	const char *const *options = m->options.items;
	int r = 0;

	for (size_t i = 0; i < m->options.n && r >= 0; i++)
		r = take_word(&p, options[i], e);
	if (r >= 0 && (p.uids.n == 0) != (p.gids.n == 0))
		r = err_set(e, EINVAL, "options uidmap= and gidmap= go together");
	if (r < 0) {
		mount_plan_done(&p);
		return err_wrap(e, r, "mount '%s'", or_empty(m->source));
	}
	if (streq(p.type, "bind") || streq(p.type, "rbind"))
		p.flags |= MS_BIND | (p.type[0] == 'r' ? MS_REC : 0);
	find_helper(&p);
	*ret = p;
	return 0;
}

const char *mount_plan_value(const struct mount_plan *p, const char *key)
{
	size_t len = strlen(key);

	for (size_t i = 0; i < p->words.n; i++)
		if (strncmp(p->words.v[i], key, len) == 0 && p->words.v[i][len] == '=')
			return p->words.v[i] + len + 1;
	return NULL;
}

char *mount_plan_data(const struct mount_plan *p)
{
	return strv_join(&p->words, ",");
}

/* ---- layers ---- */

void mount_layers_split(const char *lowerdir, struct strv *ret)
{
	const char *from = lowerdir;

	for (const char *at = lowerdir;; at++) {
		if (*at == '\\' && at[1]) {
			at++;
		} else if (*at == ':' || !*at) {
			strv_add_owned(ret, xstrndup(from, (size_t)(at - from)));
			from = at + 1;
		}
		if (!*at)
			return;
	}
}

/* Bytes of the directory both names lie in, with its slash. */
static size_t common_length(const char *a, size_t len, const char *b)
{
	size_t same = 0;

	while (same < len && a[same] == b[same])
		same++;
	while (same > 0 && a[same - 1] != '/')
		same--;
	return same;
}

char *mount_layers_common(const struct strv *layers)
{
	size_t len;

	if (layers->n == 0 || layers->v[0][0] != '/')
		return NULL;
	len = (size_t)(path_base(layers->v[0]) - layers->v[0]);
	for (size_t i = 1; i < layers->n; i++)
		len = common_length(layers->v[0], len, layers->v[i]);
	/* A "\:" in the directory is written otherwise than the directory's name. */
	if (len <= 1 || memchr(layers->v[0], '\\', len))
		return NULL;
	return xstrndup(layers->v[0], len - 1);
}

void mount_plan_set_layers(struct mount_plan *p, const struct strv *layers, const char *common)
{
	size_t skip = common ? strlen(common) + 1 : 0;
	auto_(strbuf) struct strbuf text = { 0 };

	strbuf_adds(&text, "lowerdir=");
	for (size_t i = 0; i < layers->n; i++)
		strbuf_addf(&text, "%s%s", i ? ":" : "", layers->v[i] + skip);
	for (size_t i = 0; i < p->words.n; i++)
		if (starts_with(p->words.v[i], "lowerdir=")) {
			free(p->words.v[i]);
			p->words.v[i] = xstrdup(strbuf_str(&text));
		}
}
