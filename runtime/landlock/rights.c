/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/landlock/rights.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct right {
	const char *name;
	enum landlock_kind kind;
	int bit;
	int abi;
	bool of_files;
};

/* linux/landlock.h, which may be older than the kernel. */
static const struct right rights[] = {
	{ "execute", LANDLOCK_FS, 0, 1, true },
	{ "write_file", LANDLOCK_FS, 1, 1, true },
	{ "read_file", LANDLOCK_FS, 2, 1, true },
	{ "read_dir", LANDLOCK_FS, 3, 1, false },
	{ "remove_dir", LANDLOCK_FS, 4, 1, false },
	{ "remove_file", LANDLOCK_FS, 5, 1, false },
	{ "make_char", LANDLOCK_FS, 6, 1, false },
	{ "make_dir", LANDLOCK_FS, 7, 1, false },
	{ "make_reg", LANDLOCK_FS, 8, 1, false },
	{ "make_sock", LANDLOCK_FS, 9, 1, false },
	{ "make_fifo", LANDLOCK_FS, 10, 1, false },
	{ "make_block", LANDLOCK_FS, 11, 1, false },
	{ "make_sym", LANDLOCK_FS, 12, 1, false },
	{ "refer", LANDLOCK_FS, 13, 2, false },
	{ "truncate", LANDLOCK_FS, 14, 3, true },
	{ "ioctl_dev", LANDLOCK_FS, 15, 5, true },
	{ "bind_tcp", LANDLOCK_NET, 0, 4, false },
	{ "connect_tcp", LANDLOCK_NET, 1, 4, false },
	{ "abstract_unix_socket", LANDLOCK_SCOPED, 0, 6, false },
	{ "signal", LANDLOCK_SCOPED, 1, 6, false },
};

static const char *const linux_of[LANDLOCK_KNOWN_ABI + 1] = {
	[1] = "5.13", [2] = "5.19", [3] = "6.2",  [4] = "6.7",
	[5] = "6.10", [6] = "6.12", [7] = "6.15",
};

static uint64_t mask_of(const struct right *r)
{
	return UINT64_C(1) << r->bit;
}

static uint64_t parse_number(const char *text)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = hex ? text + 2 : text;
	uint64_t n;

	if (!*digits || digits[strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789")])
		return 0;
	errno = 0;
	n = strtoull(digits, NULL, hex ? 16 : 10);
	return errno ? 0 : n;
}

uint64_t landlock_right(enum landlock_kind kind, const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(rights); i++)
		if (rights[i].kind == kind && streq(rights[i].name, text))
			return mask_of(&rights[i]);
	return parse_number(text);
}

/* The row of the lowest right. */
static const struct right *find(enum landlock_kind kind, uint64_t mask)
{
	uint64_t lowest = mask & (~mask + 1);

	for (size_t i = 0; i < ARRAY_LEN(rights); i++)
		if (rights[i].kind == kind && mask_of(&rights[i]) == lowest)
			return &rights[i];
	return NULL;
}

const char *landlock_right_name(enum landlock_kind kind, uint64_t mask)
{
	const struct right *r = find(kind, mask);

	return r ? r->name : NULL;
}

uint64_t landlock_known(enum landlock_kind kind, int abi)
{
	uint64_t mask = 0;

	if (abi > LANDLOCK_KNOWN_ABI)
		return UINT64_MAX;
	for (size_t i = 0; i < ARRAY_LEN(rights); i++)
		if (rights[i].kind == kind && rights[i].abi <= abi)
			mask |= mask_of(&rights[i]);
	return mask;
}

int landlock_since(enum landlock_kind kind, uint64_t mask)
{
	const struct right *r = find(kind, mask);

	return r ? r->abi : 0;
}

uint64_t landlock_file_rights(void)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < ARRAY_LEN(rights); i++)
		if (rights[i].of_files)
			mask |= mask_of(&rights[i]);
	return mask;
}

const char *landlock_linux(int abi)
{
	return abi > 0 && abi <= LANDLOCK_KNOWN_ABI ? linux_of[abi] : NULL;
}
