/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/log/logset.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libutil/alloc.h"

/* Room for at least one record of any format. */
#define BUFFER_SIZE ((size_t)64 << 10)
/* A little output is made into records on the stack, so that an idle supervisor has no page of the
 * buffer. */
#define LITTLE      ((size_t)512)
#define LITTLE_SIZE ((size_t)4 << 10)

/* ---- drivers ---- */

static struct log_driver *new_driver(struct logset *l, enum log_kind kind)
{
	struct log_driver *d;

	l->driver = xreallocarray(l->driver, l->n + 1, sizeof(*l->driver));
	d = &l->driver[l->n];
	*d = (struct log_driver){ .kind = kind };
	return d;
}

static int add_file(struct logset *l, const struct log_codec *codec, const char *path,
		    const struct logset_opts *o, struct err *e)
{
	struct log_driver *d = new_driver(l, LOG_FILE);
	int r = filelog_open(&d->file, codec, path, &o->limits, e);

	if (r < 0)
		return r;
	d->file.clock.local = o->local_time && codec == &log_codec_cri;
	l->n++;
	return 0;
}

static int add_journal(struct logset *l, const struct logset_opts *o, struct err *e)
{
	struct log_driver *d = new_driver(l, LOG_JOURNAL);
	int r = journal_open(&d->journal, o->journal_socket ? o->journal_socket : JOURNAL_SOCKET,
			     &o->source, e);

	if (r < 0)
		return r;
	l->n++;
	return 0;
}

static bool is_none(const char *driver)
{
	return streq(driver, "none") || streq(driver, "off") || streq(driver, "null");
}

int logset_add(struct logset *l, const char *spec, const struct logset_opts *o, struct err *e)
{
	const char *colon = spec[0] == '/' ? NULL : strchr(spec, ':');
	autofree char *driver = colon ? xstrndup(spec, (size_t)(colon - spec)) : NULL;
	const char *path = colon ? colon + 1 : spec;
	const char *word = driver ? driver : spec;
	const struct log_codec *codec = log_codec_find(driver && *driver ? driver : "k8s-file");

	if (l->n >= LOGSET_DRIVERS_MAX)
		return err_set(e, E2BIG, "log '%s': more than %d logs", spec, LOGSET_DRIVERS_MAX);
	if (is_none(word))
		return 0;
	if (streq(word, "passthrough")) {
		l->passthrough = true;
		return 0;
	}
	if (streq(word, "journald"))
		return add_journal(l, o, e);
	if (!codec)
		return err_set(e, EINVAL,
			       "log driver '%s': not one of k8s-file, json-file, journald, none, "
			       "passthrough",
			       word);
	/* The name of a driver that needs a file is no file. */
	if (!*path || (!driver && log_codec_find(path)))
		return err_set(e, EINVAL, "log '%s': the path of the file is missing", spec);
	return add_file(l, codec, path, o, e);
}

/* ---- writing ---- */

static char *big_buffer(struct logset *l)
{
	void *map;

	if (l->buf)
		return l->buf;
	map = mmap(NULL, BUFFER_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map != MAP_FAILED)
		l->buf = map;
	return l->buf;
}

static bool driver_write(struct log_driver *d, enum stream stream, struct timespec when,
			 const char *data, size_t len, char *buf, size_t size)
{
	if (d->kind == LOG_JOURNAL)
		return journal_write(&d->journal, stream, data, len);
	return filelog_write(&d->file, stream, when, data, len, buf, size);
}

/* Returns what the first file says, as logset_write(). */
static bool write_with(struct logset *l, enum stream stream, struct timespec when, const char *data,
		       size_t len, char *buf, size_t size)
{
	bool in_file = false, have_file = false;

	for (size_t i = 0; i < l->n; i++) {
		bool ok = driver_write(&l->driver[i], stream, when, data, len, buf, size);

		if (l->driver[i].kind != LOG_FILE || have_file)
			continue;
		have_file = true;
		in_file = ok;
	}
	return in_file;
}

static bool write_little(struct logset *l, enum stream stream, struct timespec when,
			 const char *data, size_t len)
{
	char buf[LITTLE_SIZE];
	bool ok = true;

	for (size_t done = 0, n; done < len; done += n) {
		n = len - done < LITTLE ? len - done : LITTLE;
		ok = write_with(l, stream, when, data + done, n, buf, sizeof(buf)) && ok;
	}
	return ok;
}

bool logset_write(struct logset *l, enum stream stream, struct timespec when, const char *data,
		  size_t len)
{
	char *buf = len > LITTLE ? big_buffer(l) : NULL;

	return buf ? write_with(l, stream, when, data, len, buf, BUFFER_SIZE)
		   : write_little(l, stream, when, data, len);
}

void logset_trim(struct logset *l)
{
	if (l->buf)
		(void)madvise(l->buf, BUFFER_SIZE, MADV_DONTNEED);
}

void logset_close(struct logset *l)
{
	char buf[LITTLE_SIZE];

	for (size_t i = 0; i < l->n; i++) {
		if (l->driver[i].kind == LOG_JOURNAL)
			journal_close(&l->driver[i].journal);
		else
			filelog_close(&l->driver[i].file, buf, sizeof(buf));
	}
	free(l->driver);
	if (l->buf)
		(void)munmap(l->buf, BUFFER_SIZE);
	*l = (struct logset){ 0 };
}

/* ---- the files ---- */

static const struct filelog *first_file(const struct logset *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->driver[i].kind == LOG_FILE)
			return &l->driver[i].file;
	return NULL;
}

bool logset_where(const struct logset *l, enum stream stream, struct log_place *ret)
{
	const struct filelog *f = first_file(l);
	struct log_place place = { 0 };

	if (!f || file_id_of(f->fd, &place.file, NULL) < 0)
		return false;
	place.offset = filelog_end(f);
	place.skip = f->carry_len[stream == STREAM_STDERR];
	*ret = place;
	return true;
}

int logset_reopen(struct logset *l, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < l->n && r >= 0; i++)
		if (l->driver[i].kind == LOG_FILE)
			r = filelog_reopen(&l->driver[i].file, e);
	return r;
}

int logset_sync(const struct logset *l, struct err *e)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct log_driver *d = &l->driver[i];

		/* EINVAL: a pipe or a terminal, which has nothing to sync. */
		if (d->kind == LOG_FILE && fdatasync(d->file.fd) < 0 && errno != EINVAL)
			return err_sys(e, "sync log '%s'", d->file.path);
	}
	return 0;
}

void logset_remove_made(const struct logset *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->driver[i].kind == LOG_FILE && l->driver[i].file.made)
			(void)unlink(l->driver[i].file.path);
}

/* ---- what went wrong ---- */

static const struct log_loss *loss_of(const struct log_driver *d)
{
	return d->kind == LOG_JOURNAL ? &d->journal.loss : &d->file.loss;
}

bool logset_is_troubled(const struct logset *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (loss_of(&l->driver[i])->bytes > 0 ||
		    (l->driver[i].kind == LOG_FILE && l->driver[i].file.rotation.code != 0))
			return true;
	return false;
}

static const char *name_of(const struct log_driver *d)
{
	return d->kind == LOG_JOURNAL ? "journald" : d->file.codec->name;
}

static void not_rotated(const struct log_driver *d, struct strbuf *out)
{
	if (d->kind == LOG_FILE && d->file.rotation.code != 0)
		strbuf_addf(out, "%s: not rotated: %s\n", name_of(d), d->file.rotation.msg);
}

void logset_troubles_now(const struct logset *l, struct strbuf *out)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct log_driver *d = &l->driver[i];

		not_rotated(d, out);
		if (loss_of(d)->bytes > 0)
			strbuf_addf(out, "%s: output is being lost: %s\n", name_of(d),
				    strerror(loss_of(d)->error));
	}
}

void logset_troubles(const struct logset *l, struct strbuf *out)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct log_driver *d = &l->driver[i];

		not_rotated(d, out);
		if (loss_of(d)->bytes > 0)
			strbuf_addf(out, "%s: %" PRIu64 " bytes of output were lost: %s\n",
				    name_of(d), loss_of(d)->bytes, strerror(loss_of(d)->error));
	}
}
