/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every attribute of an instruction makes another key: one that is forgotten lets the result of one
 * instruction stand for another's (CVE-2024-24557).
 */
#include "imagetool/solve/define.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libutil/alloc.h"

static const char *args[] = { "/bin/sh", "-c", "make", NULL };
static const char *other_args[] = { "/bin/sh", "-c make", NULL };
static const char *env[] = { "A=1", "B=2", NULL };
static const char *other_env[] = { "A=1", "B=3", NULL };
static const char *paths[] = { "/a", "/b" };
static const char *other_paths[] = { "/a", "/b*" };
static const char *excludes[] = { "*.o" };
static struct run_device devices[] = { { "vendor.com/class=device", false } },
			 needed_devices[] = { { "vendor.com/class=device", true } };
static struct run_mount_at mounts[2];
static struct files_source sources[2];
static const struct platform amd64 = { "linux", "amd64", "" }, arm64 = { "linux", "arm64", "" };

/* What is changed below; each time from the same beginning. */
struct definition {
	struct vertex v;
	struct run_mount_at m;
	struct files_source s;
	const char *salt;
};

static void begin_run(struct definition *d)
{
	*d = (struct definition){ .v = { .kind = VERTEX_RUN, .platform = &amd64 }, .salt = "salt" };
	d->v.u.run = (struct vertex_run){ .base = 1,
					  .args = args,
					  .n_args = 3,
					  .env = env,
					  .n_env = 2,
					  .cwd = "/src",
					  .user = "1000",
					  .hostname = "h",
					  .mounts = &d->m,
					  .n_mounts = 1,
					  .script_name = "s",
					  .script = "echo",
					  .script_len = 4 };
	d->m = (struct run_mount_at){ .m = { .type = RUN_MOUNT_CACHE,
					     .target = "/c",
					     .source = "/",
					     .from = "",
					     .id = "id",
					     .env = "E",
					     .has_mode = true,
					     .mode = 0700,
					     .uid = 1,
					     .gid = 2,
					     .size = 3 },
				      .from = 1 };
}

static void begin_files(struct definition *d)
{
	*d = (struct definition){ .v = { .kind = VERTEX_FILES, .platform = &amd64 } };
	d->v.u.files = (struct vertex_files){ .base = 1,
					      .above = NO_VERTEX,
					      .sources = &d->s,
					      .n_sources = 1,
					      .dest = "/dest",
					      .chown = "1:2",
					      .chmod = "644" };
	d->s = (struct files_source){ .from = 2,
				      .paths = paths,
				      .n_paths = 2,
				      .inline_name = "EOF",
				      .content = "text",
				      .len = 4 };
}

static void begin_http(struct definition *d)
{
	*d = (struct definition){ .v = { .kind = VERTEX_HTTP } };
	d->v.u.http = (struct vertex_http){ "https://x/y", "y", NULL };
}

static void begin_git(struct definition *d)
{
	*d = (struct definition){ .v = { .kind = VERTEX_GIT } };
	d->v.u.git = (struct vertex_git){ .url = "https://x/y.git", .ref = "main", .subdir = "" };
}

typedef void begin_fn(struct definition *d);
typedef void change_fn(struct definition *d);

#define CHANGES(X)                                                                                 \
	X(run, args, d->v.u.run.args = other_args; d->v.u.run.n_args = 2)                          \
	X(run, fewer_args, d->v.u.run.n_args = 2)                                                  \
	X(run, env, d->v.u.run.env = other_env)                                                    \
	X(run, fewer_env, d->v.u.run.n_env = 1)                                                    \
	X(run, cwd, d->v.u.run.cwd = "/")                                                          \
	X(run, user, d->v.u.run.user = "")                                                         \
	X(run, hostname, d->v.u.run.hostname = NULL)                                               \
	X(run, empty_hostname, d->v.u.run.hostname = "")                                           \
	X(run, network, d->v.u.run.network = RUN_NETWORK_NONE)                                     \
	X(run, insecure, d->v.u.run.insecure = true)                                               \
	X(run, devices, d->v.u.run.devices = devices; d->v.u.run.n_devices = 1)                    \
	X(run, needed_devices, d->v.u.run.devices = needed_devices; d->v.u.run.n_devices = 1)      \
	X(run, scratch, d->v.u.run.base = NO_VERTEX)                                               \
	X(run, script, d->v.u.run.script = "exit")                                                 \
	X(run, script_len, d->v.u.run.script_len = 3)                                              \
	X(run, script_name, d->v.u.run.script_name = "t")                                          \
	X(run, platform, d->v.platform = &arm64)                                                   \
	X(run, salt, d->salt = "other")                                                            \
	X(run, no_mounts, d->v.u.run.n_mounts = 0)                                                 \
	X(run, mount_twice, mounts[0] = mounts[1] = d->m; d->v.u.run.mounts = mounts;              \
	  d->v.u.run.n_mounts = 2)                                                                 \
	X(run, mount_type, d->m.m.type = RUN_MOUNT_BIND)                                           \
	X(run, mount_target, d->m.m.target = "/d")                                                 \
	X(run, mount_source, d->m.m.source = "/s")                                                 \
	X(run, mount_id, d->m.m.id = "other")                                                      \
	X(run, mount_env, d->m.m.env = "")                                                         \
	X(run, mount_read_only, d->m.m.read_only = true)                                           \
	X(run, mount_required, d->m.m.required = true)                                             \
	X(run, mount_sharing, d->m.m.sharing = SHARING_LOCKED)                                     \
	X(run, mount_no_mode, d->m.m.has_mode = false)                                             \
	X(run, mount_mode, d->m.m.mode = 0)                                                        \
	X(run, mount_uid, d->m.m.uid = 2)                                                          \
	X(run, mount_gid, d->m.m.gid = 1)                                                          \
	X(run, mount_size, d->m.m.size = 0)                                                        \
	X(run, mount_from_nowhere, d->m.from = NO_VERTEX)                                          \
	X(files, dest, d->v.u.files.dest = "/dest2")                                               \
	X(files, dest_is_dir, d->v.u.files.dest_is_dir = true)                                     \
	X(files, chown, d->v.u.files.chown = "1:3")                                                \
	X(files, no_chown, d->v.u.files.chown = NULL)                                              \
	X(files, chmod, d->v.u.files.chmod = "755")                                                \
	X(files, no_chmod, d->v.u.files.chmod = NULL)                                              \
	X(files, exclude, d->v.u.files.exclude = excludes; d->v.u.files.n_exclude = 1)             \
	X(files, link, d->v.u.files.link = true)                                                   \
	X(files, parents, d->v.u.files.parents = true)                                             \
	X(files, mkdir_only, d->v.u.files.mkdir_only = true)                                       \
	X(files, scratch, d->v.u.files.base = NO_VERTEX)                                           \
	X(files, no_sources, d->v.u.files.n_sources = 0)                                           \
	X(files, source_twice, sources[0] = sources[1] = d->s; d->v.u.files.sources = sources;     \
	  d->v.u.files.n_sources = 2)                                                              \
	X(files, paths, d->s.paths = other_paths)                                                  \
	X(files, fewer_paths, d->s.n_paths = 1)                                                    \
	X(files, from_nowhere, d->s.from = NO_VERTEX)                                              \
	X(files, unpack, d->s.unpack = true)                                                       \
	X(files, plain, d->s.plain = true)                                                         \
	X(files, not_inline, d->s.inline_name = NULL)                                              \
	X(files, inline_name, d->s.inline_name = "E")                                              \
	X(files, content, d->s.content = "tex2")                                                   \
	X(files, len, d->s.len = 3)                                                                \
	X(http, url, d->v.u.http.url = "https://x/z")                                              \
	X(http, filename, d->v.u.http.filename = "z")                                              \
	X(http, checksum, d->v.u.http.checksum = "sha256:00")                                      \
	X(git, url, d->v.u.git.url = "https://x/z.git")                                            \
	X(git, ref, d->v.u.git.ref = "v1")                                                         \
	X(git, subdir, d->v.u.git.subdir = "d")                                                    \
	X(git, checksum, d->v.u.git.checksum = "abc")                                              \
	X(git, keep_git_dir, d->v.u.git.keep_git_dir = true)                                       \
	X(git, submodules, d->v.u.git.submodules = true)                                           \
	X(git, mtime_commit, d->v.u.git.mtime_commit = true)                                       \
	X(git, fetch_by_commit, d->v.u.git.fetch_by_commit = true)

#define X(kind, name, ...)                                                                         \
	static void change_##kind##_##name(struct definition *d)                                   \
	{                                                                                          \
		__VA_ARGS__;                                                                       \
	}
CHANGES(X)
#undef X

static const struct {
	const char *name;
	begin_fn *begin;
	change_fn *change;
} rows[] = {
#define X(kind, name, ...) { #kind " " #name, begin_##kind, change_##kind##_##name },
	CHANGES(X)
#undef X
};

static void key_of(begin_fn *begin, change_fn *change, char ret[BUILD_KEY_SIZE])
{
	struct definition d;

	begin(&d);
	if (change)
		change(&d);
	define_vertex(&d.v, d.salt, ret);
}

static void every_attribute_makes_another_key(void **state UNUSED)
{
	char(*keys)[BUILD_KEY_SIZE] = xcalloc(ARRAY_LEN(rows), sizeof(*keys));
	char plain[BUILD_KEY_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		key_of(rows[i].begin, NULL, plain);
		key_of(rows[i].begin, rows[i].change, keys[i]);
		if (streq(plain, keys[i]))
			fail_msg("'%s' changes nothing", rows[i].name);
		for (size_t k = 0; k < i; k++)
			if (streq(keys[k], keys[i]))
				fail_msg("'%s' is as '%s'", rows[i].name, rows[k].name);
	}
	free(keys);
}

static void the_same_definition_has_the_same_key(void **state UNUSED)
{
	char a[BUILD_KEY_SIZE], b[BUILD_KEY_SIZE];

	key_of(begin_run, NULL, a);
	key_of(begin_run, NULL, b);
	assert_string_equal(a, b);
	assert_true(build_key_is_legal(a));
}

/* Names for people, proxies, and which number an input has. */
static void what_changes_no_result_is_in_no_key(void **state UNUSED)
{
	static const char *hidden[] = { "HTTP_PROXY=x", NULL };
	char a[BUILD_KEY_SIZE], b[BUILD_KEY_SIZE];
	struct definition d;

	begin_run(&d);
	define_vertex(&d.v, d.salt, a);
	d.v.name = "[stage 3/4] RUN make";
	d.v.stage = "stage";
	d.v.u.run.base = 7;
	d.v.u.run.hidden_env = hidden;
	d.v.u.run.n_hidden_env = 1;
	d.m.from = 8;
	define_vertex(&d.v, d.salt, b);
	assert_string_equal(a, b);
}

static void a_copy_does_not_depend_on_the_platform(void **state UNUSED)
{
	char a[BUILD_KEY_SIZE], b[BUILD_KEY_SIZE];
	struct definition d;

	begin_files(&d);
	define_vertex(&d.v, "x", a);
	d.v.platform = &arm64;
	define_vertex(&d.v, "y", b);
	assert_string_equal(a, b);
}

static void names_and_lengths_keep_members_apart(void **state UNUSED)
{
	char a[BUILD_KEY_SIZE], b[BUILD_KEY_SIZE];
	struct defining g;

	defining_begin(&g, "x");
	defining_text(&g, "a", "1");
	defining_text(&g, "b", "");
	defining_end(&g, a);
	defining_begin(&g, "x");
	defining_text(&g, "a", "1b");
	defining_end(&g, b);
	assert_string_not_equal(a, b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_attribute_makes_another_key),
		cmocka_unit_test(the_same_definition_has_the_same_key),
		cmocka_unit_test(what_changes_no_result_is_in_no_key),
		cmocka_unit_test(a_copy_does_not_depend_on_the_platform),
		cmocka_unit_test(names_and_lengths_keep_members_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
