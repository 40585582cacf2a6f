/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/systemd/request.h"

#include <errno.h>

#include "libutil/parse.h"
#include "runtime/systemd/gvariant.h"
#include "runtime/systemd/unit.h"

#define GREETING "creel-systemd 1"
#define PROPERTY "property "
#define OPTIONAL "optional "

static const char *const verb_names[REQUEST_VERB_COUNT] = {
	[REQUEST_START] = "start",
	[REQUEST_SET] = "set",
	[REQUEST_ATTACH] = "attach",
	[REQUEST_STOP] = "stop",
};
static const char *const bus_names[REQUEST_BUS_COUNT] = {
	[REQUEST_SYSTEM] = "system",
	[REQUEST_USER] = "user",
};

bool property_name_ok(const char *name)
{
	size_t len = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

	return len >= 3 && name[len] == '\0';
}

void request_encode(const struct request *req, struct strbuf *out)
{
	strbuf_addf(out, GREETING "\n%s %s %u\nunit %s\n", verb_names[req->verb],
		    bus_names[req->bus], (unsigned)req->timeout_ms, req->unit);
	for (size_t i = 0; i < req->n; i++)
		strbuf_addf(out, "%s%s %s\n", req->v[i].optional ? OPTIONAL : PROPERTY,
			    req->v[i].name, req->v[i].text);
	strbuf_adds(out, "end\n");
}

/* Lines of the text, cut off one by one. */
struct lines {
	char *at;
	size_t number;
};

static char *next_line(struct lines *l)
{
	char *line = l->at, *end = strchr(line, '\n');

	if (!end)
		return NULL;
	*end = '\0';
	l->at = end + 1;
	l->number++;
	return line;
}

static int refuse(const struct lines *l, const char *what, struct err *e)
{
	return err_set(e, EPROTO, "request, line %zu: %s", l->number, what);
}

static int word_of(const char *const *words, size_t n, const char *text)
{
	for (size_t i = 0; text && i < n; i++)
		if (streq(words[i], text))
			return (int)i;
	return -EINVAL;
}

/* "start system 30000" */
static int decode_verb(struct lines *l, struct request *req, struct err *e)
{
	char *save = NULL, *line = next_line(l);
	const char *verb = line ? strtok_r(line, " ", &save) : NULL;
	const char *bus = verb ? strtok_r(NULL, " ", &save) : NULL;
	const char *wait = bus ? strtok_r(NULL, "", &save) : NULL;
	int v = word_of(verb_names, ARRAY_LEN(verb_names), verb);
	int b = word_of(bus_names, ARRAY_LEN(bus_names), bus);

	if (v < 0 || b < 0 || !wait || parse_u32(wait, &req->timeout_ms) < 0 ||
	    req->timeout_ms == 0 || req->timeout_ms > REQUEST_WAIT_MAX)
		return refuse(l, "not a verb, a bus and a time limit", e);
	req->verb = (enum request_verb)v;
	req->bus = (enum request_bus)b;
	return 0;
}

static int decode_unit(struct lines *l, struct request *req, struct err *e)
{
	char *line = next_line(l);

	if (!line || !starts_with(line, "unit ") || !unit_is_scope(line + strlen("unit ")))
		return refuse(l, "not the name of a scope", e);
	req->unit = line + strlen("unit ");
	return 0;
}

static int decode_property(struct lines *l, char *line, struct request *req, struct arena *a,
			   struct err *e)
{
	bool optional = starts_with(line, OPTIONAL);
	char *name = line + strlen(PROPERTY);
	char *text = NULL;

	_Static_assert(sizeof(PROPERTY) == sizeof(OPTIONAL), "both words are skipped alike");
	if (!optional && !starts_with(line, PROPERTY))
		return refuse(l, "not a property", e);
	text = strchr(name, ' ');

	if (!text)
		return refuse(l, "a property has a name and a value", e);
	*text++ = '\0';
	if (!property_name_ok(name) || *text == '\0')
		return refuse(l, "not the name of a property", e);
	if (req->n == REQUEST_PROPS)
		return refuse(l, "too many properties", e);
	if (!req->v)
		req->v = arena_alloc(a, REQUEST_PROPS, sizeof(*req->v));
	req->v[req->n++] = (struct property){ .name = name, .text = text, .optional = optional };
	return 0;
}

static int decode_properties(struct lines *l, struct request *req, struct arena *a, struct err *e)
{
	int r = 0;

	while (r == 0) {
		char *line = next_line(l);

		if (!line)
			return refuse(l, "cut short", e);
		if (streq(line, "end"))
			return *l->at == '\0' ? 0 : refuse(l, "more text after the end", e);
		r = decode_property(l, line, req, a, e);
	}
	return r;
}

int request_decode(const char *text, struct arena *a, struct request *ret, struct err *e)
{
	struct lines l = { .at = arena_strdup(a, text) };
	const char *first = next_line(&l);
	struct request req = { 0 };
	int r;

	if (!first || !streq(first, GREETING))
		return refuse(&l,
			      "not '" GREETING "': creel and its helper are of different versions",
			      e);
	r = decode_verb(&l, &req, e);
	if (r == 0)
		r = decode_unit(&l, &req, e);
	if (r == 0)
		r = decode_properties(&l, &req, a, e);
	if (r == 0)
		*ret = req;
	return r;
}

void answer_encode(const struct err *e, struct strbuf *out)
{
	if (e->code == 0)
		strbuf_adds(out, "ok\n");
	else
		strbuf_addf(out, "error %d %s\n", e->code, e->msg);
}

int answer_decode(const char *text, struct err *e)
{
	autofree char *copy = xstrdup(text);
	char *message = NULL;
	int code = 0;

	if (streq(text, "ok\n"))
		return 0;
	copy[strcspn(copy, "\n")] = '\0';
	if (starts_with(copy, "error "))
		message = strchr(copy + strlen("error "), ' ');
	if (message)
		*message++ = '\0';
	if (!message || parse_int(copy + strlen("error "), &code) < 0 || code <= 0 || code > 4095)
		return err_set(e, EPROTO, "it answered '%.200s'", copy);
	return err_set(e, code, "%s", message);
}
