/* SPDX-License-Identifier: Apache-2.0 */
/* COPY and ADD: from where, which paths, to where. */
#include <errno.h>

#include "imagetool/dockerfile/heredoc.h"
#include "imagetool/dockerfile/redact.h"
#include "imagetool/graph/internal.h"
#include "libutil/path.h"

struct copying {
	struct platform_build *pb;
	struct stage_build *s;
	const struct instruction *i;
	struct stage_words w;
	struct vertex_files files;
	size_t from; /* what paths are below */
	bool from_context;
	bool from_known;      /* it is looked up when a path needs it */
	const char *checksum; /* expanded; NULL: none */
	const char *name;     /* of the step */
	const char *dest;     /* expanded, as history shows it */
	size_t cap;
	struct strbuf paths; /* as history shows them */
};

static bool is_add(const struct copying *c)
{
	return c->i->kind == INSTRUCTION_ADD;
}

/* ---- Flags ---- */

static bool is_on(const struct instruction *i, const char *flag)
{
	const char *value = instruction_flag(i, flag);

	return value && !streq(value, "false");
}

static int expand_flag(const struct copying *c, const char *flag, const char **ret, struct err *e)
{
	const char *value = instruction_flag(c->i, flag);
	int r = value ? words_expand(&c->w, value, ret, e) : 0;

	if (r >= 0 && (!value || !**ret))
		*ret = NULL;
	return r;
}

static void take_excludes(struct copying *c)
{
	struct vertex_files *f = &c->files;

	f->exclude = arena_alloc(c->pb->b->arena, c->i->n_flags + 1, sizeof(*f->exclude));
	for (size_t n = 0; n < c->i->n_flags; n++)
		if (streq(c->i->flags[n].name, "exclude") && c->i->flags[n].value)
			f->exclude[f->n_exclude++] = c->i->flags[n].value;
}

/* Octal digits up to 07777; symbolic modes are for the step. */
static int check_chmod(const char *chmod, struct err *e)
{
	size_t digits = chmod ? strspn(chmod, "0123456789") : 0;

	if (digits == 0 || chmod[digits])
		return 0;
	while (*chmod == '0' && chmod[1])
		chmod++;
	if (strspn(chmod, "01234567") != strlen(chmod) || strlen(chmod) > 4)
		return err_set(e, EINVAL,
			       "invalid chmod parameter: '%.40s'. it should be octal string and "
			       "between 0 and 07777",
			       chmod);
	return 0;
}

static int take_flags(struct copying *c, struct err *e)
{
	struct vertex_files *f = &c->files;
	int r = expand_flag(c, "chown", &f->chown, e);

	if (r >= 0)
		r = expand_flag(c, "chmod", &f->chmod, e);
	if (r >= 0)
		r = check_chmod(f->chmod, e);
	if (r >= 0)
		r = expand_flag(c, "checksum", &c->checksum, e);
	take_excludes(c);
	f->parents = is_on(c->i, "parents");
	/* Another mode is set on files that are there: they are copied first, then. */
	f->link = is_on(c->i, "link") && !f->chmod;
	return r;
}

/* ---- Where to ---- */

static void take_dest(struct copying *c)
{
	const char *dir = c->s->config.config->working_dir, *dest = c->dest;
	size_t len = strlen(dest);
	autofree char *joined =
		path_is_absolute(dest) ? xstrdup(dest) : path_join(dir && *dir ? dir : "/", dest);
	autofree char *absolute =
		path_is_absolute(joined) ? xstrdup(joined) : path_join("/", joined);
	autofree char *clean = path_clean(absolute);

	c->files.dest = arena_strdup(c->pb->b->arena, clean);
	c->files.dest_is_dir = len == 0 || streq(dest, ".") || dest[len - 1] == '/';
}

/* ---- Sources ---- */

static struct files_source *add_source(struct copying *c)
{
	struct vertex_files *f = &c->files;

	if (!f->sources || f->n_sources == c->cap) {
		c->cap = c->cap ? 2 * c->cap : 2;
		f->sources = arena_grow(c->pb->b->arena, f->sources, f->n_sources, c->cap,
					sizeof(*f->sources));
	}
	f->sources[f->n_sources] = (struct files_source){ .from = NO_VERTEX };
	return &f->sources[f->n_sources++];
}

static int find_from(struct copying *c, struct err *e)
{
	const char *from = is_add(c) ? NULL : instruction_flag(c->i, "from");
	int r = 0;

	if (c->from_known)
		return 0;
	c->from_context = !from || !*from;
	if (c->from_context)
		r = main_context(c->pb, &c->from, e);
	else if (strchr(from, '$'))
		return err_set(e, EINVAL,
			       "variable expansion is not supported for --from, define a new stage "
			       "with FROM using ARG from global scope as a workaround");
	else
		r = base_source(c->pb, c->s, from, true, &c->from, e);
	c->from_known = r >= 0;
	return r;
}

static void check_ignored(const struct copying *c, const char *path)
{
	const struct graph_calls *calls = c->pb->b->calls;
	autofree char *clean = path_clean(path);

	if (!c->pb->b->checks || !c->from_context || !calls->ignored ||
	    !calls->ignored(calls->ctx, clean))
		return;
	report(c->pb, CHECK_COPY_IGNORED_FILE, c->i,
	       arena_printf(c->pb->b->arena,
			    "Attempting to %s file \"%s\" that is excluded by .dockerignore",
			    is_add(c) ? "Add" : "Copy", clean));
}

/* Paths that follow one another from the same place are one source. */
static int add_path(struct copying *c, const char *path, struct err *e)
{
	struct vertex_files *f = &c->files;
	struct arena *a = c->pb->b->arena;
	struct files_source *s;
	autofree char *below = path_join("/", path), *clean = path_clean(below);
	const char *unpack = instruction_flag(c->i, "unpack");
	int r = find_from(c, e);

	if (r < 0)
		return r;
	check_ignored(c, path);
	s = f->n_sources ? &f->sources[f->n_sources - 1] : NULL;
	if (!s || s->plain || s->inline_name) {
		s = add_source(c);
		s->from = c->from;
		s->unpack = unpack ? !streq(unpack, "false") : is_add(c);
	}
	if ((s->n_paths & (s->n_paths - 1)) == 0)
		s->paths =
			arena_grow(a, s->paths, s->n_paths, 2 * s->n_paths + 1, sizeof(*s->paths));
	s->paths[s->n_paths++] = f->parents ? arena_strdup(a, path) : arena_strdup(a, clean);
	return 0;
}

static int add_remote(struct copying *c, struct vertex *v, bool unpack, struct err *e)
{
	struct files_source *s;
	size_t from;
	int r;

	v->name = c->name;
	v->origin = c->i;
	v->stage = c->s->label;
	v->platform = c->s->platform;
	v->no_cache = c->s->no_cache;
	r = vertices_add(&c->pb->b->vertices, v, &from, e);
	if (r < 0)
		return r;
	s = add_source(c);
	s->from = from;
	s->plain = true;
	s->unpack = unpack;
	s->paths = arena_alloc(c->pb->b->arena, 2, sizeof(*s->paths));
	s->paths[s->n_paths++] = v->kind == VERTEX_GIT
					 ? "/"
					 : arena_printf(c->pb->b->arena, "/%s", v->u.http.filename);
	return 0;
}

static int add_git(struct copying *c, struct vertex_git *git, bool keeps, struct err *e)
{
	struct vertex v = { .kind = VERTEX_GIT };
	const char *keep = instruction_flag(c->i, "keep-git-dir");
	bool wanted = keep && !streq(keep, "false");

	if (!is_add(c))
		return err_set(e, EINVAL, "source can't be a git ref for COPY");
	if (keep && keeps && wanted != git->keep_git_dir)
		return err_set(e, EINVAL, "inconsistent keep-git-dir configuration");
	git->keep_git_dir = keeps ? git->keep_git_dir : wanted;
	if (c->checksum && git->checksum && !streq(c->checksum, git->checksum))
		return err_set(e, EINVAL, "checksum mismatch \"%.80s\" != \"%.80s\"", c->checksum,
			       git->checksum);
	if (!git->checksum)
		git->checksum = c->checksum;
	v.u.git = *git;
	return add_remote(c, &v, false, e);
}

static int add_http(struct copying *c, const char *url, struct err *e)
{
	struct vertex v = { .kind = VERTEX_HTTP };
	int r = c->checksum ? digest_check(c->checksum, e) : 0;

	if (r < 0)
		return err_wrap(e, r, "--checksum");
	if (!is_add(c))
		return err_set(e, EINVAL, "source can't be a URL for COPY");
	v.u.http = (struct vertex_http){
		.url = url,
		.filename = url_file_name(url, c->pb->b->arena),
		.checksum = c->checksum,
	};
	return add_remote(c, &v, is_on(c->i, "unpack"), e);
}

static int add_word(struct copying *c, const char *word, struct err *e)
{
	struct vertex_git git;
	enum source_kind kind;
	bool keeps;
	int r = source_kind_of(word, c->pb->b->arena, &kind, &git, &keeps, e);

	if (r < 0)
		return r;
	strbuf_addc(&c->paths, ' ');
	redact_text(&c->paths, word);
	if (kind == SOURCE_PATH && c->checksum)
		return err_set(e, EINVAL, "checksum requires HTTP(S) or Git sources");
	switch (kind) {
	case SOURCE_GIT:
		return add_git(c, &git, keeps, e);
	case SOURCE_HTTP:
		return add_http(c, word, e);
	case SOURCE_PATH:
		return add_path(c, word, e);
	}
	return 0;
}

/* ---- Here-documents ---- */

static int add_inline(struct copying *c, const struct heredoc *h, struct err *e)
{
	auto_(strbuf) struct strbuf text = { .max = EXPAND_MAX };
	struct expand x = c->w.x;
	struct files_source *s;
	int r = 0;

	x.escape = '\\';
	x.keep_quotes = true;
	if (h->expand)
		r = expand_text(&x, h->content, &text, e);
	if (r < 0)
		return err_wrap(e, r, "<<%.80s", h->name);
	strbuf_addf(&c->paths, " <<%s", h->name);
	s = add_source(c);
	s->inline_name = h->name;
	s->content = h->expand ? arena_strndup(c->pb->b->arena, strbuf_str(&text), text.len)
			       : h->content;
	s->len = h->expand ? text.len : h->len;
	return 0;
}

/* Paths first, then here-documents. */
static int add_sources(struct copying *c, struct err *e)
{
	const struct instruction *i = c->i;
	int r = 0;

	for (size_t n = 0; n + 1 < i->n_words && r >= 0; n++) {
		const char *word;

		if (i->n_heredocs && heredoc_is(i->words[n]))
			continue;
		r = words_expand(&c->w, i->words[n], &word, e);
		if (r >= 0)
			r = add_word(c, word, e);
	}
	for (size_t n = 0, k = 0; n + 1 < i->n_words && k < i->n_heredocs && r >= 0; n++)
		if (heredoc_is(i->words[n]))
			r = add_inline(c, &i->heredocs[k++], e);
	return r;
}

/* ---- The whole ---- */

static int check_words(const struct copying *c, struct err *e)
{
	const struct instruction *i = c->i;
	const char *name = instruction_name(i->kind);

	if (i->n_words < 2)
		return err_set(e, EINVAL,
			       "%s requires at least two arguments, but only one was provided. "
			       "Destination could not be determined",
			       name);
	if (i->n_heredocs && heredoc_is(i->words[i->n_words - 1]))
		return err_set(e, EINVAL, "%s cannot accept a heredoc as a destination", name);
	if (c->checksum && i->n_words != 2)
		return err_set(e, EINVAL, "checksum can't be specified for multiple sources");
	return 0;
}

static int write_history(struct copying *c, struct err *e)
{
	auto_(strbuf) struct strbuf out = { .max = HISTORY_MAX };

	strbuf_adds(&out, instruction_name(c->i->kind));
	if (c->files.parents)
		strbuf_adds(&out, " --parents");
	if (c->files.chown)
		strbuf_addf(&out, " --chown=%s", c->files.chown);
	if (c->files.chmod)
		strbuf_addf(&out, " --chmod=%s", c->files.chmod);
	strbuf_adds(&out, strbuf_str(&c->paths));
	strbuf_addf(&out, " %s # buildkit", c->dest);
	return history_add(c->pb, c->s, &out, c->s->vertex, e);
}

static int add_vertex(struct copying *c, struct err *e)
{
	struct stage_build *s = c->s;
	struct vertex v = {
		.kind = VERTEX_FILES,
		.name = c->name,
		.origin = c->i,
		.stage = s->label,
		.platform = s->platform,
		.no_cache = s->no_cache,
	};

	c->files.base = c->files.link ? NO_VERTEX : s->vertex;
	c->files.above = c->files.link ? s->vertex : NO_VERTEX;
	v.u.files = c->files;
	return vertices_add(&c->pb->b->vertices, &v, &s->vertex, e);
}

static int copy(struct copying *c, struct err *e)
{
	int r = take_flags(c, e);

	if (r >= 0)
		r = check_words(c, e);
	if (r >= 0)
		r = words_expand(&c->w, c->i->words[c->i->n_words - 1], &c->dest, e);
	if (r < 0)
		return r;
	take_dest(c);
	c->name = step_name(c->pb, c->s, c->i, "");
	r = add_sources(c, e);
	if (r >= 0)
		r = strbuf_check(&c->paths, "the list of sources", e);
	if (r >= 0)
		r = add_vertex(c, e);
	if (r >= 0)
		r = write_history(c, e);
	return r;
}

int dispatch_copy(struct platform_build *pb, struct stage_build *s, const struct instruction *i,
		  struct err *e)
{
	struct copying c = { .pb = pb, .s = s, .i = i, .paths.max = HISTORY_MAX };
	int r;

	words_begin(&c.w, pb, s, i);
	r = copy(&c, e);
	strbuf_done(&c.paths);
	return r;
}
