/* SPDX-License-Identifier: Apache-2.0 */
/* --secret and --ssh: what steps are given and images never hold. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "imagetool/build/values.h"
#include "imagetool/interrupt.h"
#include "libutil/csv.h"

/* ---- --secret ---- */

struct secret_words {
	const char *id, *type, *source, *env;
};

static int set_word(struct secret_words *w, const char *word, struct arena *a, struct err *e)
{
	const struct {
		const char *name;
		const char **at;
	} keys[] = {
		{ "id", &w->id },         { "type", &w->type }, { "src", &w->source },
		{ "source", &w->source }, { "env", &w->env },
	};
	const char *equals = strchr(word, '=');

	if (!equals)
		return err_set(e, EINVAL, "invalid field '%.100s' must be a key=value pair", word);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (strlen(keys[i].name) != (size_t)(equals - word) ||
		    strncasecmp(keys[i].name, word, (size_t)(equals - word)) != 0)
			continue;
		*keys[i].at = arena_strdup(a, equals + 1);
		return 0;
	}
	return err_set(e, EINVAL, "unexpected key '%.*s' in '%.100s'", (int)(equals - word), word,
		       word);
}

static int split_words(const char *text, struct arena *a, struct secret_words *w, struct err *e)
{
	auto_(strbuf) struct strbuf word = { 0 };
	int r = 0;

	while (*text && r >= 0) {
		strbuf_truncate(&word, 0);
		if (!csv_next(&text, &word))
			return err_set(e, EINVAL, "quotes are not closed");
		r = set_word(w, strbuf_str(&word), a, e);
	}
	return r;
}

/* Where neither is said it is the variable of that name if there is one, else the file. */
static int resolve_words(struct secret_words *w, struct err *e)
{
	if (!w->id || !*w->id)
		return err_set(e, EINVAL, "secret missing ID: give id=ID");
	if (w->type && !streq(w->type, "file") && !streq(w->type, "env"))
		return err_set(e, EINVAL, "unsupported secret type '%.50s': file or env", w->type);
	if (w->type && streq(w->type, "env") && !w->env) {
		w->env = w->source ? w->source : w->id;
		w->source = NULL;
	}
	if (w->env && w->source)
		return err_set(e, EINVAL, "env and src exclude each other");
	if (!w->env && !w->source && getenv(w->id))
		w->env = w->id;
	else if (!w->env && !w->source)
		w->source = w->id;
	return 0;
}

static int secret_of_variable(const char *name, struct arena *a, struct run_secret *ret,
			      struct err *e)
{
	const char *value = getenv(name);

	if (!value)
		return err_set(e, ENOENT, "the environment has no '%s'", name);
	ret->len = strlen(value);
	ret->data = arena_strdup(a, value);
	return 0;
}

static int secret_of_file(const char *file, struct arena *a, struct run_secret *ret, struct err *e)
{
	autofree char *text = NULL;
	size_t len;
	int r = interrupt_read_file(file, BUILD_SECRET_MAX, &text, &len, e);

	if (r < 0)
		return r;
	ret->data = arena_strndup(a, text, len);
	ret->len = len;
	explicit_bzero(text, len);
	return 0;
}

static int load_secret(const struct secret_words *w, struct arena *a, struct run_secret *ret,
		       struct err *e)
{
	ret->id = w->id;
	return w->env ? secret_of_variable(w->env, a, ret, e)
		      : secret_of_file(w->source, a, ret, e);
}

int build_secret_read(const char *text, struct arena *a, struct run_secret *ret, struct err *e)
{
	struct secret_words w = { 0 };
	int r = split_words(text, a, &w, e);

	if (r >= 0)
		r = resolve_words(&w, e);
	if (r >= 0)
		r = load_secret(&w, a, ret, e);
	return r < 0 ? err_wrap(e, r, "--secret '%.200s'", text) : 0;
}

/* ---- --ssh ---- */

static int add_agent(struct arena *a, struct run_ssh *ret, struct err *e)
{
	const char *socket = getenv("SSH_AUTH_SOCK");

	if (!socket || !*socket)
		return err_set(e, ENOENT,
			       "invalid empty ssh agent socket: make sure SSH_AUTH_SOCK is set, or "
			       "give %s=SOCKET",
			       ret->id);
	ret->socket = arena_strdup(a, socket);
	return 0;
}

/* A socket, or files with keys. */
static int add_path(const char *path, struct arena *a, struct run_ssh *ret, struct err *e)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_sys(e, "'%s'", path);
	if ((S_ISSOCK(st.st_mode) && ret->n_keys) || ret->socket)
		return err_set(e, EINVAL,
			       "only single socket allowed: keys and sockets do not mix");
	if (S_ISSOCK(st.st_mode)) {
		ret->socket = arena_strdup(a, path);
		return 0;
	}
	const char **keys =
		arena_grow(a, ret->keys, ret->n_keys, ret->n_keys + 1, sizeof(const char *));

	keys[ret->n_keys++] = arena_strdup(a, path);
	ret->keys = keys;
	return 0;
}

int build_ssh_read(const char *text, struct arena *a, struct run_ssh *ret, struct err *e)
{
	const char *equals = strchr(text, '=');
	auto_(strv) struct strv paths = { 0 };
	int r = 0;

	ret->id = equals ? arena_strndup(a, text, (size_t)(equals - text)) : arena_strdup(a, text);
	if (equals)
		strv_split(&paths, equals + 1, ',', true);
	if (!*ret->id)
		ret->id = "default";
	if (!paths.n)
		r = add_agent(a, ret, e);
	for (size_t i = 0; i < paths.n && r >= 0; i++)
		r = add_path(paths.v[i], a, ret, e);
	return r < 0 ? err_wrap(e, r, "--ssh '%.200s'", text) : 0;
}
