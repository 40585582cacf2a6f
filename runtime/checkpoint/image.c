/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/checkpoint/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "libutil/dir.h"
#include "libutil/path.h"
#include "runtime/annotation.h"
#include "runtime/checkpoint/image_ids.h"

/* Where runc looks. */
#define IMAGE_DEFAULT "checkpoint"

/* The first that is there.  criu forgives a missing file itself, but it would not tell ours from
 * runc's. */
static const char *const config_files[] = { "/etc/criu/creel.conf", "/etc/criu/runc.conf" };

static int open_directory(const char *option, const char *path, bool make, struct err *e)
{
	int r = make ? dir_make_all_at(AT_FDCWD, path, 0700, e) : 0;

	if (r >= 0)
		r = dir_open_at(AT_FDCWD, path, e);
	return r < 0 ? err_wrap(e, r, "%s", option) : r;
}

static int check_parent(int dirfd, const char *parent, struct err *e)
{
	autofd int fd = parent ? dir_open_at(dirfd, parent, e) : 0;

	if (!parent)
		fd = -1;
	else if (fd < 0)
		return err_wrap(e, fd, "--parent-path (relative to --image-path)");
	return 0;
}

int image_open(struct image *im, const struct criu_flags *flags, bool make, struct err *e)
{
	int r = 0;

	if (geteuid() != 0)
		return err_set(e, EPERM,
			       "only root can: criu needs every right over what it writes "
			       "and restores");
	im->path = path_absolute(flags->image_path ? flags->image_path : IMAGE_DEFAULT);
	im->work = path_absolute(flags->work_path ? flags->work_path : im->path);
	r = im->dirfd = open_directory("--image-path", im->path, make, e);
	if (r >= 0)
		r = check_parent(im->dirfd, flags->parent_path, e);
	/* A restore, too, has something to write. */
	if (r >= 0)
		r = im->workfd = open_directory("--work-path", im->work, true, e);
	return r < 0 ? r : 0;
}

static int reopen(int *fd, const char *path, struct err *e)
{
	int fresh = dir_open_at(AT_FDCWD, path, e);

	if (fresh < 0)
		return fresh;
	close_at_exit(fd);
	*fd = fresh;
	return 0;
}

int image_reopen(struct image *im, const struct runtime_spec *spec, struct err *e)
{
	/* First, for it may be the same directory, and criu writes its log there. */
	int r = reopen(&im->workfd, im->work, e);

	if (r >= 0)
		r = image_show(im->path, spec, e);
	return r < 0 ? r : reopen(&im->dirfd, im->path, e);
}

void image_done(struct image *im)
{
	close_at_exit(&im->dirfd);
	close_at_exit(&im->workfd);
	free(im->path);
	free(im->work);
	*im = (struct image)IMAGE_NONE;
}

/* Its options can run programs.  Elsewhere a file of root's may be a container's: in a root file
 * system, a volume, an image that was unpacked. */
static const char *const config_homes[] = { "/etc", "/usr", SYSCONFDIR };

static bool in_config_home(const char *path)
{
	bool in = false;

	for (size_t i = 0; i < ARRAY_LEN(config_homes); i++)
		in |= path_is_below(path, config_homes[i]);
	return in;
}

/* The name too, for criu goes by it: a link elsewhere could lead elsewhere by then. */
static int check_config_place(const char *path, struct err *e)
{
	autofree char *clean = path_clean(path), *real = realpath(path, NULL);

	if (!real)
		return err_sys(e, "'%s'", path);
	if (!path_has_dotdot(path) && in_config_home(clean) && in_config_home(real))
		return 0;
	return err_set(e, EPERM,
		       "'%s' is not below /etc or /usr, where only the host's root puts files, and "
		       "it can run any program (move it there)",
		       path);
}

/* Whoever can write it is root. */
static int check_config_owner(const char *path, struct err *e)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_sys(e, "'%s'", path);
	if (S_ISREG(st.st_mode) && (st.st_uid == 0 || st.st_uid == geteuid()) &&
	    (st.st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return 0;
	return err_set(e, EPERM,
		       "'%s' is not a file that only root can write, and it can run any program",
		       path);
}

static int check_config(const char *path, struct err *e)
{
	int r = path_is_absolute(path) ? check_config_place(path, e)
				       : err_set(e, EINVAL, "'%s' is not absolute", path);

	if (r >= 0)
		r = check_config_owner(path, e);
	return r < 0 ? err_wrap(e, r, "annotation %s", annotation_key(ANNOTATION_CRIU_CONFIG)) : 0;
}

static int decide_config(const struct runtime_spec *spec, const char **ret, struct err *e)
{
	const char *named = annotation_of(&spec->annotations, ANNOTATION_CRIU_CONFIG);

	if (named && *named) {
		*ret = named;
		return check_config(named, e);
	}
	for (size_t i = 0; !named && i < ARRAY_LEN(config_files) && !*ret; i++)
		if (access(config_files[i], F_OK) == 0)
			*ret = config_files[i];
	return 0;
}

int image_options(const struct image *im, const struct runtime_spec *spec, const char *logfile,
		  struct criu_options *o, struct err *e)
{
	o->opts.images_dir_fd = pb_set(im->dirfd);
	o->opts.work_dir_fd = pb_set(im->workfd);
	o->opts.log_file = logfile;
	return decide_config(spec, &o->opts.config_file, e);
}
