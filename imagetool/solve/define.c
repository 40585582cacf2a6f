/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/solve/define.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libutil/alloc.h"

/* Changes when the same definition comes to mean something else. */
#define DEFINITION "creel build 1"

/* ---- The bytes that are hashed ---- */

void defining_begin(struct defining *g, const char *what)
{
	g->d = digest_new(DIGEST_SHA256);
	defining_text(g, "definition", DEFINITION);
	defining_text(g, "what", what);
}

void defining_bytes(struct defining *g, const char *name, const void *data, size_t len)
{
	const uint64_t lengths[2] = { strlen(name), len };

	digest_update(g->d, lengths, sizeof(lengths));
	digest_update(g->d, name, strlen(name));
	digest_update(g->d, data ? data : "", len);
}

void defining_text(struct defining *g, const char *name, const char *text)
{
	/* The NUL tells "" from NULL. */
	defining_bytes(g, name, text, text ? strlen(text) + 1 : 0);
}

void defining_number(struct defining *g, const char *name, int64_t n)
{
	defining_bytes(g, name, &n, sizeof(n));
}

void defining_end(struct defining *g, char ret[BUILD_KEY_SIZE])
{
	char text[DIGEST_TEXT_SIZE];

	digest_final(g->d, text);
	digest_free(g->d);
	g->d = NULL;
	(void)snprintf(ret, BUILD_KEY_SIZE, "%s", digest_hex(text));
}

static void add_texts(struct defining *g, const char *name, const char *const *items, size_t n)
{
	defining_number(g, name, (int64_t)n);
	for (size_t i = 0; i < n; i++)
		defining_text(g, "item", items[i]);
}

/* ---- Kinds ---- */

static void define_http(struct defining *g, const struct vertex_http *h)
{
	defining_text(g, "url", h->url);
	defining_text(g, "filename", h->filename);
	defining_text(g, "checksum", h->checksum);
}

static void define_git(struct defining *g, const struct vertex_git *v)
{
	defining_text(g, "url", v->url);
	defining_text(g, "ref", v->ref);
	defining_text(g, "subdir", v->subdir);
	defining_text(g, "checksum", v->checksum);
	defining_number(g, "keep_git_dir", v->keep_git_dir);
	defining_number(g, "submodules", v->submodules);
	defining_number(g, "mtime_commit", v->mtime_commit);
	defining_number(g, "fetch_by_commit", v->fetch_by_commit);
}

static void define_source(struct defining *g, const struct files_source *s)
{
	/* Which vertex it is comes with the inputs; whether there is one is said here. */
	defining_number(g, "scratch", s->from == NO_VERTEX);
	add_texts(g, "paths", s->paths, s->n_paths);
	defining_number(g, "unpack", s->unpack);
	defining_number(g, "plain", s->plain);
	defining_text(g, "inline_name", s->inline_name);
	defining_bytes(g, "content", s->content, s->inline_name ? s->len : 0);
}

static void define_files(struct defining *g, const struct vertex_files *f)
{
	defining_number(g, "scratch", f->base == NO_VERTEX);
	defining_text(g, "dest", f->dest);
	defining_number(g, "dest_is_dir", f->dest_is_dir);
	defining_text(g, "chown", f->chown);
	defining_text(g, "chmod", f->chmod);
	add_texts(g, "exclude", f->exclude, f->n_exclude);
	defining_number(g, "link", f->link);
	defining_number(g, "parents", f->parents);
	defining_number(g, "mkdir_only", f->mkdir_only);
	defining_number(g, "sources", (int64_t)f->n_sources);
	for (size_t i = 0; i < f->n_sources; i++)
		define_source(g, &f->sources[i]);
}

static void define_mount(struct defining *g, const struct run_mount_at *at)
{
	const struct run_mount *m = &at->m;

	defining_number(g, "scratch", at->from == NO_VERTEX);
	defining_number(g, "type", m->type);
	defining_text(g, "target", m->target);
	defining_text(g, "source", m->source);
	defining_text(g, "id", m->id);
	defining_text(g, "env", m->env);
	defining_number(g, "read_only", m->read_only);
	defining_number(g, "required", m->required);
	defining_number(g, "sharing", m->sharing);
	defining_number(g, "has_mode", m->has_mode);
	defining_number(g, "mode", m->has_mode ? m->mode : 0);
	defining_number(g, "uid", m->uid);
	defining_number(g, "gid", m->gid);
	defining_number(g, "size", m->size);
}

static void define_run(struct defining *g, const struct vertex_run *r)
{
	defining_number(g, "scratch", r->base == NO_VERTEX);
	add_texts(g, "args", r->args, r->n_args);
	add_texts(g, "env", r->env, r->n_env);
	defining_text(g, "cwd", r->cwd);
	defining_text(g, "user", r->user);
	defining_text(g, "hostname", r->hostname);
	defining_number(g, "network", r->network);
	defining_number(g, "insecure", r->insecure);
	defining_number(g, "devices", (int64_t)r->n_devices);
	for (size_t i = 0; i < r->n_devices; i++) {
		defining_text(g, "device", r->devices[i].name);
		defining_number(g, "device_required", r->devices[i].required);
	}
	defining_text(g, "script_name", r->script_name);
	defining_bytes(g, "script", r->script, r->script_name ? r->script_len : 0);
	defining_number(g, "mounts", (int64_t)r->n_mounts);
	for (size_t i = 0; i < r->n_mounts; i++)
		define_mount(g, &r->mounts[i]);
}

/* What a program finds depends on what it is built for. */
static void define_platform(struct defining *g, const struct platform *p)
{
	char text[PLATFORM_TEXT_SIZE];

	defining_text(g, "platform", p ? platform_text(p, text) : NULL);
}

void define_vertex(const struct vertex *v, const char *salt, char ret[BUILD_KEY_SIZE])
{
	static const char *const kinds[] = {
		[VERTEX_IMAGE] = "image", [VERTEX_CONTEXT] = "context", [VERTEX_HTTP] = "http",
		[VERTEX_GIT] = "git",     [VERTEX_FILES] = "files",     [VERTEX_RUN] = "run",
	};
	struct defining g;

	defining_begin(&g, kinds[v->kind]);
	switch (v->kind) {
	case VERTEX_IMAGE:
		/* Its layers are its key. */
		break;
	case VERTEX_CONTEXT:
		defining_text(&g, "name", v->u.context.name);
		break;
	case VERTEX_HTTP:
		define_http(&g, &v->u.http);
		break;
	case VERTEX_GIT:
		define_git(&g, &v->u.git);
		break;
	case VERTEX_FILES:
		define_files(&g, &v->u.files);
		break;
	case VERTEX_RUN:
		define_run(&g, &v->u.run);
		define_platform(&g, v->platform);
		defining_text(&g, "salt", salt);
		break;
	}
	defining_end(&g, ret);
}
