/* SPDX-License-Identifier: Apache-2.0 */
/* What package managers left in an image; the first byte says which. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "imagetool/attest/sbom.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int parse_program(struct packages *p, const char *text, size_t len, const char *where,
			 struct err *e)
{
	struct go_info go;
	int r;

	if (find_go_info((const unsigned char *)text, len, &go) <= 0)
		return 0;
	if (go.version < text || go.version + go.version_len > text + len ||
	    (go.modules_len && (go.modules < text || go.modules + go.modules_len > text + len)))
		abort();
	r = parse_go_version(p, go.version, go.version_len, where, e);
	return r < 0 ? r : parse_go_modules(p, go.modules, go.modules_len, where, e);
}

static int parse_crates(struct packages *p, const char *text, size_t len, const char *where,
			struct err *e)
{
	const char *crates;
	size_t n;

	if (find_rust_crates((const unsigned char *)text, len, &crates, &n) <= 0)
		return 0;
	if (crates < text || crates + n > text + len)
		abort();
	return parse_rust_crates(p, crates, n, where, e);
}

static int parse_release(struct packages *p, const char *text, size_t len, const char *where UNUSED,
			 struct err *e UNUSED)
{
	parse_os_release(p, text, len);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int (*const parsers[])(struct packages * p, const char *text, size_t len,
				      const char *where, struct err *e) = {
		parse_dpkg_status, parse_apk_installed, parse_python_metadata, parse_package_json,
		parse_go_modules,  parse_program,       parse_release,         parse_cargo_lock,
		parse_rust_crates, parse_crates,        parse_rpm_header,
	};
	auto_(packages) struct packages p = { 0 };
	auto_(strbuf) struct strbuf out = { 0 };
	autofree char *text = NULL;
	struct err e = { 0 };

	if (size == 0)
		return 0;
	/* As read from a file: a NUL stands behind. */
	text = xcalloc(size, 1);
	memcpy(text, data + 1, size - 1);
	if (parsers[data[0] % ARRAY_LEN(parsers)](&p, text, size - 1, "/x", &e) < 0 && !e.code)
		abort();
	packages_sort(&p);
	for (size_t i = 0; i < p.n; i++)
		if (!p.items[i].name[0] || !p.items[i].version[0])
			abort();
	sbom_write(&p, "x", 0, &out);
	return 0;
}
