/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages as words, by the names of their rows:
 *
 *     id=one  terminal=true  rootfs.0.type=bind  rootfs.0.options.1=ro  spec.value=@FILE
 */
#ifndef TESTS_TOOLS_MESSAGE_TEXT_H
#define TESTS_TOOLS_MESSAGE_TEXT_H

#include "libutil/protobuf.h"

/* Set one field of *object; exits when there is none of that name. */
void message_set(const struct pb_message *m, void *object, const char *word, struct arena *a);
/* One line a field, which begins with `prefix`.  An Any of a type known here is decoded. */
void message_print(const struct pb_message *m, const void *object, const char *prefix);
/* The rows of a type: "containerd.events.TaskExit", or the name of a struct msg_X; NULL: none. */
const struct pb_message *message_type(const char *name);

#endif
