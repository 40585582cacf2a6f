/* SPDX-License-Identifier: Apache-2.0 */
/* RUN: what is executed, with which environment. */
#include <errno.h>

#include "imagetool/commit/config_lists.h"
#include "imagetool/dockerfile/heredoc.h"
#include "imagetool/graph/internal.h"
#include "libutil/path.h"

#define SCRIPT_DIR "/dev/pipes/"

struct running {
	struct platform_build *pb;
	struct stage_build *s;
	const struct instruction *i;
	struct vertex_run run;
	const char *summary; /* behind the step's name: of a here-document */
};

/* ---- What is executed ---- */

/* The first line of a text, for people. */
static const char *summary_of(struct arena *a, const struct heredoc *h)
{
	const char *text = h->raw + strspn(h->raw, " \t\r\n"), *end = text + strlen(text);
	size_t len = strcspn(text, "\r\n");

	while (end > text && strchr(" \t\r\n", end[-1]))
		end--;
	if (len >= (size_t)(end - text))
		return arena_printf(a, " (%.*s)", (int)(end - text), text);
	return arena_printf(a, " (%.*s...)", (int)len, text);
}

/* A line for the shell. */
static void for_shell(struct running *g, const char *line)
{
	static const char *const fallback[] = { "/bin/sh", "-c" };
	const struct oci_strings *shell = &g->s->config.config->shell;
	struct oci_strings args;

	if (shell->n > 0)
		list_of(g->pb->b->arena, shell->items, shell->n, &args);
	else
		list_of(g->pb->b->arena, fallback, ARRAY_LEN(fallback), &args);
	list_append(g->pb->b->arena, &args, line);
	g->run.args = args.items;
	g->run.n_args = args.n;
}

/* "RUN <<EOF" and nothing else: the text is the script. */
static void take_script(struct running *g, const struct heredoc *h)
{
	struct arena *a = g->pb->b->arena;

	g->summary = summary_of(a, h);
	if (!starts_with(h->content, "#!")) {
		for_shell(g, h->content);
		return;
	}
	g->run.script_name = h->name;
	g->run.script = h->content;
	g->run.script_len = h->len;
	for_shell(g, arena_printf(a, SCRIPT_DIR "%s", h->name));
}

/* Among other words they are for the shell to read, as they stand. */
static void take_heredocs(struct running *g)
{
	const struct instruction *i = g->i;
	auto_(strbuf) struct strbuf text = { .max = 2 * DOCKERFILE_MAX };

	strbuf_adds(&text, i->text);
	for (size_t n = 0; n < i->n_heredocs; n++)
		strbuf_addf(&text, "\n%s%s", i->heredocs[n].raw, i->heredocs[n].name);
	for_shell(g, arena_strndup(g->pb->b->arena, strbuf_str(&text), text.len));
}

static int take_args(struct running *g, struct err *e)
{
	const struct instruction *i = g->i;
	struct oci_strings args;

	if (i->json && i->n_words == 0)
		return err_set(e, EINVAL, "RUN [] names no program");
	if (i->n_heredocs == 1 && heredoc_is(i->text) && !strpbrk(i->text, " \t")) {
		if (strchr(i->heredocs[0].name, '/'))
			return err_set(e, EINVAL, "a here-document of RUN can't be named '%.80s'",
				       i->heredocs[0].name);
		take_script(g, &i->heredocs[0]);
	} else if (i->n_heredocs > 0) {
		take_heredocs(g);
	} else if (i->json) {
		list_of(g->pb->b->arena, i->words, i->n_words, &args);
		g->run.args = args.items;
		g->run.n_args = args.n;
	} else {
		for_shell(g, i->text);
	}
	return 0;
}

/* ---- Environment ---- */

/* One list for all steps between which nothing was set. */
static void take_env(struct running *g)
{
	struct stage_build *s = g->s;
	struct vars *v = &s->env;
	struct arena *a = g->pb->b->arena;

	if (!s->env_list || s->env_changes != v->changes) {
		s->env_list = arena_alloc(a, v->n + 1, sizeof(*s->env_list));
		for (size_t i = 0; i < v->n; i++)
			s->env_list[i] =
				arena_printf(a, "%s=%s", v->items[i].name, v->items[i].value);
		s->env_changes = v->changes;
	}
	g->run.env = s->env_list;
	g->run.n_env = v->n;
	g->run.hidden_env = g->pb->b->proxies;
	g->run.n_hidden_env = g->pb->b->n_proxies;
}

static const char *absolute_cwd(struct arena *a, const char *dir)
{
	autofree char *clean = NULL;

	if (!dir || !*dir)
		return "/";
	if (path_is_absolute(dir))
		return dir;
	clean = path_join("/", dir);
	return arena_strdup(a, clean);
}

/* ---- Flags ---- */

static int take_network(struct running *g, struct err *e)
{
	static const char *const names[] = { "default", "none", "host" };
	const char *mode = instruction_flag(g->i, "network");

	g->run.network = g->pb->b->opts->network;
	if (!mode || streq(mode, names[0]))
		return 0;
	for (size_t n = 1; n < ARRAY_LEN(names); n++) {
		if (!streq(names[n], mode))
			continue;
		g->run.network = (enum run_network)n;
		return 0;
	}
	return err_set(e, EINVAL,
		       "unsupported network mode \"%.40s\": there are default, none, host", mode);
}

static int take_security(struct running *g, struct err *e)
{
	const char *mode = instruction_flag(g->i, "security");

	g->run.insecure = mode && streq(mode, "insecure");
	if (mode && !g->run.insecure && !streq(mode, "sandbox"))
		return err_set(
			e, EINVAL,
			"unsupported security mode \"%.40s\": there are sandbox and insecure",
			mode);
	return 0;
}

static int take_devices(struct running *g, struct err *e)
{
	const struct instruction *i = g->i;
	struct arena *a = g->pb->b->arena;

	g->run.devices = arena_alloc(a, i->n_flags + 1, sizeof(*g->run.devices));
	for (size_t n = 0; n < i->n_flags; n++) {
		const char *text = i->flags[n].value;
		int r;

		if (!streq(i->flags[n].name, "device") || !text)
			continue;
		r = run_device_parse(text, a, &g->run.devices[g->run.n_devices++], e);
		if (r < 0)
			return err_wrap(e, r, "--device=%.120s", text);
	}
	return 0;
}

/* ---- The whole ---- */

/* "|2 A=1 B=2 /bin/sh -c make": the arguments that were declared, as the step sees them. */
static int write_history(struct running *g, struct err *e)
{
	auto_(strbuf) struct strbuf out = { .max = HISTORY_MAX };
	const struct vars *args = &g->s->args;

	strbuf_adds(&out, "RUN");
	if (args->n > 0)
		strbuf_addf(&out, " |%zu", args->n);
	for (size_t i = 0; i < args->n; i++) {
		const char *seen = vars_get(&g->s->env, args->items[i].name);
		const char *value = seen ? seen : args->items[i].value;

		strbuf_addc(&out, ' ');
		strbuf_adds(&out, args->items[i].name);
		strbuf_addc(&out, '=');
		strbuf_adds(&out, value ? value : "");
	}
	for (size_t i = 0; i < g->run.n_args; i++)
		strbuf_addf(&out, " %s", g->run.args[i]);
	strbuf_adds(&out, " # buildkit");
	return history_add(g->pb, g->s, &out, g->s->vertex, e);
}

static int add_vertex(struct running *g, struct err *e)
{
	struct stage_build *s = g->s;
	struct vertex v = {
		.kind = VERTEX_RUN,
		.u.run = g->run,
		.name = step_name(g->pb, s, g->i, g->summary),
		.origin = g->i,
		.stage = s->label,
		.platform = s->platform,
		.no_cache = s->no_cache,
	};

	return vertices_add(&g->pb->b->vertices, &v, &s->vertex, e);
}

int dispatch_run(struct platform_build *pb, struct stage_build *s, const struct instruction *i,
		 struct err *e)
{
	struct running g = { .pb = pb, .s = s, .i = i, .summary = "" };
	const char *user = s->config.config->user;
	int r = take_args(&g, e);

	take_env(&g);
	g.run.base = s->vertex;
	g.run.user = user ? user : "";
	g.run.cwd = absolute_cwd(pb->b->arena, s->config.config->working_dir);
	g.run.hostname = vars_get(&pb->b->build_args, "BUILDKIT_SANDBOX_HOSTNAME");
	if (r >= 0)
		r = take_network(&g, e);
	if (r >= 0)
		r = take_security(&g, e);
	if (r >= 0)
		r = take_devices(&g, e);
	if (r >= 0)
		r = run_mounts(pb, s, i, &g.run, e);
	if (r >= 0)
		r = add_vertex(&g, e);
	if (r >= 0)
		r = write_history(&g, e);
	return r;
}
