/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/verb/login_name.h"

#include <errno.h>
#include <strings.h>

#include "imagetool/auth/auth_key.h"
#include "imagetool/errors.h"
#include "imagetool/hosts/endpoint.h"
#include "libutil/alloc.h"

/* Stands for any repository of a registry. */
#define ANY_REPOSITORY "any"

void login_name_done(struct login_name *n)
{
	free(n->repository);
	free(n->key);
	image_reference_done(&n->ref);
}

static const char *skip_scheme(const char *text)
{
	if (strncasecmp(text, "https://", 8) == 0)
		return text + 8;
	return strncasecmp(text, "http://", 7) == 0 ? text + 7 : text;
}

/* Docker Hub's own addresses have paths that are no namespaces ("/v1/"). */
static void set_parts(const char *host, const char *path, struct login_name *ret)
{
	bool hub = streq(auth_key_host(host), "docker.io");
	bool version = streq(path, "v1") || streq(path, "v2");

	ret->repository = xstrdup(version && hub ? "" : path);
	ret->ref.registry = xstrdup(auth_key_host(host));
	ret->ref.repository = xstrdup(ret->repository[0] ? ret->repository : ANY_REPOSITORY);
	ret->key = xasprintf("%s%s%s", ret->ref.registry, ret->repository[0] ? "/" : "",
			     ret->repository);
}

int login_name_parse(const char *text, struct login_name *ret, struct err *e)
{
	const char *rest = skip_scheme(text);
	size_t len = strcspn(rest, "/"), end = strlen(rest);
	autofree char *host = xstrndup(rest, len);
	autofree char *path = NULL;

	while (end > len && rest[end - 1] == '/')
		end--;
	path = xstrndup(rest + len + (end > len), end > len ? end - len - 1 : 0);
	if (!endpoint_authority_ok(host) || (path[0] && !endpoint_repository_ok(path)))
		return err_set(e, IMAGE_EUSAGE, "'%.200s' is no registry, nor a namespace in one",
			       text);
	set_parts(host, path, ret);
	return 0;
}
