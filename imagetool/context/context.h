/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A build's context: the files that COPY, ADD and RUN --mount may see.
 *
 * It is a directory on the disk, or a tar stream that was unpacked into a private one.  All of it
 * but what .dockerignore leaves out is listed once, when it is opened; everything afterwards is
 * asked of that list, and files are opened below the root's descriptor, no symlink followed by the
 * kernel.  Others may change the directory meanwhile: what is no longer as it was listed is refused
 * (-ESTALE), so that content and its hash never disagree.
 *
 * Memory: about 220 bytes a file and its path.
 */
#ifndef IMAGETOOL_CONTEXT_CONTEXT_H
#define IMAGETOOL_CONTEXT_CONTEXT_H

#include <sys/stat.h>

#include "imagetool/codec/decompress.h"
#include "imagetool/dockerfile/ignore.h"
#include "imagetool/layer/budget.h"
#include "imagetool/store/store.h"

#define CONTEXT_FILES_MAX ((size_t)4 << 20)
#define CONTEXT_HASH_SIZE 32 /* SHA-256 */

struct context_file {
	const char *path; /* clean, relative; "" is the context itself */
	const char *link; /* a symlink's target, else "" */
	/* Of a regular file's content and attributes; NULL: not known yet.  For context/ alone. */
	const uint8_t *hash;
	size_t end; /* what lies below it stands in the list up to there */
	mode_t mode;
	uint32_t uid, gid;
	uint64_t dev, ino, rdev;
	int64_t size;
	struct timespec mtime, ctime;
};

struct context_opts {
	/* The Dockerfile's path below the context, or NULL: NAME.dockerignore goes before
	 * .dockerignore. */
	const char *dockerfile;
	/* A file on the disk that goes before both when it is there; for a Dockerfile that lies
	 * elsewhere.  May be NULL. */
	const char *ignore_file;
	/* Keeps hashes from one run to the next, and the files of a tar stream; borrowed.  NULL:
	 * every file that is asked about is read; tar streams need one. */
	const struct store *store;
};

struct context;

/* `path` itself may be a symlink: its user named it. */
int context_open_dir(const char *path, const struct context_opts *opts, struct context **ret,
		     struct err *e);
/* A tar stream, compressed or not.  The process's umask must be 0, see layer/apply.h.  Names that
 * layers use as whiteouts (".wh.x") are no files here either. */
int context_open_tar(struct byte_source from, const struct context_opts *opts,
		     struct layer_budget *budget, struct context **ret, struct err *e);
/* Removes what context_open_tar() made. */
void context_free(struct context *c);
AUTO_DEFINE(context, context_free)

/* ---- What is there ---- */

/* Parents first, in order of their names' bytes; files[0] is the context itself. */
const struct context_file *const *context_files(const struct context *c, size_t *ret_n);
/* Sockets, which are left out. */
uint64_t context_sockets(const struct context *c);
/* Nothing of the directory is left out of the list: it may be shown as it is. */
bool context_is_whole(const struct context *c);
/* Where in the list a path stands: cleaned, never above the root, symlinks on the way (the last one
 * only with `follow`) followed as if the root were "/".  -ENOENT. */
int context_find(const struct context *c, const char *path, bool follow, size_t *ret,
		 struct err *e);

/* What a source of COPY names. */
struct context_match {
	const char *name; /* as found, without links followed: its base is the name at the target */
	size_t index;     /* of what is there, links followed */
};

/* Wildcards are Go's filepath.Match, and match no directory on the way that is a link.  A source
 * without wildcards that is not there is -ENOENT; one with them may match nothing.  The array lives
 * in `a`. */
int context_match(const struct context *c, const char *source, struct arena *a,
		  struct context_match **ret, size_t *ret_n, struct err *e);

/* ---- What is in it ---- */

/* The directory itself, with all that is left out; borrowed. */
int context_rootfd(const struct context *c);
/* A listed regular file, for reading. */
int context_open_file(const struct context *c, size_t index, struct err *e);
/* Was what `fd` gave the file that was listed, up to now?  For after reading. */
int context_check_file(const struct context *c, size_t index, int fd, struct err *e);
/* A file that counts whatever .dockerignore says: the Dockerfile.  Not out of the context. */
int context_read_file(const struct context *c, const char *path, size_t max, char **ret,
		      size_t *ret_len, struct err *e);
/* The same of a directory that no context was made of. */
int context_read_beneath(int dirfd, const char *path, size_t max, char **ret, size_t *ret_len,
			 struct err *e);

/* How files are taken from the context. */
struct context_view {
	int64_t uid, gid;             /* as they will be; -1: as on the disk */
	bool any_mode;                /* they get another mode */
	const struct ignore *exclude; /* below each match; may be NULL */
};

/* Is it taken?  `index` is m->index or below it. */
bool context_takes(const struct context *c, const struct context_view *v,
		   const struct context_match *m, size_t index);

/*
 * All that a copy of these would consist of: names, types, modes, owners, link targets, content;
 * files' extended attributes, as far as layers hold them; not times.  Reads only files whose hash
 * is not known; on all cores.  One thread at a time.
 */
int context_hash(struct context *c, const struct context_view *v, const struct context_match *m,
		 size_t n, uint8_t ret[CONTEXT_HASH_SIZE], struct err *e);
/* How many files have been read for it so far. */
uint64_t context_hashed(const struct context *c);
/* Keep hashes for the next run; without news nothing is written. */
int context_save(struct context *c, struct err *e);

#endif
