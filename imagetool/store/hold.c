/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this process relies on, for collectors of other processes: a file
 * tmp/hold-<random>, locked as long as we live, one line per thing.
 *
 * A line is written under the shared "gc" lock, and the collector decides under
 * the exclusive one.  So who holds a thing first and looks for it afterwards
 * either finds it and keeps it, or finds that it went.
 */
#include "imagetool/store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "imagetool/store/descriptor.h"
#include "libutil/alloc.h"
#include "libutil/file.h"

void hold_init(struct hold *h)
{
	*h = (struct hold){ .temp = { .fd = -1 } };
	(void)pthread_mutex_init(&h->mutex, NULL);
}

void hold_done(const struct store *s, struct hold *h)
{
	if (h->temp.fd >= 0)
		temp_drop(s, &h->temp);
	digest_set_done(&h->held);
	(void)pthread_mutex_destroy(&h->mutex);
}

static int hold_write(const struct store *s, struct hold *h, const char *line, struct err *e)
{
	autofree char *text = xasprintf("%s\n", line);
	int unlocked;
	int r = 0;

	if (h->temp.fd < 0)
		r = temp_create_named(s, HOLD_PREFIX, &h->temp, e);
	if (r >= 0)
		r = store_lock_gc(s, LOCK_SH, e);
	if (r < 0)
		return r;
	r = file_write_all(h->temp.fd, text, strlen(text), e);
	unlocked = store_lock_gc(s, LOCK_UN, r < 0 ? NULL : e);
	return r < 0 ? err_wrap(e, r, "write to '%s/tmp/%s'", s->path, h->temp.name) : unlocked;
}

static int hold_line(const struct store *s, char kind, const char *what, struct err *e)
{
	autofree char *line = xasprintf("%c %s", kind, what);
	struct hold *h = s->hold;
	int r = 0;

	/* Who cannot write keeps collectors out altogether (store_lock_open()). */
	if (!s->can_hold)
		return 0;
	(void)pthread_mutex_lock(&h->mutex);
	if (!digest_set_has(&h->held, line)) {
		r = hold_write(s, h, line, e);
		if (r >= 0)
			(void)digest_set_add(&h->held, line);
	}
	(void)pthread_mutex_unlock(&h->mutex);
	return r < 0 ? r : 0;
}

int store_hold_blob(const struct store *s, const char *digest, struct err *e)
{
	return hold_line(s, HOLD_BLOB, digest, e);
}

int store_hold_image(const struct store *s, const struct image_descriptor *desc, struct err *e)
{
	enum media_kind kind = descriptor_kind(desc);

	return hold_line(s,
			 kind == MEDIA_INDEX      ? HOLD_INDEX
			 : kind == MEDIA_MANIFEST ? HOLD_MANIFEST
						  : HOLD_BLOB,
			 desc->digest, e);
}

int store_hold_snapshot(const struct store *s, const char *key, struct err *e)
{
	return hold_line(s, HOLD_SNAPSHOT, key, e);
}
