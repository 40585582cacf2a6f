/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/verb/table.h"

#define TABLE_COLUMNS 16
#define TABLE_GAP     3
#define TABLE_MIN     12 /* so that a short list does not move when a longer id comes */

static void measure(const char *rows, size_t width[TABLE_COLUMNS])
{
	size_t column = 0;

	for (const char *at = rows; *at; at++) {
		size_t len = strcspn(at, "\t\n");

		if (len > width[column])
			width[column] = len;
		at += len;
		if (!*at)
			return;
		column = *at == '\n' ? 0 : column + (column + 1 < TABLE_COLUMNS);
	}
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

		if (at[len] == '\t')
			strbuf_addf(out, "%-*.*s", (int)(width[column] + TABLE_GAP), (int)len, at);
		else
			strbuf_addf(out, "%.*s\n", (int)len, at);
		at += len;
		if (!*at)
			return;
		column = *at == '\n' ? 0 : column + (column + 1 < TABLE_COLUMNS);
	}
}
