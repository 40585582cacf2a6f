/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/auth/auth_key.h"

#include <strings.h>

#include "libutil/alloc.h"

#define HUB "docker.io"

const char *auth_key_host(const char *host)
{
	static const char *const hub[] = { HUB, "index.docker.io", "registry-1.docker.io" };

	for (size_t i = 0; i < ARRAY_LEN(hub); i++) {
		if (strcasecmp(host, hub[i]) == 0)
			return HUB;
	}
	return host;
}

const char *auth_key_server(const char *host)
{
	return streq(auth_key_host(host), HUB) ? AUTH_HUB_KEY : host;
}

static const char *skip_scheme(const char *key)
{
	if (strncasecmp(key, "https://", 8) == 0)
		return key + 8;
	return strncasecmp(key, "http://", 7) == 0 ? key + 7 : key;
}

char *auth_key_hostname(const char *key)
{
	key = skip_scheme(key);
	return xstrndup(key, strcspn(key, "/"));
}

/* How much of a path the key covers: 0 when it is for something else. */
static size_t covers(const char *key, const char *path)
{
	size_t len = strlen(key);

	if (strncmp(key, path, len) != 0 || (path[len] != '\0' && path[len] != '/'))
		return 0;
	return len;
}

static const struct json *find_namespace(const struct json *map, const char *path,
					 const char **ret_key)
{
	const struct json *found = NULL;
	size_t best = 0;

	for (size_t i = 0; i < map->len; i++) {
		size_t n = covers(map->keys[i], path);

		if (n > best) {
			best = n;
			found = &map->items[i];
			*ret_key = map->keys[i];
		}
	}
	return found;
}

/* A key with a scheme is for its host whatever its path; one without is a namespace's. */
static bool is_for_host(const char *key, const char *host)
{
	autofree char *name = auth_key_hostname(key);
	bool has_namespace = key == skip_scheme(key) && strchr(key, '/') && key[strlen(name) + 1];

	return !has_namespace && strcasecmp(auth_key_host(name), auth_key_host(host)) == 0;
}

const struct json *auth_key_find(const struct json *map, const char *host, const char *repository,
				 const char **ret_key)
{
	autofree char *path =
		xasprintf("%s%s%s", auth_key_host(host), *repository ? "/" : "", repository);
	const struct json *found;

	if (!map || map->kind != JSON_OBJECT)
		return NULL;
	found = find_namespace(map, path, ret_key);
	for (size_t i = 0; !found && i < map->len; i++) {
		if (is_for_host(map->keys[i], host)) {
			found = &map->items[i];
			*ret_key = map->keys[i];
		}
	}
	return found;
}
