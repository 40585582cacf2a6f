/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/systemd/message.h"

#include <errno.h>

#include "runtime/systemd/gvariant.h"

static int add_number(sd_bus_message *m, const struct gvariant *v)
{
	union {
		bool b;
		uint8_t y;
		int16_t n;
		uint16_t q;
		int32_t i;
		uint32_t u;
	} small = { 0 };

	switch (*v->type) {
	case 'y':
		small.y = (uint8_t)v->u;
		break;
	case 'n':
		small.n = (int16_t)v->i;
		break;
	case 'q':
		small.q = (uint16_t)v->u;
		break;
	case 'i':
		small.i = (int32_t)v->i;
		break;
	case 'u':
		small.u = (uint32_t)v->u;
		break;
	case 'x':
		return sd_bus_message_append_basic(m, 'x', &v->i);
	default:
		return sd_bus_message_append_basic(m, 't', &v->u);
	}
	return sd_bus_message_append_basic(m, *v->type, &small);
}

static int add_value(sd_bus_message *m, const struct gvariant *v);

/* The type of a container's content: what is inside "(...)" or after "a". */
static int open_container(sd_bus_message *m, const struct gvariant *v)
{
	bool tuple = v->kind == GVARIANT_TUPLE;
	size_t len = strlen(v->type);
	autofree char *inside = xstrndup(v->type + 1, tuple ? len - 2 : len - 1);

	return sd_bus_message_open_container(m, tuple ? 'r' : 'a', inside);
}

static int add_items(sd_bus_message *m, const struct gvariant *v)
{
	int r = open_container(m, v);

	for (size_t i = 0; r >= 0 && i < v->n; i++)
		r = add_value(m, &v->items[i]);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int add_value(sd_bus_message *m, const struct gvariant *v)
{
	int flag = v->b;

	switch (v->kind) {
	case GVARIANT_BOOL:
		return sd_bus_message_append_basic(m, 'b', &flag);
	case GVARIANT_INT:
		return add_number(m, v);
	case GVARIANT_REAL:
		return sd_bus_message_append_basic(m, 'd', &v->real);
	case GVARIANT_STRING:
		return sd_bus_message_append_basic(m, *v->type, v->text);
	case GVARIANT_ARRAY:
	case GVARIANT_TUPLE:
		return add_items(m, v);
	}
	return -EINVAL;
}

static int read_value(const struct property *p, struct arena *a, struct gvariant **ret,
		      struct err *e)
{
	int r = gvariant_parse(p->text, a, ret, e);

	return r < 0 ? err_wrap(e, r, "property '%s'", p->name) : 0;
}

static int not_added(const char *name, int r, struct err *e)
{
	return err_set(e, -r, "property '%s': %s", name, strerror(-r));
}

static int add_property(sd_bus_message *m, const struct property *p, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	struct gvariant *v = NULL;
	int r = read_value(p, &a, &v, e);

	if (r < 0)
		return r;
	r = sd_bus_message_open_container(m, 'r', "sv");
	if (r >= 0)
		r = sd_bus_message_append_basic(m, 's', p->name);
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'v', v->type);
	if (r >= 0)
		r = add_value(m, v);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? not_added(p->name, r, e) : 0;
}

int message_add_value_of(sd_bus_message *m, const struct request *req, const char *name,
			 struct err *e)
{
	auto_(arena) struct arena a = { 0 };

	for (size_t i = 0; i < req->n; i++) {
		struct gvariant *v = NULL;
		int r;

		if (!streq(req->v[i].name, name))
			continue;
		r = read_value(&req->v[i], &a, &v, e);
		if (r < 0)
			return r;
		r = add_value(m, v);
		return r < 0 ? not_added(name, r, e) : 0;
	}
	return err_set(e, EPROTO, "request: it has no property '%s'", name);
}

int message_add_properties(sd_bus_message *m, const struct request *req, bool all, struct err *e)
{
	int r = sd_bus_message_open_container(m, 'a', "(sv)");

	if (r < 0)
		return err_set(e, -r, "compose a message: %s", strerror(-r));
	for (size_t i = 0; i < req->n; i++) {
		if (req->v[i].optional && !all)
			continue;
		r = add_property(m, &req->v[i], e);
		if (r < 0)
			return r;
	}
	r = sd_bus_message_close_container(m);
	return r < 0 ? err_set(e, -r, "compose a message: %s", strerror(-r)) : 0;
}
