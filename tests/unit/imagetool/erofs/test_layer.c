/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/erofs/layer.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "imagetool/erofs/format.h"
#include "libutil/alloc.h"
#include "libutil/strbuf.h"

/* ---- Making ---- */

struct fixture {
	int fd;
	struct erofs_layer *l;
	struct erofs_result result;
	uint8_t *image;
	size_t size;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	f->fd = memfd_create("image", MFD_CLOEXEC);
	f->l = erofs_layer_new(f->fd, NULL);
	*state = f;
	return f->fd < 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	erofs_layer_free(f->l);
	erofs_result_done(&f->result);
	free(f->image);
	(void)close(f->fd);
	free(f);
	return 0;
}

static struct tar_entry entry(enum tar_type type, const char *name, const char *link)
{
	return (struct tar_entry){ .type = type,
				   .name = name,
				   .link = link,
				   .mode = 0751,
				   .uid = 7,
				   .gid = 70000,
				   .mtime = { 1000, 5 } };
}

static int add(struct fixture *f, enum tar_type type, const char *name, const char *link)
{
	struct tar_entry n = entry(type, name, link);

	return erofs_layer_entry(f->l, &n, NULL, NULL);
}

static void finish(struct fixture *f)
{
	struct stat st;

	assert_int_equal(erofs_layer_finish(f->l, &f->result, NULL), 0);
	assert_int_equal(fstat(f->fd, &st), 0);
	f->size = (size_t)st.st_size;
	f->image = xcalloc(1, f->size);
	assert_int_equal(pread(f->fd, f->image, f->size, 0), f->size);
}

/* ---- Reading ---- */

static const struct erofs_inode_extended *inode(const struct fixture *f, uint64_t nid)
{
	return (const void *)(f->image + nid * EROFS_SLOT);
}

static const uint8_t *behind(const struct fixture *f, uint64_t nid)
{
	uint16_t format = le16toh(inode(f, nid)->format), n = le16toh(inode(f, nid)->xattr_count);
	size_t size = format & 1 ? 64 : 32;

	return f->image + nid * EROFS_SLOT + size + (n ? 12 + 4 * (n - 1u) : 0);
}

static uint64_t root(const struct fixture *f)
{
	const struct erofs_super *s = (const void *)(f->image + EROFS_SUPER_AT);

	return le16toh(s->root_nid);
}

/* The nid of a name in a directory of one block that stands behind its inode; 0: none. */
static uint64_t find(const struct fixture *f, uint64_t dir, const char *name)
{
	const uint8_t *block = behind(f, dir);
	size_t size = le16toh(inode(f, dir)->format) & 1
			      ? le64toh(inode(f, dir)->size)
			      : le32toh(*(const uint32_t *)(const void *)(f->image + dir * 32 + 8));
	const struct erofs_dirent *d = (const void *)block;
	size_t n = le16toh(d[0].nameoff) / sizeof(*d);

	for (size_t i = 0; i < n; i++) {
		size_t begin = le16toh(d[i].nameoff);
		size_t end = i + 1 < n ? le16toh(d[i + 1].nameoff) : size;

		if (end - begin == strlen(name) && memcmp(block + begin, name, end - begin) == 0)
			return le64toh(d[i].nid);
	}
	return 0;
}

static uint16_t mode_of(const struct fixture *f, uint64_t nid)
{
	return nid ? le16toh(inode(f, nid)->mode) : 0;
}

static bool holds(const struct fixture *f, const char *text)
{
	return memmem(f->image, f->size, text, strlen(text)) != NULL;
}

/* ---- Tests ---- */

static void an_empty_layer_is_an_empty_root(void **state)
{
	struct fixture *f = *state;
	const struct erofs_super *s;

	finish(f);
	s = (const void *)(f->image + EROFS_SUPER_AT);
	assert_int_equal(le32toh(s->magic), EROFS_MAGIC);
	assert_int_equal(le32toh(s->blocks) * EROFS_BLOCK, f->size);
	assert_int_equal(mode_of(f, root(f)), S_IFDIR | 0755);
	assert_false(f->result.root_stated);
}

static void names_are_sorted_and_found(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(add(f, TAR_DIR, "z/", ""), 0);
	assert_int_equal(add(f, TAR_FIFO, "z/pipe", ""), 0);
	assert_int_equal(add(f, TAR_SYMLINK, "!link", "z/pipe"), 0);
	finish(f);
	assert_int_equal(mode_of(f, find(f, root(f), "z")), S_IFDIR | 0751);
	assert_int_equal(mode_of(f, find(f, root(f), "!link")), S_IFLNK | 0777);
	assert_memory_equal(behind(f, find(f, root(f), "!link")), "z/pipe", 6);
	assert_int_equal(mode_of(f, find(f, find(f, root(f), "z"), "pipe")), S_IFIFO | 0751);
}

static void a_whiteout_is_a_device_that_overlayfs_knows(void **state)
{
	struct fixture *f = *state;
	uint64_t nid;

	assert_int_equal(add(f, TAR_DIR, "d", ""), 0);
	assert_int_equal(add(f, TAR_FILE, "d/.wh.gone", ""), 0);
	finish(f);
	nid = find(f, find(f, root(f), "d"), "gone");
	assert_int_equal(mode_of(f, nid), S_IFCHR);
	assert_int_equal(f->result.whiteout_dirs.n, 1);
	assert_string_equal(f->result.whiteout_dirs.v[0], "d");
}

static void an_opaque_directory_says_so_and_needs_no_whiteouts(void **state)
{
	struct fixture *f = *state;
	uint64_t dir;

	assert_int_equal(add(f, TAR_DIR, "d", ""), 0);
	assert_int_equal(add(f, TAR_FILE, "d/.wh.gone", ""), 0);
	assert_int_equal(add(f, TAR_FILE, "d/.wh..wh..opq", ""), 0);
	finish(f);
	dir = find(f, root(f), "d");
	assert_true(holds(f, "overlay.opaquey"));
	assert_true(le16toh(inode(f, dir)->xattr_count) > 0);
	assert_int_equal(find(f, dir, "gone"), 0);
	assert_int_equal(f->result.whiteout_dirs.n, 0);
}

static void a_directory_in_place_of_a_whiteout_hides_what_is_below(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(add(f, TAR_FILE, ".wh.d", ""), 0);
	assert_int_equal(add(f, TAR_DIR, "d", ""), 0);
	finish(f);
	assert_true(holds(f, "overlay.opaquey"));
	assert_int_equal(mode_of(f, find(f, root(f), "d")), S_IFDIR | 0751);
}

static void a_whiteout_spares_what_its_own_layer_has(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(add(f, TAR_FIFO, "own", ""), 0);
	assert_int_equal(add(f, TAR_FILE, ".wh.own", ""), 0);
	finish(f);
	assert_int_equal(mode_of(f, find(f, root(f), "own")), S_IFIFO | 0751);
}

static void directories_nothing_is_said_about_are_told(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(add(f, TAR_FIFO, "a/b/pipe", ""), 0);
	finish(f);
	assert_int_equal(f->result.implied.n, 2);
	assert_string_equal(f->result.implied.v[0], "a");
	assert_string_equal(f->result.implied.v[1], "a/b");
	assert_false(f->result.redo);
}

static void entries_go_through_the_layers_own_links(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(add(f, TAR_DIR, "usr", ""), 0);
	assert_int_equal(add(f, TAR_DIR, "usr/lib", ""), 0);
	assert_int_equal(add(f, TAR_SYMLINK, "lib", "../../usr/lib"), 0);
	assert_int_equal(add(f, TAR_FIFO, "lib/pipe", ""), 0);
	finish(f);
	assert_int_equal(mode_of(f, find(f, find(f, find(f, root(f), "usr"), "lib"), "pipe")),
			 S_IFIFO | 0751);
	assert_int_equal(f->result.implied.n, 0);
}

static void links_that_lead_in_circles_are_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(add(f, TAR_SYMLINK, "x", "y"), 0);
	assert_int_equal(add(f, TAR_SYMLINK, "y", "x"), 0);
	assert_int_equal(add(f, TAR_FIFO, "x/pipe", ""), -ELOOP);
}

static void hard_links_are_one_inode_with_its_count(void **state)
{
	struct fixture *f = *state;
	uint64_t nid;

	assert_int_equal(add(f, TAR_DIR, "first-makes-the-time", ""), 0);
	assert_int_equal(add(f, TAR_SYMLINK, "a", "somewhere"), 0);
	assert_int_equal(add(f, TAR_HARDLINK, "b", "a"), 0);
	assert_int_equal(add(f, TAR_HARDLINK, "c", "b"), 0);
	assert_int_equal(add(f, TAR_HARDLINK, "a", "c"), 0);
	assert_int_equal(add(f, TAR_FIFO, "b", ""), 0);
	finish(f);
	nid = find(f, root(f), "a");
	assert_int_equal(find(f, root(f), "c"), nid);
	assert_int_not_equal(find(f, root(f), "b"), nid);
	assert_int_equal(le32toh(inode(f, nid)->nlink), 2);
}

static void a_link_to_a_lower_file_asks_for_another_reading(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(add(f, TAR_HARDLINK, "b", "below"), 0);
	finish(f);
	assert_true(f->result.redo);
	assert_int_equal(find(f, root(f), "b"), 0);
}

static void the_last_of_a_name_counts(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(add(f, TAR_DIR, "x", ""), 0);
	assert_int_equal(add(f, TAR_FIFO, "x/y", ""), 0);
	assert_int_equal(add(f, TAR_FIFO, "x", ""), 0);
	finish(f);
	assert_int_equal(mode_of(f, find(f, root(f), "x")), S_IFIFO | 0751);
	assert_int_equal(find(f, root(f), "y"), 0);
}

static void hostile_entries_are_refused(void **state)
{
	static const struct tar_xattr forged = { "trusted.overlay.redirect", "/etc", 4 };
	char name[300];
	struct fixture *f = *state;
	struct tar_entry n;

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(add(f, TAR_FIFO, "../x", ""), -EINVAL);
	assert_int_equal(add(f, TAR_SYMLINK, "./", "/"), -EINVAL);
	assert_int_equal(add(f, TAR_CHAR, "null", ""), -EINVAL);
	assert_int_equal(add(f, TAR_FIFO, name, ""), -ENAMETOOLONG);
	assert_int_equal(add(f, TAR_SYMLINK, "empty", ""), -ENOENT);
	assert_int_equal(add(f, TAR_HARDLINK, "h", ".."), -EINVAL);
	assert_int_equal(add(f, TAR_FIFO, "pipe", ""), 0);
	assert_int_equal(add(f, TAR_FIFO, "pipe/x", ""), -ENOTDIR);
	assert_int_equal(add(f, TAR_DIR, "d", ""), 0);
	assert_int_equal(add(f, TAR_HARDLINK, "h", "d"), -EPERM);
	n = entry(TAR_FIFO, "x", "");
	n.xattrs = &forged;
	n.n_xattrs = 1;
	assert_int_equal(erofs_layer_entry(f->l, &n, NULL, NULL), -EINVAL);
	n = entry(TAR_DIR, "y", "");
	n.uid = INT64_C(1) << 40;
	assert_int_equal(erofs_layer_entry(f->l, &n, NULL, NULL), -EINVAL);
}

static void an_attribute_that_comes_again_is_shared(void **state)
{
	static const struct tar_xattr attr = { "trusted.label", "the-same-everywhere", 19 };
	struct fixture *f = *state;
	const char *const names[] = { "a", "b", "c" };
	const uint8_t *first;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct tar_entry n = entry(TAR_FIFO, names[i], "");

		n.xattrs = &attr;
		n.n_xattrs = 1;
		assert_int_equal(erofs_layer_entry(f->l, &n, NULL, NULL), 0);
	}
	finish(f);
	/* In the first, and in the shared area. */
	first = memmem(f->image, f->size, "the-same-everywhere", 19);
	assert_non_null(first);
	first = memmem(first + 1, f->size - (size_t)(first + 1 - f->image), "the-same-everywhere",
		       19);
	assert_non_null(first);
	assert_null(memmem(first + 1, f->size - (size_t)(first + 1 - f->image),
			   "the-same-everywhere", 19));
}

static void attributes_that_a_kind_of_file_cannot_have_are_counted(void **state)
{
	static const struct tar_xattr attr = { "user.label", "only-of-files-and-directories", 29 };
	struct fixture *f = *state;
	struct tar_entry n = entry(TAR_FIFO, "pipe", "");

	n.xattrs = &attr;
	n.n_xattrs = 1;
	assert_int_equal(erofs_layer_entry(f->l, &n, NULL, NULL), 0);
	finish(f);
	assert_int_equal(f->result.lost_xattrs, 1);
	assert_false(holds(f, "only-of-files-and-directories"));
}

static void whiteouts_in_a_hidden_directory_make_nothing(void **state)
{
	struct fixture *f = *state;
	uint64_t dir;

	assert_int_equal(add(f, TAR_DIR, "d", ""), 0);
	assert_int_equal(add(f, TAR_FILE, "d/.wh..wh..opq", ""), 0);
	assert_int_equal(add(f, TAR_FILE, "d/sub/.wh.x", ""), 0);
	finish(f);
	dir = find(f, root(f), "d");
	assert_int_equal(find(f, dir, "sub"), 0);
}

static void a_link_to_what_it_replaces_is_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(add(f, TAR_DIR, "d", ""), 0);
	assert_int_equal(add(f, TAR_FIFO, "d/x", ""), 0);
	assert_int_equal(add(f, TAR_HARDLINK, "d", "d/x"), -ENOENT);
}

static void a_link_that_leads_to_nothing_known_asks_for_another_reading(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(add(f, TAR_SYMLINK, "lib", "usr/lib"), 0);
	assert_int_equal(add(f, TAR_FIFO, "lib/x", ""), 0);
	finish(f);
	assert_true(f->result.redo);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void links_lead_no_deeper_than_a_path_may_be_long(void **state)
{
	struct fixture *f = *state;
	char steps[3001] = "", name[3100];

	for (size_t i = 0; i < 1500; i++)
		memcpy(steps + 2 * i, "x/", 3);
	(void)snprintf(name, sizeof(name), "%sfile", steps);
	assert_int_equal(add(f, TAR_FIFO, name, ""), 0);
	assert_int_equal(add(f, TAR_SYMLINK, "a", steps), 0);
	(void)snprintf(name, sizeof(name), "a/%sfile", steps);
	assert_int_equal(add(f, TAR_FIFO, name, ""), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_empty_layer_is_an_empty_root),
		TEST(names_are_sorted_and_found),
		TEST(a_whiteout_is_a_device_that_overlayfs_knows),
		TEST(an_opaque_directory_says_so_and_needs_no_whiteouts),
		TEST(a_directory_in_place_of_a_whiteout_hides_what_is_below),
		TEST(a_whiteout_spares_what_its_own_layer_has),
		TEST(directories_nothing_is_said_about_are_told),
		TEST(entries_go_through_the_layers_own_links),
		TEST(links_that_lead_in_circles_are_refused),
		TEST(hard_links_are_one_inode_with_its_count),
		TEST(a_link_to_a_lower_file_asks_for_another_reading),
		TEST(the_last_of_a_name_counts),
		TEST(hostile_entries_are_refused),
		TEST(an_attribute_that_comes_again_is_shared),
		TEST(attributes_that_a_kind_of_file_cannot_have_are_counted),
		TEST(a_link_to_what_it_replaces_is_refused),
		TEST(a_link_that_leads_to_nothing_known_asks_for_another_reading),
		TEST(whiteouts_in_a_hidden_directory_make_nothing),
		TEST(links_lead_no_deeper_than_a_path_may_be_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
