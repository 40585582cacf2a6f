/* SPDX-License-Identifier: Apache-2.0 */
/* An archive of images, read in place: what it says of itself down to every blob. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "imagetool/copy/copy.h"
#include "imagetool/store/image.h"
#include "libutil/fd.h"

#define READ_MAX   ((size_t)4 << 20)
#define OUTPUT_MAX ((int64_t)32 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_blob(struct image_source *s, const struct image_descriptor *desc)
{
	char *text = NULL;
	size_t len;

	if (source_read(s, desc, READ_MAX, &text, &len, NULL) >= 0)
		free(text);
}

static void read_image(struct image_source *s)
{
	auto_(registry_document) struct registry_document d = { 0 };
	auto_(arena) struct arena a = { 0 };
	const struct image_descriptor *layers;
	struct image_manifest *m;

	if (s->ops->top(s, &d, NULL) < 0 || source_select(s, NULL, &d, NULL) < 0 ||
	    image_manifest_decode("m", d.text, d.len, &a, &m, NULL) < 0)
		return;
	read_blob(s, m->config);
	layers = m->layers.items;
	for (size_t i = 0; i < m->layers.n; i++)
		read_blob(s, &layers[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofd int fd = memfd_create("archive", MFD_CLOEXEC);
	char path[FD_PATH_SIZE];
	const enum place_kind kinds[] = { PLACE_OCI_ARCHIVE, PLACE_DOCKER_ARCHIVE };

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		return 0;
	(void)fd_path(fd, path);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const struct place p = { .kind = kinds[i], .path = path, .index = -1 };
		auto_(image_source) struct image_source *s = NULL;
		struct err e = { 0 };

		if (source_open(&p, &(struct place_opts){ .max_bytes = OUTPUT_MAX }, &s, &e) >= 0)
			read_image(s);
		else if (!e.code)
			abort();
	}
	return 0;
}
