/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What options ask for and cannot have, said before anything is done: what exclude each other, and
 * places that nothing can be written to.
 */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imagetool/build/internal.h"
#include "libutil/file.h"
#include "libutil/path.h"

/* ---- Together ---- */

static int refuse_squash(const struct build *b, struct err *e)
{
	if (b->plan.squash && result_caches_are_inline(&b->caches))
		return err_set(e, EINVAL,
			       "--squash leaves no layers that --cache-to type=inline could speak "
			       "of: keep the cache elsewhere, as type=registry or type=local");
	return 0;
}

static int refuse_platforms(const struct build *b, struct err *e)
{
	for (size_t i = 0; i < b->plan.outputs.n; i++) {
		const struct result_output *o = &b->plan.outputs.items[i];

		if (o->kind == OUTPUT_DOCKER && o->dest && b->values.n_platforms > 1)
			return err_set(
				e, EINVAL,
				"--output 'type=docker': docker's archives hold one platform, "
				"and --platform names %zu: build for one, or use type=oci",
				b->values.n_platforms);
	}
	return 0;
}

/* Files alone have no id, and nothing that could be annotated. */
static int refuse_without_image(const struct build *b, struct err *e)
{
	const struct result_plan *p = &b->plan;

	if (result_plan_wants_layers(p))
		return 0;
	if (p->iidfile)
		return err_set(e, EINVAL,
			       "--iidfile '%s': --output makes no image that has an id: give "
			       "--load as well, or leave it out",
			       p->iidfile);
	if (p->annotations.n)
		return err_set(e, EINVAL,
			       "--annotation '%s': --output makes no image that it could be of: "
			       "give --load as well, or leave it out",
			       p->annotations.items[0].key);
	return 0;
}

/* ---- Places ---- */

/* Of all that is written, the one that comes first there.  Directories are shared. */
static const char *other_writer(const struct result_plan *p, const char *path, size_t before)
{
	for (size_t i = 0; i < before; i++) {
		const struct result_output *o = &p->outputs.items[i];

		if (o->kind != OUTPUT_LOCAL && o->dest && streq(o->dest, path))
			return "--output";
	}
	if (p->metadata_file && p->metadata_file != path && streq(p->metadata_file, path) &&
	    before == p->outputs.n)
		return "--metadata-file";
	return NULL;
}

static int check_alone(const struct result_plan *p, const char *path, size_t before,
		       const char *option, struct err *e)
{
	const char *other = other_writer(p, path, before);

	return other ? err_set(e, EINVAL, "%s '%s': %s writes there, too", option, path, other) : 0;
}

static int check_parent(const char *path, const char *option, struct err *e)
{
	autofree char *parent = path_parent(path);

	if (access(parent, W_OK | X_OK) < 0)
		return err_sys(e, "%s '%s': write in '%s'", option, path, parent);
	return 0;
}

/* What is there already is replaced, unless it is a directory. */
static int check_file(const char *path, const char *option, struct err *e)
{
	struct stat st;

	if (!*path)
		return err_set(e, EINVAL, "%s: it is empty: name a file", option);
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return err_set(e, EISDIR, "%s '%s': it is a directory: name a file", option, path);
	return check_parent(path, option, e);
}

/* /dev/stdout and the like are written to, what can be replaced is. */
static int check_text_file(const struct result_plan *p, const char *path, const char *option,
			   struct err *e)
{
	struct stat st;
	int r = 0;

	if (file_named_is_replaced(path))
		r = check_file(path, option, e);
	else if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		r = err_set(e, EISDIR, "%s '%s': it is a directory: name a file", option, path);
	else if (access(path, W_OK) < 0 && errno != ENOENT)
		r = err_sys(e, "%s '%s'", option, path);
	return r < 0 ? r : check_alone(p, path, p->outputs.n, option, e);
}

static int check_dest(const struct result_plan *p, size_t i, struct err *e)
{
	const struct result_output *o = &p->outputs.items[i];
	int r;

	if (!o->dest || streq(o->dest, "-") || o->kind == OUTPUT_LOCAL)
		return 0;
	r = check_alone(p, o->dest, i, "--output: dest", e);
	return r < 0 || o->tar == OUTPUT_NO ? r : check_file(o->dest, "--output: dest", e);
}

static int check_places(const struct result_plan *p, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < p->outputs.n && r >= 0; i++)
		r = check_dest(p, i, e);
	if (r >= 0 && p->metadata_file)
		r = check_text_file(p, p->metadata_file, "--metadata-file", e);
	if (r >= 0 && p->iidfile)
		r = check_text_file(p, p->iidfile, "--iidfile", e);
	return r;
}

/* As docker does: the id of an earlier image must not be taken for that of a build that failed. */
static int remove_stale_id(const struct result_plan *p, struct err *e)
{
	struct stat st;
	int r = 0;

	if (!p->iidfile || stat(p->iidfile, &st) < 0)
		return 0;
	if (file_named_is_replaced(p->iidfile))
		r = unlink(p->iidfile);
	else if (S_ISREG(st.st_mode))
		r = truncate(p->iidfile, 0);
	return r < 0 && errno != ENOENT
		       ? err_sys(e, "--iidfile '%s': remove what is there", p->iidfile)
		       : 0;
}

/* Said also of a build that has no steps to run: it was meant to be used. */
static int check_runtime(const char *given, struct err *e)
{
	autofree char *found = NULL;

	return given ? run_find_runtime(given, &found, e) : 0;
}

/* ---- All of it ---- */

int build_refuse(const struct build *b, struct err *e)
{
	int r = refuse_squash(b, e);

	if (r >= 0)
		r = refuse_platforms(b, e);
	if (r >= 0)
		r = input_check_ignore(b->opts->ignore_file, e);
	if (r >= 0)
		r = check_runtime(b->opts->runtime, e);
	if (r >= 0)
		r = run_options_check(&b->opts->run, e);
	/* Who only asks writes nothing. */
	if (r < 0 || b->opts->call != BUILD_CALL_BUILD)
		return r;
	r = refuse_without_image(b, e);
	if (r >= 0)
		r = check_places(&b->plan, e);
	return r < 0 ? r : remove_stale_id(&b->plan, e);
}
