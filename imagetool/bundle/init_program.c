/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/bundle/init_program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "libutil/alloc.h"
#include "libutil/proc.h"

/* A name is looked up in PATH.  All three take "--" and a command. */
static const char *const candidates[] = {
	"docker-init", "/usr/libexec/docker/docker-init",
	"catatonit",   "/usr/libexec/podman/catatonit",
	"tini-static", "tini",
};

/* Program headers that we read; a program has about ten. */
#define HEADERS_MAX 64

static bool wants_interpreter(int fd, const Elf64_Ehdr *h)
{
	Elf64_Phdr program[HEADERS_MAX];
	size_t n = h->e_phnum < HEADERS_MAX ? h->e_phnum : HEADERS_MAX;

	if (pread(fd, program, n * sizeof(*program), (off_t)h->e_phoff) !=
	    (ssize_t)(n * sizeof(*program)))
		return true;
	for (size_t i = 0; i < n; i++)
		if (program[i].p_type == PT_INTERP)
			return true;
	return false;
}

/* One that is linked dynamically would look for its loader in the image, and not find it, or find
 * another one.  Of 32-bit programs we can't tell, and they are not what a distribution ships. */
static bool is_static(const char *path)
{
	autofd int fd = open(path, O_RDONLY | O_CLOEXEC);
	Elf64_Ehdr h;

	if (fd < 0 || pread(fd, &h, sizeof(h), 0) != (ssize_t)sizeof(h))
		return false;
	if (memcmp(h.e_ident, ELFMAG, SELFMAG) != 0 || h.e_phentsize != sizeof(Elf64_Phdr))
		return false;
	return !wants_interpreter(fd, &h);
}

int init_program_find(char **ret, struct err *e)
{
	bool seen = false;

	for (size_t i = 0; i < ARRAY_LEN(candidates); i++) {
		autofree char *path = proc_search_path(candidates[i]);

		if (!path || access(path, X_OK) < 0)
			continue;
		seen = true;
		if (!is_static(path))
			continue;
		*ret = steal_ptr(&path);
		return 0;
	}
	if (seen)
		return err_set(
			e, ENOENT,
			"the init programs of this host are linked dynamically and would not "
			"start in an image: install catatonit, or tini-static");
	return err_set(e, ENOENT,
		       "none of docker-init, catatonit and tini is on this host: install "
		       "catatonit");
}
