/* SPDX-License-Identifier: Apache-2.0 */
/* Global options, the list of verbs, and what an error becomes as exit status. */
#include "imagetool/program.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "imagetool/errors.h"
#include "imagetool/verb/verbs.h"
#include "libutil/log.h"
#include "libutil/path.h"

#define SYSTEM_STORE "/var/lib/creel/images"

static const struct opt global_opts[] = {
	{ .name = "store",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct image_globals, store),
	  .arg = "DIR",
	  .help = "image store; by default " SYSTEM_STORE
		  " for root, else $XDG_DATA_HOME/creel/images" },
	LOG_OPT_ROWS(offsetof(struct image_globals, log)),
	OPT_END,
};

static int prepare(void *global, struct err *e)
{
	const struct image_globals *g = global;

	log_init("creel-image");
	return log_opts_apply(&g->log, e);
}

static void version(struct strbuf *out)
{
	strbuf_addf(out, "creel-image %s\nimage-spec 1.1.1, distribution-spec 1.1.1\n",
		    PACKAGE_VERSION);
}

/* ---- The store ---- */

static int default_store(char **ret, struct err *e)
{
	const char *data = getenv("XDG_DATA_HOME");
	const char *home = getenv("HOME");

	if (geteuid() == 0)
		*ret = xstrdup(SYSTEM_STORE);
	else if (data && path_is_absolute(data))
		*ret = path_join(data, "creel/images");
	else if (home && path_is_absolute(home))
		*ret = path_join(home, ".local/share/creel/images");
	else
		return err_set(e, EINVAL,
			       "neither XDG_DATA_HOME nor HOME says where images are: "
			       "give --store DIR");
	return 0;
}

int globals_store_path(const void *global, char **ret, struct err *e)
{
	const struct image_globals *g = global;

	if (!g->store)
		return default_store(ret, e);
	*ret = xstrdup(g->store);
	return 0;
}

int globals_open_store(const void *global, enum store_access access, struct store **ret,
		       struct err *e)
{
	autofree char *path = NULL;
	int r = globals_store_path(global, &path, e);

	if (r < 0)
		return r;
	r = store_open(path, access, ret, e);
	/* A user's own store is there from the first look on, and empty; one that was named should
	 * be. */
	if (r != -IMAGE_ENOTFOUND || ((const struct image_globals *)global)->store)
		return r;
	err_clear(e);
	return store_open(path, STORE_CREATE, ret, e);
}

/* ---- Exit status ---- */

static const struct exit_row exits[] = {
	{ IMAGE_EXIT_OK, "done" },
	{ IMAGE_EXIT_FAILURE, "any other failure" },
	{ IMAGE_EXIT_USAGE, "wrong command line, names that nothing can have included" },
	{ IMAGE_EXIT_NOT_FOUND, "no such image, platform, store or file" },
	{ IMAGE_EXIT_VERIFY, "content is not what its digest, size or type promised" },
	{ IMAGE_EXIT_REGISTRY, "registry or network failed, or the registry denied access" },
	{ IMAGE_EXIT_STORAGE,
	  "the store cannot be written: disk full, quota, read-only, I/O error" },
	{ 128 + SIGINT, "interrupted by a signal" },
	{ 0, NULL },
};

static const struct {
	int error;
	enum image_exit status;
} exit_of_error[] = {
	{ IMAGE_EUSAGE, IMAGE_EXIT_USAGE },      { IMAGE_ENOTFOUND, IMAGE_EXIT_NOT_FOUND },
	{ IMAGE_EVERIFY, IMAGE_EXIT_VERIFY },    { IMAGE_EREGISTRY, IMAGE_EXIT_REGISTRY },
	{ IMAGE_ENETWORK, IMAGE_EXIT_REGISTRY }, { IMAGE_EDENIED, IMAGE_EXIT_REGISTRY },
	{ ENOSPC, IMAGE_EXIT_STORAGE },          { EDQUOT, IMAGE_EXIT_STORAGE },
	{ EROFS, IMAGE_EXIT_STORAGE },           { EIO, IMAGE_EXIT_STORAGE },
};

static int exit_status(const struct verb *v UNUSED, int error)
{
	int code = error < 0 ? -error : error;

	if (code == EINTR)
		return 128 + SIGINT;
	for (size_t i = 0; i < ARRAY_LEN(exit_of_error); i++) {
		if (exit_of_error[i].error == code)
			return exit_of_error[i].status;
	}
	return IMAGE_EXIT_FAILURE;
}

/* ---- The program ---- */

#define X(name) &verb_##name,
static const struct verb *const verbs[] = { IMAGE_VERBS(X) NULL };
#undef X

static const struct completion_row completions[] = { { "IMAGE", "list --names" }, { NULL, NULL } };

/* What people type who come from docker, podman, buildah, skopeo or umoci. */
static const struct foreign_row foreign[] = {
	{ "run|create|from|container",
	  "a container is a bundle here: 'creel-image bundle IMAGE DIR' makes one, 'creel run' or "
	  "'creel-shim run' runs it" },
	{ "ps|start|stop|kill|wait|logs|attach|restart",
	  "containers are run by creel-shim, and by creel without a supervisor" },
	{ "exec|stats|top|events|pause|unpause|checkpoint|restore|update",
	  "containers are run by creel: see 'creel --help'" },
	{ "image", "its second word is a command of its own, as in 'creel-image list'" },
	{ "manifest", "'creel-image index' and 'creel-image push' do it" },
	{ "buildx|builder",
	  "there are no builders: 'creel-image build' builds, 'creel-image prune --build' frees "
	  "what it keeps" },
	{ "system", "see 'creel-image du' and 'creel-image prune'" },
	{ "version|info", "'creel-image --version' shows the version, 'creel-image du' the store" },
	{ "config", "'creel-image commit --change' changes how an image runs" },
	{ "repack", "'creel-image commit BUNDLE NAME' makes an image of a changed bundle" },
	{ "sync",
	  "'creel-image copy --all' copies one image, 'creel-image tags' lists what is there" },
	{ NULL, NULL },
};

const struct program creel_image_program = {
	.name = "creel-image",
	.summary = "build, pull, keep and unpack container images",
	.global_opts = global_opts,
	.global_size = sizeof(struct image_globals),
	.prepare = prepare,
	.version = version,
	.verbs = verbs,
	.exits = exits,
	.completions = completions,
	.foreign = foreign,
	.exit_status = exit_status,
};
