/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/archive/members.h"

#include <errno.h>

#include "libutil/alloc.h"
#include "libutil/path.h"

#define LINKS_MAX 16

static void member_done(struct member *m)
{
	free(m->name);
	free(m->text);
}

void members_done(struct members *m)
{
	for (size_t i = 0; i < m->n; i++)
		member_done(&m->items[i]);
	free(m->items);
	*m = (struct members){ 0 };
}

static struct member *find_own(const struct members *m, const char *name)
{
	for (size_t i = m->n; i-- > 0;)
		if (streq(m->items[i].name, name))
			return &m->items[i];
	return NULL;
}

int members_add(struct members *m, struct member *item, struct err *e)
{
	struct member *old = find_own(m, item->name);

	if (old) {
		member_done(old);
		*old = *item;
		return 0;
	}
	if (m->n == MEMBERS_MAX) {
		member_done(item);
		return err_set(e, E2BIG, "more than %zu members", MEMBERS_MAX);
	}
	if (m->n == m->cap) {
		m->cap = m->cap ? 2 * m->cap : 64;
		m->items = xreallocarray(m->items, m->cap, sizeof(*m->items));
	}
	m->items[m->n++] = *item;
	return 0;
}

const struct member *members_find(const struct members *m, const char *name)
{
	autofree char *clean = path_clean(name);
	const struct member *found = find_own(m, clean);

	for (int i = 0; found && found->kind == MEMBER_LINK && i < LINKS_MAX; i++)
		found = find_own(m, found->text);
	return found && found->kind != MEMBER_LINK ? found : NULL;
}

char *member_link_target(const char *name, const char *link)
{
	autofree char *dir = path_parent(name), *joined = NULL;
	char *clean;

	if (path_is_absolute(link))
		return NULL;
	joined = path_join(dir, link);
	clean = path_clean(joined);
	if (path_has_dotdot(clean)) {
		free(clean);
		return NULL;
	}
	return clean;
}

/* docker save links a layer that it has written before. */
int member_set_link(struct member *m, bool symlink, const char *link, struct err *e)
{
	autofree char *target = symlink ? member_link_target(m->name, link) : path_clean(link);

	if (!target || path_is_absolute(target) || path_has_dotdot(target))
		return err_set(e, EINVAL, "a link to '%.200s' leaves the archive", link);
	m->kind = MEMBER_LINK;
	m->text = steal_ptr(&target);
	return 0;
}
