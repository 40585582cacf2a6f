/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/limits.h"

#include <errno.h>
#include <inttypes.h>

#define SHARES_MIN 2
#define SHARES_MAX 262144
#define WEIGHT_MAX 10000

void limits_done(struct limits *l)
{
	arena_done(&l->arena);
}

struct limit *limits_add(struct limits *l, const char *file, const char *json, const char *value)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 16;
		l->v = arena_grow(&l->arena, l->v, l->n, l->cap, sizeof(*l->v));
	}
	l->v[l->n] = (struct limit){ .file = file, .json = json, .value = value };
	return &l->v[l->n++];
}

struct limit *limits_add_i64(struct limits *l, const char *file, const char *json, int64_t value)
{
	return limits_add(l, file, json, arena_printf(&l->arena, "%" PRId64, value));
}

struct limit *limits_add_u64(struct limits *l, const char *file, const char *json, uint64_t value)
{
	return limits_add(l, file, json, arena_printf(&l->arena, "%" PRIu64, value));
}

int limits_refuse(const char *json, const char *why, struct err *e)
{
	return err_set(e, EINVAL, "%s: %s", json, why);
}

/* "2MB" and the like: it becomes part of a file name. */
static bool is_page_size(const char *text)
{
	return text && *text && strspn(text, "0123456789KMGTB") == strlen(text);
}

int limits_add_hugetlb(struct limits *l, const struct spec_resources *r, const char *suffix,
		       struct err *e)
{
	const struct spec_hugepage_limit *h = r->hugepage_limits.items;

	for (size_t i = 0; i < r->hugepage_limits.n; i++) {
		const char *json = arena_printf(&l->arena, LIMITS_JSON "hugepageLimits[%zu]", i);

		if (!is_page_size(h[i].page_size))
			return err_set(e, EINVAL, "%s.pageSize: '%s' is not a size like '2MB'",
				       json, h[i].page_size ? h[i].page_size : "");
		limits_add_u64(l, arena_printf(&l->arena, "hugetlb.%s.%s", h[i].page_size, suffix),
			       json, h[i].limit.v);
		/* Reservations are limited too where the kernel can (5.7). */
		limits_add_u64(
			l, arena_printf(&l->arena, "hugetlb.%s.rsvd.%s", h[i].page_size, suffix),
			json, h[i].limit.v)
			->flags = LIMIT_OPTIONAL;
	}
	return 0;
}

static const char *rdma_count(struct limits *l, const char *name, const struct opt_u64 *n)
{
	return n->set ? arena_printf(&l->arena, " %s=%" PRIu64, name, n->v) : "";
}

int limits_add_rdma(struct limits *l, const struct spec_resources *r, struct err *e)
{
	const struct spec_rdma *d = r->rdma.items;

	for (size_t i = 0; i < r->rdma.n; i++) {
		const char *json = arena_printf(&l->arena, LIMITS_JSON "rdma.%s", d[i].key);

		if (!d[i].hca_handles.set && !d[i].hca_objects.set)
			return limits_refuse(json, "it needs hcaHandles or hcaObjects", e);
		limits_add(l, "rdma.max", json,
			   arena_printf(&l->arena, "%s%s%s", d[i].key,
					rdma_count(l, "hca_handle", &d[i].hca_handles),
					rdma_count(l, "hca_object", &d[i].hca_objects)));
	}
	return 0;
}

int limits_device(struct limits *l, const struct opt_i64 *major, const struct opt_i64 *minor,
		  const char *json, const char **ret, struct err *e)
{
	if (!major->set || !minor->set || major->v < 0 || minor->v < 0)
		return err_set(e, EINVAL, "%s: a device needs major and minor", json);
	*ret = arena_printf(&l->arena, "%" PRId64 ":%" PRId64, major->v, minor->v);
	return 0;
}

void limits_add_pids(struct limits *l, const struct spec_resources *r)
{
	static const char json[] = LIMITS_JSON "pids.limit";

	if (!r->pids || !r->pids->limit.set)
		return;
	if (r->pids->limit.v < 0)
		limits_add(l, "pids.max", json, "max")->flags = LIMIT_OPTIONAL;
	else
		limits_add_i64(l, "pids.max", json, r->pids->limit.v ? r->pids->limit.v : 1);
}

/* Binary logarithm of 1 .. 2^18 to about 40 bits, by squaring; the math library is not linked. */
static double log2_of(double x)
{
	double result = 0, bit = 0.5;

	while (x >= 2) {
		x /= 2;
		result += 1;
	}
	for (int i = 0; i < 40; i++, bit /= 2) {
		x *= x;
		if (x >= 2) {
			x /= 2;
			result += bit;
		}
	}
	return result;
}

/* 10^x for 0 .. 5 by the series of the exponential function. */
static double exp10_of(double x)
{
	double y = x * 2.302585092994045684, term = 1, sum = 1;

	for (int i = 1; i < 60; i++) {
		term *= y / i;
		sum += term;
	}
	return sum;
}

/*
 * The curve that goes through the three points that matter: the smallest
 * shares, the default (1024 -> 100) and the largest.
 */
uint64_t limits_weight_of_shares(uint64_t shares)
{
	double l, exact;
	uint64_t weight;

	if (shares == 0)
		return 0;
	if (shares <= SHARES_MIN)
		return 1;
	if (shares >= SHARES_MAX)
		return WEIGHT_MAX;
	l = log2_of((double)shares);
	exact = exp10_of((l * l + 125 * l) / 612.0 - 7.0 / 34.0);
	/* Rounded up, but 100.0000001 is 100. */
	weight = (uint64_t)(exact - 1e-6) + 1;
	return weight;
}

uint64_t limits_io_weight(uint64_t weight)
{
	if (weight == 0)
		return 0;
	if (weight < 10)
		weight = 10;
	return 1 + (weight - 10) * 9999 / 990;
}
