/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/hosts/endpoint.h"

#include <ctype.h>
#include <errno.h>

#include "libutil/alloc.h"

void endpoint_done(struct endpoint *p)
{
	free(p->authority);
	free(p->path);
	free(p->repository);
	free(p->ns);
	free(p->ca);
	free(p->client_cert);
	free(p->client_key);
	strv_done(&p->headers);
	*p = (struct endpoint){ 0 };
}

void endpoints_done(struct endpoints *list)
{
	for (size_t i = 0; i < list->n; i++)
		endpoint_done(&list->v[i]);
	free(list->v);
	*list = (struct endpoints){ 0 };
}

struct endpoint *endpoints_add(struct endpoints *list)
{
	struct endpoint *p;

	if (list->n == ENDPOINTS_MAX)
		return NULL;
	list->v = xreallocarray(list->v, list->n + 1, sizeof(*list->v));
	p = &list->v[list->n++];
	*p = (struct endpoint){ .verify = true, .can = ENDPOINT_CAN_ALL, .path = xstrdup("/v2") };
	return p;
}

bool endpoint_authority_ok(const char *authority)
{
	size_t len = 0;

	for (; authority[len]; len++) {
		if (!isalnum((unsigned char)authority[len]) && !strchr(".-_:[]", authority[len]))
			return false;
	}
	return len > 0 && len < 256 && authority[0] != '.' && authority[0] != '-';
}

static bool word_ok(const char *word, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)word[i]) && !strchr("._-", word[i]))
			return false;
	}
	return len > 0 && !(word[0] == '.' && (len == 1 || (len == 2 && word[1] == '.')));
}

bool endpoint_repository_ok(const char *repository)
{
	const char *p = repository;

	for (;;) {
		size_t len = strcspn(p, "/");

		if (!word_ok(p, len))
			return false;
		if (p[len] == '\0')
			return strlen(repository) < 512;
		p += len + 1;
	}
}

int endpoint_place(struct endpoint *p, const char *location, struct err *e)
{
	size_t len = strcspn(location, "/");
	autofree char *authority = xstrndup(location, len);
	const char *repository = location[len] ? location + len + 1 : "";

	if (!endpoint_authority_ok(authority) || !endpoint_repository_ok(repository))
		return err_set(e, EINVAL, "'%.200s' is no registry and repository", location);
	free(p->authority);
	free(p->repository);
	p->authority = steal_ptr(&authority);
	p->repository = xstrdup(repository);
	return 0;
}
