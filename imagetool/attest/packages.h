/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is installed in a tree, by what package managers wrote there.
 *
 * All of it is somebody else's: parsers take bytes with a stated maximum, and texts they hand out
 * are UTF-8 by the time they are written.
 */
#ifndef IMAGETOOL_ATTEST_PACKAGES_H
#define IMAGETOOL_ATTEST_PACKAGES_H

#include "libutil/alloc.h"
#include "libutil/err.h"

#define PACKAGES_MAX          200000
#define PACKAGES_FILE_MAX     ((size_t)64 << 20) /* of a data base of packages */
#define PACKAGES_DOCUMENT_MAX ((size_t)4 << 20)  /* of one package's own description */

/* Words of purl. */
#define PACKAGE_KINDS(X)                                                                           \
	X(DEB, "deb")                                                                              \
	X(APK, "apk")                                                                              \
	X(RPM, "rpm")                                                                              \
	X(PYPI, "pypi")                                                                            \
	X(NPM, "npm")                                                                              \
	X(GOLANG, "golang")                                                                        \
	X(CARGO, "cargo")

enum package_kind {
#define X(kind, word) PACKAGE_##kind,
	PACKAGE_KINDS(X)
#undef X
};

struct package {
	enum package_kind kind;
	const char *name, *version; /* never "" */
	const char *arch;           /* NULL: none */
	const char *license;        /* as its maker says; NULL */
	const char *origin;         /* the source package; NULL: the same */
	const char *epoch;          /* of rpm, in front of the version; NULL */
	const char *where;          /* the file that says so, "/var/lib/dpkg/status" */
};

struct packages {
	struct arena arena;    /* owns all texts */
	struct package *items; /* owned */
	size_t n, cap;
	/* /etc/os-release: "debian", "12"; NULL */
	const char *os_id, *os_version;
	const char *rpm_unread; /* why a data base of rpm was not read, or not all; NULL: it was */
	size_t n_unread; /* files of package managers that were too large, or could not be read */
};
void packages_done(struct packages *p);
AUTO_DEFINE_DONE(packages, packages_done)

/* Takes copies; without a name or a version it is nothing.  -E2BIG. */
int packages_add(struct packages *p, const struct package *one, struct err *e);
/* By kind, name, version, place; what is there twice once. */
void packages_sort(struct packages *p);

/* "pkg:deb/debian/libc6@2.36?arch=amd64&distro=debian-12" */
struct strbuf;
void package_purl(const struct packages *all, const struct package *p, struct strbuf *out);

/* ---- Parsers: `text` may hold anything; `where` is remembered ---- */

int parse_dpkg_status(struct packages *p, const char *text, size_t len, const char *where,
		      struct err *e);
int parse_apk_installed(struct packages *p, const char *text, size_t len, const char *where,
			struct err *e);
/* METADATA, PKG-INFO */
int parse_python_metadata(struct packages *p, const char *text, size_t len, const char *where,
			  struct err *e);
int parse_package_json(struct packages *p, const char *text, size_t len, const char *where,
		       struct err *e);
/* One package as rpm keeps it; -EBADMSG. */
int parse_rpm_header(struct packages *p, const char *text, size_t len, const char *where,
		     struct err *e);
/* The modules of a Go program: what stands in its .go.buildinfo. */
int parse_go_modules(struct packages *p, const char *text, size_t len, const char *where,
		     struct err *e);
/* Its standard library: "go1.22.1". */
int parse_go_version(struct packages *p, const char *text, size_t len, const char *where,
		     struct err *e);
/* Where in an ELF file they are, in the file's bytes. */
struct go_info {
	const char *version, *modules;
	size_t version_len, modules_len; /* modules: 0, there are none */
};
/* 1; 0: it is no program of Go's. */
int find_go_info(const unsigned char *file, size_t len, struct go_info *ret);
/* Cargo.lock; programs' .dep-v0, as cargo-auditable makes it. */
int parse_cargo_lock(struct packages *p, const char *text, size_t len, const char *where,
		     struct err *e);
int parse_rust_crates(struct packages *p, const char *text, size_t len, const char *where,
		      struct err *e);
/* Likewise; it is compressed. */
int find_rust_crates(const unsigned char *file, size_t len, const char **ret, size_t *ret_len);
void parse_os_release(struct packages *p, const char *text, size_t len);

/* ---- The tree ---- */

/* `rootfd` is borrowed.  Nothing is opened but regular files below it, and no link is followed. */
int packages_scan(int rootfd, struct packages *p, struct err *e);

#endif
