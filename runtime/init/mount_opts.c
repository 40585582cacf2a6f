/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/init/mount_opts.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mount.h>

#include "libutil/alloc.h"
#include "libutil/sys.h"

/* sys/mount.h of glibc 2.36 and linux/mount.h share most names; these are in the second only. */
#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif
#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif
#ifndef MS_LAZYTIME
#define MS_LAZYTIME (1 << 25)
#endif

enum word_kind {
	WORD_NOTHING,    /* says what is so anyway */
	WORD_ATTR_SET,   /* value: MOUNT_ATTR_* */
	WORD_ATTR_CLEAR, /* value: MOUNT_ATTR_* */
	WORD_ATIME,      /* value: the atime mode */
	WORD_REC_SET,    /* the same three, recursively */
	WORD_REC_CLEAR,
	WORD_REC_ATIME,
	WORD_READONLY,    /* value: 1 ro, 0 rw; of mount and super block */
	WORD_SUPER_SET,   /* value: MOUNT_SUPER_* */
	WORD_SUPER_CLEAR, /* value: MOUNT_SUPER_* */
	WORD_PROPAGATION, /* value: MS_* */
	WORD_BIND,        /* value: 1 recursive */
	WORD_REMOUNT,
	WORD_TMPCOPYUP,
	WORD_IDMAP, /* value: 1 recursive */
	WORD_SRC_NOFOLLOW,
	WORD_DEST_NOFOLLOW,
	WORD_COPY_SYMLINK,
};

struct word {
	const char *name;
	enum word_kind kind;
	uint64_t value;
};

/* Sorted by name; a unit test says so. */
#define WORDS(X)                                                                                   \
	X("async", WORD_SUPER_CLEAR, MOUNT_SUPER_SYNC)                                             \
	X("atime", WORD_ATIME, MOUNT_ATTR_RELATIME)                                                \
	X("bind", WORD_BIND, 0)                                                                    \
	X("copy-symlink", WORD_COPY_SYMLINK, 0)                                                    \
	X("defaults", WORD_NOTHING, 0)                                                             \
	X("dest-nofollow", WORD_DEST_NOFOLLOW, 0)                                                  \
	X("dev", WORD_ATTR_CLEAR, MOUNT_ATTR_NODEV)                                                \
	X("diratime", WORD_ATTR_CLEAR, MOUNT_ATTR_NODIRATIME)                                      \
	X("dirsync", WORD_SUPER_SET, MOUNT_SUPER_DIRSYNC)                                          \
	X("exec", WORD_ATTR_CLEAR, MOUNT_ATTR_NOEXEC)                                              \
	X("idmap", WORD_IDMAP, 0)                                                                  \
	X("iversion", WORD_SUPER_SET, MOUNT_SUPER_IVERSION)                                        \
	X("lazytime", WORD_SUPER_SET, MOUNT_SUPER_LAZYTIME)                                        \
	X("loud", WORD_SUPER_CLEAR, MOUNT_SUPER_SILENT)                                            \
	X("mand", WORD_SUPER_SET, MOUNT_SUPER_MAND)                                                \
	X("noatime", WORD_ATIME, MOUNT_ATTR_NOATIME)                                               \
	X("nodev", WORD_ATTR_SET, MOUNT_ATTR_NODEV)                                                \
	X("nodiratime", WORD_ATTR_SET, MOUNT_ATTR_NODIRATIME)                                      \
	X("noexec", WORD_ATTR_SET, MOUNT_ATTR_NOEXEC)                                              \
	X("noiversion", WORD_SUPER_CLEAR, MOUNT_SUPER_IVERSION)                                    \
	X("nolazytime", WORD_SUPER_CLEAR, MOUNT_SUPER_LAZYTIME)                                    \
	X("nomand", WORD_SUPER_CLEAR, MOUNT_SUPER_MAND)                                            \
	X("norelatime", WORD_NOTHING, 0)                                                           \
	X("nostrictatime", WORD_ATIME, MOUNT_ATTR_RELATIME)                                        \
	X("nosuid", WORD_ATTR_SET, MOUNT_ATTR_NOSUID)                                              \
	X("nosymfollow", WORD_ATTR_SET, MOUNT_ATTR_NOSYMFOLLOW)                                    \
	X("private", WORD_PROPAGATION, MS_PRIVATE)                                                 \
	X("ratime", WORD_REC_ATIME, MOUNT_ATTR_RELATIME)                                           \
	X("rbind", WORD_BIND, 1)                                                                   \
	X("rdev", WORD_REC_CLEAR, MOUNT_ATTR_NODEV)                                                \
	X("rdiratime", WORD_REC_CLEAR, MOUNT_ATTR_NODIRATIME)                                      \
	X("relatime", WORD_ATIME, MOUNT_ATTR_RELATIME)                                             \
	X("remount", WORD_REMOUNT, 0)                                                              \
	X("rexec", WORD_REC_CLEAR, MOUNT_ATTR_NOEXEC)                                              \
	X("ridmap", WORD_IDMAP, 1)                                                                 \
	X("rnoatime", WORD_REC_ATIME, MOUNT_ATTR_NOATIME)                                          \
	X("rnodev", WORD_REC_SET, MOUNT_ATTR_NODEV)                                                \
	X("rnodiratime", WORD_REC_SET, MOUNT_ATTR_NODIRATIME)                                      \
	X("rnoexec", WORD_REC_SET, MOUNT_ATTR_NOEXEC)                                              \
	X("rnorelatime", WORD_NOTHING, 0)                                                          \
	X("rnostrictatime", WORD_REC_ATIME, MOUNT_ATTR_RELATIME)                                   \
	X("rnosuid", WORD_REC_SET, MOUNT_ATTR_NOSUID)                                              \
	X("rnosymfollow", WORD_REC_SET, MOUNT_ATTR_NOSYMFOLLOW)                                    \
	X("ro", WORD_READONLY, 1)                                                                  \
	X("rprivate", WORD_PROPAGATION, MS_PRIVATE | MS_REC)                                       \
	X("rrelatime", WORD_REC_ATIME, MOUNT_ATTR_RELATIME)                                        \
	X("rro", WORD_REC_SET, MOUNT_ATTR_RDONLY)                                                  \
	X("rrw", WORD_REC_CLEAR, MOUNT_ATTR_RDONLY)                                                \
	X("rshared", WORD_PROPAGATION, MS_SHARED | MS_REC)                                         \
	X("rslave", WORD_PROPAGATION, MS_SLAVE | MS_REC)                                           \
	X("rstrictatime", WORD_REC_ATIME, MOUNT_ATTR_STRICTATIME)                                  \
	X("rsuid", WORD_REC_CLEAR, MOUNT_ATTR_NOSUID)                                              \
	X("rsymfollow", WORD_REC_CLEAR, MOUNT_ATTR_NOSYMFOLLOW)                                    \
	X("runbindable", WORD_PROPAGATION, MS_UNBINDABLE | MS_REC)                                 \
	X("rw", WORD_READONLY, 0)                                                                  \
	X("shared", WORD_PROPAGATION, MS_SHARED)                                                   \
	X("silent", WORD_SUPER_SET, MOUNT_SUPER_SILENT)                                            \
	X("slave", WORD_PROPAGATION, MS_SLAVE)                                                     \
	X("src-nofollow", WORD_SRC_NOFOLLOW, 0)                                                    \
	X("strictatime", WORD_ATIME, MOUNT_ATTR_STRICTATIME)                                       \
	X("suid", WORD_ATTR_CLEAR, MOUNT_ATTR_NOSUID)                                              \
	X("symfollow", WORD_ATTR_CLEAR, MOUNT_ATTR_NOSYMFOLLOW)                                    \
	X("sync", WORD_SUPER_SET, MOUNT_SUPER_SYNC)                                                \
	X("tmpcopyup", WORD_TMPCOPYUP, 0)                                                          \
	X("unbindable", WORD_PROPAGATION, MS_UNBINDABLE)

#define X(name, kind, value) { name, kind, value },
static const struct word words[] = { WORDS(X) };
#undef X
#define X(name, kind, value) name,
static const char *const names[] = { WORDS(X) NULL };
#undef X

struct super_row {
	const char *on, *off;
	unsigned long ms;
};

static const struct super_row supers[MOUNT_SUPER_COUNT] = {
	[MOUNT_SUPER_RO] = { "ro", "rw", MS_RDONLY },
	[MOUNT_SUPER_SYNC] = { "sync", "async", MS_SYNCHRONOUS },
	[MOUNT_SUPER_DIRSYNC] = { "dirsync", NULL, MS_DIRSYNC },
	[MOUNT_SUPER_MAND] = { "mand", "nomand", MS_MANDLOCK },
	[MOUNT_SUPER_LAZYTIME] = { "lazytime", "nolazytime", MS_LAZYTIME },
	[MOUNT_SUPER_IVERSION] = { "iversion", "noiversion", MS_I_VERSION },
	[MOUNT_SUPER_SILENT] = { "silent", NULL, MS_SILENT },
};

struct attr_row {
	uint64_t attr;
	unsigned long ms;
};

static const struct attr_row attrs[] = {
	{ MOUNT_ATTR_RDONLY, MS_RDONLY },         { MOUNT_ATTR_NOSUID, MS_NOSUID },
	{ MOUNT_ATTR_NODEV, MS_NODEV },           { MOUNT_ATTR_NOEXEC, MS_NOEXEC },
	{ MOUNT_ATTR_NODIRATIME, MS_NODIRATIME }, { MOUNT_ATTR_NOSYMFOLLOW, MS_NOSYMFOLLOW },
};

const char *const *mount_opts_names(void)
{
	return names;
}

void mount_opts_done(struct mount_opts *o)
{
	free(o->data);
	*o = (struct mount_opts){ 0 };
}

static int compare_word(const void *key, const void *row)
{
	return strcmp(key, ((const struct word *)row)->name);
}

static const struct word *find_word(const char *name)
{
	return bsearch(name, words, ARRAY_LEN(words), sizeof(words[0]), compare_word);
}

/* The last word wins, as with mount(8). */
static void attr_set(struct mount_attrs *a, uint64_t flags)
{
	a->set |= flags;
	a->clear &= ~flags;
}

static void attr_clear(struct mount_attrs *a, uint64_t flags)
{
	a->set &= ~flags;
	a->clear |= flags;
}

static void attr_atime(struct mount_attrs *a, uint64_t mode)
{
	a->set = (a->set & ~(uint64_t)MOUNT_ATTR__ATIME) | mode;
	a->clear |= MOUNT_ATTR__ATIME;
}

static void super_change(struct mount_opts *o, uint64_t which, bool on)
{
	uint32_t bit = 1u << which;

	o->super_set = on ? o->super_set | bit : o->super_set & ~bit;
	o->super_clear = on ? o->super_clear & ~bit : o->super_clear | bit;
}

static int add_propagation(struct mount_opts *o, uint64_t flags, const char *path, struct err *e)
{
	if (o->n_propagation == ARRAY_LEN(o->propagation))
		return err_set(e, EINVAL, "%s: more than %zu kinds of propagation", path,
			       ARRAY_LEN(o->propagation));
	o->propagation[o->n_propagation++] = (unsigned long)flags;
	return 0;
}

static int apply(struct mount_opts *o, const struct word *w, const char *path, struct err *e)
{
	switch (w->kind) {
	case WORD_NOTHING:
		break;
	case WORD_ATTR_SET:
		attr_set(&o->attr, w->value);
		break;
	case WORD_ATTR_CLEAR:
		attr_clear(&o->attr, w->value);
		break;
	case WORD_ATIME:
		attr_atime(&o->attr, w->value);
		break;
	case WORD_REC_SET:
		attr_set(&o->rec, w->value);
		break;
	case WORD_REC_CLEAR:
		attr_clear(&o->rec, w->value);
		break;
	case WORD_REC_ATIME:
		attr_atime(&o->rec, w->value);
		break;
	case WORD_READONLY:
		(w->value ? attr_set : attr_clear)(&o->attr, MOUNT_ATTR_RDONLY);
		super_change(o, MOUNT_SUPER_RO, w->value);
		break;
	case WORD_SUPER_SET:
		super_change(o, w->value, true);
		break;
	case WORD_SUPER_CLEAR:
		super_change(o, w->value, false);
		break;
	case WORD_PROPAGATION:
		return add_propagation(o, w->value, path, e);
	case WORD_BIND:
		o->bind = true;
		o->rbind = o->rbind || w->value;
		break;
	case WORD_REMOUNT:
		o->remount = true;
		break;
	case WORD_TMPCOPYUP:
		o->tmpcopyup = true;
		break;
	case WORD_IDMAP:
		o->idmap = !w->value;
		o->ridmap = w->value;
		break;
	case WORD_SRC_NOFOLLOW:
		o->src_nofollow = true;
		break;
	case WORD_DEST_NOFOLLOW:
		o->dest_nofollow = true;
		break;
	case WORD_COPY_SYMLINK:
		o->copy_symlink = true;
		break;
	}
	if (w->kind == WORD_SUPER_SET || w->kind == WORD_SUPER_CLEAR)
		o->useless = w->name;
	return 0;
}

/* "idmap=uids=...": the word and its own mappings. */
static bool take_idmap(struct mount_opts *o, const char *word)
{
	bool recursive = starts_with(word, "ridmap=");

	if (!recursive && !starts_with(word, "idmap="))
		return false;
	o->idmap = !recursive;
	o->ridmap = recursive;
	o->idmap_text = strchr(word, '=') + 1;
	return true;
}

int mount_opts_parse(const struct oci_strings *list, const char *path, struct mount_opts *ret,
		     struct err *e)
{
	struct mount_opts o = { 0 };

	o.data = xcalloc(list->n + 1, sizeof(*o.data));
	for (size_t i = 0; i < list->n; i++) {
		const struct word *w = find_word(list->items[i]);
		int r = w ? apply(&o, w, path, e) : 0;

		if (r < 0) {
			mount_opts_done(&o);
			return r;
		}
		if (!w && list->items[i][0] && !take_idmap(&o, list->items[i]))
			o.data[o.n_data++] = list->items[i];
	}
	*ret = o;
	return 0;
}

unsigned long mount_propagation(const char *name)
{
	const struct word *w = find_word(name);

	return w && w->kind == WORD_PROPAGATION ? (unsigned long)w->value : 0;
}

unsigned long mount_leave_host(unsigned long root_propagation)
{
	if (root_propagation & MS_SHARED)
		return 0;
	return (root_propagation & (MS_PRIVATE | MS_UNBINDABLE) ? MS_PRIVATE : MS_SLAVE) | MS_REC;
}

unsigned long mount_attr_ms(uint64_t attr)
{
	unsigned long ms = 0;

	for (size_t i = 0; i < ARRAY_LEN(attrs); i++)
		if (attr & attrs[i].attr)
			ms |= attrs[i].ms;
	if ((attr & MOUNT_ATTR__ATIME) == MOUNT_ATTR_NOATIME)
		ms |= MS_NOATIME;
	if ((attr & MOUNT_ATTR__ATIME) == MOUNT_ATTR_STRICTATIME)
		ms |= MS_STRICTATIME;
	return ms;
}

unsigned long mount_super_ms(uint32_t super)
{
	unsigned long ms = 0;

	for (size_t i = 0; i < MOUNT_SUPER_COUNT; i++)
		if (super & (1u << i))
			ms |= supers[i].ms;
	return ms;
}

const char *mount_super_key(enum mount_super which, const char **ret_off)
{
	if (ret_off)
		*ret_off = supers[which].off;
	return supers[which].on;
}
