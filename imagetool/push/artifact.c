/* SPDX-License-Identifier: Apache-2.0 */
/* Names of files and the manifest that lists them. */
#include "imagetool/push/artifact.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "libutil/alloc.h"
#include "libutil/json.h"
#include "libutil/path.h"

#define TYPE_NAME_MAX 127
#define TITLE_MAX     4096

/* ---- Names ---- */

static bool is_type_name(const char *s, size_t len)
{
	if (len == 0 || len > TYPE_NAME_MAX || !isalnum((unsigned char)s[0]))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)s[i]) && !memchr("!#$&-^_.+", s[i], 9))
			return false;
	}
	return true;
}

bool artifact_is_type(const char *text)
{
	size_t len = strcspn(text, "/");

	return text[len] == '/' && is_type_name(text, len) &&
	       is_type_name(text + len + 1, strlen(text + len + 1));
}

bool artifact_title_is_safe(const char *title)
{
	const char *p = title;

	if (title[0] == '\0' || title[0] == '/' || strlen(title) > TITLE_MAX)
		return false;
	for (; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return false;
	}
	for (p = title; *p; p += strspn(p, "/")) {
		size_t len = strcspn(p, "/");

		if ((len == 2 && strncmp(p, "..", 2) == 0) || (len == 1 && *p == '.'))
			return false;
		p += len;
		/* "dir/" names no file. */
		if (*p == '/' && p[strspn(p, "/")] == '\0')
			return false;
	}
	return true;
}

char *artifact_title(const char *path)
{
	const char *slash = strrchr(path, '/');

	while (starts_with(path, "./"))
		path += 2 + strspn(path + 2, "/");
	if (artifact_title_is_safe(path))
		return xstrdup(path);
	return xstrdup(slash ? slash + 1 : path);
}

int artifact_file_parse(const char *text, const char *default_type, struct artifact_file *ret,
			struct err *e)
{
	const char *colon = strrchr(text, ':');
	struct stat st;

	if (colon && artifact_is_type(colon + 1) && stat(text, &st) < 0) {
		ret->path = xstrndup(text, (size_t)(colon - text));
		ret->type = xstrdup(colon + 1);
	} else {
		ret->path = xstrdup(text);
		ret->type = xstrdup(default_type);
	}
	if (stat(ret->path, &st) < 0)
		return err_sys(e, "file '%s'", ret->path);
	if (S_ISDIR(st.st_mode))
		return err_set(e, EISDIR, "'%s' is a directory: pack it into an archive first",
			       ret->path);
	ret->title = artifact_title(ret->path);
	return 0;
}

void artifact_file_done(struct artifact_file *f)
{
	free(f->path);
	free(f->type);
	free(f->title);
	*f = (struct artifact_file){ 0 };
}

/* ---- The manifest ---- */

static int read_file(struct artifact_file *f, struct err *e)
{
	autofd int fd = open(f->path, O_RDONLY | O_CLOEXEC);
	auto_(digest) struct digest *d = digest_new(DIGEST_SHA256);
	static const size_t size = (size_t)1 << 20;
	autofree char *buf = xcalloc(size, 1);
	ssize_t n;

	if (fd < 0)
		return err_sys(e, "open '%s'", f->path);
	f->size = 0;
	while ((n = read(fd, buf, size)) > 0) {
		digest_update(d, buf, (size_t)n);
		f->size += n;
	}
	if (n < 0)
		return err_sys(e, "read '%s'", f->path);
	digest_final(d, f->digest);
	return 0;
}

static void write_file(struct json_writer *w, const struct artifact_file *f, bool title)
{
	json_object(w);
	json_kv_string(w, "mediaType", f->type);
	json_kv_string(w, "digest", f->digest);
	json_kv_i64(w, "size", f->size);
	if (title && f->title) {
		json_key(w, "annotations");
		json_object(w);
		json_kv_string(w, ARTIFACT_TITLE, f->title);
		json_object_end(w);
	}
	json_object_end(w);
}

static int write_annotations(struct json_writer *w, const struct strv *list, struct err *e)
{
	if (!list || list->n == 0)
		return 0;
	json_key(w, "annotations");
	json_object(w);
	for (size_t i = 0; i < list->n; i++) {
		const char *equals = strchr(list->v[i], '=');
		autofree char *key =
			equals ? xstrndup(list->v[i], (size_t)(equals - list->v[i])) : NULL;

		if (!key || !key[0])
			return err_set(e, EINVAL, "annotation '%.200s' is not KEY=VALUE",
				       list->v[i]);
		for (size_t j = 0; j < i; j++) {
			if (strncmp(list->v[j], list->v[i], strlen(key) + 1) == 0)
				return err_set(e, EINVAL, "annotation '%.200s' is given twice",
					       key);
		}
		json_kv_string(w, key, equals + 1);
	}
	json_object_end(w);
	return 0;
}

static void write_subject(struct json_writer *w, const struct image_descriptor *subject)
{
	json_key(w, "subject");
	json_object(w);
	json_kv_string(w, "mediaType", subject->media_type);
	json_kv_string(w, "digest", subject->digest);
	json_kv_i64(w, "size", subject->size.v);
	json_object_end(w);
}

/* The spec's descriptor for "there is none": two bytes, "{}". */
static struct artifact_file empty_file(void)
{
	static char type[] = MEDIA_OCI_EMPTY;
	struct artifact_file f = { .type = type, .size = 2 };

	digest_of(DIGEST_SHA256, "{}", 2, f.digest);
	return f;
}

static int write_manifest(const struct artifact *a, struct strbuf *out, struct err *e)
{
	const struct artifact_file empty = empty_file();
	struct json_writer w = { .out = out };
	const char *type = a->type;

	/* Without a config of a type of its own the type must be said here. */
	if (!type && !a->config)
		type = ARTIFACT_TYPE_UNKNOWN;
	json_object(&w);
	json_key(&w, "schemaVersion");
	json_i64(&w, 2);
	json_kv_string(&w, "mediaType", MEDIA_OCI_MANIFEST);
	if (type)
		json_kv_string(&w, "artifactType", type);
	json_key(&w, "config");
	write_file(&w, a->config ? a->config : &empty, false);
	json_key(&w, "layers");
	json_array(&w);
	for (size_t i = 0; i < a->n_files; i++)
		write_file(&w, &a->files[i], true);
	/* Registries know no manifest without any. */
	if (a->n_files == 0)
		write_file(&w, &empty, false);
	json_array_end(&w);
	if (a->subject)
		write_subject(&w, a->subject);
	if (write_annotations(&w, a->annotations, e) < 0)
		return -EINVAL;
	json_object_end(&w);
	return strbuf_check(out, "manifest", e);
}

int artifact_manifest(struct artifact *a, struct strbuf *out, struct err *e)
{
	int r = a->config ? read_file(a->config, e) : 0;

	for (size_t i = 0; i < a->n_files && r >= 0; i++) {
		r = read_file(&a->files[i], e);
		for (size_t j = 0; j < i && r >= 0; j++) {
			if (streq(a->files[i].title, a->files[j].title))
				r = err_set(e, EINVAL, "two files would be called '%s'",
					    a->files[i].title);
		}
	}
	return r < 0 ? r : write_manifest(a, out, e);
}
