/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "libutil/path.h"
#include "runtime/live/live.h"

/* Cut at the first two colons: three parts, "" where there is none.  Returns how many there are. */
static int cut(const char *text, struct arena *a, const char *parts[3])
{
	int n = 0;

	parts[0] = parts[1] = parts[2] = "";
	for (; n < 2; n++) {
		size_t len = strcspn(text, ":");

		parts[n] = arena_strndup(a, text, len);
		if (!text[len])
			return n + 1;
		text += len + 1;
	}
	parts[n] = text;
	return n + 1;
}

/* "rbind" and what the text names, a comma between. */
static struct oci_strings options_of(const char *text, struct arena *a)
{
	struct oci_strings all = { .n = 1 };

	all.items = arena_alloc(a, strlen(text) + 3, sizeof(*all.items));
	all.items[0] = "rbind";
	while (*text) {
		size_t len = strcspn(text, ",");

		if (len > 0)
			all.items[all.n++] = arena_strndup(a, text, len);
		text += len + (text[len] == ',');
	}
	return all;
}

int live_mount_word(const char *word, struct arena *a, struct spec_mount *ret, struct err *e)
{
	const char *parts[3];
	autofree char *absolute = NULL;

	(void)cut(word, a, parts);
	if (!*parts[0] || !path_is_absolute(parts[1]))
		return err_set(
			e, EINVAL,
			"--volume: '%s' is not SOURCE:DESTINATION[:OPTION,...] with an absolute "
			"destination",
			word);
	absolute = path_absolute(parts[0]);
	*ret = (struct spec_mount){
		.type = "bind",
		.source = arena_strdup(a, absolute),
		.destination = parts[1],
		.options = options_of(parts[2], a),
	};
	return 0;
}

static bool is_access(const char *text)
{
	return *text && text[strspn(text, "rwm")] == '\0';
}

int live_device_word(const char *word, struct arena *a, struct spec_live_device *ret,
		     const char **ret_host, struct err *e)
{
	const char *parts[3];
	int n = cut(word, a, parts);
	/* HOST:rwm, as Docker has it too. */
	bool brief = n == 2 && is_access(parts[1]);

	if (!path_is_absolute(parts[0]) || (n > 1 && !brief && !path_is_absolute(parts[1])) ||
	    (n > 2 && !is_access(parts[2])))
		return err_set(
			e, EINVAL,
			"--device: '%s' is not HOST[:CONTAINER[:PERMISSIONS]] with absolute paths "
			"and permissions of r, w and m",
			word);
	*ret = (struct spec_live_device){
		.node = { .path = n > 1 && !brief ? parts[1] : parts[0] },
		.access = n > 2   ? parts[2]
			  : brief ? parts[1]
				  : NULL,
	};
	*ret_host = parts[0];
	return 0;
}
