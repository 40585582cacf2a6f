/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/commit/config_health.h"

#include <errno.h>

#include "imagetool/commit/config_lists.h"
#include "libutil/parse.h"

#define DURATION_MIN 1000000 /* nanoseconds, as docker has it */

static int take_duration(const struct instruction *i, const char *flag, struct opt_i64 *ret,
			 struct err *e)
{
	const char *text = instruction_flag(i, flag);
	int64_t v;

	if (!text)
		return 0;
	if (parse_duration(text, &v) < 0)
		return err_set(e, EINVAL, "--%s: '%s' is not a duration such as 30s", flag, text);
	if (v && v < DURATION_MIN)
		return err_set(e, EINVAL, "--%s: %s is less than 1ms", flag, text);
	if (v)
		*ret = (struct opt_i64){ true, v };
	return 0;
}

static int take_retries(const struct instruction *i, struct opt_i64 *ret, struct err *e)
{
	const char *text = instruction_flag(i, "retries");
	int64_t v;

	if (!text)
		return 0;
	if (parse_i64(text, &v) < 0 || v < 0)
		return err_set(e, EINVAL, "--retries: '%s' is not a number of times", text);
	if (v)
		*ret = (struct opt_i64){ true, v };
	return 0;
}

int health_of(const struct instruction *i, struct arena *a, struct image_healthcheck **ret,
	      struct err *e)
{
	struct image_healthcheck *h = arena_alloc(a, 1, sizeof(*h));
	const struct {
		const char *flag;
		struct opt_i64 *to;
	} durations[] = {
		{ "interval", &h->interval },
		{ "timeout", &h->timeout },
		{ "start-period", &h->start_period },
		{ "start-interval", &h->start_interval },
	};
	int r = take_retries(i, &h->retries, e);

	list_of(a, i->words, i->n_words, &h->test);
	/* Words are CMD and a command, or NONE. */
	if (i->n_words > 1 && !i->json)
		h->test.items[0] = "CMD-SHELL";
	if (i->n_words < 2 && i->n_flags)
		return err_set(e, EINVAL, "NONE takes no flags");
	for (size_t n = 0; n < ARRAY_LEN(durations) && r >= 0; n++)
		r = take_duration(i, durations[n].flag, durations[n].to, e);
	if (r >= 0)
		*ret = h;
	return r;
}
