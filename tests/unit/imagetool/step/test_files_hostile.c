/* SPDX-License-Identifier: Apache-2.0 */
/* COPY of what wants out of its place. */
#include "tests/unit/imagetool/step/files_fixture.h"

/* ---- Who wants out ---- */

BOTH(links_of_the_source_stay_in_it)
{
	put(t->out, "secret", "secret", 0644);
	put(t->src, "in", "in", 0644);
	make_symlink("../out/secret", t->src, "up");
	make_symlink("/in", t->src, "abs");
	COPY("/abs", "/x", .from_tree = tree);
	has(t->root, "x", "in");
	REFUSE(ENOENT, "up", "/up", "/y", .from_tree = tree);
	REFUSE(ENOENT, "", "/../out/secret", "/y", .from_tree = tree);
	assert_false(is_there(t->root, "y"));
}

BOTH(links_of_the_destination_stay_in_the_root)
{
	autofree char *out = xasprintf("/tmp/%s/out", t->dir);
	autofree char *inside = xasprintf("tmp/%s/out/f", t->dir);

	put(t->src, "a", "a", 0644);
	make_symlink(out, t->root, "abs");
	make_symlink("../../../../out", t->root, "up");
	make_symlink("new/dir/file", t->root, "dangling");
	COPY("/a", "/abs/f", .from_tree = tree);
	COPY("/a", "/up/f", .from_tree = tree);
	COPY("/a", "/up/../../out/f", .from_tree = tree);
	COPY("/a", "/dangling", .from_tree = tree);
	assert_false(is_there(t->out, "f"));
	has(t->root, inside, "a");
	has(t->root, "new/dir/file", "a");
}

BOTH(a_link_in_the_place_of_a_file_is_replaced)
{
	put(t->out, "victim", "untouched", 0644);
	put(t->src, "a", "a", 0644);
	(void)mkdirat(t->root, "d", 0755);
	make_symlink("../../out/victim", t->root, "d/a");
	COPY("/a", "/d", .from_tree = tree);
	has(t->out, "victim", "untouched");
	assert_true(S_ISREG(look(t->root, "d/a").st_mode));
}

BOTH(loops_of_links_end)
{
	put(t->src, "a", "a", 0644);
	make_symlink("y", t->root, "x");
	make_symlink("x", t->root, "y");
	REFUSE(ELOOP, "", "/a", "/x/f", .from_tree = tree);
	REFUSE(ELOOP, "", "/a", "/x", .from_tree = tree);
}

struct race {
	const struct fixture *t;
	atomic_bool stop;
};

/* A directory of the destination, and a link out of the root, in turn. */
static void *swap(void *ctx)
{
	struct race *r = ctx;

	while (!atomic_load(&r->stop))
		(void)renameat2(r->t->root, "d", r->t->root, "link", RENAME_EXCHANGE);
	return NULL;
}

BOTH(whoever_swaps_directories_for_links_wins_nothing)
{
	struct race r = { .t = t };
	pthread_t thread;

	(void)mkdirat(t->src, "s", 0755);
	(void)mkdirat(t->src, "s/d", 0755);
	for (int i = 0; i < 20; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "s/d/%d", i);
		put(t->src, name, "x", 0644);
	}
	(void)mkdirat(t->root, "d", 0755);
	make_symlink("../out", t->root, "link");
	assert_int_equal(pthread_create(&thread, NULL, swap, &r), 0);
	for (int i = 0; i < 200; i++) {
		(void)copy(t, &(const struct form){ .path = "/s", .dest = "/", .from_tree = tree },
			   NULL);
		(void)copy(
			t,
			&(const struct form){ .path = "/s/d/1", .dest = "/d/1", .from_tree = tree },
			NULL);
	}
	atomic_store(&r.stop, true);
	(void)pthread_join(thread, NULL);
	assert_false(is_there(t->out, "1"));
	assert_false(is_there(t->out, "19"));
}

static void a_socket_stays_behind(void **state)
{
	const struct fixture *t = *state;
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(a.sun_path, sizeof(a.sun_path), "/tmp/%s/src/s", t->dir);
	assert_return_code(bind(s, (const struct sockaddr *)&a, sizeof(a)), errno);
	(void)close(s);
	put(t->src, "a", "a", 0644);
	COPY("/", "/x", .from_tree = true);
	assert_false(is_there(t->root, "x/s"));
	has(t->root, "x/a", "a");
}

static void what_dockerignore_leaves_out_is_not_there(void **state)
{
	const struct fixture *t = *state;

	put(t->src, ".dockerignore", "secret\n", 0644);
	put(t->src, "secret", "s", 0644);
	put(t->src, "a", "a", 0644);
	COPY("/", "/x", .from_tree = false);
	assert_false(is_there(t->root, "x/secret"));
	has(t->root, "x/a", "a");
	REFUSE(ENOENT, ".dockerignore", "/secret", "/y", .from_tree = false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN_BOTH(links_of_the_source_stay_in_it),
		RUN_BOTH(links_of_the_destination_stay_in_the_root),
		RUN_BOTH(a_link_in_the_place_of_a_file_is_replaced),
		RUN_BOTH(loops_of_links_end),
		RUN_BOTH(whoever_swaps_directories_for_links_wins_nothing),
		RUN(a_socket_stays_behind),
		RUN(what_dockerignore_leaves_out_is_not_there),
	};

	/* Owners can only be given by root. */
	if (geteuid() != 0)
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
