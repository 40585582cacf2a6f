/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/client/container_log.h"

#include <errno.h>

#include "libutil/parse.h"
#include "libutil/path.h"

int container_log(const struct record *rec, struct follow_log *ret, struct err *e)
{
	const struct log_codec *codec = log_codec_find(record_log_driver(rec));

	if (codec && !rec->log_path)
		return err_set(e, EBADMSG, "the record does not say where the log is");
	if (codec) {
		*ret = (struct follow_log){
			.codec = codec,
			.path = rec->log_path,
			.files = (unsigned)rec->log_max_files.v,
		};
		return 0;
	}
	if (streq(rec->log_driver, RECORD_LOG_JOURNALD))
		return err_set(
			e, EINVAL,
			"the log is in the journal; 'journalctl CONTAINER_ID_FULL=%s' prints it",
			rec->id);
	return err_set(e, EINVAL, "the container was run with --log-driver %s: there is no log",
		       rec->log_driver);
}

/* ---- choosing ---- */

static const char *const drivers[] = { "k8s-file", "json-file", RECORD_LOG_JOURNALD,
				       RECORD_LOG_NONE, RECORD_LOG_PASSTHROUGH };

static int check_driver(const char *driver, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(drivers); i++)
		if (streq(driver, drivers[i]))
			return 0;
	return err_set(e, EINVAL,
		       "log driver '%s': not one of k8s-file, json-file, journald, none, "
		       "passthrough",
		       driver);
}

/* Docker's words are "10m", "1g"; there is no log of no size. */
static int set_max_size(struct record *rec, const char *value, struct arena *a UNUSED,
			struct err *e)
{
	int64_t v;

	if (parse_size(value, &v) < 0 || (v < 1 && v != -1))
		return err_set(e, EINVAL, "'%s' is no size such as 10m", value);
	if (v > 0)
		rec->log_max_size = (struct opt_u64){ .set = true, .v = (uint64_t)v };
	return 0;
}

static int set_max_file(struct record *rec, const char *value, struct arena *a UNUSED,
			struct err *e)
{
	uint32_t v;

	if (parse_u32(value, &v) < 0 || v < 1 || v > ROTATE_FILES_MAX)
		return err_set(e, EINVAL, "'%s' is no number from 1 to %d", value,
			       ROTATE_FILES_MAX);
	rec->log_max_files = (struct opt_u64){ .set = true, .v = v };
	return 0;
}

static int set_path(struct record *rec, const char *value, struct arena *a, struct err *e UNUSED)
{
	autofree char *path = path_absolute(value);

	rec->log_path = arena_strdup(a, path);
	return 0;
}

static int set_tag(struct record *rec, const char *value, struct arena *a, struct err *e UNUSED)
{
	rec->log_tag = arena_strdup(a, value);
	return 0;
}

static int add_label(struct record *rec, const char *value, struct arena *a, struct err *e UNUSED)
{
	struct oci_strings *l = &rec->log_labels;

	l->items = arena_grow(a, l->items, l->n, l->n + 1, sizeof(*l->items));
	l->items[l->n++] = arena_strdup(a, value);
	return 0;
}

enum { OF_FILE = 1, OF_JOURNAL = 2 };

static const struct log_option {
	const char *key;
	int of; /* drivers that have it */
	int (*set)(struct record *rec, const char *value, struct arena *a, struct err *e);
} log_options[] = {
	{ "max-size", OF_FILE, set_max_size }, { "max-file", OF_FILE, set_max_file },
	{ "path", OF_FILE, set_path },         { "tag", OF_JOURNAL, set_tag },
	{ "label", OF_JOURNAL, add_label },
};

static int kind_of(const char *driver)
{
	if (log_codec_find(driver))
		return OF_FILE;
	return streq(driver, RECORD_LOG_JOURNALD) ? OF_JOURNAL : 0;
}

static int set_option(struct record *rec, const char *text, struct arena *a, struct err *e)
{
	const char *driver = record_log_driver(rec), *sep = strchr(text, '=');
	size_t len = sep ? (size_t)(sep - text) : strlen(text);

	for (size_t i = 0; i < ARRAY_LEN(log_options); i++) {
		const struct log_option *o = &log_options[i];

		if (strlen(o->key) != len || memcmp(o->key, text, len) != 0)
			continue;
		if (!(o->of & kind_of(driver)))
			return err_set(e, EINVAL, "log option '%s': the log driver %s has none",
				       o->key, driver);
		if (!sep)
			return err_set(e, EINVAL, "log option '%s': not KEY=VALUE", text);
		return err_wrap(e, o->set(rec, sep + 1, a, e), "log option '%s'", o->key);
	}
	return err_set(e, EINVAL,
		       "log option '%.*s': not one of max-size, max-file, path, tag, label",
		       (int)len, text);
}

int log_choice_fill(const struct log_choice *c, const char *standard, struct record *rec,
		    struct arena *a, struct err *e)
{
	int r = c->driver ? check_driver(c->driver, e) : 0;

	if (r < 0)
		return r;
	if (c->driver)
		rec->log_driver = arena_strdup(a, c->driver);
	if (kind_of(record_log_driver(rec)) == OF_FILE)
		rec->log_path = arena_strdup(a, standard);
	else if (c->path)
		return err_set(e, EINVAL, "--log-path: the log driver %s has no file", c->driver);
	if (c->path)
		(void)set_path(rec, c->path, a, e);
	for (size_t i = 0; i < c->options.n && r >= 0; i++)
		r = set_option(rec, c->options.v[i], a, e);
	if (r < 0)
		return r;
	/* As docker says it; what is kept of a log without limit is all of it. */
	if (rec->log_max_files.set && !rec->log_max_size.set)
		return err_set(e, EINVAL, "log option 'max-file' is of no use without 'max-size'");
	return 0;
}
