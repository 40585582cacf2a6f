/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/build/build.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "imagetool/build/foreign.h"
#include "imagetool/build/rootless.h"
#include "imagetool/cni/conf.h"
#include "imagetool/errors.h"
#include "imagetool/mount/overlay.h"
#include "imagetool/program.h"
#include "imagetool/verb/registry_flags.h"
#include "imagetool/verb/verbs.h"
#include "libutil/parse.h"

struct values {
	struct build_options o;
	struct registry_flags registry;
};

/* In the order of enum build_pull; the first is a bare --pull and --pull=true. */
static const char *const pulls[] = { "always",    "true",  "newer", "1",  "yes",   "missing",
				     "ifmissing", "false", "0",     "no", "never", NULL };

static const enum build_pull pull_of[] = {
	BUILD_PULL_ALWAYS,  BUILD_PULL_ALWAYS,  BUILD_PULL_ALWAYS,  BUILD_PULL_ALWAYS,
	BUILD_PULL_ALWAYS,  BUILD_PULL_MISSING, BUILD_PULL_MISSING, BUILD_PULL_MISSING,
	BUILD_PULL_MISSING, BUILD_PULL_MISSING, BUILD_PULL_NEVER,
};
#define PULL_UNSET (-1)

#define AT(member)     offsetof(struct values, o.member)
#define RUN_AT(member) offsetof(struct values, o.run.member)
#define ROW(l, n, k, member, a, h)                                                                 \
	{                                                                                          \
		.letter = l, .name = n, .kind = OPT_##k, .offset = AT(member), .arg = a, .help = h \
	}
#define RUN_ROW(l, n, k, member, a, h)                                                             \
	{                                                                                          \
		.letter = l, .name = n, .kind = OPT_##k, .offset = RUN_AT(member), .arg = a,       \
		.help = h                                                                          \
	}

#define ALWAYS_ROW(n)                                                                              \
	{                                                                                          \
		.name = n, .kind = OPT_CALL, .bits = OPT_HIDDEN | OPT_OPTIONAL, .arg = "BOOL",     \
		.call = only_true                                                                  \
	}

/* Also --rm=true, as docker writes it. */
static int only_true(void *values UNUSED, const char *text, struct err *e)
{
	bool yes = true;

	if (text && parse_bool(text, &yes) < 0)
		return err_set(e, EINVAL, "'%.50s' is neither true nor false", text);
	return yes ? 0
		   : err_set(e, EINVAL,
			     "--rm, --force-rm and --layers are always so: steps leave no "
			     "containers behind and are kept for the next build; --no-cache does "
			     "them anew");
}

static const struct opt opts[] = {
	ROW('f', "file", STRING, file, "FILE",
	    "the Dockerfile, an URL of one, or - for standard input; by default Dockerfile or "
	    "Containerfile of the context"),
	RESULT_OPT_ROWS(AT(result)),
	ROW(0, "target", STRING, target, "STAGE",
	    "build up to this stage; by default the last one"),
	ROW(0, "build-arg", LIST, build_args, "NAME[=VALUE]",
	    "value of an ARG; without one, what the environment has"),
	ROW(0, "build-arg-file", LIST, build_arg_files, "FILE",
	    "the same from FILE, one a line; --build-arg wins"),
	ROW(0, "build-context", LIST, contexts, "NAME=VALUE",
	    "what FROM and --from=NAME mean: a directory, docker-image://IMAGE, "
	    "oci-layout://DIR[:TAG][@DIGEST], target:STAGE, a git or http(s) URL"),
	ROW(0, "ignorefile", STRING, ignore_file, "FILE", "in place of .dockerignore"),
	ROW(0, "platform", LIST, platforms, "OS/ARCH[/VARIANT]",
	    "what the image is for, several by commas; by default this machine"),
	ROW(0, "label", LIST, labels, "NAME=VALUE", "a label of the image"),
	ROW(0, "secret", LIST, secrets, "id=ID[,src=FILE|,env=NAME]",
	    "what RUN --mount=type=secret,id=ID shows a step, or a server: GIT_AUTH_TOKEN ..."),
	ROW(0, "ssh", LIST, ssh, "default|ID[=SOCKET|KEY[,KEY...]]",
	    "the agent or keys that RUN --mount=type=ssh gives a step; default: for git, too"),
	ROW(0, "no-cache", FLAG, no_cache, NULL, "do every step, whatever is known about it"),
	ROW(0, "no-cache-filter", LIST, no_cache_filter, "STAGE[,STAGE...]",
	    "the same for some stages"),
	ROW(0, "cache-from", LIST, cache_from, "IMAGE|type=TYPE[,KEY=VALUE...]",
	    "what others built: type=registry,ref=IMAGE, or type=local,src=DIR"),
	ROW(0, "cache-to", LIST, cache_to, "IMAGE|type=TYPE[,KEY=VALUE...]",
	    "keep what is built for others: type=inline in the image, type=registry,ref=IMAGE, or "
	    "type=local,dest=DIR; with mode=max also what no image has"),
	ROW(0, "attest", LIST, attest, "type=TYPE[,KEY=VALUE...]",
	    "say of the image where it comes from (type=provenance, mode=min or max) or what is in "
	    "it (type=sbom)"),
	ROW(0, "provenance", STRING, provenance, "true|false|mode=MODE",
	    "short for --attest type=provenance"),
	ROW(0, "sbom", STRING, sbom, "true|false", "short for --attest type=sbom"),
	{ .name = "pull",
	  .kind = OPT_CHOICE,
	  .bits = OPT_OPTIONAL,
	  .offset = AT(pull),
	  .arg = "WHEN",
	  .choices = pulls,
	  .help = "ask the registry for base images: always (alone the same), missing (the "
		  "default), never" },
	ROW(0, "network", STRING, run.network, "MODE",
	    "of RUN without its own: default, none, host, private, pasta, slirp4netns or "
	    "cni[:NAME]"),
	ROW(0, "cni-config-path", STRING, cni_conf_dir, "DIR",
	    "where networks are described, by default " CNI_CONF_DIR),
	ROW(0, "cni-plugin-path", STRING, cni_path, "DIR[:DIR...]",
	    "where their plugins are, by default $CNI_PATH, or " CNI_PATH_LIST),
	ROW(0, "allow", LIST, allow, "RIGHT",
	    "what RUN may ask for: network.host, security.insecure, device, device=NAME[,alias=WORD]"),
	RUN_ROW(0, "cdi-spec-dir", LIST, cdi_dirs, "DIR",
		"where devices for RUN --device are described; by default /etc/cdi, /var/run/cdi and "
		"/etc/buildkit/cdi"),
	RUN_ROW(0, "add-host", LIST, add_hosts, "NAME:ADDRESS",
		"a line of the steps' /etc/hosts; ADDRESS may be host-gateway in the host's network and in CNI's"),
	RUN_ROW(0, "dns", LIST, dns, "ADDRESS", "a name server of the steps' /etc/resolv.conf"),
	RUN_ROW(0, "dns-search", LIST, dns_search, "DOMAIN", "where they look for names"),
	RUN_ROW(0, "dns-option", LIST, dns_options, "OPTION", "an option of their resolver"),
	RUN_ROW(0, "ulimit", LIST, ulimits, "NAME=SOFT[:HARD]", "a limit of the steps' processes"),
	RUN_ROW(0, "shm-size", STRING, shm_size, "SIZE", "size of the steps' /dev/shm"),
	RUN_ROW(0, "cgroup-parent", STRING, cgroup_parent, "GROUP",
		"control group that those of the steps are made in"),
	RUN_ROW('m', "memory", STRING, memory, "SIZE", "most memory of a step"),
	RUN_ROW(0, "memory-swap", STRING, memory_swap, "SIZE", "the same with swap, -1: no limit"),
	RUN_ROW('c', "cpu-shares", STRING, cpu_shares, "N", "weight of steps against others"),
	RUN_ROW(0, "cpu-period", STRING, cpu_period, "MICROSECONDS", "length of a period"),
	RUN_ROW(0, "cpu-quota", STRING, cpu_quota, "MICROSECONDS", "a step's time in each"),
	RUN_ROW(0, "cpuset-cpus", STRING, cpuset_cpus, "LIST", "processors of steps: 0-3,6"),
	RUN_ROW(0, "cpuset-mems", STRING, cpuset_mems, "LIST", "memory nodes of steps"),
	ROW(0, "runtime", STRING, runtime, "PROGRAM",
	    "creel; by default the one beside this program, else that of $PATH"),
	ROW(0, "jobs", U32, jobs, "N", "steps done at once; by default one a processor"),
	{ .name = "progress",
	  .kind = OPT_CHOICE,
	  .offset = AT(progress),
	  .choices = progress_modes,
	  .help = "how to tell what happens: auto (tty on a terminal, else plain), tty, plain, "
		  "rawjson, quiet" },
	ROW('q', "quiet", FLAG, quiet, NULL, "tell nothing, and print the image's id"),
	ROW(0, "debug", FLAG, debug, NULL, "tell all about warnings"),
	ROW(0, "check", FLAG, check, NULL, "short for --call check"),
	ROW(0, "call", STRING, call_text, "check|outline|targets[,format=json][,ignorestatus=true]",
	    "do not build: print findings, what can be given to a target, or which there are"),
	ROW(0, "source-date-epoch", STRING, epoch, "SECONDS|context|NAME",
	    "when the image was made, or what is as old as it: the context, a named one, or a stage "
	    "that downloads; by default the build argument or $SOURCE_DATE_EPOCH"),
	REGISTRY_OPT_ROWS(offsetof(struct values, registry)),
	{ .name = "arch", /* podman's word; --platform takes an architecture alone */
	  .kind = OPT_LIST,
	  .bits = OPT_HIDDEN,
	  .offset = AT(platforms),
	  .arg = "ARCH" },
	/* What they ask for is so: no step leaves a container, and each is kept for the next build.
	 */
	ALWAYS_ROW("rm"),
	ALWAYS_ROW("force-rm"),
	ALWAYS_ROW("layers"),
	BUILD_FOREIGN_OPTIONS(BUILD_FOREIGN_ROW) OPT_END,
};

static void defaults(void *values)
{
	struct values *v = values;

	v->o.pull = PULL_UNSET;
	registry_flags_defaults(&v->registry);
}

/* ---- Options that are words of a small language ---- */

static int read_call_word(struct build_options *o, const char *word, struct err *e)
{
	static const char status[] = "ignorestatus=";

	if (streq(word, "format=json")) {
		o->call_json = true;
		return 0;
	}
	if (streq(word, "format=text") ||
	    (starts_with(word, status) &&
	     parse_bool(word + strlen(status), &o->call_always_good) == 0))
		return 0;
	return err_set(e, EINVAL,
		       "--call: '%.50s': there are format=json, format=text and ignorestatus=true",
		       word);
}

static int read_call(struct build_options *o, struct err *e)
{
	static const struct {
		const char *word;
		enum build_call call;
	} calls[] = {
		{ "build", BUILD_CALL_BUILD },     { "check", BUILD_CALL_CHECK },
		{ "lint", BUILD_CALL_CHECK },      { "outline", BUILD_CALL_OUTLINE },
		{ "targets", BUILD_CALL_TARGETS },
	};
	auto_(strv) struct strv words = { 0 };

	if (o->check && o->call_text)
		return err_set(e, EINVAL, "--check and --call exclude each other");
	strv_split(&words, o->check ? "check" : o->call_text ? o->call_text : "build", ',', false);
	for (size_t i = 1; i < words.n; i++) {
		int r = read_call_word(o, words.v[i], e);

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		if (!streq(words.v[0], calls[i].word))
			continue;
		o->call = calls[i].call;
		return 0;
	}
	return err_set(e, EINVAL, "--call '%.50s': there are build, check, outline and targets",
		       words.v[0]);
}

static int check(struct build_options *o, struct err *e)
{
	if (o->quiet && o->progress != PROGRESS_AUTO && o->progress != PROGRESS_QUIET)
		return err_set(e, EINVAL, "--quiet and --progress=%s exclude each other",
			       progress_modes[o->progress]);
	return read_call(o, e);
}

/* ---- The verb ---- */

static int open_and_build(const void *global, struct values *v, struct err *e)
{
	auto_(store) struct store *s = NULL;
	autofd int signals = registry_flags_signals(e);
	int r = signals < 0 ? signals : 0;

	overlay_hide_mounts();
	if (r >= 0)
		r = registry_flags_opts(&v->registry, signals, &v->o.registry, e);
	if (r >= 0)
		r = globals_open_store(global, STORE_CREATE, &s, e);
	return r < 0 ? r : build(s, &v->o, e);
}

static int run(const void *global, void *values, char *const *args, int n UNUSED, struct err *e)
{
	struct values *v = values;
	int r;

	v->o.context = args[0];
	v->o.pull = v->o.pull == PULL_UNSET ? BUILD_PULL_MISSING : (int)pull_of[v->o.pull];
	r = image_usage(check(&v->o, e));
	if (r < 0)
		return r;
	/* A person who asks what a Dockerfile says needs no namespace for it. */
	if (geteuid() != 0 && v->o.call != BUILD_CALL_TARGETS && v->o.call != BUILD_CALL_OUTLINE) {
		autofree char *store = NULL;

		r = globals_store_path(global, &store, e);
		return r < 0 ? r : build_reenter(store, e);
	}
	return open_and_build(global, v, e);
}

static void more(struct strbuf *out)
{
	strbuf_adds(out, "Outputs are spelled as docker has them:\n\n");
	result_outputs_help(out);
}

const struct verb verb_build = {
	.name = "build",
	.alias = "bud|buildx build",
	.args = "DIR|URL|-",
	.summary = "make an image by a Dockerfile",
	.details =
		"The context is a directory, a git URL (URL#REF:DIR), an http(s) URL of a tar archive or a "
		"Dockerfile, or - for one of the two from standard input.  The language is that of "
		"BuildKit's newest front end and built in: a `# syntax=` line downloads nothing.\n"
		"\n"
		"Only what the target needs is done, side by side where it can be; what was done before "
		"with the same input is not done again.  Each RUN is a container of creel.  An ordinary "
		"user's build runs in a user namespace, as `creel-image unshare` makes it.",
	.more = more,
	.opts = opts,
	.opts_size = sizeof(struct values),
	.defaults = defaults,
	.min_args = 1,
	.max_args = 1,
	.stop_after = -1,
	.run = run,
};
