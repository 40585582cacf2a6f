/* SPDX-License-Identifier: Apache-2.0 */
/* One walk over a tree: each file that a scanner knows by its name is read and handed to it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imagetool/attest/packages.h"
#include "imagetool/attest/scan.h"
#include "libutil/beneath.h"
#include "libutil/dir.h"
#include "libutil/file.h"
#include "libutil/path.h"
#include "libutil/strbuf.h"

#define DEPTH_MAX   128
#define GO_FILE_MAX ((off_t)512 << 20)

typedef int parse_fn(struct packages *p, const char *text, size_t len, const char *where,
		     struct err *e);

/* ---- Files with a place of their own ---- */

static const struct {
	const char *path;
	parse_fn *parse;
} fixed[] = {
	{ "var/lib/dpkg/status", parse_dpkg_status },
	{ "lib/apk/db/installed", parse_apk_installed },
	{ "usr/lib/apk/db/installed", parse_apk_installed },
};

/* 1 and its text; 0: there is no such file that could be read. */
static int read_at(int rootfd, const char *path, size_t max, struct packages *p, char **ret,
		   size_t *ret_len)
{
	struct stat st;
	autofd int fd = beneath_open(rootfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0,
				     BENEATH_CHROOT, NULL);

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	if (file_read_stat(fd, path, &st, max, ret, ret_len, NULL) >= 0)
		return 1;
	p->n_unread++;
	return 0;
}

static int scan_fixed(int rootfd, struct packages *p, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(fixed) && r >= 0; i++) {
		autofree char *text = NULL, *where = path_join("/", fixed[i].path);
		size_t len;

		if (read_at(rootfd, fixed[i].path, PACKAGES_FILE_MAX, p, &text, &len) > 0)
			r = fixed[i].parse(p, text, len, where, e);
	}
	return r < 0 ? r : scan_rpm(rootfd, p, e);
}

static void scan_os_release(int rootfd, struct packages *p)
{
	static const char *const places[] = { "etc/os-release", "usr/lib/os-release" };

	for (size_t i = 0; i < ARRAY_LEN(places) && !p->os_id; i++) {
		autofree char *text = NULL;
		size_t len;

		if (read_at(rootfd, places[i], PACKAGES_DOCUMENT_MAX, p, &text, &len) > 0)
			parse_os_release(p, text, len);
	}
}

/* ---- Files anywhere ---- */

struct walk {
	struct packages *p;
	struct strbuf path; /* of the directory, without a slash at its end */
	int depth;
};

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && streq(text + n - m, end);
}

/* The last directory of a path, and the one around it. */
static bool is_in(const char *dir, const char *end)
{
	return ends_with(dir, end);
}

static bool is_node_package(const char *dir)
{
	autofree char *above = path_parent(dir);

	if (ends_with(above, "/node_modules"))
		return path_base(dir)[0] != '@';
	if (path_base(above)[0] != '@')
		return false;
	above[strlen(above) - strlen(path_base(above)) - 1] = '\0';
	return ends_with(above, "/node_modules");
}

/* Whose file is it, by its name? */
static parse_fn *parser_of(const char *dir, const char *name)
{
	if (is_in(dir, ".dist-info") && streq(name, "METADATA"))
		return parse_python_metadata;
	if (is_in(dir, ".egg-info") && streq(name, "PKG-INFO"))
		return parse_python_metadata;
	if (ends_with(name, ".egg-info"))
		return parse_python_metadata;
	if (streq(name, "Cargo.lock"))
		return parse_cargo_lock;
	if (streq(name, "package.json") && is_node_package(dir))
		return parse_package_json;
	if (ends_with(dir, "/var/lib/dpkg/status.d") && !ends_with(name, ".md5sums"))
		return parse_dpkg_status;
	return NULL;
}

static int open_regular(int dirfd, const char *name, struct stat *st)
{
	int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd >= 0 && (fstat(fd, st) < 0 || !S_ISREG(st->st_mode))) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static int scan_text(struct walk *w, int dirfd, const char *name, parse_fn *parse, struct err *e)
{
	autofree char *where = path_join(strbuf_str(&w->path), name), *text = NULL;
	struct stat st;
	size_t len;
	autofd int fd = open_regular(dirfd, name, &st);

	if (fd < 0)
		return 0;
	if (file_read_stat(fd, name, &st, PACKAGES_DOCUMENT_MAX, &text, &len, NULL) < 0) {
		w->p->n_unread++;
		return 0;
	}
	return parse(w->p, text, len, where, e);
}

static int add_go_program(struct packages *p, const struct go_info *info, const char *where,
			  struct err *e)
{
	int r = parse_go_version(p, info->version, info->version_len, where, e);

	return r < 0 ? r : parse_go_modules(p, info->modules, info->modules_len, where, e);
}

/* Programs are looked into where they lie: nothing but a few pages is read.  The tree does not
 * change: it is a snapshot, mounted read-only. */
static int scan_program(struct walk *w, int dirfd, const char *name, struct err *e)
{
	autofree char *where = path_join(strbuf_str(&w->path), name);
	struct go_info go;
	const char *text;
	struct stat st;
	size_t len;
	void *file;
	int r = 0;
	autofd int fd = open_regular(dirfd, name, &st);

	if (fd < 0 || !(st.st_mode & 0111) || st.st_size < 4096 || st.st_size > GO_FILE_MAX)
		return 0;
	file = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (file == MAP_FAILED)
		return 0;
	if (find_go_info(file, (size_t)st.st_size, &go) > 0)
		r = add_go_program(w->p, &go, where, e);
	if (r >= 0 && find_rust_crates(file, (size_t)st.st_size, &text, &len) > 0)
		r = parse_rust_crates(w->p, text, len, where, e);
	(void)munmap(file, (size_t)st.st_size);
	return r;
}

static int visit(int dirfd, const char *name, unsigned char d_type, void *ctx, struct err *e);

static int enter(struct walk *w, int dirfd, const char *name, struct err *e)
{
	size_t before = w->path.len;
	int r = 0;
	autofd int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || w->depth == DEPTH_MAX)
		return 0;
	w->depth++;
	strbuf_addf(&w->path, "/%s", name);
	r = dir_each(fd, visit, w, e);
	strbuf_truncate(&w->path, before);
	w->depth--;
	return r;
}

static int visit(int dirfd, const char *name, unsigned char d_type, void *ctx, struct err *e)
{
	struct walk *w = ctx;
	parse_fn *parse;

	if (d_type == DT_DIR)
		return enter(w, dirfd, name, e);
	if (d_type != DT_REG)
		return 0;
	parse = parser_of(strbuf_str(&w->path), name);
	return parse ? scan_text(w, dirfd, name, parse, e) : scan_program(w, dirfd, name, e);
}

int packages_scan(int rootfd, struct packages *p, struct err *e)
{
	struct walk w = { .p = p };
	int r;

	scan_os_release(rootfd, p);
	r = scan_fixed(rootfd, p, e);
	if (r >= 0)
		r = dir_each(rootfd, visit, &w, e);
	strbuf_done(&w.path);
	packages_sort(p);
	return r < 0 ? err_wrap(e, r, "look for packages") : 0;
}
