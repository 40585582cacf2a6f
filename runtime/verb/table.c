/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/verb/table.h"

#define TABLE_COLUMNS 16
#define TABLE_GAP     3
/* With the gap, as runc: a short list does not move when a longer id comes. */
#define TABLE_MIN 12

void table_cell(struct strbuf *rows, const char *text, char end)
{
	strbuf_add_printable(rows, text, strlen(text), "");
	strbuf_addc(rows, end);
}

static void measure(const char *rows, size_t width[TABLE_COLUMNS])
{
	size_t column = 0;

	for (const char *at = rows; *at; at++) {
		size_t len = strcspn(at, "\t\n");

		if (len + TABLE_GAP > width[column])
			width[column] = len + TABLE_GAP;
		at += len;
		if (!*at)
			return;
		column = *at == '\n' ? 0 : column + (column + 1 < TABLE_COLUMNS);
	}
}

static void add_blanks(struct strbuf *out, size_t n)
{
	char *to = strbuf_reserve(out, n);

	if (!to)
		return;
	memset(to, ' ', n);
	strbuf_commit(out, n);
}

void table_align(const char *rows, struct strbuf *out)
{
	size_t width[TABLE_COLUMNS];
	size_t column = 0;

	for (size_t i = 0; i < TABLE_COLUMNS; i++)
		width[i] = TABLE_MIN;
	measure(rows, width);
	for (const char *at = rows; *at; at++) {
		size_t len = strcspn(at, "\t\n");

		strbuf_add(out, at, len);
		if (at[len] == '\t')
			add_blanks(out, width[column] - len);
		else
			strbuf_addc(out, '\n');
		at += len;
		if (!*at)
			return;
		column = *at == '\n' ? 0 : column + (column + 1 < TABLE_COLUMNS);
	}
}
