/* SPDX-License-Identifier: Apache-2.0 */
/* An image's history, in the words BuildKit has for it: Go prints lists as "[a b]", quoted texts as
 * its source code would have them, and durations as "1m30s". */
#include <errno.h>

#include "imagetool/graph/internal.h"
#include "libutil/utf8.h"

#define COMMENT "buildkit.dockerfile.v0"

void history_take(struct platform_build *pb, struct stage_build *s,
		  const struct image_history *entry, size_t vertex)
{
	struct history *h = arena_alloc(pb->b->arena, 1, sizeof(*h));

	*h = (struct history){ .before = s->history, .entry = *entry, .vertex = vertex };
	s->history = h;
	s->n_history++;
}

int history_add(struct platform_build *pb, struct stage_build *s, const struct strbuf *text,
		size_t vertex, struct err *e)
{
	const struct image_history entry = {
		.created_by = arena_strndup(pb->b->arena, strbuf_str(text), text->len),
		.comment = COMMENT,
		.empty_layer = { .set = vertex == NO_VERTEX, .v = vertex == NO_VERTEX },
	};

	history_take(pb, s, &entry, vertex);
	return strbuf_check(text, "an entry of the history", e);
}

/* ---- Go's way to write things ---- */

static void quote_byte(struct strbuf *out, unsigned char c)
{
	static const char names[] = "abtnvfr"; /* of 7 to 13 */

	if (c == '"' || c == '\\')
		strbuf_addf(out, "\\%c", c);
	else if (c >= 7 && c <= 13)
		strbuf_addf(out, "\\%c", names[c - 7]);
	else if (c < ' ' || c >= 0x7f)
		strbuf_addf(out, "\\x%02x", c);
	else
		strbuf_addc(out, (char)c);
}

void quote_go(struct strbuf *out, const char *text)
{
	size_t len = strlen(text);

	strbuf_addc(out, '"');
	while (len > 0) {
		size_t n = utf8_length(text, len);

		/* U+0080 to U+00A0 and U+00AD can't be seen. */
		if (n == 2 && (unsigned char)text[0] == 0xc2 &&
		    ((unsigned char)text[1] <= 0xa0 || (unsigned char)text[1] == 0xad))
			strbuf_addf(out, "\\u00%02x", (unsigned char)text[1]);
		else if (n > 1)
			strbuf_add(out, text, n);
		else
			quote_byte(out, (unsigned char)*text);
		n = n ? n : 1;
		text += n;
		len -= n;
	}
	strbuf_addc(out, '"');
}

static void add_fraction(struct strbuf *out, int64_t n, int64_t unit)
{
	strbuf_addf(out, "%lld", (long long)(n / unit));
	n %= unit;
	if (n > 0)
		strbuf_addc(out, '.');
	while (n > 0) {
		unit /= 10;
		strbuf_addc(out, (char)('0' + n / unit));
		n %= unit;
	}
}

#define MICROSECOND INT64_C(1000)
#define MILLISECOND (1000 * MICROSECOND)
#define SECOND      (1000 * MILLISECOND)

void duration_go(struct strbuf *out, int64_t n)
{
	int64_t minutes = n / SECOND / 60;

	if (n == 0) {
		strbuf_adds(out, "0s");
	} else if (n < MICROSECOND) {
		strbuf_addf(out, "%lldns", (long long)n);
	} else if (n < MILLISECOND) {
		add_fraction(out, n, MICROSECOND);
		strbuf_adds(out, "µs");
	} else if (n < SECOND) {
		add_fraction(out, n, MILLISECOND);
		strbuf_adds(out, "ms");
	} else {
		if (minutes >= 60)
			strbuf_addf(out, "%lldh", (long long)(minutes / 60));
		if (minutes > 0)
			strbuf_addf(out, "%lldm", (long long)(minutes % 60));
		add_fraction(out, n % (60 * SECOND), SECOND);
		strbuf_addc(out, 's');
	}
}

static void add_list(struct strbuf *out, const char *const *items, size_t n, bool quoted)
{
	strbuf_addc(out, '[');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			strbuf_addc(out, ' ');
		if (quoted)
			quote_go(out, items[i]);
		else
			strbuf_adds(out, items[i]);
	}
	strbuf_addc(out, ']');
}

/* ---- Instructions ---- */

static void add_duration(struct strbuf *out, const char *name, struct opt_i64 d)
{
	strbuf_addf(out, " %s:", name);
	duration_go(out, d.set ? d.v : 0);
}

static void add_health(struct strbuf *out, const struct image_healthcheck *h)
{
	strbuf_adds(out, "{Test:");
	add_list(out, h->test.items, h->test.n, false);
	add_duration(out, "Interval", h->interval);
	add_duration(out, "Timeout", h->timeout);
	add_duration(out, "StartPeriod", h->start_period);
	add_duration(out, "StartInterval", h->start_interval);
	strbuf_addf(out, " Retries:%lld}", (long long)(h->retries.set ? h->retries.v : 0));
}

static void add_pairs(struct strbuf *out, const struct instruction *i)
{
	for (size_t n = 0; n < i->n_pairs; n++)
		strbuf_addf(out, "%s%s=%s", n ? " " : "", i->pairs[n].name, i->pairs[n].value);
}

int history_config(struct platform_build *pb, struct stage_build *s, const struct instruction *i,
		   struct err *e)
{
	const struct image_run_config *run = s->config.config;
	auto_(strbuf) struct strbuf out = { .max = HISTORY_MAX };

	strbuf_addf(&out, "%s ", instruction_name(i->kind));
	switch (i->kind) {
	case INSTRUCTION_CMD:
		add_list(&out, run->cmd.items, run->cmd.n, true);
		break;
	case INSTRUCTION_ENTRYPOINT:
		add_list(&out, run->entrypoint.items, run->entrypoint.n, true);
		break;
	case INSTRUCTION_SHELL:
		add_list(&out, run->shell.items, run->shell.n, false);
		break;
	case INSTRUCTION_VOLUME:
	case INSTRUCTION_EXPOSE:
		add_list(&out, i->words, i->n_words, false);
		break;
	case INSTRUCTION_HEALTHCHECK:
		add_health(&out, run->healthcheck);
		break;
	case INSTRUCTION_ENV:
	case INSTRUCTION_LABEL:
		add_pairs(&out, i);
		break;
	default:
		strbuf_adds(&out, i->text);
	}
	return history_add(pb, s, &out, NO_VERTEX, e);
}
