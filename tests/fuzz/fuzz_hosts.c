/* SPDX-License-Identifier: Apache-2.0 */
/* registries.conf and hosts.toml: read or refused, and what comes out can be put into an URL. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "imagetool/hosts/hosts_toml.h"
#include "imagetool/hosts/registries_conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_place(const char *location)
{
	struct endpoint p = { 0 };

	if (endpoint_place(&p, location, NULL) >= 0 &&
	    (!endpoint_authority_ok(p.authority) || strchr(p.authority, '/') ||
	     strstr(p.repository, "..//") || strstr(p.repository, "/../") ||
	     strpbrk(p.repository, "?#%@ \r\n")))
		abort();
	endpoint_done(&p);
}

static void check_registry(const struct registries_conf *c, const char *name)
{
	const struct conf_registry *reg = registries_conf_find(c, name);
	char *text;

	if (!reg)
		return;
	text = registries_conf_rewrite(reg, reg->location, name);
	check_place(text);
	free(text);
	for (size_t i = 0; i < reg->n_mirrors; i++) {
		text = registries_conf_rewrite(reg, reg->mirrors[i].location, name);
		check_place(text);
		free(text);
	}
}

static void read_registries(const char *text, size_t len)
{
	auto_(registries_conf) struct registries_conf c = { 0 };
	struct err e = { 0 };

	if (registries_conf_add(&c, "input", text, len, &e) < 0 && !e.code)
		abort();
	check_registry(&c, "example.com/a/b");
	check_registry(&c, "x.example.com:5000/a");
	for (size_t i = 0; i < c.n; i++)
		check_registry(&c, c.registries[i].prefix);
}

static void read_hosts(const char *text, size_t len)
{
	auto_(endpoints) struct endpoints list = { 0 };
	struct err e = { 0 };
	bool server = false;

	if (hosts_toml_read("input", "/nonexistent", text, len, "example.com", "a/b", &list,
			    &server, &e) < 0 &&
	    (!e.code || list.n > 0))
		abort();
	for (size_t i = 0; i < list.n; i++) {
		const struct endpoint *p = &list.v[i];

		if (!endpoint_authority_ok(p->authority) || strpbrk(p->path, "?#%@ \r\n"))
			abort();
		for (size_t k = 0; k < p->headers.n; k++) {
			if (strpbrk(p->headers.v[k], "\r\n"))
				abort();
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_registries((const char *)data, size);
	read_hosts((const char *)data, size);
	return 0;
}
