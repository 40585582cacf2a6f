/* SPDX-License-Identifier: Apache-2.0 */
/* The filter of the annotation run.oci.seccomp_bpf_data: base64 of instructions. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "runtime/seccomp/raw.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = xcalloc(size + 1, 1);
	struct sock_filter *v = NULL;
	struct err e = { 0 };
	size_t n = 0;

	memcpy(text, data, size);
	if (seccomp_raw_decode(text, &v, &n, &e) < 0) {
		if (!e.code || v)
			abort();
		return 0;
	}
	if (n == 0 || n > BPF_MAXINSNS || n * sizeof(*v) > strlen(text) / 4 * 3)
		abort();
	/* All of it can be read. */
	for (size_t i = 0; i < n; i++)
		(void)*(volatile uint32_t *)&v[i].k;
	free(v);
	return 0;
}
