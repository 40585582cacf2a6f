/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/store/snapshot_key.h"

#include <stdio.h>
#include <unistd.h>

void snapshot_chain_id(char chain[DIGEST_TEXT_SIZE], const char *diff_id)
{
	char text[2 * DIGEST_TEXT_SIZE];
	int n;

	if (chain[0] == '\0') {
		(void)snprintf(chain, DIGEST_TEXT_SIZE, "%s", diff_id);
		return;
	}
	n = snprintf(text, sizeof(text), "%s %s", chain, diff_id);
	digest_of(DIGEST_SHA256, text, (size_t)n, chain);
}

void snapshot_key_alone(const char *diff_id, char ret[SNAPSHOT_KEY_SIZE])
{
	(void)snprintf(ret, SNAPSHOT_KEY_SIZE, "%s", digest_hex(diff_id));
}

void snapshot_key_chain(const char *chain_id, char ret[SNAPSHOT_KEY_SIZE])
{
	(void)snprintf(ret, SNAPSHOT_KEY_SIZE, SNAPSHOT_CHAIN_PREFIX "%s", digest_hex(chain_id));
}

void snapshot_key_build(const char *record_key, char ret[SNAPSHOT_KEY_SIZE])
{
	(void)snprintf(ret, SNAPSHOT_KEY_SIZE, SNAPSHOT_BUILD_PREFIX "%s", record_key);
}

void snapshot_key_plain(const char *chain_id, char ret[SNAPSHOT_KEY_SIZE])
{
	(void)snprintf(ret, SNAPSHOT_KEY_SIZE, SNAPSHOT_PLAIN_PREFIX "%s", digest_hex(chain_id));
}

void snapshot_key_plain_build(const char *record_key, char ret[SNAPSHOT_KEY_SIZE])
{
	(void)snprintf(ret, SNAPSHOT_KEY_SIZE, SNAPSHOT_PLAIN_PREFIX "%s", record_key);
}

bool snapshot_key_is_legal(const char *key)
{
	static const char *const prefixes[] = { SNAPSHOT_CHAIN_PREFIX, SNAPSHOT_BUILD_PREFIX,
						SNAPSHOT_PLAIN_PREFIX };
	size_t len;

	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		if (starts_with(key, prefixes[i])) {
			key += strlen(prefixes[i]);
			break;
		}
	len = strlen(key);
	return (len == 64 || len == 128) && strspn(key, "0123456789abcdef") == len;
}

bool snapshot_key_moved(int dirfd, const char *key, char ret[SNAPSHOT_KEY_SIZE])
{
	ssize_t n = readlinkat(dirfd, key, ret, SNAPSHOT_KEY_SIZE);

	if (n <= 0 || (size_t)n >= SNAPSHOT_KEY_SIZE)
		return false;
	ret[n] = '\0';
	return snapshot_key_is_legal(ret);
}
