/* SPDX-License-Identifier: Apache-2.0 */
/* Options of a build that are NAME=VALUE and lists of words, understood. */
#ifndef IMAGETOOL_BUILD_VALUES_H
#define IMAGETOOL_BUILD_VALUES_H

#include "imagetool/build/options.h"
#include "imagetool/cni/attach.h"
#include "imagetool/graph/graph.h"
#include "imagetool/step/run.h"

/* Bytes of a file with arguments, or a secret: BuildKit's limit for the latter. */
#define BUILD_ARG_FILE_MAX ((size_t)1 << 20)
#define BUILD_SECRET_MAX   ((size_t)500 << 10)

struct build_values {
	struct graph_arg *args, *labels;
	size_t n_args, n_labels;
	struct platform *platforms;
	size_t n_platforms;
	struct strv no_cache_filter; /* owned */
	enum run_network network;
	struct cni_network *cni; /* of the arena; NULL: not asked for */
	const char *cni_path;
	bool allow_host, allow_insecure;
	struct cdi_allow devices;
	char *run_salt; /* of the arena, or NULL */
	struct run_secret *secrets;
	size_t n_secrets;
	struct run_ssh *ssh;
	size_t n_ssh;
};

void build_values_done(struct build_values *v);
AUTO_DEFINE_DONE(build_values, build_values_done)

/* All texts live in `a`.  `ret` must be zeroed. */
int build_values_read(const struct build_options *o, struct arena *a, struct build_values *ret,
		      struct err *e);

/* "id=ID,src=FILE", "id=ID,env=NAME", "id=ID": reads what it names. */
int build_secret_read(const char *text, struct arena *a, struct run_secret *ret, struct err *e);
/* "default", "ID=SOCKET", "ID=KEY[,KEY...]". */
int build_ssh_read(const char *text, struct arena *a, struct run_ssh *ret, struct err *e);

#endif
