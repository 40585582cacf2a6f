/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/solo/restart.h"

#include <errno.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "libutil/parse.h"

#define FIRST_DELAY_MS 100
#define LAST_DELAY_MS  60000
#define LONG_RUN_MS    10000

#define X(name, text) text,
static const char *const kinds[] = { RESTART_KINDS(X) };
#undef X

static int no_policy(const char *text, struct err *e)
{
	return err_set(e, EINVAL,
		       "restart policy '%s': not one of no, on-failure[:N], always, unless-stopped",
		       text);
}

int restart_parse(const char *text, struct restart_policy *ret, struct err *e)
{
	autofree char *word = xstrdup(text);
	char *max = strchr(word, ':');
	struct restart_policy p = { .kind = RESTART_NO };

	if (max)
		*max++ = '\0';
	while (p.kind < RESTART_KIND_COUNT && !streq(word, kinds[p.kind]))
		p.kind++;
	if (p.kind == RESTART_KIND_COUNT || (max && p.kind != RESTART_ON_FAILURE) ||
	    (max && parse_u32(max, &p.max) < 0))
		return no_policy(text, e);
	*ret = p;
	return 0;
}

static bool is_wanted(const struct restart_policy *p, const struct restart_history *h,
		      const struct restart_end *end)
{
	if (end->stopped)
		return false;
	switch (p->kind) {
	case RESTART_ON_FAILURE:
		return end->code != 0 && (p->max == 0 || h->count < p->max);
	case RESTART_ALWAYS:
	case RESTART_UNLESS_STOPPED:
		return true;
	case RESTART_NO:
	case RESTART_KIND_COUNT:
		break;
	}
	return false;
}

static int64_t next_delay(int64_t last, int64_t ran_ms)
{
	if (last == 0 || ran_ms >= LONG_RUN_MS)
		return FIRST_DELAY_MS;
	return last * 2 < LAST_DELAY_MS ? last * 2 : LAST_DELAY_MS;
}

int64_t restart_decide(const struct restart_policy *p, struct restart_history *h,
		       const struct restart_end *end)
{
	if (!is_wanted(p, h, end))
		return RESTART_NEVER;
	h->count++;
	h->delay_ms = next_delay(h->delay_ms, end->ran_ms);
	return h->delay_ms;
}
