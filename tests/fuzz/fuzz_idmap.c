/* SPDX-License-Identifier: Apache-2.0 */
/* The mappings in an option "idmap=..." of a mount. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "runtime/init/idmap_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct oci_array *list)
{
	const struct spec_id_mapping *m = list->items;

	if (list->n == 0 || list->n > IDMAP_TEXT_MAX)
		abort();
	for (size_t i = 0; i < list->n; i++)
		if (m[i].size.v == 0 || m[i].size.v > UINT32_MAX || m[i].host_id.v > UINT32_MAX)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct spec_id_mapping own[] = {
		{ { true, 0 }, { true, 1000 }, { true, 1 } },
		{ { true, 1 }, { true, 100000 }, { true, 65536 } },
	};
	const struct spec_linux l = { .uid_mappings = { own, 2 }, .gid_mappings = { own, 2 } };
	autofree char *text = xcalloc(size + 1, 1);
	struct idmap_text t = { 0 };
	struct err e = { 0 };

	memcpy(text, data, size);
	if (idmap_text_parse(text, &l, "option", &t, &e) < 0) {
		if (!e.code || t.uids.items || t.gids.items)
			abort();
		return 0;
	}
	check(&t.uids);
	check(&t.gids);
	idmap_text_done(&t);
	return 0;
}
