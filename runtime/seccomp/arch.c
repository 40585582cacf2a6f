/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/seccomp/arch.h"

#include <ctype.h>
#include <errno.h>
#include <seccomp.h>

#define PREFIX       "SCMP_ARCH_"
#define NAME_MAX_LEN 32

/* config-linux.md "Seccomp", in its order. */
static const char *const names[] = {
	PREFIX "X86",     PREFIX "X86_64",   PREFIX "X32",         PREFIX "ARM",
	PREFIX "AARCH64", PREFIX "MIPS",     PREFIX "MIPS64",      PREFIX "MIPS64N32",
	PREFIX "MIPSEL",  PREFIX "MIPSEL64", PREFIX "MIPSEL64N32", PREFIX "PPC",
	PREFIX "PPC64",   PREFIX "PPC64LE",  PREFIX "S390",        PREFIX "S390X",
	PREFIX "PARISC",  PREFIX "PARISC64", PREFIX "RISCV64",     PREFIX "LOONGARCH64",
	PREFIX "M68K",    PREFIX "SH",       PREFIX "SHEB",
};

const char *seccomp_arch_name(size_t i)
{
	return i < ARRAY_LEN(names) ? names[i] : NULL;
}

/* libseccomp says "x86_64" where the specification says "SCMP_ARCH_X86_64". */
static uint32_t resolve(const char *name)
{
	char lower[NAME_MAX_LEN];
	size_t i;

	name += sizeof(PREFIX) - 1;
	for (i = 0; i < sizeof(lower) - 1 && name[i]; i++)
		lower[i] = (char)tolower((unsigned char)name[i]);
	lower[i] = '\0';
	return seccomp_arch_resolve_name(lower);
}

int seccomp_arch_parse(const char *name, uint32_t *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (!streq(names[i], name))
			continue;
		*ret = resolve(name);
		return 0;
	}
	return -EINVAL;
}
