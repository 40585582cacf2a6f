/* SPDX-License-Identifier: Apache-2.0 */
/* COPY, ADD and RUN: what the steps are told. */
#include "tests/unit/imagetool/graph/graphed.h"

#define CONTEXT "0 context ''\n"

static void copy_says_what_goes_where(void **state UNUSED)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "COPY a /b", CONTEXT "1 files base=- from=0,/a to /b\n" },
		{ "COPY a b ./../c/ .", CONTEXT "1 files base=- from=0,/a,/b,/c to /\n" },
		{ "COPY [\"a b\", \"c d/\"]", CONTEXT "1 files base=- from=0,/a b to /c d/\n" },
		{ "COPY --chown=u:g --chmod=0755 --exclude=*.o --exclude=x a /b",
		  CONTEXT "1 files base=- from=0,/a to /b chown=u:g chmod=0755 exclude=*.o "
			  "exclude=x\n" },
		{ "COPY --parents a/./b/*.c /d/",
		  CONTEXT "1 files base=- from=0,a/./b/*.c to /d/ parents\n" },
		{ "COPY --link a /b", CONTEXT "1 files above=- from=0,/a to /b link\n" },
		{ "COPY --link --chmod=1 a /b",
		  CONTEXT "1 files base=- from=0,/a to /b chmod=1\n" },
		{ "COPY --link=false a /b", CONTEXT "1 files base=- from=0,/a to /b\n" },
		{ "COPY --from=scratch a /b", "0 files base=- from=-,/a to /b\n" },
		{ "ADD a.tar /", CONTEXT "1 files base=- unpack=0,/a.tar to /\n" },
		{ "ADD --unpack=false a.tar /", CONTEXT "1 files base=- from=0,/a.tar to /\n" },
		{ "ADD https://x.org/a%20b/c.tgz?v=1#f a /d/",
		  "0 http https://x.org/a%20b/c.tgz?v=1#f as c.tgz\n1 context ''\n"
		  "2 files base=- from=0,/c.tgz unpack=1,/a to /d/\n" },
		{ "ADD --unpack=true http://x.org/ /d",
		  "0 http http://x.org/ as __unnamed__\n1 files base=- unpack=0,/__unnamed__ to /d\n" },
		{ "ADD http://x.org/..%2f..%2fetc%2fpasswd /d",
		  "0 http http://x.org/..%2f..%2fetc%2fpasswd as passwd\n1 files base=- "
		  "from=0,/passwd to /d\n" },
		{ "ADD https://x.org/r.git#v1:sub /d",
		  "0 git https://x.org/r.git ref=v1 subdir=sub\n1 files base=- from=0,/ to /d\n" },
		{ "ADD --keep-git-dir=true git@x.org:r.git /d",
		  "0 git git@x.org:r.git ref= subdir= keep\n1 files base=- from=0,/ to /d\n" },
		{ "ADD --checksum=abcd https://x.org/r.git?submodules=false /d",
		  "0 git https://x.org/r.git ref= subdir= checksum=abcd no-submodules\n"
		  "1 files base=- from=0,/ to /d\n" },
		{ "ARG x=y\nCOPY <<EOF <<\"E2\" a /d/\nis $x\nEOF\nis $x\nE2",
		  CONTEXT "1 files base=- from=0,/a <<EOF:is y\n <<E2:is $x\n to /d/\n" },
		{ "WORKDIR /w\nWORKDIR a/../b\nCOPY x y",
		  "0 mkdir base=- to /w/\n1 mkdir base=0 to /w/b/\n2 context ''\n"
		  "3 files base=1 from=2,/x to /w/b/y\n" },
		{ "USER me\nWORKDIR /w", "0 mkdir base=- to /w/ chown=me\n" },
		{ "COPY --from=files a /b", "0 context 'files'\n1 files base=- from=0,/a to /b\n" },
		{ "COPY --from=repo a /b",
		  "0 git https://example.com/x.git ref=main subdir=sub\n1 files base=- from=0,/a "
		  "to /b\n" },
		{ "COPY --from=other a /b",
		  "0 image docker.io/library/base:latest linux/amd64\n1 files base=- from=0,/a to "
		  "/b\n" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(graphed) struct graphed g = { 0 };
		autofree char *text = xasprintf("FROM scratch\n%s\n", rows[i].text);

		assert_graph(&g, text, rows[i].want);
	}
}

#define SH "'/bin/sh' '-c' "

static void run_says_what_is_executed(void **state UNUSED)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "RUN a   b", "0 run base=- " SH "'a   b' in /\n" },
		{ "SHELL [\"/x\", \"-y\"]\nRUN a", "0 run base=- '/x' '-y' 'a' in /\n" },
		{ "USER u\nRUN --network=none --security=insecure a",
		  "0 run base=- " SH "'a' in / as u network=none insecure\n" },
		{ "RUN --network=host a", "0 run base=- " SH "'a' in / network=host\n" },
		{ "RUN <<EOF\na\nb $x\nEOF", "0 run base=- " SH "'a\nb $x\n' in /\n" },
		{ "RUN <<-EOF\n\ta\n\tEOF", "0 run base=- " SH "'a\n' in /\n" },
		{ "RUN <<EOF\n#!/usr/bin/env python\nx\nEOF",
		  "0 run base=- " SH
		  "'/dev/pipes/EOF' in / script EOF:#!/usr/bin/env python\nx\n\n" },
		{ "RUN cat <<A - <<-B\n1\nA\n\t2\nB",
		  "0 run base=- " SH "'cat <<A - <<-B\n1\nA\n\t2\nB' in /\n" },
		{ "ARG t=/c\nRUN --mount=type=cache,target=$t,sharing=locked a",
		  "0 run base=- " SH "'a' in / t=/c {cache /c id=//c}\n" },
		{ "WORKDIR /w\nRUN --mount=type=cache,id=x,target=c a",
		  "0 mkdir base=- to /w/\n1 run base=0 " SH "'a' in /w {cache /w/c id=/x}\n" },
		{ "RUN --mount=target=/x,source=a/../b,rw a",
		  CONTEXT "1 run base=- " SH "'a' in / {bind from=0 /x source=/b}\n" },
		{ "RUN --mount=type=bind,from=base,target=/x a",
		  "0 image docker.io/library/base:latest linux/amd64\n1 run base=- " SH
		  "'a' in / {bind from=0 /x ro}\n" },
		{ "RUN --mount=type=tmpfs,target=/x a",
		  "0 run base=- " SH "'a' in / {tmpfs /x}\n" },
		{ "RUN --mount=type=secret,id=dir/s a",
		  "0 run base=- " SH "'a' in / {secret /run/secrets/s id=dir/s}\n" },
		{ "RUN --mount=type=secret,target=/k/t a",
		  "0 run base=- " SH "'a' in / {secret /k/t id=t}\n" },
		{ "RUN --mount=type=secret,id=s,env=E a",
		  "0 run base=- " SH "'a' in / {secret  id=s}\n" },
		{ "RUN --mount=type=ssh a", "0 run base=- " SH "'a' in / {ssh  id=default}\n" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(graphed) struct graphed g = { 0 };
		autofree char *text = xasprintf("FROM scratch\n%s\n", rows[i].text);

		assert_graph(&g, text, rows[i].want);
	}
}

static void wrong_steps_name_their_line(void **state UNUSED)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "COPY a", "COPY requires at least two arguments, but only one was provided. "
			    "Destination could not be determined" },
		{ "COPY http://x/y /z", "source can't be a URL for COPY" },
		{ "COPY https://x/y.git /z", "source can't be a git ref for COPY" },
		{ "COPY --chmod=8 a b",
		  "invalid chmod parameter: '8'. it should be octal string and between 0 and 07777" },
		{ "ADD --checksum=x a b", "checksum requires HTTP(S) or Git sources" },
		{ "COPY --from=$x a b",
		  "variable expansion is not supported for --from, define a new stage with FROM "
		  "using ARG from global scope as a workaround" },
		{ "COPY --from=9 a b", "invalid stage index 9" },
		{ "COPY --from=0 a b", "circular dependency detected on stage: stage-0" },
		{ "COPY --from=gone a b", "gone: not found" },
		{ "COPY ${x?wrong} b", "failed to process \"${x?wrong}\": x: wrong" },
		{ "RUN --network=x a",
		  "unsupported network mode \"x\": there are default, none, host" },
		{ "RUN --security=x a",
		  "unsupported security mode \"x\": there are sandbox and insecure" },
		{ "RUN --mount=type=cache,target=/ a",
		  "--mount=type=cache,target=/: invalid mount target \"/\"" },
		{ "RUN []", "RUN [] names no program" },
		{ "STOPSIGNAL x", NULL },
		{ "EXPOSE x", "'x' is no port: expected NUMBER[-NUMBER][/tcp|udp|sctp]" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(graphed) struct graphed g = { 0 };
		autofree char *text = xasprintf("FROM scratch\n%s\n", rows[i].text);
		struct err e = { 0 };

		print_message("%s\n", rows[i].text);
		if (rows[i].want) {
			assert_fails(&g, text, rows[i].want, 2);
			continue;
		}
		assert_true(graph_of(&g, text, &e) < 0);
	}
}

static void no_cache_is_for_stages(void **state UNUSED)
{
	static const char *const filter[] = { "a,x" };
	auto_(graphed) struct graphed g = { 0 };

	g.opts.no_cache_filter = filter;
	g.opts.n_no_cache_filter = 1;
	assert_graph(&g, "FROM scratch AS a\nRUN 1\nFROM scratch\nCOPY --from=a / /\nRUN 2\n",
		     "0 run base=- " SH "'1' in / no-cache\n"
		     "1 files base=- from=0,/ to /\n"
		     "2 run base=1 " SH "'2' in /\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copy_says_what_goes_where),
		cmocka_unit_test(run_says_what_is_executed),
		cmocka_unit_test(wrong_steps_name_their_line),
		cmocka_unit_test(no_cache_is_for_stages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
