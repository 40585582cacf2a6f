/* SPDX-License-Identifier: Apache-2.0 */
/* Every blob of a store read and compared with its name, on all cores. */
#ifndef IMAGETOOL_STORE_CHECK_H
#define IMAGETOOL_STORE_CHECK_H

#include "imagetool/store/store.h"
#include "libutil/strv.h"

struct store_check_result {
	uint64_t blobs, bytes;
	struct strv damaged; /* digests they should have */
};
void store_check_result_done(struct store_check_result *r);
AUTO_DEFINE_DONE(store_check_result, store_check_result_done)

int store_check_blobs(const struct store *s, struct store_check_result *ret, struct err *e);
/* Take a blob away for being damaged; a missing one is fine. */
int store_remove_blob(struct store *s, const char *digest, struct err *e);

#endif
