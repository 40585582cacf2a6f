/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/systemd_props.h"

#include <errno.h>
#include <inttypes.h>

#include "runtime/annotation.h"
#include "runtime/systemd/gvariant.h"

/* They say who is in the scope, where it lies and who may change what is below it. */
static const char *const decided_here[] = {
	"PIDs",
	"PIDFDs",
	"Slice",
	"Delegate",
	"DelegateControllers",
	"Controller",
	"DelegateSubgroup",
	"DisableControllers",
};

#define USEC_PER_SEC 1000000

struct property *props_set(struct props *p, const char *name, const char *text)
{
	size_t i = 0;

	while (i < p->n && !streq(p->v[i].name, name))
		i++;
	if (i == p->n && p->n == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 32;
		p->v = arena_grow(p->arena, p->v, p->n, p->cap, sizeof(*p->v));
	}
	p->n += i == p->n;
	p->v[i] = (struct property){ .name = name, .text = text };
	return &p->v[i];
}

void props_copy(struct props *to, const struct props *from)
{
	for (size_t i = 0; i < from->n; i++)
		props_set(to, from->v[i].name, from->v[i].text)->optional = from->v[i].optional;
}

/* ---- annotations ---- */

static bool ends_with_sec(const char *name)
{
	size_t len = strlen(name);

	return len > 3 && streq(name + len - 3, "Sec") && name[len - 4] >= 'a' &&
	       name[len - 4] <= 'z';
}

/* What a unit file calls TimeoutStopSec, in seconds, is TimeoutStopUSec on the bus. */
static int seconds_to_usec(struct props *p, const char *name, const struct gvariant *v,
			   struct err *e)
{
	const char *usec = arena_printf(p->arena, "%.*sUSec", (int)strlen(name) - 3, name);
	uint64_t value;

	if (v->kind == GVARIANT_REAL && v->real >= 0 && v->real < (double)INT64_MAX / USEC_PER_SEC)
		value = (uint64_t)(v->real * USEC_PER_SEC);
	else if (v->kind == GVARIANT_INT && gvariant_is_signed(*v->type) && v->i >= 0 &&
		 v->i <= INT64_MAX / USEC_PER_SEC)
		value = (uint64_t)v->i * USEC_PER_SEC;
	else if (v->kind == GVARIANT_INT && gvariant_is_unsigned(*v->type) &&
		 v->u <= INT64_MAX / USEC_PER_SEC)
		value = v->u * USEC_PER_SEC;
	else
		return err_set(e, EINVAL, "not a number of seconds");
	props_set(p, usec, arena_printf(p->arena, "uint64 %" PRIu64, value));
	return 0;
}

static int add_annotation(struct props *p, const char *name, const char *text, struct err *e)
{
	struct gvariant *v = NULL;
	int r;

	if (!property_name_ok(name))
		return err_set(e, EINVAL, "the name of a property is made of letters");
	for (size_t i = 0; i < ARRAY_LEN(decided_here); i++)
		if (streq(name, decided_here[i]))
			return err_set(e, EINVAL, "creel decides this property itself");
	r = gvariant_parse(text, p->arena, &v, e);
	if (r < 0)
		return r;
	if (ends_with_sec(name))
		return seconds_to_usec(p, name, v, e);
	props_set(p, arena_strdup(p->arena, name), arena_strdup(p->arena, text));
	return 0;
}

int props_add_annotations(struct props *p, const struct oci_strmap *annotations, struct err *e)
{
	const char *prefix = annotation_key(ANNOTATION_SYSTEMD_PROPERTY);

	for (size_t i = 0; i < annotations->n; i++) {
		const struct oci_pair *pair = &annotations->items[i];
		int r;

		if (!starts_with(pair->key, prefix))
			continue;
		r = add_annotation(p, pair->key + strlen(prefix), pair->value, e);
		if (r < 0)
			return err_wrap(e, r, "annotations.%s: '%s'", pair->key, pair->value);
	}
	return 0;
}

/* ---- every scope ---- */

static const char *quoted(struct props *p, const char *text)
{
	auto_(strbuf) struct strbuf out = { 0 };

	gvariant_quote(&out, text);
	return arena_strdup(p->arena, strbuf_str(&out));
}

void props_add_scope(struct props *p, const char *id, const char *slice, pid_t pid)
{
	static const char *const yes[] = {
		/* The groups below are the container's and ours; controllers are all passed on. */
		"Delegate", "CPUAccounting", "MemoryAccounting", "IOAccounting", "TasksAccounting",
	};

	props_set(p, "Description", quoted(p, arena_printf(p->arena, "creel container %s", id)));
	props_set(p, "Slice", quoted(p, slice));
	props_set(p, "PIDs", arena_printf(p->arena, "@au [%d]", (int)pid));
	/* Containers end when their engine says so, not with the first step of a shutdown. */
	props_set(p, "DefaultDependencies", "false");
	/* One that failed (out of memory) does not stay in the way of its next start. */
	props_set(p, "CollectMode", "'inactive-or-failed'");
	for (size_t i = 0; i < ARRAY_LEN(yes); i++)
		props_set(p, yes[i], "true");
}
