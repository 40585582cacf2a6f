/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "oci-spec/decode_frame.h"

const char *clip_text(char buf[CLIP_SIZE], const char *s, size_t len)
{
	const size_t max = CLIP_SIZE - sizeof("...");
	size_t n = len;

	if (n > max) {
		n = max;
		/* Never cut inside a UTF-8 sequence: continuation bytes are 10xxxxxx. */
		while (n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80)
			n--;
	}
	for (size_t i = 0; i < n; i++)
		buf[i] = (unsigned char)s[i] < 0x20 || s[i] == 0x7f ? '?' : s[i];
	memcpy(buf + n, n < len ? "..." : "", n < len ? sizeof("...") : 1);
	return buf;
}

/* A name that reads well after a dot. */
static bool is_plain_name(const char *s)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

	return *s && s[strspn(s, plain)] == '\0';
}

static void add_name(struct strbuf *out, const char *name)
{
	char clipped[CLIP_SIZE];
	const char *text = clip_text(clipped, name, strlen(name));

	if (is_plain_name(text))
		strbuf_addf(out, "%s%s", out->len ? "." : "", text);
	else
		strbuf_addf(out, "[\"%s\"]", text);
}

void decoder_path(const struct decoder *d, struct strbuf *out)
{
	for (size_t i = 0; i < d->depth; i++) {
		const struct frame *f = &d->frames[i];

		if (f->kind == FRAME_LIST || f->kind == FRAME_SKIP_LIST) {
			if (f->index != NO_INDEX)
				strbuf_addf(out, "[%zu]", f->index);
		} else if (f->key) {
			add_name(out, f->key);
		}
	}
}

int decoder_fault(const struct decoder *d, struct err *e, enum decode_fault kind, const char *fmt,
		  ...)
{
	auto_(strbuf) struct strbuf path = { 0 };
	char reason[256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	if (!d->opts || !d->opts->fault)
		return decoder_fail(d, e, "%s", reason);
	decoder_path(d, &path);
	d->opts->fault(d->opts->ctx, kind, strbuf_str(&path), reason);
	return 1;
}

int decoder_fail(const struct decoder *d, struct err *e, const char *fmt, ...)
{
	auto_(strbuf) struct strbuf path = { 0 };
	struct err reason = { 0 };
	va_list ap;

	decoder_path(d, &path);
	va_start(ap, fmt);
	(void)vsnprintf(reason.msg, sizeof(reason.msg), fmt, ap);
	va_end(ap);
	return err_set(e, EINVAL, "%s: %s%s%s", d->name, strbuf_str(&path), path.len ? ": " : "",
		       reason.msg);
}
