/* SPDX-License-Identifier: Apache-2.0 */
/* Options that change the mounts every container has. */
#include <errno.h>

#include "imagetool/bundle/edit.h"
#include "libutil/parse.h"

static int set_shm_size(struct spec_edit *ed, struct err *e)
{
	const char *text = ed->options->shm_size;
	struct spec_mount *m = edit_find_mount(ed->spec, "/dev/shm");
	int64_t size;

	if (!text)
		return 0;
	if (parse_size(text, &size) < 0 || size <= 0)
		return err_set(e, EINVAL, "--shm-size '%s': no size such as 64m", text);
	if (!m || !streq(m->type, "tmpfs"))
		return err_set(e, EINVAL, "--shm-size: something else is mounted on /dev/shm");
	for (size_t i = 0; i < m->options.n; i++)
		if (starts_with(m->options.items[i], "size="))
			m->options.items[i] = arena_printf(ed->a, "size=%lld", (long long)size);
	return 0;
}

/* Docker's --privileged leaves the kernel's file systems writable. */
static void make_writable(struct spec_edit *ed)
{
	static const char *const places[] = { "/sys", "/sys/fs/cgroup" };

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		struct spec_mount *m = edit_find_mount(ed->spec, places[i]);

		if (m)
			edit_remove_string(&m->options, "ro");
	}
}

int edit_mounts(struct spec_edit *ed, struct err *e)
{
	if (ed->options->privileged)
		make_writable(ed);
	return set_shm_size(ed, e);
}
