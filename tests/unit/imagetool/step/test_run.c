/* SPDX-License-Identifier: Apache-2.0 */
/* Whole steps in a root made of busybox; for root with a static busybox. */
#include "imagetool/step/run.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "imagetool/step/run_agent.h"
#include "imagetool/step/run_internal.h"
#include "libutil/dir.h"
#include "libutil/file.h"
#include "libutil/proc.h"

#define BUSYBOX "/usr/bin/busybox"

struct world {
	char dir[64];
	char *build, *rootpath;
	int rootfd;
	char *runtime;
	struct container_options options;
	struct strbuf out;
	struct err e;
	struct run_env env;
	struct run_mount_at mounts[8];
	struct step_tree trees[8];
	size_t n_mounts;
	const char *user, *cwd;
};

static void collect(void *ctx, enum run_stream stream, const void *data, size_t len)
{
	struct strbuf *out = ctx;

	if (stream == RUN_STDERR)
		strbuf_adds(out, "E:");
	strbuf_add(out, data, len);
}

static const char *const applets[] = { "sh",    "cat",  "id",    "echo", "ls", "mkdir",
				       "touch", "stat", "rm",    "mv",   "ln", "sleep",
				       "true",  "env",  "mount", "grep", "nc", "printf",
				       "flock", "pwd",  "chmod", "test", "wc", "hostname" };

static void make_root(struct world *w)
{
	autofree char *cmd = xasprintf("mkdir -p %s/build %s/root/bin %s/root/etc %s/root/tmp && "
				       "cp " BUSYBOX " %s/root/bin/",
				       w->dir, w->dir, w->dir, w->dir, w->dir);

	assert_int_equal(system(cmd), 0);
	for (size_t i = 0; i < ARRAY_LEN(applets); i++) {
		autofree char *link = xasprintf("%s/root/bin/%s", w->dir, applets[i]);

		assert_int_equal(symlink("busybox", link), 0);
	}
}

static int setup(void **state)
{
	static char runtime[PATH_MAX];
	struct world *w = xcalloc(1, sizeof(*w));

	*state = w;
	if (geteuid() != 0 || access(BUSYBOX, X_OK) < 0)
		return 0;
	assert_non_null(realpath("creel", runtime));
	strcpy(w->dir, "/tmp/creel-run-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	assert_int_equal(chmod(w->dir, 0755), 0);
	make_root(w);
	w->build = xasprintf("%s/build", w->dir);
	w->rootpath = xasprintf("%s/root", w->dir);
	w->rootfd = open(w->rootpath, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	w->env = (struct run_env){
		.runtime = runtime, .options = &w->options, .dir = w->build, .cancelfd = -1
	};
	w->user = "";
	w->cwd = "/";
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	if (w->rootpath) {
		(void)close(w->rootfd);
		assert_int_equal(dir_remove_all_at(AT_FDCWD, w->dir, NULL), 0);
	}
	strbuf_done(&w->out);
	strv_done(&w->options.add_hosts);
	strv_done(&w->options.ulimits);
	free(w->build);
	free(w->rootpath);
	free(w);
	return 0;
}

static struct world *world(void **state)
{
	struct world *w = *state;

	if (!w->rootpath)
		skip();
	return w;
}

static int run_args(struct world *w, const char **args, size_t n)
{
	const char *envs[] = { "A=b", NULL };
	const struct vertex_run r = {
		.args = args,
		.n_args = n,
		.env = envs,
		.n_env = 1,
		.cwd = w->cwd,
		.user = w->user,
		.mounts = w->mounts,
		.n_mounts = w->n_mounts,
	};
	const struct step_root root = { .fd = w->rootfd, .path = w->rootpath };

	strbuf_truncate(&w->out, 0);
	err_clear(&w->e);
	return step_run(&r, w->trees, &root, &w->env, collect, &w->out, &w->e);
}

static int shell(struct world *w, const char *text)
{
	const char *args[] = { "/bin/sh", "-c", text, NULL };

	return run_args(w, args, 3);
}

static void assert_shell(struct world *w, const char *text, const char *out)
{
	int r = shell(w, text);

	if (r < 0)
		print_error("%s\n%s\n", w->e.msg, strbuf_str(&w->out));
	assert_int_equal(r, 0);
	assert_string_equal(strbuf_str(&w->out), out);
}

static struct run_mount *mount_new(struct world *w, enum run_mount_type type, const char *target)
{
	struct run_mount_at *m = &w->mounts[w->n_mounts];

	w->trees[w->n_mounts++] = (struct step_tree){ .fd = -1 };
	*m = (struct run_mount_at){ .m = { .type = type,
					   .target = target,
					   .source = "",
					   .from = "",
					   .id = "",
					   .env = "" },
				    .from = NO_VERTEX };
	return &m->m;
}

static bool exists(const struct world *w, const char *path)
{
	struct stat st;

	return fstatat(w->rootfd, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static int count_entries(int dirfd UNUSED, const char *name, unsigned char type UNUSED, void *ctx,
			 struct err *e UNUSED)
{
	/* The runtime keeps filters it has compiled in .seccomp. */
	*(int *)ctx += name[0] != '.';
	return 0;
}

static int left_in(const struct world *w, const char *name)
{
	autofree char *path = xasprintf("%s/%s", w->build, name);
	autofd int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int n = 0;

	assert_true(fd >= 0);
	assert_int_equal(dir_each(fd, count_entries, &n, NULL), 0);
	return n;
}

/* ---- The container ---- */

static void what_it_writes_comes_as_two_streams(void **state)
{
	struct world *w = world(state);

	assert_shell(w, "echo out", "out\n");
	assert_shell(w, "echo err >&2", "E:err\n");
	assert_shell(w, "echo $A; pwd; hostname; id -u; echo $HOME",
		     "b\n/\nbuildkitsandbox\n0\n/\n");
}

static void a_program_that_fails_is_quoted_as_buildkit_does(void **state)
{
	struct world *w = world(state);

	assert_int_equal(shell(w, "exit 3"), -ECHILD);
	assert_string_equal(w->e.msg, "process \"/bin/sh -c exit 3\" did not complete "
				      "successfully: exit code: 3");
	assert_int_equal(shell(w, "echo \"a\tb\"\nkill -9 $$; false"), -ECHILD);
	assert_string_equal(w->e.msg, "process \"/bin/sh -c echo \\\"a\\tb\\\"\\nkill -9 $$; "
				      "false\" did not complete successfully: exit code: 1");
}

static void a_program_that_is_not_there_is_named(void **state)
{
	struct world *w = world(state);
	const char *args[] = { "/no/such", NULL };

	assert_int_equal(run_args(w, args, 1), -ECHILD);
	assert_string_equal(w->e.msg, "process \"/no/such\" did not complete successfully: exec "
				      "'/no/such': no such file or directory");
	assert_string_equal(strbuf_str(&w->out), "");
}

static void nothing_but_what_was_written_stays(void **state)
{
	struct world *w = world(state);
	struct stat before, after;

	assert_int_equal(fstatat(w->rootfd, "etc", &before, 0), 0);
	assert_shell(w, "test -s /etc/resolv.conf && test -c /dev/null && cat /etc/hosts",
		     "127.0.0.1\tlocalhost buildkitsandbox\n"
		     "::1\tlocalhost ip6-localhost ip6-loopback\n");
	assert_false(exists(w, "proc") || exists(w, "dev") || exists(w, "sys"));
	assert_false(exists(w, "etc/resolv.conf") || exists(w, "etc/hosts"));
	assert_int_equal(fstatat(w->rootfd, "etc", &after, 0), 0);
	assert_memory_equal(&before.st_mtim, &after.st_mtim, sizeof(before.st_mtim));
}

static void the_root_may_be_mounted_nowhere(void **state)
{
	struct world *w = world(state);
	int fd = w->rootfd;

	free(w->rootpath);
	w->rootpath = NULL;
	w->rootfd = run_clone_tree(fd, NULL);
	assert_true(w->rootfd >= 0);
	assert_shell(w, "echo here >/file; cat /file", "here\n");
	(void)close(w->rootfd);
	w->rootfd = fd;
	w->rootpath = xasprintf("%s/root", w->dir);
	assert_true(exists(w, "file"));
}

static void write_root(struct world *w, const char *path, const char *text)
{
	assert_int_equal(
		file_replace_at(w->rootfd, path, text, strlen(text), 0644, FILE_NO_SYNC, NULL), 0);
}

static void a_user_has_the_groups_of_the_image(void **state)
{
	struct world *w = world(state);

	write_root(w, "etc/passwd", "root:x:0:0::/root:/bin/sh\nme:x:7:8::/home/me:/bin/sh\n");
	write_root(w, "etc/group", "root:x:0:root\nwheel:x:10:root,me\ng:x:8:\n");
	assert_shell(w, "id; echo $HOME",
		     "uid=0(root) gid=0(root) groups=0(root),10(wheel)\n/root\n");
	w->user = "me";
	assert_shell(w, "id; echo $HOME", "uid=7(me) gid=8(g) groups=8(g),10(wheel)\n/home/me\n");
	w->user = "7";
	assert_shell(w, "id", "uid=7(me) gid=8(g) groups=8(g),10(wheel)\n");
	w->user = "me:wheel";
	assert_shell(w, "id", "uid=7(me) gid=10(wheel) groups=10(wheel)\n");
	w->user = "nobody";
	assert_int_equal(shell(w, "id"), -ENOENT);
}

static void a_fifo_as_passwd_is_refused_and_waits_for_nobody(void **state)
{
	struct world *w = world(state);

	assert_int_equal(mkfifoat(w->rootfd, "etc/passwd", 0644), 0);
	w->user = "me";
	assert_int_equal(shell(w, "id"), -EINVAL);
	w->user = "";
	assert_shell(w, "echo well", "well\n");
}

static void a_missing_working_directory_belongs_to_the_user(void **state)
{
	struct world *w = world(state);
	struct stat st;

	w->user = "7:8";
	w->cwd = "/new/work";
	assert_shell(w, "pwd; touch x", "/new/work\n");
	assert_int_equal(fstatat(w->rootfd, "new", &st, 0), 0);
	assert_int_equal(st.st_uid, 7);
}

/* One of them may be the container's own root; none is anything of the host's (CVE-2024-21626). */
static void a_working_directory_in_proc_reaches_nothing_of_the_host(void **state)
{
	struct world *w = world(state);
	autofree char *mark = xasprintf("%s/host-only", w->dir);

	assert_int_equal(mkdir(mark, 0755), 0);
	for (int fd = 3; fd < 12; fd++) {
		autofree char *cwd = xasprintf("/proc/self/fd/%d", fd);

		w->cwd = cwd;
		(void)shell(w, "cat ../../../etc/shadow; ls; ls ..; ls ../..");
		assert_null(strstr(strbuf_str(&w->out), "root:x"));
		assert_null(strstr(strbuf_str(&w->out), "root:*"));
		assert_null(strstr(strbuf_str(&w->out), "host-only"));
	}
	assert_false(exists(w, "proc"));
}

static void hosts_are_added(void **state)
{
	struct world *w = world(state);

	strv_add(&w->options.add_hosts, "a.test:10.1.2.3");
	assert_shell(w, "cat /etc/hosts | wc -l", "3\n");
	strv_add(&w->options.add_hosts, "bad");
	assert_int_equal(shell(w, "true"), -EINVAL);
}

static void what_a_step_needs_is_not_covered(void **state)
{
	static const struct {
		enum run_mount_type type;
		const char *target, *out; /* NULL: refused */
	} rows[] = {
		{ RUN_MOUNT_TMPFS, "/proc", NULL },     { RUN_MOUNT_TMPFS, "/proc/sys", NULL },
		{ RUN_MOUNT_TMPFS, "/dev/null", NULL }, { RUN_MOUNT_CACHE, "/dev", NULL },
		{ RUN_MOUNT_TMPFS, "/dev", "hosts\n" }, { RUN_MOUNT_CACHE, "/dev/shm", "hosts\n" },
		{ RUN_MOUNT_TMPFS, "/sys", "hosts\n" }, { RUN_MOUNT_TMPFS, "/etc", "" },
		{ RUN_MOUNT_CACHE, "/etc/hosts", "" },
	};
	struct world *w = world(state);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		w->n_mounts = 0;
		(void)mount_new(w, rows[i].type, rows[i].target);
		if (rows[i].out)
			assert_shell(w, "test ! -f /etc/hosts || echo hosts", rows[i].out);
		else
			assert_int_equal(shell(w, "true"), -EINVAL);
	}
}

static void a_network_of_none_has_its_loopback_alone(void **state)
{
	struct world *w = world(state);

	w->options.network = "none";
	assert_shell(w, "ls /sys/class/net", "lo\n");
	w->options.network = "nonsense";
	assert_int_equal(shell(w, "true"), -EINVAL);
}

static void a_private_network_reaches_the_outside(void **state)
{
	static const char *const programs[] = { "pasta", "slirp4netns" };
	struct world *w = world(state);

	for (size_t i = 0; i < ARRAY_LEN(programs); i++) {
		autofree char *path = proc_search_path(programs[i]);

		w->options.network = programs[i];
		if (!path) {
			assert_int_equal(shell(w, "true"), -EINVAL);
			continue;
		}
		assert_shell(w,
			     "ls /sys/class/net | wc -l; grep -c 00000000.*0003 /proc/net/route; "
			     "cat /etc/resolv.conf | wc -l",
			     "2\n1\n1\n");
	}
}

/* ---- Mounts ---- */

static void a_bind_shows_a_tree_and_cannot_be_written(void **state)
{
	struct world *w = world(state);
	struct run_mount *m = mount_new(w, RUN_MOUNT_BIND, "/mnt/deep/x");

	m->read_only = true;
	m->source = "/bin";
	w->trees[0].fd = w->rootfd;
	assert_shell(
		w,
		"test -x /mnt/deep/x/busybox && echo yes; touch /mnt/deep/x/y 2>/dev/null || echo no",
		"yes\nno\n");
	assert_false(exists(w, "mnt"));
	assert_false(exists(w, "bin/y"));
}

static void what_is_written_to_a_bind_is_thrown_away(void **state)
{
	struct world *w = world(state);
	struct run_mount *m = mount_new(w, RUN_MOUNT_BIND, "/mnt");

	m->source = "/etc";
	w->trees[0].fd = w->rootfd;
	write_root(w, "etc/file", "old");
	assert_shell(w, "echo new >/mnt/file; rm -f /mnt/none; cat /mnt/file /etc/file",
		     "new\nold");
	m->source = "/etc/file";
	m->target = "/one";
	assert_shell(w, "echo new >/one; cat /one /etc/file", "new\nold");
	assert_false(exists(w, "one"));
}

static struct context *open_context(const struct world *w, struct err *e)
{
	autofree char *path = xasprintf("%s/context", w->dir);
	struct context *c = NULL;

	assert_int_equal(context_open_dir(path, &(struct context_opts){ 0 }, &c, e), 0);
	return c;
}

static void a_context_belongs_to_root_and_lacks_what_is_ignored(void **state)
{
	struct world *w = world(state);
	struct run_mount *m = mount_new(w, RUN_MOUNT_BIND, "/mnt");
	autofree char *dir = xasprintf("%s/context", w->dir);
	autofree char *make = xasprintf("mkdir -p %s/d && cd %s && echo text >d/f && echo x >g && "
					"ln -s d l && echo no >gone && chown -R 7:7 . && "
					"echo gone >.dockerignore && touch -d @1000000000 d/f",
					dir, dir);
	auto_(context) struct context *c = NULL;
	autofd int fd = -1;

	assert_int_equal(system(make), 0);
	c = open_context(w, &w->e);
	fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	w->trees[0] = (struct step_tree){ .fd = fd, .context = c };
	assert_shell(w, "cd /mnt; ls -A; cat l/f; stat -c '%u:%g %Y' d/f; echo >h; ls -A | wc -l",
		     ".dockerignore\nd\ng\nl\ntext\n0:0 1000000000\n5\n");
	m->read_only = true;
	m->source = "l";
	assert_shell(w, "ls /mnt; touch /mnt/x 2>/dev/null || echo no", "f\nno\n");
	m->source = "d/f";
	m->target = "/file";
	assert_shell(w, "cat /file", "text\n");
	m->source = "gone";
	assert_int_equal(shell(w, "true"), -ENOENT);
	m->source = "../root";
	assert_int_equal(shell(w, "true"), -ENOENT);
	assert_int_equal(left_in(w, "scratch"), 0);
}

static void a_context_of_roots_is_shown_as_it_is(void **state)
{
	struct world *w = world(state);
	struct run_mount *m = mount_new(w, RUN_MOUNT_BIND, "/mnt");
	autofree char *dir = xasprintf("%s/context", w->dir);
	autofree char *make = xasprintf("mkdir -p %s/d && echo text >%s/d/f", dir, dir);
	auto_(context) struct context *c = NULL;
	autofd int fd = -1;

	assert_int_equal(system(make), 0);
	c = open_context(w, &w->e);
	fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	w->trees[0] = (struct step_tree){ .fd = fd, .context = c };
	assert_shell(w, "cat /mnt/d/f; echo >/mnt/new", "text\n");
	m->read_only = true;
	assert_shell(w, "ls /mnt", "d\n");
}

static void a_source_that_is_a_link_stays_in_its_tree(void **state)
{
	struct world *w = world(state);
	struct run_mount *m = mount_new(w, RUN_MOUNT_BIND, "/mnt");

	assert_int_equal(symlinkat("/", w->rootfd, "all"), 0);
	assert_int_equal(symlinkat("../../../..", w->rootfd, "up"), 0);
	m->read_only = true;
	w->trees[0].fd = w->rootfd;
	m->source = "all";
	assert_shell(w, "test -e /mnt/bin/busybox && ls -d /mnt/all", "/mnt/all\n");
	m->source = "up";
	assert_shell(w, "test -e /mnt/bin/busybox && ls -d /mnt/up", "/mnt/up\n");
}

static void a_cache_keeps_what_is_written(void **state)
{
	struct world *w = world(state);
	struct run_mount *m = mount_new(w, RUN_MOUNT_CACHE, "/c");

	m->id = "../../etc";
	assert_shell(w, "echo kept >/c/f", "");
	assert_shell(w, "cat /c/f", "kept\n");
	m->id = "other";
	assert_shell(w, "ls /c", "");
	assert_false(exists(w, "c"));
	m->uid = 7;
	m->gid = 8;
	m->has_mode = true;
	m->mode = 0700;
	assert_shell(w, "stat -c '%u %g %a' /c", "7 8 700\n");
}

static void a_cache_begins_with_what_it_is_from(void **state)
{
	struct world *w = world(state);
	struct run_mount *m = mount_new(w, RUN_MOUNT_CACHE, "/c");

	m->id = "x";
	m->from = "stage";
	m->source = "/etc";
	w->trees[0].fd = w->rootfd;
	write_root(w, "etc/file", "text");
	assert_shell(w, "cat /c/file; echo more >>/c/file", "text");
	assert_shell(w, "cat /c/file /etc/file", "textmore\ntext");
	/* Other files are another cache, whatever they are called; the same are the same. */
	w->trees[0].key = "a";
	assert_shell(w, "cat /c/file; echo of a >>/c/file", "text");
	m->from = "renamed";
	assert_shell(w, "cat /c/file", "textof a\n");
	w->trees[0].key = "b";
	assert_shell(w, "cat /c/file", "text");
}

static void a_tmpfs_is_empty_and_as_large_as_asked(void **state)
{
	struct world *w = world(state);

	mount_new(w, RUN_MOUNT_TMPFS, "/bin/t")->size = 1 << 20;
	assert_shell(w, "echo x >/bin/t/x; stat -f -c '%b %S' /bin/t", "256 4096\n");
	assert_false(exists(w, "bin/t"));
}

static void a_secret_is_a_file_for_its_user_alone(void **state)
{
	struct world *w = world(state);
	const struct run_secret secrets[] = { { "s", "hush", 4 } };
	struct run_mount *m = mount_new(w, RUN_MOUNT_SECRET, "");

	w->env.secrets = secrets;
	w->env.n_secrets = 1;
	m->id = "s";
	assert_shell(w, "cat /run/secrets/s; stat -c ' %a %u' /run/secrets/s", "hush 400 0\n");
	assert_false(exists(w, "run"));
	m->env = "TOKEN";
	assert_shell(w, "echo $TOKEN; test -e /run && echo run || true", "hush\n");
	m->id = "t";
	assert_shell(w, "echo -$TOKEN-", "--\n");
	m->required = true;
	assert_int_equal(shell(w, "true"), -ENOENT);
}

static void a_later_mount_lies_in_an_earlier_one(void **state)
{
	struct world *w = world(state);

	mount_new(w, RUN_MOUNT_TMPFS, "/m/n");
	mount_new(w, RUN_MOUNT_TMPFS, "/m");
	assert_shell(w, "mount | grep -c ' /m' || true; ls /m", "2\nn\n");
	assert_false(exists(w, "m"));
}

/* ---- Attacks ---- */

static void stubs_are_not_removed_through_a_link(void **state)
{
	struct world *w = world(state);
	autofree char *victim = xasprintf("%s/victim", w->dir);
	autofree char *inside = xasprintf("%s/stub", victim);
	autofree char *text = xasprintf("mv /a /b; ln -s %s /a", victim);

	assert_int_equal(mkdir(victim, 0755), 0);
	assert_int_equal(mkdir(inside, 0755), 0);
	assert_int_equal(mkdirat(w->rootfd, "a", 0755), 0);
	mount_new(w, RUN_MOUNT_TMPFS, "/a/stub");
	assert_int_equal(shell(w, text), 0);
	assert_int_equal(access(inside, F_OK), 0);
	assert_true(exists(w, "a") && exists(w, "b"));
	assert_false(exists(w, "b/stub"));
}

static void a_target_through_a_link_stays_in_the_root(void **state)
{
	struct world *w = world(state);
	autofree char *victim = xasprintf("%s/victim", w->dir);

	assert_int_equal(mkdir(victim, 0755), 0);
	assert_int_equal(symlinkat(victim, w->rootfd, "link"), 0);
	mount_new(w, RUN_MOUNT_TMPFS, "/link/t");
	assert_int_equal(shell(w, "echo x >/link/t/x"), 0);
	assert_int_equal(rmdir(victim), 0); /* it is empty */
	assert_false(exists(w, "tmp/creel-run-XXXXXX"));
}

struct swap {
	int dirfd;
	volatile bool stop;
};

static void *swap_names(void *arg)
{
	struct swap *s = arg;

	while (!s->stop)
		(void)renameat2(s->dirfd, "dir", s->dirfd, "link", RENAME_EXCHANGE);
	return NULL;
}

static void a_source_that_is_swapped_meanwhile_never_shows_the_host(void **state)
{
	struct world *w = world(state);
	struct swap s = { .dirfd = w->rootfd };
	struct run_mount *m = mount_new(w, RUN_MOUNT_BIND, "/mnt");
	autofree char *mark = xasprintf("%s/host-only", w->dir);
	pthread_t t;

	/* As a link it leads to the directory above the root; below the root that is the root. */
	assert_int_equal(mkdir(mark, 0755), 0);
	assert_int_equal(mkdirat(w->rootfd, "dir", 0755), 0);
	assert_int_equal(symlinkat("..", w->rootfd, "link"), 0);
	m->source = "/dir";
	m->read_only = true;
	w->trees[0].fd = w->rootfd;
	assert_int_equal(pthread_create(&t, NULL, swap_names, &s), 0);
	for (int i = 0; i < 20; i++) {
		(void)shell(w, "ls /mnt");
		assert_null(strstr(strbuf_str(&w->out), "host-only"));
	}
	s.stop = true;
	(void)pthread_join(t, NULL);
}

/* ---- Ends ---- */

struct cancel {
	struct strbuf out;
	int fd; /* written to when something has come */
};

static void collect_and_cancel(void *ctx, enum run_stream stream, const void *data, size_t len)
{
	struct cancel *c = ctx;

	collect(&c->out, stream, data, len);
	(void)!write(c->fd, "x", 1);
}

static void a_step_that_is_told_to_stop_leaves_nothing(void **state)
{
	struct world *w = world(state);
	const char *args[] = { "/bin/sh", "-c", "echo begun; sleep 1000", NULL };
	const struct vertex_run r = { .args = args, .n_args = 3, .cwd = "/", .user = "" };
	const struct step_root root = { .fd = w->rootfd, .path = w->rootpath };
	struct cancel c = { 0 };
	int p[2];

	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	w->env.cancelfd = p[0];
	c.fd = p[1];
	assert_int_equal(step_run(&r, NULL, &root, &w->env, collect_and_cancel, &c, &w->e), -EINTR);
	assert_string_equal(strbuf_str(&c.out), "begun\n");
	strbuf_done(&c.out);
	assert_int_equal(left_in(w, "run") + left_in(w, "scratch") + left_in(w, "private"), 0);
	assert_false(exists(w, "proc"));
	(void)close(p[0]);
	(void)close(p[1]);
}

/* A lock that the step's container holds, as long as it has processes. */
static void wait_until_unlocked(const struct world *w)
{
	autofd int fd = openat(w->rootfd, "life", O_RDWR | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
}

static void wait_for_entry(const struct world *w, const char *path)
{
	for (int i = 0; i < 12000 && !exists(w, path); i++)
		(void)usleep(10000);
	assert_true(exists(w, path));
}

/* The last processes may be ending yet. */
static void sweep_all(struct world *w)
{
	int left = 1;

	for (int i = 0; i < 6000 && left; i++) {
		assert_int_equal(run_sweep(w->build, w->env.runtime, &w->e), 0);
		left = left_in(w, "run") + left_in(w, "scratch") + left_in(w, "private");
		if (left)
			(void)usleep(20000);
	}
	assert_int_equal(left, 0);
}

static void a_build_that_is_killed_takes_its_steps_along(void **state)
{
	struct world *w = world(state);
	struct run_mount *m = mount_new(w, RUN_MOUNT_BIND, "/mnt");
	int status;
	pid_t pid;

	m->source = "/etc"; /* written to: something is thrown away */
	w->trees[0].fd = w->rootfd;
	pid = fork();
	if (pid == 0) {
		(void)shell(w, "exec 9>/life; flock 9; touch /begun /mnt/x; sleep 1000");
		_exit(0);
	}
	wait_for_entry(w, "begun");
	assert_int_equal(left_in(w, "run"), 1);
	assert_int_equal(run_sweep(w->build, w->env.runtime, &w->e), 0);
	assert_int_equal(left_in(w, "run") + left_in(w, "scratch"), 2);
	(void)kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	wait_until_unlocked(w);
	sweep_all(w);
}

static void a_build_that_is_killed_at_any_moment_leaves_nothing_that_cannot_be_swept(void **state)
{
	struct world *w = world(state);

	for (useconds_t after = 500; after < 20000; after += 700) {
		pid_t pid = fork();
		int status;

		if (pid == 0) {
			(void)shell(w, "sleep 1000");
			_exit(0);
		}
		(void)usleep(after);
		(void)kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
	}
	sweep_all(w);
}

/* ---- Agents ---- */

static void only_asking_and_signing_is_let_through(void **state UNUSED)
{
	size_t allowed = 0;

	for (unsigned type = 0; type < 256; type++) {
		const uint8_t message[] = { (uint8_t)type };

		allowed += run_agent_allows(message, 1);
	}
	assert_int_equal(allowed, 2);
	assert_true(run_agent_allows((const uint8_t[]){ 11 }, 1));
	assert_true(run_agent_allows((const uint8_t[]){ 13 }, 1));
	assert_false(run_agent_allows((const uint8_t[]){ 11 }, 0));
	assert_int_equal(run_agent_length((const uint8_t[]){ 0xff, 0, 1, 2 }), 0xff000102);
}

static void a_key_is_seen_through_an_agent_that_takes_no_other(void **state)
{
	struct world *w = world(state);
	autofree char *key = xasprintf("%s/key", w->dir);
	autofree char *make = xasprintf("ssh-keygen -q -t ed25519 -N '' -C a-comment -f %s", key);
	const char *keys[] = { key };
	autofd int hostfd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct run_mount *m;
	const struct run_ssh ssh[] = { { .id = "default", .keys = keys, .n_keys = 1 } };

	if (access("/usr/bin/ssh-keygen", X_OK) < 0 ||
	    access("/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", X_OK) < 0)
		skip();
	assert_int_equal(system(make), 0);
	mount_new(w, RUN_MOUNT_SSH, "");
	w->env.ssh = ssh;
	w->env.n_ssh = 1;
	/* The host's own program, by its own loader. */
	w->trees[0].fd = hostfd;
	m = mount_new(w, RUN_MOUNT_BIND, "/host");
	m->read_only = true;
	w->trees[1].fd = hostfd;
	assert_shell(w,
		     "add() { /host/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 --library-path "
		     "/host/lib/x86_64-linux-gnu:/host/usr/lib/x86_64-linux-gnu "
		     "/host/usr/bin/ssh-add $1 2>&1; }; echo $SSH_AUTH_SOCK; "
		     "add -L | grep -c a-comment; add -D; add -L | grep -c a-comment",
		     "/run/buildkit/ssh_agent.0\n1\nFailed to remove all identities.\n1\n");
	assert_false(exists(w, "run"));
	w->n_mounts = 0;
	mount_new(w, RUN_MOUNT_SSH, "")->id = "none";
	assert_shell(w, "echo -$SSH_AUTH_SOCK-", "--\n");
	w->mounts[0].m.required = true;
	assert_int_equal(shell(w, "true"), -ENOENT);
}

struct locked {
	struct world *w;
	int *waiting; /* how many do */
	int result;
	struct strbuf out;
};

static void collect_locked(void *ctx, enum run_stream stream, const void *data, size_t len)
{
	struct locked *l = ctx;
	bool before = strstr(strbuf_str(&l->out), "waiting for cache mount 'l'") != NULL;

	collect(&l->out, stream, data, len);
	if (!before && strstr(strbuf_str(&l->out), "waiting for cache mount 'l'"))
		__atomic_add_fetch(l->waiting, 1, __ATOMIC_SEQ_CST);
}

static void *locked_step(void *arg)
{
	struct locked *l = arg;
	const char *args[] = { "/bin/sh", "-c",
			       "test ! -e /c/busy || exit 9; touch /c/busy; "
			       "while ! test -e /go; do sleep 0.02; done; rm /c/busy",
			       NULL };
	const struct vertex_run r = { .args = args,
				      .n_args = 3,
				      .cwd = "/",
				      .user = "",
				      .mounts = l->w->mounts,
				      .n_mounts = 1 };
	const struct step_root root = { .fd = l->w->rootfd, .path = l->w->rootpath };

	l->result = step_run(&r, l->w->trees, &root, &l->w->env, collect_locked, l, NULL);
	return NULL;
}

static void a_locked_cache_is_used_by_one_at_a_time(void **state)
{
	struct world *w = world(state);
	struct run_mount *m = mount_new(w, RUN_MOUNT_CACHE, "/c");
	int waiting = 0;
	struct locked l[3];
	pthread_t t[3];

	m->id = "l";
	m->sharing = SHARING_LOCKED;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		l[i] = (struct locked){ .w = w, .waiting = &waiting };
		assert_int_equal(pthread_create(&t[i], NULL, locked_step, &l[i]), 0);
	}
	for (int i = 0; i < 12000 && __atomic_load_n(&waiting, __ATOMIC_SEQ_CST) < 2; i++)
		(void)usleep(10000);
	(void)close(openat(w->rootfd, "go", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		(void)pthread_join(t[i], NULL);
		assert_int_equal(l[i].result, 0);
		strbuf_done(&l[i].out);
	}
	assert_int_equal(waiting, 2);
}

static void insecure_needs_leave(void **state)
{
	struct world *w = world(state);
	const char *args[] = { "/bin/sh", "-c", "mount -t tmpfs x /tmp && echo may", NULL };
	const struct vertex_run r = {
		.args = args, .n_args = 3, .cwd = "/", .user = "", .insecure = true
	};
	const struct step_root root = { .fd = w->rootfd, .path = w->rootpath };

	assert_int_equal(step_run(&r, NULL, &root, &w->env, collect, &w->out, &w->e), -EPERM);
	w->env.allow_insecure = true;
	assert_int_equal(step_run(&r, NULL, &root, &w->env, collect, &w->out, &w->e), 0);
	assert_string_equal(strbuf_str(&w->out), "may\n");
}

#define STEP_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STEP_TEST(what_it_writes_comes_as_two_streams),
		STEP_TEST(a_program_that_fails_is_quoted_as_buildkit_does),
		STEP_TEST(a_program_that_is_not_there_is_named),
		STEP_TEST(nothing_but_what_was_written_stays),
		STEP_TEST(the_root_may_be_mounted_nowhere),
		STEP_TEST(a_user_has_the_groups_of_the_image),
		STEP_TEST(a_fifo_as_passwd_is_refused_and_waits_for_nobody),
		STEP_TEST(a_missing_working_directory_belongs_to_the_user),
		STEP_TEST(a_working_directory_in_proc_reaches_nothing_of_the_host),
		STEP_TEST(hosts_are_added),
		STEP_TEST(what_a_step_needs_is_not_covered),
		STEP_TEST(a_network_of_none_has_its_loopback_alone),
		STEP_TEST(a_private_network_reaches_the_outside),
		STEP_TEST(a_bind_shows_a_tree_and_cannot_be_written),
		STEP_TEST(what_is_written_to_a_bind_is_thrown_away),
		STEP_TEST(a_context_belongs_to_root_and_lacks_what_is_ignored),
		STEP_TEST(a_context_of_roots_is_shown_as_it_is),
		STEP_TEST(a_source_that_is_a_link_stays_in_its_tree),
		STEP_TEST(a_cache_keeps_what_is_written),
		STEP_TEST(a_cache_begins_with_what_it_is_from),
		STEP_TEST(a_tmpfs_is_empty_and_as_large_as_asked),
		STEP_TEST(a_secret_is_a_file_for_its_user_alone),
		STEP_TEST(a_later_mount_lies_in_an_earlier_one),
		STEP_TEST(stubs_are_not_removed_through_a_link),
		STEP_TEST(a_target_through_a_link_stays_in_the_root),
		STEP_TEST(a_source_that_is_swapped_meanwhile_never_shows_the_host),
		STEP_TEST(a_step_that_is_told_to_stop_leaves_nothing),
		STEP_TEST(a_locked_cache_is_used_by_one_at_a_time),
		STEP_TEST(insecure_needs_leave),
		STEP_TEST(a_build_that_is_killed_takes_its_steps_along),
		STEP_TEST(a_build_that_is_killed_at_any_moment_leaves_nothing_that_cannot_be_swept),
		cmocka_unit_test(only_asking_and_signing_is_let_through),
		STEP_TEST(a_key_is_seen_through_an_agent_that_takes_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
