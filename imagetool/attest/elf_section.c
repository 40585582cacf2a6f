/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/attest/elf_section.h"

#include <elf.h>
#include <string.h>

static bool read_section(const unsigned char *file, size_t len, const Elf64_Ehdr *head, size_t i,
			 Elf64_Shdr *ret)
{
	memcpy(ret, file + head->e_shoff + i * sizeof(*ret), sizeof(*ret));
	return ret->sh_type != SHT_NOBITS && ret->sh_offset <= len &&
	       ret->sh_size <= len - ret->sh_offset;
}

static bool has_sections(const unsigned char *file, size_t len, Elf64_Ehdr *ret)
{
	if (len < sizeof(*ret) || memcmp(file, ELFMAG, SELFMAG) != 0 ||
	    file[EI_CLASS] != ELFCLASS64 || file[EI_DATA] != ELFDATA2LSB)
		return false;
	memcpy(ret, file, sizeof(*ret));
	return ret->e_shentsize == sizeof(Elf64_Shdr) && ret->e_shoff < len &&
	       ret->e_shnum <= (len - ret->e_shoff) / sizeof(Elf64_Shdr) &&
	       ret->e_shstrndx < ret->e_shnum;
}

static bool is_called(const unsigned char *file, const Elf64_Shdr *names, const Elf64_Shdr *s,
		      const char *name)
{
	size_t size = strlen(name) + 1;

	return s->sh_name < names->sh_size && names->sh_size - s->sh_name >= size &&
	       memcmp(file + names->sh_offset + s->sh_name, name, size) == 0;
}

bool elf_section(const unsigned char *file, size_t len, const char *name, const unsigned char **ret,
		 size_t *ret_len)
{
	Elf64_Shdr names, s;
	Elf64_Ehdr head;

	if (!has_sections(file, len, &head) ||
	    !read_section(file, len, &head, head.e_shstrndx, &names))
		return false;
	for (size_t i = 0; i < head.e_shnum; i++) {
		if (!read_section(file, len, &head, i, &s) || !is_called(file, &names, &s, name))
			continue;
		*ret = file + s.sh_offset;
		*ret_len = (size_t)s.sh_size;
		return true;
	}
	return false;
}
