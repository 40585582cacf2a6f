/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/cdi/allow.h"

#include <errno.h>

#include "libutil/csv.h"
#include "libutil/parse.h"

/* ---- --allow ---- */

static int take_word(const char *word, struct arena *a, struct cdi_allowed *ret, struct err *e)
{
	static const char key[] = "alias=";

	if (!ret->name) {
		ret->name = arena_strdup(a, word);
		return *word ? 0 : err_set(e, EINVAL, "expected a device's name");
	}
	if (!starts_with(word, key) || !word[sizeof(key) - 1])
		return err_set(e, EINVAL, "'%.80s': there is alias=WORD", word);
	ret->alias = arena_strdup(a, word + sizeof(key) - 1);
	return 0;
}

int cdi_allow_parse(const char *text, struct arena *a, struct cdi_allow *ret, struct err *e)
{
	auto_(strbuf) struct strbuf word = { 0 };
	struct cdi_allowed one = { 0 };
	const char *at = text + (*text == '=');
	int r = 0;

	if (!*text) {
		ret->all = true;
		return 0;
	}
	do {
		if (!csv_next(&at, &word))
			return err_set(e, EINVAL, "quotes that are not closed");
		r = take_word(strbuf_str(&word), a, &one, e);
	} while (r >= 0 && *at);
	if (r < 0)
		return r;
	ret->items = arena_grow(a, ret->items, ret->n, ret->n + 1, sizeof(one));
	ret->items[ret->n++] = one;
	return 0;
}

/* ---- A step's devices ---- */

struct resolving {
	const struct cdi_allow *allow;
	const struct cdi_devices *devices;
	struct cdi_list granted;
	struct cdi_list *ret;
};

static void resolving_done(struct resolving *g)
{
	cdi_list_done(&g->granted);
}
AUTO_DEFINE_DONE(resolving, resolving_done)

/* What was allowed and is not there allows nothing. */
static int grant(struct resolving *g, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < g->allow->n && r >= 0; i++)
		if (!g->allow->items[i].alias)
			r = cdi_devices_select(g->devices, g->allow->items[i].name, &g->granted, e);
	return r < 0 ? err_wrap(e, r, "--allow device") : 0;
}

static const char *meant_by(const struct cdi_allow *allow, const char *word)
{
	for (size_t i = allow->n; i-- > 0;)
		if (allow->items[i].alias && streq(allow->items[i].alias, word))
			return allow->items[i].name;
	return NULL;
}

static bool allows_itself(const struct cdi_device *d)
{
	const char *text = cdi_device_annotation(d, CDI_AUTO_ALLOW);
	bool value = false;

	return text && parse_bool(text, &value) >= 0 && value;
}

static int add(struct resolving *g, const struct cdi_list *found, bool allowed, struct err *e)
{
	for (size_t i = 0; i < found->n; i++) {
		const struct cdi_device *d = found->items[i];

		if (!allowed && !cdi_list_has(&g->granted, d) && !allows_itself(d))
			return err_set(e, EPERM,
				       "device %s is requested by the build but not allowed: allow "
				       "it with --allow device=%s",
				       d->name, d->name);
		cdi_list_add(g->ret, d);
	}
	return 0;
}

/* How many were found. */
static int resolve(struct resolving *g, const struct run_device *wish, struct err *e)
{
	const char *name = meant_by(g->allow, wish->name);
	auto_(cdi_list) struct cdi_list found = { 0 };
	int r = cdi_devices_select(g->devices, name ? name : wish->name, &found, e);

	if (r == 0 && wish->required)
		r = cdi_devices_missing(g->devices, name ? name : wish->name, e);
	if (r <= 0)
		return r;
	r = add(g, &found, g->allow->all || name, e);
	return r < 0 ? r : (int)found.n;
}

int cdi_allow_resolve(const struct cdi_allow *allow, const struct cdi_devices *d,
		      const struct run_device *wishes, size_t n, cdi_missing_fn *missing, void *ctx,
		      struct cdi_list *ret, struct err *e)
{
	auto_(resolving) struct resolving g = { .allow = allow, .devices = d, .ret = ret };
	int r = grant(&g, e);

	for (size_t i = 0; i < n && r >= 0; i++) {
		r = resolve(&g, &wishes[i], e);
		if (r == 0)
			missing(ctx, wishes[i].name);
	}
	return r < 0 ? r : 0;
}
