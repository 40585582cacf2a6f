/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Form "plain": not a layer but the whole tree up to it, for builds where no
 * overlay can be.  Only builds make and use it; it is mounted nowhere.
 */
#include <errno.h>

#include "imagetool/snapshot/form.h"
#include "libutil/dir.h"

#define TREE_NAME "fs"

static bool is_usable(const struct store *s UNUSED, struct err *e)
{
	(void)err_set(e, EINVAL, "whole trees are for builds");
	return false;
}

static int make_none(const struct snapshot_job *job UNUSED, struct tar_reader *t UNUSED,
		     struct snapshot_info *info UNUSED, struct err *e)
{
	return err_set(e, ENOTSUP, "a layer alone is no whole tree");
}

static int open_tree(int dirfd, struct err *e)
{
	return dir_open_at(dirfd, TREE_NAME, e);
}

const struct snapshot_form snapshot_form_plain = {
	.id = SNAPSHOT_PLAIN,
	.name = "plain",
	.member = TREE_NAME,
	.usable = is_usable,
	.make = make_none,
	.open_tree = open_tree,
};
