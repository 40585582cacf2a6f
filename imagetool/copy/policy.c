/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/copy/policy.h"

#include <errno.h>

#include "libutil/alloc.h"
#include "libutil/file.h"

void policy_done(struct policy *p)
{
	for (size_t i = 0; i < p->n; i++)
		sign_trust_free(p->rules[i].trust);
	p->n = 0;
}

/* ---- Scopes ---- */

/* "host/ns/repo:tag", then shorter and shorter down to "host", then "*.domain". */
static const struct json *find_scope(const struct json *docker, const struct image_reference *ref)
{
	autofree char *scope =
		ref->digest ? xasprintf("%s/%s@%s", ref->registry, ref->repository, ref->digest)
			    : xasprintf("%s/%s:%s", ref->registry, ref->repository, ref->tag);
	const struct json *found = json_get(docker, scope);
	char *host_end;

	scope[strlen(ref->registry) + 1 + strlen(ref->repository)] = '\0';
	while (!found) {
		char *slash = strrchr(scope, '/');

		found = json_get(docker, scope);
		if (!slash)
			break;
		*slash = '\0';
	}
	host_end = scope + strcspn(scope, ":");
	*host_end = '\0';
	for (char *dot = strchr(scope, '.'); dot && !found; dot = strchr(dot + 1, '.')) {
		autofree char *wildcard = xasprintf("*%s", dot);

		found = json_get(docker, wildcard);
	}
	return found ? found : json_get(docker, "");
}

/* ---- Requirements ---- */

static int read_identity(const struct json *identity, struct policy_rule *rule, struct err *e)
{
	const char *type = json_get_string(identity, "type");

	if (!identity)
		return 0;
	if (type && streq(type, "matchRepository"))
		rule->identity = POLICY_REPOSITORY;
	else if (!type || !streq(type, "matchRepoDigestOrExact"))
		return err_set(e, ENOTSUP,
			       "signedIdentity '%s' is not supported: matchRepository and "
			       "matchRepoDigestOrExact are",
			       type ? type : "");
	return 0;
}

static int read_sigstore(const struct json *v, struct policy_rule *rule, struct err *e)
{
	static const char *const unsupported[] = { "keyData",
						   "keyDatas",
						   "fulcio",
						   "pki",
						   "rekorPublicKeyPath",
						   "rekorPublicKeyData",
						   "rekorPublicKeyPaths",
						   "rekorPublicKeyDatas" };
	const struct json *paths = json_get(v, "keyPaths");
	const char *path = json_get_string(v, "keyPath");
	int r = path ? sign_trust_add_key(rule->trust, path, e) : 0;

	for (size_t i = 0; i < ARRAY_LEN(unsupported); i++)
		if (json_get(v, unsupported[i]))
			return err_set(e, ENOTSUP,
				       "sigstoreSigned with '%s' is not supported: name the key's "
				       "file in keyPath",
				       unsupported[i]);
	if (!path == !paths)
		return err_set(e, EINVAL, "sigstoreSigned needs keyPath or keyPaths");
	if (paths && (paths->kind != JSON_ARRAY || !paths->len))
		return err_set(e, EINVAL, "keyPaths is no list of files");
	for (size_t i = 0; paths && i < paths->len && r >= 0; i++)
		r = paths->items[i].kind == JSON_STRING
			    ? sign_trust_add_key(rule->trust, paths->items[i].string, e)
			    : err_set(e, EINVAL, "keyPaths is no list of files");
	return r < 0 ? r : read_identity(json_get(v, "signedIdentity"), rule, e);
}

static int read_rule(const struct json *v, struct policy_rule *rule, struct err *e)
{
	const char *type = json_get_string(v, "type");

	if (!type)
		return err_set(e, EINVAL, "a requirement has no type");
	if (streq(type, "insecureAcceptAnything")) {
		rule->kind = POLICY_ACCEPT;
		return 0;
	}
	if (streq(type, "reject")) {
		rule->kind = POLICY_REJECT;
		return 0;
	}
	if (streq(type, "signedBy"))
		return err_set(e, ENOTSUP,
			       "signedBy asks for GnuPG's signatures, which are not supported: "
			       "use sigstoreSigned");
	if (!streq(type, "sigstoreSigned"))
		return err_set(e, EINVAL, "unknown requirement '%s'", type);
	rule->kind = POLICY_SIGSTORE;
	rule->trust = sign_trust_new();
	return read_sigstore(v, rule, e);
}

static int read_list(const struct json *list, struct policy *ret, struct err *e)
{
	int r = 0;

	if (!list || list->kind != JSON_ARRAY || !list->len || list->len > POLICY_RULES_MAX)
		return err_set(e, EINVAL, "there is no list of 1 to %d requirements for this image",
			       POLICY_RULES_MAX);
	for (size_t i = 0; i < list->len && r >= 0; i++) {
		ret->n = i + 1;
		r = read_rule(&list->items[i], &ret->rules[i], e);
	}
	return r;
}

int policy_parse(const char *name, const char *text, size_t len, const struct image_reference *ref,
		 struct policy *ret, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	const struct json *docker, *list;
	struct json *doc;
	int r = json_parse(name, text, len, &a, &doc, e);

	if (r < 0)
		return r;
	docker = json_get(json_get(doc, "transports"), "docker");
	list = docker ? find_scope(docker, ref) : NULL;
	r = read_list(list ? list : json_get(doc, "default"), ret, e);
	return r < 0 ? err_wrap(e, r, "policy '%s'", name) : 0;
}

int policy_read(const char *path, const struct image_reference *ref, struct policy *ret,
		struct err *e)
{
	autofree char *text = NULL;
	const char *name;
	size_t len = 0;
	int r = file_read_named(path, POLICY_FILE_MAX, &text, &len, &name, e);

	return r < 0 ? r : policy_parse(name, text, len, ref, ret, e);
}

/* ---- Names in signatures ---- */

bool policy_matches(const struct policy_rule *rule, const struct image_reference *ref,
		    const char *signed_name)
{
	auto_(image_reference) struct image_reference name = { 0 };
	const char *last = strrchr(signed_name, '/');
	/* The parser makes "latest" of what has no tag: here that is no tag. */
	bool tagged = strchr(last ? last : signed_name, ':') != NULL;

	if (reference_parse(signed_name, &name, NULL) < 0 || !streq(name.registry, ref->registry) ||
	    !streq(name.repository, ref->repository))
		return false;
	if (rule->identity == POLICY_REPOSITORY || ref->digest)
		return true;
	return tagged && name.tag && streq(name.tag, ref->tag);
}
