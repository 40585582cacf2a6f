/* SPDX-License-Identifier: Apache-2.0 */
/* What a token is asked for: "repository:library/nginx:pull,push", several of them.  Pure. */
#ifndef IMAGETOOL_REGISTRY_SCOPE_H
#define IMAGETOOL_REGISTRY_SCOPE_H

#include "libutil/strv.h"

/* Scopes of one challenge that are taken. */
#define SCOPE_MAX 16

/*
 * Each element is one scope: type, name and actions, the actions without repetition.  Adding one
 * of a type and name that is there already adds its actions to it.
 */
struct scopes {
	struct strv list;
};

void scopes_done(struct scopes *s);
AUTO_DEFINE_DONE(scopes, scopes_done)

void scopes_add(struct scopes *s, const char *type, const char *name, const char *actions);
/* What a challenge says: scopes with blanks between.  Text that is none is dropped, and so is what
 * is more than SCOPE_MAX. */
void scopes_add_text(struct scopes *s, const char *text);
/* Does `s` allow all of `wanted`? */
bool scopes_cover(const struct scopes *s, const struct scopes *wanted);
void scopes_copy(struct scopes *to, const struct scopes *from);

#endif
