/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts of the systemd driver.  A value of an annotation (gvariant.h) that was understood has a
 * complete type and no control characters; a request that was understood is understood again when
 * it is written out.
 */
#include <stdint.h>
#include <stdlib.h>

#include "libutil/path.h"
#include "runtime/systemd/gvariant_type.h"
#include "runtime/systemd/request.h"
#include "runtime/systemd/unit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_value(const struct gvariant *v)
{
	const char *end = gvariant_type_end(v->type);

	if (!end || *end != '\0')
		abort();
	if (v->kind == GVARIANT_STRING && strpbrk(v->text, "\n\r\t\x1b\x7f"))
		abort();
	for (size_t i = 0; i < v->n; i++)
		check_value(&v->items[i]);
}

static void check_request(const struct request *req)
{
	auto_(arena) struct arena a = { 0 };
	auto_(strbuf) struct strbuf out = { 0 };
	struct request again = { 0 };

	if (!unit_is_scope(req->unit))
		abort();
	request_encode(req, &out);
	if (request_decode(strbuf_str(&out), &a, &again, NULL) < 0 || again.n != req->n ||
	    again.verb != req->verb || again.bus != req->bus ||
	    again.timeout_ms != req->timeout_ms || !streq(again.unit, req->unit))
		abort();
	for (size_t i = 0; i < req->n; i++)
		if (!streq(req->v[i].name, again.v[i].name) ||
		    !streq(req->v[i].text, again.v[i].text) ||
		    req->v[i].optional != again.v[i].optional)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_(arena) struct arena a = { 0 };
	const char *text = arena_strndup(&a, (const char *)data, size);
	struct unit_place place;
	struct gvariant *v = NULL;
	struct request req = { 0 };
	autofree char *path = NULL;

	if (gvariant_parse(text, &a, &v, NULL) == 0)
		check_value(v);
	if (request_decode(text, &a, &req, NULL) == 0)
		check_request(&req);
	(void)answer_decode(text, NULL);
	if (unit_place(text, "id", "system.slice", &a, &place, NULL) == 0) {
		path = unit_slice_path(place.slice);
		if (!path || path_has_dotdot(path) || !unit_is_scope(place.scope))
			abort();
	}
	return 0;
}
