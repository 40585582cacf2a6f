/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/lint/lint.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include "libutil/file.h"
#include "libutil/path.h"
#include "runtime/container/bundle.h"

/* Longest text of one finding. */
#define TEXT_SIZE 512

static const struct spec_process no_process;
static const struct spec_linux no_linux;

static bool is_ignored(const struct lint *l, enum lint_rule rule)
{
	return strv_has(&l->req->ignore, lint_rows[rule].id);
}

/* One place is told about once: what a rule says of a value that could not be read is void. */
static bool is_told(const struct lint *l, const char *path)
{
	for (size_t i = 0; *path && i < l->n; i++)
		if (lint_rows[l->v[i].rule].level == LINT_ERROR && streq(l->v[i].path, path))
			return true;
	return false;
}

/* Texts of the document must not reach a terminal with their control characters. */
static char *printable(struct lint *l, const char *text)
{
	char *copy = arena_strdup(&l->arena, text);

	for (char *p = copy; *p; p++)
		if (iscntrl((unsigned char)*p))
			*p = '?';
	return copy;
}

static void keep(struct lint *l, const struct lint_finding *f)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 16;
		l->v = xreallocarray(l->v, l->cap, sizeof(*l->v));
	}
	l->v[l->n++] = *f;
}

void lint_add(struct lint *l, enum lint_rule rule, const char *path, const char *fmt, ...)
{
	enum lint_level level = lint_rows[rule].level;
	char text[TEXT_SIZE];
	va_list ap;

	if (is_ignored(l, rule) || (level == LINT_ERROR && is_told(l, path)))
		return;
	l->count[level]++;
	if (level > l->req->least || l->n == LINT_MAX_FINDINGS)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	keep(l, &(struct lint_finding){ rule, printable(l, path), printable(l, text) });
}

void lint_add_failure(struct lint *l, enum lint_rule rule, const char *path, const struct err *why)
{
	const char *text = why->msg;
	const char *end = strstr(text, ": ");

	/* Plans put the document's name in front now and then. */
	if (end && starts_with(text, "config.json: ")) {
		text = end + 2;
		end = strstr(text, ": ");
	}
	if (end && runtime_spec_is_path(text, (size_t)(end - text)))
		lint_add(l, rule, lint_path(l, "%.*s", (int)(end - text), text), "%s", end + 2);
	else
		lint_add(l, rule, path, "%s", text);
}

const char *lint_path(struct lint *l, const char *fmt, ...)
{
	char text[TEXT_SIZE];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return arena_strdup(&l->arena, text);
}

bool lint_has_word(const struct oci_strings *list, const char *word)
{
	for (size_t i = 0; i < list->n; i++)
		if (streq(list->items[i], word))
			return true;
	return false;
}

static const char *namespace_file(enum oci_namespace type)
{
	static const char *const files[OCI_NS_COUNT] = {
		[OCI_NS_PID] = "pid",       [OCI_NS_NETWORK] = "net", [OCI_NS_MOUNT] = "mnt",
		[OCI_NS_IPC] = "ipc",       [OCI_NS_UTS] = "uts",     [OCI_NS_USER] = "user",
		[OCI_NS_CGROUP] = "cgroup", [OCI_NS_TIME] = "time",
	};

	return files[type];
}

/* A path may lead to the host's own namespace: /proc/1/ns/net, or a bind mount of it. */
static bool is_host_namespace(enum oci_namespace type, const char *path)
{
	char own[40];
	struct stat a, b;

	(void)snprintf(own, sizeof(own), "/proc/self/ns/%s", namespace_file(type));
	return stat(path, &a) == 0 && stat(own, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

bool lint_has_namespace(const struct lint *l, enum oci_namespace type)
{
	const struct spec_namespace *ns = l->spec ? spec_find_namespace(l->spec, type) : NULL;

	return ns && !(ns->path && is_host_namespace(type, ns->path));
}

/* ---- The whole ---- */

static void look(struct lint *l)
{
	static void (*const looks[])(struct lint * l) = {
		lint_process, lint_mounts, lint_linux, lint_seccomp, lint_annotations,
	};

	l->process = l->spec && l->spec->process ? l->spec->process : &no_process;
	l->linux_ = l->spec && l->spec->linux_ ? l->spec->linux_ : &no_linux;
	for (size_t i = 0; l->spec && i < ARRAY_LEN(looks); i++)
		looks[i](l);
}

void lint_text(struct lint *l, const char *text, size_t len)
{
	lint_document(l, text, len);
	look(l);
}

static int check_ignore(const struct lint_request *req, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < req->ignore.n; i++)
		r = lint_rule_find(req->ignore.v[i], e);
	return r < 0 ? err_wrap(e, r, "--ignore") : 0;
}

static int read_document(struct lint *l, char **ret, size_t *ret_len, struct err *e)
{
	const char *file = l->req->config;
	autofree char *path = path_absolute(l->req->bundle);
	int r;

	l->bundle = arena_strdup(&l->arena, path);
	l->name = file ? path_base(file) : "config.json";
	l->bundlefd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (l->bundlefd < 0)
		return err_sys(e, "bundle '%s'", path);
	r = file_read_at(file ? AT_FDCWD : l->bundlefd, file ? file : "config.json",
			 BUNDLE_CONFIG_MAX, ret, ret_len, e);
	return r < 0 ? err_wrap(e, r, "bundle '%s'", path) : 0;
}

int lint_run(struct lint *l, const struct lint_request *req, struct err *e)
{
	autofree char *text = NULL;
	size_t len = 0;
	int r = check_ignore(req, e);

	*l = (struct lint){ .req = req, .bundlefd = -1 };
	if (r >= 0)
		r = read_document(l, &text, &len, e);
	if (r < 0)
		return r;
	lint_document(l, text, len);
	l->process = l->spec && l->spec->process ? l->spec->process : &no_process;
	l->linux_ = l->spec && l->spec->linux_ ? l->spec->linux_ : &no_linux;
	if (l->spec)
		lint_host(l);
	look(l);
	return 0;
}

void lint_done(struct lint *l)
{
	close_at_exit(&l->bundlefd);
	free(l->v);
	arena_done(&l->arena);
	*l = (struct lint){ .bundlefd = -1 };
}
