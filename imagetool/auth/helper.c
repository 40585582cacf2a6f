/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/auth/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "imagetool/errors.h"
#include "libutil/alloc.h"
#include "libutil/json.h"
#include "libutil/log.h"
#include "libutil/proc.h"

/* What helpers print when they have nothing; the protocol has no other sign for it. */
static const char not_found[] = "credentials not found in native keychain";

/* The answer is a secret: room for all of it at once, so that growing leaves no copy behind. */
struct answer {
	struct strbuf text;
	int status;
};

static void answer_done(struct answer *a)
{
	if (a->text.data)
		explicit_bzero(a->text.data, a->text.cap);
	strbuf_done(&a->text);
}
AUTO_DEFINE_DONE(answer, answer_done)

/* It comes out of a file and becomes part of a program's name. */
static int check_name(const char *name, struct err *e)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";

	if (name[0] == '\0' || strspn(name, allowed) != strlen(name) || strlen(name) > 100)
		return err_set(e, EINVAL, "'%.100s' is no name of a credential helper", name);
	return 0;
}

static int run(const struct helper *h, const char *verb, const char *input, struct answer *ret,
	       struct err *e)
{
	autofree char *program = xasprintf("docker-credential-%s", h->name);
	autofree char *verb_copy = xstrdup(verb);
	autofree char *path = NULL;
	char *argv[] = { program, verb_copy, NULL };
	struct proc_spec spec = { .argv = argv,
				  .argv0_label = program,
				  .new_session = true,
				  .may_stop = true,
				  .stopfds = { h->wakefd, -1 } };
	unsigned timeout = h->timeout_s ? h->timeout_s : HELPER_TIMEOUT_S;
	autofd int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int r = check_name(h->name, e);

	if (r < 0)
		return r;
	path = proc_search_path(program);
	if (!path)
		return err_set(e, IMAGE_EDENIED,
			       "credential helper '%s' is not in PATH: install it, or take it out "
			       "of the file that names it",
			       program);
	if (null < 0)
		return err_sys(e, "open '/dev/null'");
	spec.path = path;
	spec.errfd = null;
	ret->text.max = HELPER_OUTPUT_MAX;
	(void)strbuf_reserve(&ret->text, HELPER_OUTPUT_MAX);
	log_debug("credential helper %s %s", program, verb);
	r = proc_run(&spec, input, strlen(input), &ret->text, (int)timeout * 1000, &ret->status, e);
	if (r == -ETIMEDOUT)
		return err_set(e, ETIMEDOUT, "credential helper '%s' took longer than %u s",
			       program, timeout);
	return r < 0 ? err_wrap(e, r, "credential helper") : 0;
}

/* What it printed stays unsaid: it may hold the secret. */
static int failed(const struct helper *h, const char *verb, const struct answer *a, struct err *e)
{
	char text[PROC_STATUS_TEXT_SIZE];

	return err_set(e, IMAGE_EDENIED, "credential helper 'docker-credential-%s %s' %s", h->name,
		       verb, proc_status_text(a->status, text));
}

static bool says_not_found(const struct answer *a)
{
	return strstr(strbuf_str(&a->text), not_found) != NULL;
}

static int parse(const struct helper *h, const struct answer *a, struct arena *arena,
		 struct json **ret, struct err *e)
{
	if (a->text.len >= HELPER_OUTPUT_MAX ||
	    json_parse("answer", strbuf_str(&a->text), a->text.len, arena, ret, NULL) < 0 ||
	    (*ret)->kind != JSON_OBJECT)
		return err_set(e, IMAGE_EDENIED,
			       "what credential helper 'docker-credential-%s' printed is not what "
			       "its protocol says",
			       h->name);
	return 0;
}

/* The tree holds copies. */
static void wipe_secret(const struct json *doc)
{
	const struct json *secret = json_get(doc, "Secret");

	if (secret && secret->kind == JSON_STRING)
		explicit_bzero(secret->string, secret->len);
}

int helper_get(const struct helper *h, const char *server, struct credential *ret, struct err *e)
{
	auto_(answer) struct answer a = { 0 };
	auto_(arena) struct arena arena = { 0 };
	const char *user, *secret;
	struct json *doc;
	int r = run(h, "get", server, &a, e);

	if (r < 0)
		return r;
	if (proc_exit_code(a.status) != 0)
		return says_not_found(&a) ? 0 : failed(h, "get", &a, e);
	r = parse(h, &a, &arena, &doc, e);
	if (r < 0)
		return r;
	user = json_get_string(doc, "Username");
	secret = json_get_string(doc, "Secret");
	if (!secret || !secret[0]) {
		wipe_secret(doc);
		return 0;
	}
	credential_set(ret, user ? user : "", secret);
	wipe_secret(doc);
	ret->from = xasprintf("docker-credential-%s", h->name);
	return 1;
}

int helper_store(const struct helper *h, const char *server, const struct credential *c,
		 struct err *e)
{
	auto_(answer) struct answer a = { 0 };
	struct answer input = { .text = { .max = CREDENTIAL_SECRET_MAX * 2 } };
	struct json_writer w = { .out = &input.text };
	int r;

	(void)strbuf_reserve(&input.text, CREDENTIAL_SECRET_MAX);
	json_object(&w);
	json_kv_string(&w, "ServerURL", server);
	json_kv_string(&w, "Username", c->identity_token ? CREDENTIAL_TOKEN_USER : c->user);
	json_kv_string(&w, "Secret", c->identity_token ? c->identity_token : c->password);
	json_object_end(&w);
	r = run(h, "store", strbuf_str(&input.text), &a, e);
	answer_done(&input);
	if (r < 0)
		return r;
	return proc_exit_code(a.status) == 0 ? 0 : failed(h, "store", &a, e);
}

int helper_erase(const struct helper *h, const char *server, struct err *e)
{
	auto_(answer) struct answer a = { 0 };
	int r = run(h, "erase", server, &a, e);

	if (r < 0)
		return r;
	if (proc_exit_code(a.status) != 0)
		return says_not_found(&a) ? 0 : failed(h, "erase", &a, e);
	return 1;
}

int helper_list(const struct helper *h, struct strv *servers, struct err *e)
{
	auto_(answer) struct answer a = { 0 };
	auto_(arena) struct arena arena = { 0 };
	struct json *doc;
	int r = run(h, "list", "", &a, e);

	if (r < 0)
		return r;
	if (proc_exit_code(a.status) != 0)
		return failed(h, "list", &a, e);
	r = parse(h, &a, &arena, &doc, e);
	for (size_t i = 0; r >= 0 && i < doc->len; i++)
		strv_add(servers, doc->keys[i]);
	return r;
}
