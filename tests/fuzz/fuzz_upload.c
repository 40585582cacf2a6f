/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is read on the way up: header lines of an answer (Range, Link), the memory of an
 * upload, the list of referrers in a tag, names of files.  Bounds hold, and what was
 * changed once is as wanted the second time.
 */
#include <stdint.h>
#include <stdlib.h>

#include "imagetool/push/artifact.h"
#include "imagetool/registry/http_header.h"
#include "imagetool/registry/referrers_tag.h"
#include "imagetool/registry/upload_internal.h"
#include "imagetool/registry/url.h"
#include "libutil/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_headers(const char *p, size_t size)
{
	struct http_answer answer = { 0 };
	autofree char *link = NULL;
	int64_t arrived;

	while (size > 0) {
		const char *end = memchr(p, '\n', size);
		size_t len = end ? (size_t)(end - p) + 1 : size;

		http_header_line(&answer, p, len);
		p += len;
		size -= len;
	}
	if (upload_range(answer.range, &arrived) == 0 && arrived < 0)
		abort();
	link = http_link_next(&answer.links);
	if (link && (!link[0] || strchr(link, '>')))
		abort();
	http_header_reset(&answer);
}

static void check_session(const char *text, size_t size)
{
	autofree char *location = NULL;
	auto_(strbuf) struct strbuf again = { 0 };
	autofree char *second = NULL;
	struct url url;

	if (upload_session_decode(text, size, "key", &location, NULL) < 0)
		return;
	if (url_parse(location, &url, NULL) < 0)
		abort();
	upload_session_encode("key", location, &again);
	if (upload_session_decode(again.data, again.len, "key", &second, NULL) < 0 ||
	    !streq(location, second))
		abort();
}

static void check_referrers(const char *text, size_t size)
{
	static const struct referrer mine = { .media_type = "m/t", .digest = "sha256:me" };
	auto_(strbuf) struct strbuf first = { 0 }, second = { 0 }, third = { 0 };

	if (referrers_index_edit(text, size, &mine, NULL, &first, NULL) < 0)
		return;
	if (referrers_index_edit(first.data, first.len, &mine, NULL, &second, NULL) != 0 ||
	    !streq(first.data, second.data))
		abort();
	if (referrers_index_edit(first.data, first.len, NULL, mine.digest, &third, NULL) != 1)
		abort();
}

static void check_title(const char *text)
{
	autofree char *title = artifact_title(text);

	if (artifact_title_is_safe(title) && (title[0] == '/' || strstr(title, "/../")))
		abort();
	(void)artifact_is_type(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = xstrndup((const char *)data, size);

	check_headers((const char *)data, size);
	check_session((const char *)data, size);
	check_referrers((const char *)data, size);
	check_title(text);
	return 0;
}
