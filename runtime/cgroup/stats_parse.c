/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's files are short and regular, but their number of lines is the
 * host's: lists have a limit, and whatever does not fit the kind is refused.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "libutil/parse.h"
#include "runtime/cgroup/stats.h"

/* Longest word that can be a number or a key. */
#define WORD_SIZE 128

/* The next word up to one of `stops`, copied; false at the end of the text. */
static bool next_word(const char **at, const char *stops, char word[WORD_SIZE])
{
	const char *start = *at + strspn(*at, stops);
	size_t len = strcspn(start, stops);

	if (len == 0)
		return false;
	*at = start + len;
	if (len >= WORD_SIZE)
		len = WORD_SIZE - 1;
	memcpy(word, start, len);
	word[len] = '\0';
	return true;
}

static int number(const char *word, uint64_t *ret)
{
	if (streq(word, "max")) {
		*ret = UINT64_MAX;
		return 0;
	}
	return parse_u64(word, ret) < 0 ? -EBADMSG : 0;
}

static int scaled(const char *word, uint64_t scale, uint64_t *ret)
{
	uint64_t v;
	int r = number(word, &v);

	if (r < 0)
		return r;
	if (scale > 1 && v > UINT64_MAX / scale)
		return -EBADMSG;
	*ret = v * (scale ? scale : 1);
	return 0;
}

static int add_number(struct stats *s, struct stats_list *list, uint64_t v)
{
	if (list->n == STATS_MAX_NUMBERS)
		return -EBADMSG;
	/* A power of two is full. */
	if ((list->n & (list->n - 1)) == 0)
		list->v = arena_grow(&s->arena, list->v, list->n, list->n ? list->n * 2 : 1,
				     sizeof(*list->v));
	list->v[list->n++] = v;
	return 0;
}

static int parse_number(const struct stat_row *row, const char *text, uint64_t *ret)
{
	char word[WORD_SIZE];

	if (!next_word(&text, " \n", word))
		return -EBADMSG;
	return scaled(word, row->scale, ret);
}

static int parse_signed(const char *text, int64_t *ret)
{
	char word[WORD_SIZE];

	if (!next_word(&text, " \n", word) || parse_i64(word, ret) < 0)
		return -EBADMSG;
	return 0;
}

/* One line "key value"; 0 at the end, 1 for a line. */
static int next_pair(const char **at, char key[WORD_SIZE], char value[WORD_SIZE])
{
	if (!next_word(at, " \n", key))
		return 0;
	return next_word(at, " \n", value) ? 1 : -EBADMSG;
}

static int parse_key(const struct stat_row *row, const char *text, uint64_t *ret)
{
	char key[WORD_SIZE], value[WORD_SIZE];
	int r;

	while ((r = next_pair(&text, key, value)) > 0)
		if (streq(key, row->key))
			return scaled(value, row->scale, ret);
	/* An older kernel counts less. */
	return r;
}

static int parse_all_keys(struct stats *s, const char *text, struct stats_raw *ret)
{
	char key[WORD_SIZE], value[WORD_SIZE];
	struct stats_raw raw = { 0 };
	int r;

	while ((r = next_pair(&text, key, value)) > 0) {
		uint64_t v;

		if (number(value, &v) < 0 || raw.n == STATS_MAX_NUMBERS)
			return -EBADMSG;
		if ((raw.n & (raw.n - 1)) == 0)
			raw.v = arena_grow(&s->arena, raw.v, raw.n, raw.n ? raw.n * 2 : 1,
					   sizeof(*raw.v));
		raw.v[raw.n++] = (struct stats_named){ arena_strdup(&s->arena, key), v };
	}
	if (r == 0)
		*ret = raw;
	return r;
}

static int parse_list(struct stats *s, const char *text, struct stats_list *ret)
{
	struct stats_list list = { 0 };
	char word[WORD_SIZE];
	uint64_t v;

	while (next_word(&text, " \n", word))
		if (number(word, &v) < 0 || add_number(s, &list, v) < 0)
			return -EBADMSG;
	*ret = list;
	return 0;
}

/* Which word of the first line is `key`; -EBADMSG when none is. */
static int find_column(const char **at, const char *key)
{
	size_t len = strcspn(*at, "\n");
	const char *end = *at + len;
	char word[WORD_SIZE];
	int found = -EBADMSG;

	for (int column = 0; *at < end && next_word(at, " \n", word); column++)
		if (streq(word, key) && found < 0)
			found = column;
	*at = end;
	return found;
}

static int parse_column(struct stats *s, const struct stat_row *row, const char *text,
			struct stats_list *ret)
{
	struct stats_list list = { 0 };
	int column = find_column(&text, row->key);

	if (column < 0)
		return column;
	while (*text == '\n' && text[1]) {
		size_t len = strcspn(++text, "\n");
		autofree char *line = strndup(text, len);
		const char *at = line ? line : "";
		char word[WORD_SIZE] = "";
		uint64_t v;

		for (int i = 0; i <= column; i++)
			if (!next_word(&at, " ", word))
				return -EBADMSG;
		if (number(word, &v) < 0 || add_number(s, &list, v) < 0)
			return -EBADMSG;
		text += len;
	}
	*ret = list;
	return 0;
}

static int add_range(struct stats *s, struct stats_list *list, char *word)
{
	char *dash = strchr(word, '-');
	uint64_t from, to;

	if (dash)
		*dash++ = '\0';
	if (parse_u64(word, &from) < 0 || parse_u64(dash ? dash : word, &to) < 0 || to < from ||
	    to - from >= STATS_MAX_NUMBERS)
		return -EBADMSG;
	for (uint64_t v = from; v <= to; v++)
		if (add_number(s, list, v) < 0)
			return -EBADMSG;
	return 0;
}

static int parse_ranges(struct stats *s, const char *text, struct stats_list *ret)
{
	struct stats_list list = { 0 };
	char word[WORD_SIZE];

	while (next_word(&text, ",\n", word))
		if (add_range(s, &list, word) < 0)
			return -EBADMSG;
	*ret = list;
	return 0;
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0"; averages are per cent. */
static int parse_psi(const char *text, struct stats_psi *ret)
{
	struct stats_psi psi = { .set = true };

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		struct stats_pressure p = { 0 };
		char kind[8] = "";

		if (sscanf(text, "%7s avg10=%lf avg60=%lf avg300=%lf total=%" SCNu64, kind,
			   &p.avg10, &p.avg60, &p.avg300, &p.total) != 5)
			return -EBADMSG;
		if (streq(kind, "some"))
			psi.some = p;
		else if (streq(kind, "full"))
			psi.full = p;
	}
	*ret = psi;
	return 0;
}

static int add_io(struct stats *s, struct stats_io *table, const struct stats_io_entry *entry)
{
	if (table->n == STATS_MAX_NUMBERS)
		return -EBADMSG;
	if ((table->n & (table->n - 1)) == 0)
		table->v = arena_grow(&s->arena, table->v, table->n, table->n ? table->n * 2 : 1,
				      sizeof(*table->v));
	table->v[table->n++] = *entry;
	return 0;
}

static int parse_device(char *word, struct stats_io_entry *ret)
{
	char *colon = strchr(word, ':');

	if (!colon)
		return -EBADMSG;
	*colon++ = '\0';
	return parse_u64(word, &ret->major) < 0 || parse_u64(colon, &ret->minor) < 0 ? -EBADMSG : 0;
}

/* "8:0 Read 4096" or, of counters without directions, "8:0 4096"; the sum of all, "Total 4096", is
 * left out. */
static int io_line(struct stats *s, const char *line, struct stats_io *table)
{
	struct stats_io_entry entry = { .op = "" };
	char device[WORD_SIZE], op[WORD_SIZE], value[WORD_SIZE];

	if (!next_word(&line, " ", device) || !next_word(&line, " ", op))
		return -EBADMSG;
	if (streq(device, "Total"))
		return 0;
	if (parse_device(device, &entry) < 0)
		return -EBADMSG;
	if (!next_word(&line, " ", value))
		return parse_u64(op, &entry.value) < 0 ? -EBADMSG : add_io(s, table, &entry);
	entry.op = arena_strdup(&s->arena, op);
	return parse_u64(value, &entry.value) < 0 ? -EBADMSG : add_io(s, table, &entry);
}

/* The words of io.stat that v1 has too, under its names; others are left out. */
static const struct {
	const char *word;
	enum stats_io_table table;
	const char *op;
} io_words[] = {
	{ "rbytes", STATS_IO_BYTES, "Read" },
	{ "wbytes", STATS_IO_BYTES, "Write" },
	{ "rios", STATS_IO_SERVICED, "Read" },
	{ "wios", STATS_IO_SERVICED, "Write" },
};

static int io_v2_word(struct stats *s, char *word, const struct stats_io_entry *device,
		      struct stats_io *tables)
{
	char *equals = strchr(word, '=');
	struct stats_io_entry entry = *device;

	if (!equals)
		return 0;
	*equals++ = '\0';
	for (size_t i = 0; i < ARRAY_LEN(io_words); i++) {
		if (!streq(word, io_words[i].word))
			continue;
		entry.op = io_words[i].op;
		return parse_u64(equals, &entry.value) < 0
			       ? -EBADMSG
			       : add_io(s, &tables[io_words[i].table], &entry);
	}
	return 0;
}

static int io_v2_line(struct stats *s, const char *line, struct stats_io *tables)
{
	struct stats_io_entry device = { 0 };
	char word[WORD_SIZE];

	/* A device that did nothing yet has a line of its name alone, or none at all. */
	if (!next_word(&line, " ", word) || !strchr(word, ':'))
		return 0;
	if (parse_device(word, &device) < 0)
		return -EBADMSG;
	while (next_word(&line, " ", word))
		if (io_v2_word(s, word, &device, tables) < 0)
			return -EBADMSG;
	return 0;
}

static int parse_io(struct stats *s, const char *text, struct stats_io *target,
		    int (*line_fn)(struct stats *, const char *, struct stats_io *))
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		autofree char *line = strndup(text, len);

		if (len > 0 && line && line_fn(s, line, target) < 0)
			return -EBADMSG;
		text += len + (text[len] == '\n');
	}
	return 0;
}

int stats_parse(struct stats *s, const struct stat_row *row, const char *text)
{
	void *member = (char *)s + row->offset;

	switch (row->kind) {
	case STAT_NUMBER:
		return parse_number(row, text, member);
	case STAT_SIGNED:
		return parse_signed(text, member);
	case STAT_KEY:
		return parse_key(row, text, member);
	case STAT_ALL_KEYS:
		return parse_all_keys(s, text, member);
	case STAT_LIST:
		return parse_list(s, text, member);
	case STAT_COLUMN:
		return parse_column(s, row, text, member);
	case STAT_RANGES:
		return parse_ranges(s, text, member);
	case STAT_PSI:
		return parse_psi(text, member);
	case STAT_IO:
		return ((struct stats_io *)member)->n ? 0 : parse_io(s, text, member, io_line);
	case STAT_IO_V2:
		return parse_io(s, text, member, io_v2_line);
	}
	return -EBADMSG;
}
