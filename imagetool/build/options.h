/* SPDX-License-Identifier: Apache-2.0 */
/* What a build is asked for, as it was typed; the rows are in verb/build.c. */
#ifndef IMAGETOOL_BUILD_OPTIONS_H
#define IMAGETOOL_BUILD_OPTIONS_H

#include "imagetool/bundle/options.h"
#include "imagetool/progress/progress.h"
#include "imagetool/registry/registry.h"
#include "imagetool/result/options.h"

/* --pull: docker has a flag, podman words. */
enum build_pull { BUILD_PULL_MISSING, BUILD_PULL_ALWAYS, BUILD_PULL_NEVER };

/* --call */
enum build_call { BUILD_CALL_BUILD, BUILD_CALL_CHECK, BUILD_CALL_OUTLINE, BUILD_CALL_TARGETS };

struct build_options {
	const char *context; /* a directory, "-", or an URL */
	const char *file;    /* --file; NULL: Dockerfile */
	const char *ignore_file;
	struct strv build_args, build_arg_files, labels, platforms, contexts, secrets, ssh;
	struct strv no_cache_filter, cache_from, cache_to, allow, attest;
	const char *target, *sbom, *provenance, *runtime, *epoch, *call_text;
	const char *cni_conf_dir, *cni_path;
	enum build_call call; /* of call_text and check */
	bool call_json;
	bool call_always_good; /* what is found changes no exit status */
	int progress;          /* enum progress_mode */
	int pull;              /* enum build_pull */
	bool no_cache, check, quiet, debug;
	uint32_t jobs;
	struct result_flags result;
	/* network, add_hosts, dns*, ulimits, shm_size, cgroup_parent, memory, ... */
	struct container_options run;
	struct registry_opts registry; /* filled in by the verb */
};

#endif
