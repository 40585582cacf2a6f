/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container/select.h"

#include <dirent.h>
#include <errno.h>
#include <regex.h>

#include "libutil/dir.h"
#include "libutil/ids.h"

static int add_id(int dirfd UNUSED, const char *name, unsigned char d_type, void *ctx,
		  struct err *e UNUSED)
{
	if ((d_type == DT_DIR || d_type == DT_UNKNOWN) && id_check(name, NULL) >= 0)
		strv_add(ctx, name);
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int select_all(const struct store *s, struct strv *ret, struct err *e)
{
	int r = s->rootfd < 0 ? 0 : dir_each(s->rootfd, add_id, ret, e);

	if (r >= 0 && ret->n > 1)
		qsort(ret->v, ret->n, sizeof(*ret->v), compare);
	return r < 0 ? err_wrap(e, r, "state root '%s'", s->root) : 0;
}

static int for_each_match(const struct store *s, const regex_t *re, select_fn *fn, const void *ctx,
			  struct err *e)
{
	auto_(strv) struct strv ids = { 0 };
	int first = 0;
	int r = select_all(s, &ids, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ids.n; i++) {
		struct err why = { 0 };

		if (regexec(re, ids.v[i], 0, NULL, 0) != 0)
			continue;
		r = fn(s, ids.v[i], ctx, &why);
		if (r < 0 && first == 0)
			first = err_take(e, &why);
	}
	return first;
}

int select_matching(const struct store *s, const char *pattern, select_fn *fn, const void *ctx,
		    struct err *e)
{
	regex_t re;
	char why[128];
	int r = regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB);

	if (r != 0) {
		(void)regerror(r, &re, why, sizeof(why));
		return err_set(e, EINVAL, "regular expression '%s': %s", pattern, why);
	}
	r = for_each_match(s, &re, fn, ctx, e);
	regfree(&re);
	return r;
}
