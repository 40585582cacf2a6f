/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/commit/config_edit.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "imagetool/commit/config_health.h"
#include "imagetool/commit/config_lists.h"
#include "imagetool/commit/ports.h"
#include "libutil/path.h"
#include "libutil/sig.h"
#include "libutil/utf8.h"

void config_edit_begin(struct config_edit *ed, struct arena *a, struct image_config *config)
{
	struct image_run_config *run = arena_alloc(a, 1, sizeof(*run));

	if (config->config)
		*run = *config->config;
	config->config = run;
	*ed = (struct config_edit){ .arena = a, .config = config };
}

static const char *get_env(void *ctx, const char *name)
{
	const struct config_edit *ed = ctx;

	return env_get(&ed->config->config->env, name);
}

struct editing {
	struct config_edit *ed;
	struct arena *arena;
	struct image_run_config *run;
	const struct instruction *i;
	const struct expand *x;
};

/* The word's meaning, kept as long as the config. */
static int expand(const struct editing *g, const char *word, const char **ret, struct err *e)
{
	auto_(strbuf) struct strbuf text = { .max = EXPAND_MAX };
	int r = expand_text(g->x, word, &text, e);

	if (r >= 0)
		*ret = arena_strndup(g->arena, strbuf_str(&text), text.len);
	return r;
}

/* ---- Commands ---- */

/* A JSON array as it is; a line goes to the shell. */
static void set_command(const struct editing *g, struct oci_strings *ret)
{
	static const char *const shell[] = { "/bin/sh", "-c" };
	const struct oci_strings *own = &g->run->shell;
	const char *line = g->i->text;

	if (g->i->json || !*line) {
		list_of(g->arena, g->i->words, g->i->json ? g->i->n_words : 0, ret);
		return;
	}
	if (own->n)
		list_of(g->arena, own->items, own->n, ret);
	else
		list_of(g->arena, shell, ARRAY_LEN(shell), ret);
	list_append(g->arena, ret, arena_strdup(g->arena, line));
}

static int do_cmd(const struct editing *g, struct err *e UNUSED)
{
	set_command(g, &g->run->cmd);
	g->ed->cmd_set = true;
	return 0;
}

static int do_entrypoint(const struct editing *g, struct err *e UNUSED)
{
	set_command(g, &g->run->entrypoint);
	/* A command that came with the base was made for another entrypoint. */
	if (!g->ed->cmd_set)
		g->run->cmd = (struct oci_strings){ 0 };
	return 0;
}

static int do_shell(const struct editing *g, struct err *e UNUSED)
{
	list_of(g->arena, g->i->words, g->i->n_words, &g->run->shell);
	return 0;
}

static int do_healthcheck(const struct editing *g, struct err *e)
{
	struct image_healthcheck *h;
	int r = health_of(g->i, g->arena, &h, e);

	if (r >= 0)
		g->run->healthcheck = h;
	return r;
}

/* ---- Names and values ---- */

/* All values mean what variables were before the instruction. */
static int expand_pairs(const struct editing *g, struct oci_pair *ret, struct err *e)
{
	int r = 0;

	for (size_t n = 0; n < g->i->n_pairs && r >= 0; n++) {
		r = expand(g, g->i->pairs[n].name, &ret[n].key, e);
		if (r >= 0)
			r = expand(g, g->i->pairs[n].value, &ret[n].value, e);
		if (r >= 0 && !*ret[n].key)
			r = err_set(e, EINVAL, "the name is empty");
	}
	return r;
}

static int do_env(const struct editing *g, struct err *e)
{
	struct oci_pair *pairs = arena_alloc(g->arena, g->i->n_pairs, sizeof(*pairs));
	int r = expand_pairs(g, pairs, e);

	for (size_t n = 0; n < g->i->n_pairs && r >= 0; n++)
		env_set(g->arena, &g->run->env, pairs[n].key, pairs[n].value);
	return r;
}

static int do_label(const struct editing *g, struct err *e)
{
	struct oci_pair *pairs = arena_alloc(g->arena, g->i->n_pairs, sizeof(*pairs));
	int r = expand_pairs(g, pairs, e);

	for (size_t n = 0; n < g->i->n_pairs && r >= 0; n++)
		map_set(g->arena, &g->run->labels, pairs[n].key, pairs[n].value);
	return r;
}

/* ---- Single words ---- */

static int do_user(const struct editing *g, struct err *e)
{
	return expand(g, g->i->text, &g->run->user, e);
}

static int do_workdir(const struct editing *g, struct err *e)
{
	const char *dir, *was = g->run->working_dir;
	autofree char *joined = NULL, *clean = NULL;
	int r = expand(g, g->i->text, &dir, e);

	if (r < 0)
		return r;
	if (!*dir)
		return err_set(e, EINVAL, "the path is empty");
	joined = path_is_absolute(dir) ? xstrdup(dir) : path_join(was ? was : "/", dir);
	if (!path_is_absolute(joined)) {
		char *absolute = path_join("/", joined);

		free(joined);
		joined = absolute;
	}
	clean = path_clean(joined);
	g->run->working_dir = arena_strdup(g->arena, clean);
	return 0;
}

static int do_stopsignal(const struct editing *g, struct err *e)
{
	const char *text;
	int sig, r = expand(g, g->i->text, &text, e);

	if (r >= 0)
		r = sig_parse(text, &sig, e);
	if (r >= 0)
		g->run->stop_signal = text;
	return r < 0 ? r : 0;
}

static int do_maintainer(const struct editing *g, struct err *e UNUSED)
{
	g->ed->config->author = arena_strdup(g->arena, g->i->text);
	return 0;
}

/* ---- Sets ---- */

static int do_volume(const struct editing *g, struct err *e)
{
	const char **paths = arena_alloc(g->arena, g->i->n_words, sizeof(*paths));
	int r = 0;

	for (size_t n = 0; n < g->i->n_words && r >= 0; n++) {
		r = expand(g, g->i->words[n], &paths[n], e);
		if (r >= 0 && !*paths[n])
			r = err_set(e, EINVAL, "a path is empty");
	}
	if (r >= 0)
		set_add(g->arena, &g->run->volumes, paths, g->i->n_words);
	return r;
}

static int do_expose(const struct editing *g, struct err *e)
{
	autofree struct ports *ports = xcalloc(1, sizeof(*ports));
	auto_(strv) struct strv words = { 0 };
	int r = 0;

	for (size_t n = 0; n < g->i->n_words && r >= 0; n++)
		r = expand_words(g->x, g->i->words[n], &words, e);
	for (size_t n = 0; n < words.n && r >= 0; n++)
		r = ports_add(ports, words.v[n], e);
	if (r >= 0)
		ports_list(ports, g->arena, &g->run->exposed_ports);
	return r;
}

static int do_onbuild(const struct editing *g, struct err *e)
{
	enum instruction_kind kind = g->i->trigger->kind;

	if (kind == INSTRUCTION_ONBUILD || kind == INSTRUCTION_FROM ||
	    kind == INSTRUCTION_MAINTAINER)
		return err_set(e, EINVAL, "%s is not allowed as a trigger", instruction_name(kind));
	list_append(g->arena, &g->run->on_build, arena_strdup(g->arena, g->i->text));
	return 0;
}

/* ---- The table ---- */

typedef int edit_fn(const struct editing *g, struct err *e);

static edit_fn *const edits[] = {
	[INSTRUCTION_CMD] = do_cmd,
	[INSTRUCTION_ENTRYPOINT] = do_entrypoint,
	[INSTRUCTION_ENV] = do_env,
	[INSTRUCTION_EXPOSE] = do_expose,
	[INSTRUCTION_HEALTHCHECK] = do_healthcheck,
	[INSTRUCTION_LABEL] = do_label,
	[INSTRUCTION_MAINTAINER] = do_maintainer,
	[INSTRUCTION_ONBUILD] = do_onbuild,
	[INSTRUCTION_SHELL] = do_shell,
	[INSTRUCTION_STOPSIGNAL] = do_stopsignal,
	[INSTRUCTION_USER] = do_user,
	[INSTRUCTION_VOLUME] = do_volume,
	[INSTRUCTION_WORKDIR] = do_workdir,
};

int config_edit_apply(struct config_edit *ed, const struct instruction *i, const struct expand *x,
		      struct err *e)
{
	const struct expand own = { .get = get_env, .ctx = ed, .escape = '\\' };
	const struct editing g = { ed, ed->arena, ed->config->config, i, x ? x : &own };
	edit_fn *edit = (size_t)i->kind < ARRAY_LEN(edits) ? edits[i->kind] : NULL;
	int r;

	if (!edit)
		return err_set(e, EINVAL, "%s does not describe an image, it builds one",
			       instruction_name(i->kind));
	r = edit(&g, e);
	return r < 0 ? err_wrap(e, r, "%s", instruction_name(i->kind)) : 0;
}

/* "CMD=x" becomes "CMD x". */
static char *instruction_text(const char *text)
{
	char *line = xstrdup(text), *p = line;

	while (isalpha((unsigned char)*p))
		p++;
	if (p > line && *p == '=')
		*p = ' ';
	return line;
}

int config_edit_change(struct config_edit *ed, const char *text, struct err *e)
{
	autofree char *line = instruction_text(text);
	struct dockerfile file;
	int r;

	/* JSON can't say it. */
	if (utf8_span(text, strlen(text)) != strlen(text))
		return err_set(e, EINVAL, "--change '%.80s': not UTF-8", text);
	r = dockerfile_parse(line, strlen(line), ed->arena, &file, e);
	for (size_t i = 0; i < (r < 0 ? 0 : file.n) && r >= 0; i++)
		r = config_edit_apply(ed, &file.items[i], NULL, e);
	return r < 0 ? err_wrap(e, r, "--change '%.80s'", text) : 0;
}
