/* SPDX-License-Identifier: Apache-2.0 */
/* libsqlite3, loaded when it is needed: only SBOMs of images that have rpm need it. */
#ifndef IMAGETOOL_ATTEST_SQLITE_API_H
#define IMAGETOOL_ATTEST_SQLITE_API_H

#include <sqlite3.h>
#include <stdbool.h>

#define SQLITE_FUNCTIONS(X)                                                                        \
	X(sqlite3_open_v2)                                                                         \
	X(sqlite3_close)                                                                           \
	X(sqlite3_db_config)                                                                       \
	X(sqlite3_limit)                                                                           \
	X(sqlite3_deserialize)                                                                     \
	X(sqlite3_progress_handler)                                                                \
	X(sqlite3_set_authorizer)                                                                  \
	X(sqlite3_prepare_v2)                                                                      \
	X(sqlite3_step)                                                                            \
	X(sqlite3_column_type)                                                                     \
	X(sqlite3_column_blob)                                                                     \
	X(sqlite3_column_bytes)                                                                    \
	X(sqlite3_column_text)                                                                     \
	X(sqlite3_finalize)

struct sqlite_api {
#define X(name) __typeof__(&(name)) name;
	SQLITE_FUNCTIONS(X)
#undef X
};

/* Is there one, with all that?  It stays until the process ends. */
bool sqlite_api_load(struct sqlite_api *ret);

#endif
