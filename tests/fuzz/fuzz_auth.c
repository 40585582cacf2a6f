/* SPDX-License-Identifier: Apache-2.0 */
/* Files of credentials, and what token servers answer. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "imagetool/auth/auth_file.h"
#include "imagetool/registry/token.h"
#include "libutil/fd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void find(const struct auth_file *f, const char *host, const char *repository)
{
	auto_(credential) struct credential c = { 0 };
	struct err e = { 0 };
	int r = auth_file_find(f, host, repository, &c, &e);

	if ((r < 0) != (e.code != 0) || (r > 0) == credential_is_empty(&c))
		abort();
	(void)auth_file_helper(f, host);
}

static void read_file(const uint8_t *data, size_t size)
{
	auto_(auth_file) struct auth_file f = { 0 };
	autofd int fd = memfd_create("auth", MFD_CLOEXEC);
	char path[FD_PATH_SIZE];
	struct err e = { 0 };

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		return;
	if (auth_file_read(fd_path(fd, path), &f, &e) < 0) {
		if (!e.code)
			abort();
		return;
	}
	find(&f, "docker.io", "library/x");
	find(&f, "example.com:5000", "a/b/c");
	find(&f, "h", "");
}

static void read_basic(const char *text)
{
	auto_(credential) struct credential c = { 0 };
	struct err e = { 0 };

	if (credential_from_basic(&c, text, &e) < 0 ? !e.code : credential_is_empty(&c))
		abort();
}

static void read_token(const char *text, size_t len)
{
	struct token t = { 0 };
	struct err e = { 0 };

	if (token_parse(text, len, &t, &e) < 0) {
		if (!e.code)
			abort();
		return;
	}
	if (t.life_s <= 0 || !t.text[0] || strpbrk(t.text, " \r\n"))
		abort();
	secret_free(t.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = xstrndup((const char *)data, size);

	read_file(data, size);
	read_basic(text);
	read_token((const char *)data, size);
	return 0;
}
