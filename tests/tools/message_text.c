/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/tools/message_text.h"

#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "libutil/file.h"
#include "shim/message/bootstrap.h"
#include "shim/message/events.h"
#include "shim/message/metrics_v2.h"
#include "shim/message/options.h"
#include "shim/message/task.h"

#define FILE_MAX ((size_t)8 << 20)

const struct pb_message *message_type(const char *name)
{
	static const struct {
		const char *name;
		const struct pb_message *type;
	} types[] = {
		{ MSG_METRICS_V1, &msg_metrics_v1_message },
		{ MSG_METRICS_V2, &msg_metrics_v2_message },
		{ MSG_PROCESS_DETAILS, &msg_process_details_message },
		{ MSG_RUNC_OPTIONS, &msg_runc_options_message },
		{ MSG_RUNTIME_OPTIONS, &msg_runtime_options_message },
		{ MSG_LINUX_OPTIONS, &msg_linux_options_message },
		{ MSG_CHECKPOINT_OPTIONS, &msg_checkpoint_options_message },
		{ "any", &msg_any_message },
		{ "bootstrap_params", &msg_bootstrap_params_message },
		{ "bootstrap_result", &msg_bootstrap_result_message },
		{ "runtime_info", &msg_runtime_info_message },
		{ "delete_reply", &msg_delete_reply_message },
	};

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (streq(types[i].name, name))
			return types[i].type;
	for (size_t i = 0; i < MSG_EVENT_COUNT; i++)
		if (streq(msg_event_kinds[i].type_url, name))
			return msg_event_kinds[i].message;
	return NULL;
}

/* ---- words to messages ---- */

static struct pb_bytes read_bytes(const char *text, struct arena *a)
{
	autofree char *content = NULL;
	size_t len = strlen(text);
	struct err e = { 0 };

	if (text[0] != '@')
		return (struct pb_bytes){ (const uint8_t *)arena_strdup(a, text), len };
	if (file_read_at(AT_FDCWD, text + 1, FILE_MAX, &content, &len, &e) < 0)
		errx(2, "%s", e.msg);
	return (struct pb_bytes){ (const uint8_t *)arena_strndup(a, content, len), len };
}

static struct pb_number read_number(const char *text)
{
	if (streq(text, "true"))
		return pb_set(1);
	if (streq(text, "false"))
		return pb_set(0);
	return pb_set(strtoll(text, NULL, 0));
}

static size_t size_of(const struct pb_field *f)
{
	static const size_t sizes[] = {
		[PB_STRING] = sizeof(char *),
		[PB_BYTES] = sizeof(struct pb_bytes),
		[PB_MESSAGE] = 0,
	};

	if (f->kind == PB_MESSAGE)
		return f->type->size;
	return sizes[f->kind] ? sizes[f->kind] : sizeof(struct pb_number);
}

/* The item that the digits at *path name; the list grows to have it. */
static void *list_item(const struct pb_field *f, struct pb_list *list, const char **path,
		       struct arena *a)
{
	char *rest;
	size_t i = strtoul(*path, &rest, 10);

	if (rest == *path || i > list->n)
		errx(2, "%s: '%s' is no place in the list", f->name, *path);
	if (i == list->n) {
		list->items = arena_grow(a, list->items, list->n, list->n + 1, size_of(f));
		list->n++;
	}
	*path = *rest == '.' ? rest + 1 : rest;
	return (char *)list->items + i * size_of(f);
}

static const struct pb_field *find_row(const struct pb_message *m, const char *path, size_t len)
{
	for (size_t i = 0; i < m->n_fields; i++)
		if (strlen(m->fields[i].name) == len && strncmp(m->fields[i].name, path, len) == 0)
			return &m->fields[i];
	errx(2, "%s has no field '%.*s'", m->name, (int)len, path);
}

/* `path` is "name.name=value". */
static void set(const struct pb_message *m, void *object, const char *path, struct arena *a)
{
	size_t len = strcspn(path, ".=");
	const struct pb_field *f = find_row(m, path, len);
	void *slot = (char *)object + f->offset;

	path += len + (path[len] == '.');
	if (f->bits & PB_REPEATED) {
		slot = list_item(f, slot, &path, a);
	} else if (f->kind == PB_MESSAGE) {
		void **inner = slot;

		if (!*inner)
			*inner = arena_alloc(a, 1, f->type->size);
		slot = *inner;
	}
	if (f->kind == PB_MESSAGE) {
		set(f->type, slot, path, a);
		return;
	}
	if (*path != '=')
		errx(2, "%s: no value", f->name);
	if (f->kind == PB_STRING)
		*(const char **)slot = arena_strdup(a, path + 1);
	else if (f->kind == PB_BYTES)
		*(struct pb_bytes *)slot = read_bytes(path + 1, a);
	else
		*(struct pb_number *)slot = read_number(path + 1);
}

void message_set(const struct pb_message *m, void *object, const char *word, struct arena *a)
{
	if (!strchr(word, '='))
		errx(2, "'%s' is no FIELD=VALUE", word);
	set(m, object, word, a);
}

/* ---- messages to lines ---- */

static void print_value(const struct pb_field *f, const void *slot, const char *name)
{
	const struct pb_bytes *b = slot;

	if (f->kind == PB_MESSAGE) {
		message_print(f->type, slot, name);
	} else if (f->kind == PB_STRING) {
		(void)printf("%s: %s\n", name, *(const char *const *)slot);
	} else if (f->kind == PB_BYTES) {
		(void)printf("%s:", name);
		for (size_t i = 0; i < b->len; i++)
			(void)printf(" %02x", b->data[i]);
		(void)printf("\n");
	} else {
		(void)printf("%s: %" PRId64 "\n", name, ((const struct pb_number *)slot)->v);
	}
}

static bool is_there(const struct pb_field *f, const void *slot)
{
	if (f->kind == PB_MESSAGE || f->kind == PB_STRING)
		return *(const void *const *)slot != NULL;
	if (f->kind == PB_BYTES)
		return ((const struct pb_bytes *)slot)->data != NULL;
	return ((const struct pb_number *)slot)->set;
}

static void print_field(const struct pb_field *f, const void *slot, const char *prefix)
{
	const struct pb_list *list = slot;

	if (!(f->bits & PB_REPEATED)) {
		autofree char *name = xasprintf("%s%s%s", prefix, *prefix ? "." : "", f->name);

		if (is_there(f, slot))
			print_value(f, f->kind == PB_MESSAGE ? *(const void *const *)slot : slot,
				    name);
		return;
	}
	for (size_t i = 0; i < list->n; i++) {
		autofree char *name =
			xasprintf("%s%s%s.%zu", prefix, *prefix ? "." : "", f->name, i);

		print_value(f, (const char *)list->items + i * size_of(f), name);
	}
}

static bool print_any(const struct msg_any *any, const char *prefix)
{
	const struct pb_message *m = message_type(msg_any_name(any));
	auto_(arena) struct arena a = { 0 };
	void *object;

	if (!m)
		return false;
	object = arena_alloc(&a, 1, m->size);
	if (any->value.len && pb_decode(m, any->value.data, any->value.len, &a, object, NULL) < 0)
		return false;
	(void)printf("%s.type_url: %s\n", prefix, any->type_url);
	message_print(m, object, prefix);
	return true;
}

void message_print(const struct pb_message *m, const void *object, const char *prefix)
{
	if (m == &msg_any_message && print_any(object, prefix))
		return;
	for (size_t i = 0; i < m->n_fields; i++)
		print_field(&m->fields[i], (const char *)object + m->fields[i].offset, prefix);
}
