/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/store/snapshot_key.h"

#include <stdio.h>

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

bool snapshot_key_is_legal(const char *key)
{
	size_t skip = starts_with(key, SNAPSHOT_CHAIN_PREFIX) ? strlen(SNAPSHOT_CHAIN_PREFIX) : 0;
	size_t len = strlen(key + skip);

	return (len == 64 || len == 128) && strspn(key + skip, "0123456789abcdef") == len;
}
