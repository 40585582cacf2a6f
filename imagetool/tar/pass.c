/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/tar/pass.h"

int tar_pass_content(struct tar_reader *t, int64_t size, struct tar_writer *w, struct err *e)
{
	const uint8_t *data;
	int64_t at = 0, offset;
	size_t len;
	int r;

	while ((r = tar_data(t, &data, &len, &offset, e)) > 0) {
		r = tar_write_zeros(w, offset - at, e);
		if (r >= 0)
			r = tar_write_data(w, data, len, e);
		if (r < 0)
			return r;
		at = offset + (int64_t)len;
	}
	return r < 0 ? r : tar_write_zeros(w, size - at, e);
}
