/* SPDX-License-Identifier: Apache-2.0 */
/* A data base of rpm, in the form that its first bytes say. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "imagetool/attest/rpm.h"
#include "imagetool/attest/sbom.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_(packages) struct packages p = { 0 };
	auto_(strbuf) struct strbuf out = { 0 };
	autofree unsigned char *bytes = NULL;
	struct err e = { 0 };

	if (size == 0)
		return 0;
	/* No byte behind it: none may be looked at. */
	bytes = xreallocarray(NULL, size, 1);
	memcpy(bytes, data, size);
	if (rpm_file_read(
		    &(struct rpm_file){
			    .packages = &p, .bytes = bytes, .len = size, .where = "/x" },
		    &e) < 0 &&
	    !e.code)
		abort();
	packages_sort(&p);
	sbom_write(&p, "x", 0, &out);
	return 0;
}
