/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files, made one after the other in a directory of the root.  The way down from there stays open,
 * so that no path is walked: a small file costs open, write, utimensat and close.
 */
#ifndef IMAGETOOL_STEP_FILES_SINK_H
#define IMAGETOOL_STEP_FILES_SINK_H

#include <sys/stat.h>

#include "imagetool/step/links.h"
#include "imagetool/step/mode_set.h"
#include "libutil/cleanup.h"
#include "libutil/err.h"
#include "libutil/strbuf.h"

/* What --chown and --chmod come to. */
struct files_attrs {
	bool has_owner, has_mode;
	uid_t uid;
	gid_t gid;
	struct mode_set mode;
};

/* One file of a source. */
struct files_entry {
	const char *name; /* lives as long as what is put below it */
	const char *link; /* a symlink's target */
	mode_t mode;
	uid_t uid;
	gid_t gid;
	dev_t rdev, dev;
	ino_t ino;
	bool may_be_linked; /* it may have further names in the source */
	int64_t size;
	struct timespec mtime;
};

struct sink_dir {
	int fd; /* -1: not made yet */
	struct files_entry entry;
	int srcfd;   /* borrowed: where its attributes are; -1: nowhere */
	bool wanted; /* itself, not only what is below */
	bool created;
	bool setgid;     /* what is made in it gets its group */
	size_t path_len; /* of `sink.path` */
};

struct sink {
	const struct files_attrs *attrs;
	uid_t uid; /* what new files get by themselves */
	gid_t gid;
	struct sink_dir *dirs; /* owned; the first is where the copy goes */
	size_t n, cap;
	struct strbuf path; /* of the last one, below the first */
	const char *name;   /* of the first, for messages */
	struct links links;
	char *buf; /* owned */
};

/* `dirfd` is taken; `name` is borrowed. */
void sink_init(struct sink *s, const struct files_attrs *attrs, int dirfd, const char *name);
void sink_done(struct sink *s);
AUTO_DEFINE_DONE(sink, sink_done)

/* The directory that the copy goes to gets the source's time, and when it was made for it the rest.
 */
int sink_finish_top(struct sink *s, const struct files_entry *en, int srcfd, bool created,
		    struct err *e);

/* A directory, and what follows is in it.  Not `wanted`: it is made when something is put there. */
int sink_enter(struct sink *s, const struct files_entry *en, int srcfd, bool wanted, struct err *e);
int sink_leave(struct sink *s, struct err *e);
/* A regular file: 1 when it became a hard link of one before, else 0, and sink_file() is to follow.
 */
int sink_link(struct sink *s, const struct files_entry *en, struct err *e);
int sink_file(struct sink *s, const struct files_entry *en, int srcfd, struct err *e);
/* Everything else but sockets.  `srcdirfd` is where it lies, or -1: it has no attributes. */
int sink_node(struct sink *s, const struct files_entry *en, int srcdirfd, struct err *e);

#endif
