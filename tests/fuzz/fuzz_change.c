/* SPDX-License-Identifier: Apache-2.0 */
/* A --change of an image's config: refused with a reason, or the config is whole afterwards. */
#include <stdint.h>
#include <stdlib.h>

#include "imagetool/commit/config_edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_order(const struct oci_strings *set)
{
	for (size_t i = 1; i < set->n; i++)
		if (strcmp(set->items[i - 1], set->items[i]) >= 0)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = xstrndup((const char *)data, size);
	auto_(arena) struct arena a = { 0 };
	auto_(strbuf) struct strbuf out = { 0 };
	struct image_rootfs fs = { .type = "layers" };
	struct image_config config = { .architecture = "amd64", .os = "linux", .rootfs = &fs };
	struct image_config *again;
	struct config_edit edit;
	struct err e = { 0 };

	fs.diff_ids.items = arena_alloc(&a, 1, sizeof(char *));
	config_edit_begin(&edit, &a, &config);
	if (config_edit_change(&edit, text, &e) < 0) {
		if (!e.code || !e.msg[0])
			abort();
		return 0;
	}
	check_order(&config.config->exposed_ports);
	check_order(&config.config->volumes);
	oci_encode(&image_config_type, &config, 0, &out);
	if (strbuf_check(&out, "config", NULL) >= 0 &&
	    image_config_decode("config", out.data, out.len, &a, &again, &e) < 0)
		abort();
	return 0;
}
