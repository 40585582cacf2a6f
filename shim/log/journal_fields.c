/* SPDX-License-Identifier: Apache-2.0 */
/* What a record of the journal says beside the text. */
#include <endian.h>
#include <errno.h>

#include "shim/log/journal.h"

/* Of CONTAINER_ID; the whole is in CONTAINER_ID_FULL. */
#define SHORT_ID_LEN 12

void journal_field(struct strbuf *out, const char *name, const char *value, size_t len)
{
	uint64_t size = htole64(len);

	strbuf_adds(out, name);
	if (memchr(value, '\n', len)) {
		strbuf_addc(out, '\n');
		strbuf_add(out, &size, sizeof(size));
	} else {
		strbuf_addc(out, '=');
	}
	strbuf_add(out, value, len);
	strbuf_addc(out, '\n');
}

static void add(struct strbuf *out, const char *name, const char *value)
{
	if (value)
		journal_field(out, name, value, strlen(value));
}

/* The journal drops fields of other names without a word. */
static bool is_field_name(const char *name, size_t len)
{
	if (len == 0 || len > 64 || name[0] == '_' || (name[0] >= '0' && name[0] <= '9'))
		return false;
	for (size_t i = 0; i < len; i++)
		if (name[i] != '_' && (name[i] < 'A' || name[i] > 'Z') &&
		    (name[i] < '0' || name[i] > '9'))
			return false;
	return true;
}

static int add_label(struct strbuf *out, const char *label, struct err *e)
{
	const char *sep = strchr(label, '=');
	autofree char *name = NULL;

	if (!sep || !is_field_name(label, (size_t)(sep - label)))
		return err_set(e, EINVAL,
			       "log label '%s': not LABEL=VALUE with a label of capital letters, "
			       "digits and underscores",
			       label);
	name = strndup(label, (size_t)(sep - label));
	if (!name)
		return err_set(e, ENOMEM, "log label '%s'", label);
	journal_field(out, name, sep + 1, strlen(sep + 1));
	return 0;
}

int journal_fixed_fields(struct strbuf *out, const struct journal_source *src, struct err *e)
{
	size_t short_len = strnlen(src->id, SHORT_ID_LEN);
	char short_id[SHORT_ID_LEN + 1] = { 0 };

	memcpy(short_id, src->id, short_len);
	add(out, "CONTAINER_ID", short_id);
	add(out, "CONTAINER_ID_FULL", src->id);
	add(out, "CONTAINER_NAME", src->name);
	add(out, "CONTAINER_TAG", src->tag);
	add(out, "SYSLOG_IDENTIFIER", src->tag ? src->tag : src->name ? src->name : short_id);
	for (char *const *label = src->labels; label && *label; label++) {
		int r = add_label(out, *label, e);

		if (r < 0)
			return r;
	}
	return strbuf_check(out, "fields for the journal", e);
}

size_t journal_priority(const char *text, size_t len, char *priority)
{
	if (len < 3 || text[0] != '<' || text[1] < '0' || text[1] > '7' || text[2] != '>')
		return 0;
	*priority = text[1];
	return 3;
}
