/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/cdi/gpus.h"

#include <errno.h>

#include "libutil/csv.h"
#include "libutil/parse.h"

struct request {
	bool all, cdi;
	uint32_t count;
	struct strv ids; /* owned */
	unsigned seen;   /* of keys[] */
};

static void request_done(struct request *q)
{
	strv_done(&q->ids);
}
AUTO_DEFINE_DONE(request, request_done)

static int set_count(struct request *q, const char *value, struct err *e)
{
	q->all = streq(value, "all");
	if (!q->all && (parse_u32(value, &q->count) < 0 || q->count > CDI_GPUS_MAX))
		return err_set(e, EINVAL, "'%.40s' is neither 'all' nor a number up to %d", value,
			       CDI_GPUS_MAX);
	return 0;
}

static int set_device(struct request *q, const char *value, struct err *e)
{
	strv_split(&q->ids, value, ',', true);
	return q->ids.n && q->ids.n <= CDI_GPUS_MAX
		       ? 0
		       : err_set(e, EINVAL, "device: expected up to %d ids", CDI_GPUS_MAX);
}

static int set_driver(struct request *q, const char *value, struct err *e)
{
	q->cdi = streq(value, "cdi");
	return q->cdi || streq(value, "nvidia")
		       ? 0
		       : err_set(e, EINVAL, "driver '%.40s': there are nvidia and cdi", value);
}

static int set_capabilities(struct request *q UNUSED, const char *value UNUSED,
			    struct err *e UNUSED)
{
	return 0;
}

static const struct {
	const char *name;
	int (*set)(struct request *q, const char *value, struct err *e);
} keys[] = {
	{ "count", set_count },
	{ "device", set_device },
	{ "driver", set_driver },
	{ "capabilities", set_capabilities },
};

/* A word alone is a count. */
static int take_word(struct request *q, const char *word, struct err *e)
{
	const char *equals = strchr(word, '=');
	size_t len = equals ? (size_t)(equals - word) : strlen("count");
	const char *key = equals ? word : "count";

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (strlen(keys[i].name) != len || strncmp(keys[i].name, key, len) != 0)
			continue;
		if (q->seen & 1U << i)
			return err_set(e, EINVAL, "'%s' is there twice", keys[i].name);
		q->seen |= 1U << i;
		return keys[i].set(q, equals ? equals + 1 : word, e);
	}
	return err_set(e, EINVAL, "'%.40s': there are count, device, driver and capabilities",
		       word);
}

static void add_names(const struct request *q, struct strv *ret)
{
	if (q->all)
		strv_add(ret, CDI_GPU_KIND "=all");
	for (uint32_t i = 0; i < q->count; i++)
		strv_addf(ret, CDI_GPU_KIND "=%u", i);
	for (size_t i = 0; i < q->ids.n; i++)
		strv_addf(ret, "%s%s", q->cdi ? "" : CDI_GPU_KIND "=", q->ids.v[i]);
}

int cdi_gpus_parse(const char *text, struct strv *ret, struct err *e)
{
	auto_(request) struct request q = { 0 };
	auto_(strbuf) struct strbuf word = { 0 };
	int r = 0;

	for (const char *at = text; *at && r >= 0;) {
		if (!csv_next(&at, &word))
			return err_set(e, EINVAL, "--gpus '%.80s': quotes that are not closed",
				       text);
		r = take_word(&q, strbuf_str(&word), e);
	}
	if (r >= 0 && q.ids.n && (q.all || q.count))
		r = err_set(e, EINVAL, "count and device exclude one another");
	if (r >= 0 && q.cdi && !q.ids.n)
		r = err_set(e, EINVAL, "driver=cdi needs device=VENDOR/CLASS=NAME");
	if (r < 0)
		return err_wrap(e, r, "--gpus '%.80s'", text);
	if (!q.ids.n && !q.all && !(q.seen & 1U))
		q.count = 1;
	add_names(&q, ret);
	return 0;
}
