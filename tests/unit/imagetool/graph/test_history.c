/* SPDX-License-Identifier: Apache-2.0 */
/* What an image's config and history say about each instruction. */
#include "tests/unit/imagetool/graph/graphed.h"

static void instructions_are_written_down_as_buildkit_does(void **state UNUSED)
{
	static const struct {
		const char *instruction, *want;
	} rows[] = {
		{ "ENV A=b C='d e'", "ENV A=b C=d e" },
		{ "ENV A b c", "ENV A=b c" },
		{ "LABEL x=\"y z\" w=1", "LABEL x=y z w=1" },
		{ "ARG A", "ARG A" },
		{ "ARG A=1 B", "ARG A=1 B" },
		{ "CMD make it", "CMD [\"/bin/sh\" \"-c\" \"make it\"]" },
		{ "CMD [\"a\", \"b \\\"c\\\"\\n\"]", "CMD [\"a\" \"b \\\"c\\\"\\n\"]" },
		{ "ENTRYPOINT [\"/é\"]", "ENTRYPOINT [\"/é\"]" },
		{ "EXPOSE 90 80/udp 8000-8001", "EXPOSE [80/udp 8000/tcp 8001/tcp 90/tcp]" },
		{ "USER me:them", "USER me:them" },
		{ "VOLUME [\"/a\", \"/b\"]", "VOLUME [/a /b]" },
		{ "VOLUME /a /b", "VOLUME [/a /b]" },
		{ "STOPSIGNAL SIGTERM", "STOPSIGNAL SIGTERM" },
		{ "SHELL [\"/bin/bash\", \"-c\"]", "SHELL [/bin/bash -c]" },
		{ "MAINTAINER me <me@example.com>", "MAINTAINER me <me@example.com>" },
		{ "WORKDIR /", "WORKDIR /" },
		{ "HEALTHCHECK NONE", "HEALTHCHECK {Test:[NONE] Interval:0s Timeout:0s "
				      "StartPeriod:0s StartInterval:0s Retries:0}" },
		{ "ONBUILD RUN x", "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(graphed) struct graphed g = { 0 };
		autofree char *text = xasprintf("FROM scratch\n%s\n", rows[i].instruction);
		autofree char *want = xasprintf("%s%s", rows[i].want, *rows[i].want ? "\n" : "");

		assert_history(&g, text, want);
	}
}

static void a_healthcheck_shows_durations_as_go_does(void **state UNUSED)
{
	auto_(graphed) struct graphed g = { 0 };

	assert_history(&g,
		       "FROM scratch\nHEALTHCHECK --interval=5m --timeout=1h1m3.5s "
		       "--start-period=1500ms --start-interval=2500us --retries=3 CMD curl -f x\n",
		       "HEALTHCHECK {Test:[CMD-SHELL curl -f x] Interval:5m0s Timeout:1h1m3.5s "
		       "StartPeriod:1.5s StartInterval:2.5ms Retries:3}\n");
}

static void steps_have_a_layer_each(void **state UNUSED)
{
	auto_(graphed) struct graphed g = { 0 };
	const struct graph_target *t;

	assert_history(&g,
		       "FROM base\nARG V=1\nARG W\nENV V=2\nRUN make\nARG X=3\nRUN [\"a\", \"b\"]\n"
		       "COPY --chown=1:2 --chmod=644 a b $V/\nADD --link c /\nWORKDIR d\n"
		       "COPY --parents a/b /\n",
		       "base *\n"
		       "ARG V=1\n"
		       "ARG W\n"
		       "ENV V=2\n"
		       "RUN |2 V=2 W= /bin/sh -c make # buildkit *\n"
		       "ARG X=3\n"
		       "RUN |3 V=2 W= X=3 a b # buildkit *\n"
		       "COPY --chown=1:2 --chmod=644 a b 2/ # buildkit *\n"
		       "ADD c / # buildkit *\n"
		       "WORKDIR /home/d *\n"
		       "COPY --parents a/b / # buildkit *\n");
	t = &g.graph.targets[0];
	assert_int_equal(t->history_vertex[0], NO_VERTEX);
	assert_int_equal(t->n_layers, 7);
	assert_int_equal(t->layers[0], 0);
	assert_int_equal(t->layers[6], t->vertex);
	assert_int_equal(t->history_vertex[10], t->vertex);
	assert_int_equal(t->history_vertex[4], t->layers[1]);
}

static void a_config_begins_with_that_of_the_base(void **state UNUSED)
{
	auto_(graphed) struct graphed g = { 0 };
	const struct graph_arg label = { "from", "outside" };
	const struct image_config *c;

	g.opts.labels = &label;
	g.opts.n_labels = 1;
	must_graph(&g, "FROM base\nENTRYPOINT [\"e\"]\nLABEL from=inside a=b\n");
	c = &g.graph.targets[0].config;
	assert_string_equal(c->architecture, "amd64");
	assert_null(c->created);
	assert_null(c->rootfs);
	assert_int_equal(c->config->cmd.n, 0); /* it was for another entrypoint */
	assert_string_equal(c->config->user, "u");
	assert_string_equal(c->config->labels.items[1].value, "outside");
	assert_string_equal(c->config->env.items[0], "PATH=/bin");
}

static void scratch_has_a_path_and_a_directory(void **state UNUSED)
{
	auto_(graphed) struct graphed g = { 0 };
	const struct image_config *c;

	must_graph(&g, "FROM scratch\nCMD [\"x\"]\n");
	c = &g.graph.targets[0].config;
	assert_string_equal(c->config->working_dir, "/");
	assert_string_equal(c->config->env.items[0],
			    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	assert_int_equal(c->config->env.n, 1);
	assert_string_equal(c->os, "linux");
	assert_true(c->config->args_escaped.v);
	assert_int_equal(g.graph.targets[0].vertex, NO_VERTEX);
	assert_int_equal(g.graph.n, 0);
}

/* ---- Names of steps ---- */

static void steps_are_named_as_buildkit_does(void **state UNUSED)
{
	auto_(graphed) struct graphed g = { 0 };

	assert_names(&g,
		     "FROM base AS build\nENV A=1\nRUN echo $A \"$B\" '$A'\ncopy x $A$B/\n"
		     "FROM base\nWORKDIR /w\nCOPY --from=build /x /y\nRUN <<EOF\na\nb\nEOF\n",
		     "[build 1/3] FROM docker.io/library/base:latest\n"
		     "[build 2/3] RUN echo 1 \"$B\" '$A'\n"
		     "[internal] load build context\n"
		     "[build 3/3] COPY x 1/\n"
		     "[stage-1 2/4] WORKDIR /w\n"
		     "[stage-1 3/4] COPY --from=build /x /y\n"
		     "[stage-1 4/4] RUN <<EOF (a...)\n");
}

static void a_single_stage_needs_no_name(void **state UNUSED)
{
	auto_(graphed) struct graphed g = { 0 }, h = { 0 };

	assert_names(&g, "FROM base AS x\nRUN a\n",
		     "[1/2] FROM docker.io/library/base:latest\n[2/2] RUN a\n");
	assert_names(&h, "FROM base\nCOPY --from=empty / /\n",
		     "[stage-0 1/2] FROM docker.io/library/base:latest\n"
		     "[stage-0 2/2] COPY --from=empty / /\n");
}

static void platforms_stand_in_front_when_there_are_several(void **state UNUSED)
{
	auto_(graphed) struct graphed g = { 0 };
	struct platform both[2];

	(void)platform_parse("linux/amd64", &both[0], NULL);
	(void)platform_parse("linux/arm64", &both[1], NULL);
	g.opts.platforms = both;
	g.opts.n_platforms = 2;
	assert_names(
		&g,
		"FROM --platform=$BUILDPLATFORM base AS b\nRUN same\nARG TARGETARCH\nRUN cross\n"
		"FROM scratch\nCOPY --from=b /o /\n",
		"[linux/amd64 b 1/3] FROM docker.io/library/base:latest\n"
		"[linux/amd64 b 2/3] RUN same\n"
		"[linux/amd64 b 3/3] RUN cross\n"
		"[linux/amd64 stage-1 1/1] COPY --from=b /o /\n"
		"[linux/amd64->arm64 b 3/3] RUN cross\n"
		"[linux/arm64 stage-1 1/1] COPY --from=b /o /\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(instructions_are_written_down_as_buildkit_does),
		cmocka_unit_test(a_healthcheck_shows_durations_as_go_does),
		cmocka_unit_test(steps_have_a_layer_each),
		cmocka_unit_test(a_config_begins_with_that_of_the_base),
		cmocka_unit_test(scratch_has_a_path_and_a_directory),
		cmocka_unit_test(steps_are_named_as_buildkit_does),
		cmocka_unit_test(a_single_stage_needs_no_name),
		cmocka_unit_test(platforms_stand_in_front_when_there_are_several),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
