/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/dockerfile/dockerfile.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "libutil/strbuf.h"

struct parsed {
	struct arena arena;
	struct dockerfile file;
};

static void parsed_done(struct parsed *p)
{
	arena_done(&p->arena);
}
AUTO_DEFINE_DONE(parsed, parsed_done)

static void parse(struct parsed *p, const char *text)
{
	struct err e = { 0 };

	if (dockerfile_parse(text, strlen(text), &p->arena, &p->file, &e) < 0)
		fail_msg("'%s': %s", text, e.msg);
}

/* One instruction in one line: flags, then words or pairs, then here-documents. */
static void describe(const struct instruction *i, struct strbuf *out)
{
	strbuf_addf(out, "%u-%u %s", i->first_line, i->last_line, instruction_name(i->kind));
	for (size_t n = 0; n < i->n_flags; n++)
		strbuf_addf(out, " --%s%s%s", i->flags[n].name, i->flags[n].value ? "=" : "",
			    i->flags[n].value ? i->flags[n].value : "");
	if (i->json)
		strbuf_adds(out, " json");
	for (size_t n = 0; n < i->n_words; n++)
		strbuf_addf(out, " [%s]", i->words[n]);
	if (i->legacy_pair)
		strbuf_adds(out, " legacy");
	for (size_t n = 0; n < i->n_pairs; n++)
		strbuf_addf(out, " {%s|%s}", i->pairs[n].name,
			    i->pairs[n].value ? i->pairs[n].value : "(none)");
	for (size_t n = 0; n < i->n_heredocs; n++)
		strbuf_addf(out, " <%s%s:%s>", i->heredocs[n].expand ? "$" : "",
			    i->heredocs[n].name, i->heredocs[n].content);
	if (i->trigger) {
		strbuf_adds(out, " -> ");
		describe(i->trigger, out);
	}
}

static void each_instruction_becomes_flags_words_pairs_and_heredocs(void **state UNUSED)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "FROM a AS b", "1-1 FROM [a] [AS] [b]" },
		{ "from  --platform=linux/arm64  a", "1-1 FROM --platform=linux/arm64 [a]" },
		{ "\xef\xbb\xbf"
		  "FROM a\r\n",
		  "1-1 FROM [a]" },
		{ "RUN echo  a   b ", "1-1 RUN [echo  a   b]" },
		{ "RUN [\"a\", \"b c\"]", "1-1 RUN json [a] [b c]" },
		{ "RUN [ a ]", "1-1 RUN [[ a ]]" },
		{ "RUN ['a']", "1-1 RUN [['a']]" },
		{ "CMD []", "1-1 CMD json" },
		{ "CMD", "1-1 CMD" },
		{ "SHELL [\"/bin/bash\", \"-c\"]", "1-1 SHELL json [/bin/bash] [-c]" },
		{ "RUN a \\\n  && b", "1-2 RUN [a   && b]" },
		{ "RUN a \\  \n b", "1-2 RUN [a  b]" },
		{ "RUN a \\\n# comment\n\n b", "1-4 RUN [a  b]" },
		{ "RUN a \\\\\nRUN b", "1-1 RUN [a \\\\]" },
		{ "RUN a \\", "1-1 RUN [a]" },
		{ "  \\\n  RUN a", "1-2 RUN [a]" },
		{ "# escape=`\nRUN a `\n b\\", "2-3 RUN [a  b\\]" },
		{ "ENV a=b c=\"d e\" f=g\\ h", "1-1 ENV {a|b} {c|\"d e\"} {f|g\\ h}" },
		{ "ENV a b  c=d", "1-1 ENV legacy {a|b  c=d}" },
		{ "ENV a=", "1-1 ENV {a|}" },
		{ "LABEL \"a b\"='c'", "1-1 LABEL {\"a b\"|'c'}" },
		{ "ARG a b=c d=", "1-1 ARG {a|(none)} {b|c} {d|}" },
		{ "EXPOSE 80 81/udp $P", "1-1 EXPOSE [80] [81/udp] [$P]" },
		{ "VOLUME /a /b", "1-1 VOLUME [/a] [/b]" },
		{ "VOLUME [\"/a b\"]", "1-1 VOLUME json [/a b]" },
		{ "WORKDIR /a b", "1-1 WORKDIR [/a b]" },
		{ "COPY --from=x --chown=1:2 a b /c/",
		  "1-1 COPY --from=x --chown=1:2 [a] [b] [/c/]" },
		{ "COPY --link --parents=false a b", "1-1 COPY --link --parents=false [a] [b]" },
		{ "COPY --exclude=a --exclude='b c' d e",
		  "1-1 COPY --exclude=a --exclude=b c [d] [e]" },
		{ "RUN --mount=type=cache,target=\"/a b\" -- --x",
		  "1-1 RUN --mount=type=cache,target=/a b [--x]" },
		{ "HEALTHCHECK none", "1-1 HEALTHCHECK [NONE]" },
		{ "HEALTHCHECK --retries=3 CMD a b", "1-1 HEALTHCHECK --retries=3 [CMD] [a b]" },
		{ "HEALTHCHECK CMD [\"a\",\"b\"]", "1-1 HEALTHCHECK json [CMD] [a] [b]" },
		{ "ONBUILD RUN a", "1-1 ONBUILD -> 1-1 RUN [a]" },
		{ "ONBUILD COPY --from=x a b", "1-1 ONBUILD -> 1-1 COPY --from=x [a] [b]" },
		{ "RUN <<EOF\na\n\n# b\nEOF\n", "1-5 RUN [<<EOF] <$EOF:a\n\n# b\n>" },
		{ "RUN <<-'E O'\n\t\ta\n\tE O\n", "1-3 RUN [<<-'E O'] <E O:a\n>" },
		{ "COPY <<a <<\"b\" /d/\n1\na\n2\nb\n",
		  "1-5 COPY [<<a] [<<\"b\"] [/d/] <$a:1\n> <b:2\n>" },
		{ "RUN 3<<x cat\nx\n", "1-2 RUN [3<<x cat] <$x:>" },
		{ "RUN a <<< b", "1-1 RUN [a <<< b]" },
		{ "RUN [\"<<a\"]", "1-1 RUN json [<<a]" },
		{ "ONBUILD RUN <<a\nb\na\n", "1-3 ONBUILD -> 1-3 RUN [<<a] <$a:b\n>" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(parsed) struct parsed p = { 0 };
		auto_(strbuf) struct strbuf out = { 0 };

		parse(&p, rows[i].text);
		describe(&p.file.items[0], &out);
		assert_string_equal(strbuf_str(&out), rows[i].want);
	}
}

static void what_is_wrong_is_said_with_its_line(void **state UNUSED)
{
	static const struct {
		const char *text;
		unsigned line;
		const char *want;
	} rows[] = {
		{ "", 0, "file with no instructions" },
		{ "# only\n\n", 0, "file with no instructions" },
		{ "FROM a\nFORM b", 2, "unknown instruction: FORM (did you mean FROM?)" },
		{ "FROM a\n\nZAPZAP", 3, "unknown instruction: ZAPZAP" },
		{ "FROM", 1, "FROM requires at least one argument" },
		{ "RUN --mont=x a", 1, "unknown flag: --mont (did you mean mount?)" },
		{ "COPY --from a b", 1, "missing a value on flag: from" },
		{ "COPY --from=a --from=b a b", 1, "duplicate flag specified: from" },
		{ "COPY --link=maybe a b", 1, "expecting boolean value for flag link, not: maybe" },
		{ "ENV a", 1, "ENV must have two arguments" },
		{ "ENV a=b c", 1, "can't find = in \"c\": must be of the form name=value" },
		{ "ENV =b", 1, "ENV names can not be blank" },
		{ "ARG =b", 1, "ARG names can not be blank" },
		{ "SHELL a", 1, "SHELL requires the arguments to be in JSON form" },
		{ "SHELL []", 1, "SHELL requires the arguments to be in JSON form" },
		{ "RUN [1]", 1,
		  "when using JSON array syntax, arrays must be comprised of strings only" },
		{ "HEALTHCHECK zap", 1, "unknown type \"zap\" in HEALTHCHECK (try CMD)" },
		{ "HEALTHCHECK NONE a", 1, "HEALTHCHECK NONE takes no arguments" },
		{ "HEALTHCHECK CMD", 1, "missing command after HEALTHCHECK CMD" },
		{ "ONBUILD ONBUILD RUN a", 1,
		  "chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed" },
		{ "ONBUILD FROM a", 1, "FROM isn't allowed as an ONBUILD trigger" },
		{ "ONBUILD", 1, "ONBUILD requires at least one argument" },
		{ "FROM a\nRUN <<E\na", 2,
		  "unterminated heredoc: no line after line 2 is just 'E'" },
		{ "# escape=x\nFROM a", 1,
		  "directive 'escape' is 'x': it can only be \\ or `, the character that continues "
		  "lines" },
		{ "# syntax=a\n# syntax=b\n", 2,
		  "directive 'syntax' is there twice: keep one of them" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(parsed) struct parsed p = { 0 };
		struct err e = { 0 };

		assert_int_not_equal(
			dockerfile_parse(rows[i].text, strlen(rows[i].text), &p.arena, &p.file, &e),
			0);
		assert_string_equal(e.msg, rows[i].want);
		assert_int_equal(p.file.failed_line, rows[i].line);
	}
}

static void directives_stand_on_top_and_nowhere_else(void **state UNUSED)
{
	auto_(parsed) struct parsed p = { 0 }, late = { 0 }, other = { 0 };

	parse(&p, "# syntax = docker/dockerfile:1 \n#CHECK=skip=all;error=true\n\nFROM a\n");
	assert_string_equal(p.file.syntax, "docker/dockerfile:1");
	assert_string_equal(p.file.check, "skip=all;error=true");
	assert_int_equal(p.file.check_line, 2);
	parse(&late, "# a comment\n# syntax=x\nFROM a");
	assert_null(late.file.syntax);
	parse(&other, "# unknown=x\n# escape=`\nFROM a");
	assert_int_equal(other.file.escape, '\\');
}

static void a_nul_byte_makes_it_no_text(void **state UNUSED)
{
	auto_(parsed) struct parsed p = { 0 };

	assert_int_equal(dockerfile_parse("FROM a\0b", 8, &p.arena, &p.file, NULL), -EINVAL);
}

static void the_source_is_the_lines_as_they_stand(void **state UNUSED)
{
	auto_(parsed) struct parsed p = { 0 };

	parse(&p, "FROM a\n\nRUN b \\\n  # why\n  c\nRUN <<E\nx\nE\n");
	assert_string_equal(p.file.items[1].source, "RUN b \\\n  # why\n  c\n");
	assert_string_equal(p.file.items[2].source, "RUN <<E\nx\nE\n");
}

static void the_comment_right_above_belongs_to_an_instruction(void **state UNUSED)
{
	auto_(parsed) struct parsed p = { 0 };

	parse(&p, "# one\n\n#  two \n# three\nFROM a\nRUN b\n# four\n\nRUN c");
	assert_string_equal(p.file.items[0].comment, "two\nthree");
	assert_string_equal(p.file.items[1].comment, "");
	assert_string_equal(p.file.items[2].comment, "");
}

static void an_empty_line_in_a_continued_one_is_remarked(void **state UNUSED)
{
	auto_(parsed) struct parsed p = { 0 };

	parse(&p, "FROM a\nRUN b \\\n\n  c\nRUN d \\\n# fine\n e");
	assert_int_equal(p.file.n_remarks, 1);
	assert_int_equal(p.file.remarks[0].kind, REMARK_EMPTY_CONTINUATION);
	assert_int_equal(p.file.remarks[0].first_line, 2);
	assert_int_equal(p.file.remarks[0].last_line, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_instruction_becomes_flags_words_pairs_and_heredocs),
		cmocka_unit_test(what_is_wrong_is_said_with_its_line),
		cmocka_unit_test(directives_stand_on_top_and_nowhere_else),
		cmocka_unit_test(a_nul_byte_makes_it_no_text),
		cmocka_unit_test(the_source_is_the_lines_as_they_stand),
		cmocka_unit_test(the_comment_right_above_belongs_to_an_instruction),
		cmocka_unit_test(an_empty_line_in_a_continued_one_is_remarked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
