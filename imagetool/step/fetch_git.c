/* SPDX-License-Identifier: Apache-2.0 */
/* Which commit a ref of a repository is. */
#include <errno.h>
#include <string.h>

#include "imagetool/dockerfile/git_url.h"
#include "imagetool/dockerfile/redact.h"
#include "imagetool/step/git_keys.h"
#include "imagetool/step/git_run.h"
#include "libutil/alloc.h"

void fetch_git_facts_done(struct fetch_git_facts *f)
{
	free(f->ref);
	*f = (struct fetch_git_facts){ 0 };
}

static bool begins_with(const char *text, const char *prefix)
{
	return strncasecmp(text, prefix, strlen(prefix)) == 0;
}

static void set_id(char ret[FETCH_COMMIT_SIZE], const char *id)
{
	size_t len = strlen(id);

	memcpy(ret, id, len < FETCH_COMMIT_SIZE ? len : FETCH_COMMIT_SIZE - 1);
	ret[len < FETCH_COMMIT_SIZE ? len : FETCH_COMMIT_SIZE - 1] = '\0';
}

/* ---- What a remote says ---- */

/* One line of ls-remote: "ID\tREF". */
struct remote_ref {
	char *id, *ref;
};

/* The next of them; `text` moves on.  False at the end. */
static bool next_line(char **text, struct remote_ref *ret)
{
	while (**text) {
		char *line = *text, *end = strchr(line, '\n'), *tab;

		*text = end ? end + 1 : line + strlen(line);
		if (end)
			*end = '\0';
		tab = strchr(line, '\t');
		if (!tab)
			continue;
		*tab = '\0';
		*ret = (struct remote_ref){ line, tab + 1 };
		return true;
	}
	return false;
}

/* "ref: refs/heads/main\tHEAD" */
static int default_branch(const struct git *git, const char *url, char **ret, struct err *e)
{
	auto_(strbuf) struct strbuf out = { 0 };
	int r = GIT_RUN(git, &out, e, "ls-remote", "--symref", "--", url, "HEAD");
	char *text = out.data;
	struct remote_ref line;

	if (r < 0)
		return r;
	while (text && next_line(&text, &line)) {
		if (!streq(line.ref, "HEAD") || strncmp(line.id, "ref: ", 5) != 0)
			continue;
		r = git_ref_check(line.id + 5, e);
		if (r >= 0)
			*ret = xstrdup(line.id + 5);
		return r;
	}
	return err_set(e, ENOENT, "the repository has no default branch: name one, as in #main");
}

/* Candidates in the order in which they count, as git checkout has them. */
enum { AS_WRITTEN, AS_BRANCH, AS_TAG, PEELED, CANDIDATES };

struct choice {
	char *names[CANDIDATES]; /* owned */
	char ids[CANDIDATES][FETCH_COMMIT_SIZE];
};

static char *below(const char *prefix, const char *ref)
{
	return xasprintf("%s%s", strncmp(ref, prefix, strlen(prefix)) == 0 ? "" : prefix, ref);
}

static void choice_init(struct choice *c, const char *ref)
{
	*c = (struct choice){ 0 };
	c->names[AS_WRITTEN] = below("refs/", ref);
	c->names[AS_BRANCH] = below("refs/heads/", ref);
	c->names[AS_TAG] = below("refs/tags/", ref);
	c->names[PEELED] = xasprintf("%s^{}", c->names[AS_TAG]);
}

static void choice_done(struct choice *c)
{
	for (size_t i = 0; i < CANDIDATES; i++)
		free(c->names[i]);
}
AUTO_DEFINE_DONE(choice, choice_done)

static int choose(struct choice *c, const char *ref, struct fetch_git_facts *ret, struct err *e)
{
	for (size_t i = AS_WRITTEN; i <= AS_TAG; i++) {
		bool is_tag = streq(c->names[i], c->names[AS_TAG]);

		if (!c->ids[i][0])
			continue;
		set_id(ret->object, c->ids[i]);
		set_id(ret->commit, is_tag && c->ids[PEELED][0] ? c->ids[PEELED] : c->ids[i]);
		ret->ref = steal_ptr(&c->names[i]);
		return 0;
	}
	return err_set(e, ENOENT, "repository does not contain ref %.200s", ref);
}

static int ask(const struct git *git, const char *url, const char *ref, struct fetch_git_facts *ret,
	       struct err *e)
{
	autofree char *peeled = xasprintf("%s^{}", ref);
	auto_(strbuf) struct strbuf out = { 0 };
	auto_(choice) struct choice c = { 0 };
	int r = GIT_RUN(git, &out, e, "ls-remote", "--", url, ref, peeled);
	char *text = out.data;
	struct remote_ref line;

	if (r < 0)
		return r;
	choice_init(&c, ref);
	while (text && next_line(&text, &line))
		for (size_t i = 0; i < CANDIDATES && git_is_commit(line.id); i++)
			if (streq(line.ref, c.names[i]))
				set_id(c.ids[i], line.id);
	return choose(&c, ref, ret, e);
}

/* ---- All of it ---- */

static int check_checksum(const struct vertex_git *v, const struct fetch_git_facts *f,
			  struct err *e)
{
	if (!v->checksum || begins_with(f->object, v->checksum) ||
	    begins_with(f->commit, v->checksum))
		return 0;
	return err_set(e, EBADMSG, "expected checksum to match %s, got %s%s%s", v->checksum,
		       f->object, streq(f->object, f->commit) ? "" : " or ",
		       streq(f->object, f->commit) ? "" : f->commit);
}

/* What is known without asking; 0: nothing. */
static int known_commit(const struct vertex_git *v, struct fetch_git_facts *ret, struct err *e)
{
	if (git_is_commit(v->ref)) {
		set_id(ret->object, v->ref);
		set_id(ret->commit, v->ref);
		return 1;
	}
	if (!v->fetch_by_commit)
		return 0;
	if (!v->checksum || !git_is_commit(v->checksum))
		return err_set(e, EINVAL, "fetch-by-commit requires a full commit SHA checksum");
	set_id(ret->object, v->checksum);
	set_id(ret->commit, v->checksum);
	if (*v->ref)
		ret->ref = strncmp(v->ref, "refs/", 5) == 0 ? xstrdup(v->ref)
							    : below("refs/heads/", v->ref);
	return 1;
}

static int resolve(const struct vertex_git *v, const struct fetch_opts *opts,
		   struct fetch_git_facts *ret, struct err *e)
{
	const struct git git = { .opts = opts, .treefd = -1, .url = v->url };
	autofree char *remote = git_keys_plain_url(v->url);
	autofree char *branch = NULL;
	int r = git_ref_check(v->ref, e);

	if (r >= 0)
		r = known_commit(v, ret, e);
	if (r == 0 && !*v->ref)
		r = default_branch(&git, remote, &branch, e);
	if (r == 0)
		r = ask(&git, remote, branch ? branch : v->ref, ret, e);
	return r < 0 ? r : check_checksum(v, ret, e);
}

int fetch_git_resolve(const struct vertex_git *v, const struct fetch_opts *opts,
		      struct fetch_git_facts *ret, struct err *e)
{
	auto_(fetch_git_facts) struct fetch_git_facts facts = { 0 };
	autofree char *shown = redact_url(v->url);
	int r = resolve(v, opts, &facts, e);

	if (r < 0)
		return err_wrap(e, r, "repository '%.200s'", shown);
	*ret = facts;
	facts = (struct fetch_git_facts){ 0 };
	return 0;
}
