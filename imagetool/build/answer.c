/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/build/answer.h"

#include <errno.h>
#include <stdio.h>
#include <strings.h>

#include "libutil/file.h"

/* ---- Words the answers share ---- */

/* The last line of the comment that begins with the name. */
const char *answer_description(const char *comment, const char *name, struct arena *a)
{
	size_t len = strlen(name);
	const char *found = "";

	if (!len)
		return found;
	for (const char *line = comment; line && *line;) {
		const char *end = strchr(line, '\n');
		const char *text = line + strspn(line, " \t");
		size_t n = end ? (size_t)(end - text) : strlen(text);

		if (n > len && strncasecmp(text, name, len) == 0 && text[len] == ' ')
			found = arena_strndup(a, text + len + 1, n - len - 1);
		line = end ? end + 1 : NULL;
	}
	return found;
}

/* ---- Which stages there are ---- */

static const char *build_arg(void *ctx, const char *name)
{
	const struct build *b = ctx;

	for (size_t i = b->values.n_args; i > 0; i--)
		if (streq(b->values.args[i - 1].name, name))
			return b->values.args[i - 1].value;
	return NULL;
}

/* For names of bases in a listing this machine is as good as any. */
const char *answer_platform_arg(struct build *b, const char *name)
{
	struct platform p;
	char text[PLATFORM_TEXT_SIZE];
	const char *what = starts_with(name, "TARGET")  ? name + strlen("TARGET")
			   : starts_with(name, "BUILD") ? name + strlen("BUILD")
							: "";

	platform_host(&p);
	p.variant[0] = '\0';
	if (streq(what, "PLATFORM"))
		return arena_strdup(&b->arena, platform_text(&p, text));
	if (streq(what, "OS"))
		return arena_strdup(&b->arena, p.os);
	if (streq(what, "ARCH"))
		return arena_strdup(&b->arena, p.arch);
	return streq(what, "VARIANT") ? "" : NULL;
}

static const char *platform_arg(void *ctx, const char *name)
{
	return answer_platform_arg(ctx, name);
}

static int plan_stages(struct build *b, struct stages *ret, struct err *e)
{
	struct stages_input in = { .build_arg = build_arg, .platform_arg = platform_arg, .ctx = b };
	int r = stages_plan(&b->file, &in, &b->arena, ret, e);

	if (r < 0)
		b->failed_first_line = b->failed_last_line = ret->failed_line;
	return r;
}

/* ---- All of them ---- */

static int describe(struct build *b, struct strbuf *out, struct err *e)
{
	struct stages stages = { 0 };
	int r = plan_stages(b, &stages, e);

	if (r < 0)
		return r;
	return b->opts->call == BUILD_CALL_TARGETS ? answer_targets(b, &stages, out, e)
						   : answer_outline(b, &stages, out, e);
}

/* What cannot be read at all is a failure of its own; what cannot be built is a finding. */
static int check(struct build *b, struct strbuf *out, struct err *e)
{
	struct err failed = { 0 };
	int r = build_make_graph(b, &failed);

	if (r < 0 && !b->failed_first_line)
		return err_take(e, &failed);
	return answer_check(b, r < 0 ? &failed : NULL, out);
}

int build_answer(struct build *b, struct err *e)
{
	auto_(strbuf) struct strbuf out = { .max = 4 * DOCKERFILE_MAX };
	int r = build_read(b, e), written;

	if (r >= 0)
		r = b->opts->call == BUILD_CALL_CHECK ? check(b, &out, e) : describe(b, &out, e);
	progress_close(b->progress);
	if (r < 0) {
		build_print_place(b);
		return r;
	}
	(void)fflush(stdout);
	written = file_write_all(STDOUT_FILENO, strbuf_str(&out), out.len, e);
	return written < 0 ? written : r;
}
