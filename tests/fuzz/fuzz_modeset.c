/* SPDX-License-Identifier: Apache-2.0 */
/* --chmod: any text, and the mode that it makes of every other. */
#include <assert.h>
#include <stdint.h>
#include <sys/stat.h>

#include "imagetool/step/mode_set.h"
#include "libutil/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = xstrndup((const char *)data, size);
	struct mode_set s;

	if (mode_set_parse(text, &s, NULL) < 0)
		return 0;
	for (mode_t mode = 0; mode <= 07777; mode += 0111) {
		assert(mode_set_apply(&s, S_IFREG | mode) <= 07777);
		assert(mode_set_apply(&s, S_IFDIR | mode) <= 07777);
	}
	return 0;
}
