/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of one RUN step share: what is decided about it, and what it holds meanwhile. */
#ifndef IMAGETOOL_STEP_RUN_INTERNAL_H
#define IMAGETOOL_STEP_RUN_INTERNAL_H

#include "imagetool/bundle/users.h"
#include "imagetool/cdi/devices.h"
#include "imagetool/cni/attach.h"
#include "imagetool/graph/vertex.h"
#include "imagetool/step/run.h"
#include "libutil/alloc.h"
#include "libutil/strbuf.h"
#include "libutil/strv.h"
#include "oci-spec/runtime_spec.h"

/* Below run_env.dir */
#define RUN_STATES  "run"     /* creel's --root: the containers of steps */
#define RUN_CACHES  "mounts"  /* what cache mounts keep */
#define RUN_PRIVATE "private" /* empty; steps mount a file system there that only they see */
#define RUN_NETS    "cni"     /* records of networks that steps are attached to */
#define RUN_SCRATCH "scratch" /* files of steps that are thrown away, one directory each */

#define RUN_ROOT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Something that is mounted in the container besides its root. */
enum run_place_kind {
	PLACE_TREE,  /* a directory or file that is there already */
	PLACE_FILE,  /* a file of the step's own */
	PLACE_EMPTY, /* an empty directory of the step's own */
	PLACE_TMPFS,
	PLACE_SOCKET, /* of an agent */
};

struct run_place {
	enum run_place_kind kind;
	const char *target; /* in the container, absolute */
	bool read_only;
	bool discard; /* PLACE_TREE: may be written, and nothing of that stays */
	bool is_file; /* PLACE_TREE */
	int treefd;   /* PLACE_TREE: a detached mount; owned; -1 */
	/* PLACE_FILE, PLACE_SOCKET */
	const void *data;
	size_t len;
	mode_t mode;
	uint32_t uid, gid;
	int64_t size;              /* PLACE_TMPFS; 0: the kernel's default */
	const struct run_ssh *ssh; /* PLACE_SOCKET */
	const char *source;        /* once attached: its path in the step's namespace */
};

/* What has to be taken away from the root afterwards; run_stubs.c. */
struct run_stub {
	int parentfd; /* owned */
	char *name;   /* owned */
	/* What the directory's times were, and what they were after the stub had been made. */
	struct timespec before[2], made;
};
struct run_stubs {
	struct run_stub *items; /* owned; parents before what is in them */
	size_t n, cap;
};

/* A directory on the disk for what is thrown away; made when it is first asked for. */
struct run_scratch {
	int fd; /* -1: not made; locked while it is in use */
	int topfd;
	char *name;
};

enum run_connection {
	RUN_CONNECT_HOST,
	RUN_CONNECT_NONE,
	RUN_CONNECT_USER, /* a network of its own behind a program: pasta(1), slirp4netns(1) */
	RUN_CONNECT_CNI,  /* one that plugins of the host connect */
};

struct run_step {
	const struct vertex_run *run;
	const struct step_tree *trees;
	const struct step_root *root;
	const struct run_env *env;
	run_log_fn *log;
	void *log_ctx;

	struct arena arena;
	char *id; /* owned: of the container */
	struct bundle_user user;
	enum run_connection connection;
	struct run_place *places; /* in the arena */
	size_t n_places;
	struct cdi_devices cdi_devices; /* all that this host has; read when one is asked for */
	struct cdi_list cdi;            /* those of the step */
	struct strv more_env;           /* of secrets and agents */
	int *locks;                     /* owned: of caches */
	size_t n_locks;
	struct run_stubs stubs;
	struct run_scratch scratch;
	int root_treefd;          /* owned: the root as a detached mount, when it is nowhere */
	const char *private;      /* path of the step's own file system */
	const char *rootfs;       /* path of the root */
	struct run_agent *agents; /* owned */
	size_t n_agents;
	const struct run_network_program *network_program; /* RUN_CONNECT_USER */
	const char *netns;                                 /* path of the network namespace */
	pid_t network_pid;                                 /* 0: none */
	int network_pidfd;                                 /* owned */
	struct cni_attachment attachment;                  /* RUN_CONNECT_CNI */
};

/* ---- Before the namespace ---- */

/* run_places.c: RUN --mount as places; trees are cloned in the caller's namespace. */
int run_places_make(struct run_step *s, struct err *e);
struct run_place *run_place_add(struct run_step *s, enum run_place_kind kind, const char *target);
/* Is `path`, cleaned, what one of them is mounted on, or inside of it? */
bool run_place_covers(const struct run_step *s, const char *path);
/* A detached mount of what `fd` is. */
int run_clone_tree(int fd, struct err *e);

/* run_cache.c: the directory of a cache, locked as its sharing asks; a descriptor. */
int run_cache_open(struct run_step *s, const struct run_mount *m, const struct step_tree *from,
		   struct err *e);

/* run_scratch.c: below it a new directory `name`, a descriptor. */
int run_scratch_dir(struct run_step *s, const char *name, mode_t mode, struct err *e);
void run_scratch_done(struct run_scratch *c);
/* What steps left that are no more. */
int run_scratch_sweep(int dirfd, struct err *e);

/* run_context.c: what a mount shows of a context, as a detached mount. */
int run_context_tree(struct run_step *s, struct context *c, int rootfd, const char *source,
		     bool *ret_is_file, struct err *e);

/* The same, copied to `name`: all of it owned by root, as BuildKit has it. */
int run_context_copy(struct context *c, const char *source, int dirfd, const char *name,
		     struct err *e);

/* /proc, /dev, /sys or below: not of the root, whatever that has there. */
bool run_is_kernels(const char *path);
/* run_stubs.c: makes what mounts need in the root and what is not there yet. */
int run_stubs_make(struct run_step *s, struct err *e);
int run_stub_for(struct run_step *s, const char *target, bool is_dir, struct err *e);
int run_stub_make(struct run_stubs *s, int rootfd, const char *target, bool is_dir, struct err *e);
/* Through the descriptors of the directories they were made in. */
void run_stubs_remove(struct run_stubs *s);
void run_stubs_done(struct run_stubs *s);

/* run_devices.c: RUN --device: finds them, and asks whether they are allowed. */
int run_devices_find(struct run_step *s, struct err *e);
/* What is to be mounted for them: stubs as of places. */
int run_devices_stubs(struct run_step *s, struct err *e);

/* run_identity.c */
const char *run_hostname(const struct run_step *s);
char *run_hosts_text(const struct run_step *s, struct err *e);
char *run_resolv_text(const struct run_step *s, struct err *e);

/* run_network.c: what is asked for, and whether it can be done here. */
int run_network_decide(struct run_step *s, struct err *e);
/* The name server behind that network; NULL: those of the host. */
const char *run_network_server(const struct run_step *s);

/* ---- In it ---- */

/* run_private.c: a mount namespace for this thread, with all places attached. */
int run_private_enter(struct run_step *s, struct err *e);

/* run_network.c */
int run_network_start(struct run_step *s, struct err *e);
void run_network_stop(struct run_step *s);

/* run_cni.c: in the step's network namespace; what the network says of name servers is in the
 * step's resolv.conf then, unless the build's options say otherwise, and its gateway in /etc/hosts
 * where they ask for it. */
int run_cni_start(struct run_step *s, struct err *e);
void run_cni_stop(struct run_step *s);
/* What builds that were killed left attached. */
void run_cni_sweep(const char *dir);

/* run_ssh.c */
int run_agents_start(struct run_step *s, struct err *e);
void run_agents_stop(struct run_step *s);

/* run_spec.c: pure but for what options look up on the host. */
int run_spec_make(struct run_step *s, struct strbuf *ret, struct err *e);

/* run_process.c: runs it to the end. */
int run_process(struct run_step *s, const struct strbuf *config, struct err *e);
/* BuildKit's words for a program: args joined by blanks, quoted as Go does it. */
void run_quote(const char *const *args, size_t max, struct strbuf *ret);

#endif
