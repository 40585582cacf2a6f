/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of a control group say, into messages (libutil/protobuf.h).  A
 * file that is not there, or says nothing we know, leaves its members absent.
 */
#ifndef SHIM_CGROUP_GROUP_FILE_H
#define SHIM_CGROUP_GROUP_FILE_H

#include "libutil/protobuf.h"

/* Text of a file below the group's directory, NUL-terminated, from `a`; NULL. */
char *group_text(int dirfd, const char *file, struct arena *a);

/* A file that is one number; "max" is the largest there is. */
struct pb_number group_number(int dirfd, const char *file);

/* Lines "key value": `offset` is of a struct pb_number. */
struct group_key {
	const char *key;
	size_t offset;
};
void group_keys(int dirfd, const char *file, const struct group_key *keys, size_t n, void *object);

/* The rest of a line, "key=value key=value ...", likewise. */
void group_pairs(char *text, const struct group_key *keys, size_t n, void *object);

/* The next line of a text that is cut up on the way, without its newline; NULL at the end. */
char *group_next_line(char **text);
/* The next word of a line, likewise. */
char *group_next_word(char **line);

/* "8:16" */
bool group_device(const char *text, struct pb_number *ret_major, struct pb_number *ret_minor);

/* Add a zeroed item of `size` bytes to a list that only this function fills. */
void *group_append(struct pb_list *list, size_t size, struct arena *a);

#endif
