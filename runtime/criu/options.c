/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/criu/options.h"

#include <errno.h>
#include <sched.h>

#include "libutil/parse.h"
#include "libutil/path.h"
#include "runtime/annotation.h"

/* criu counts from 1 (errors) to 4 (everything); errors are looked for in what it writes. */
#define LOG_LEVEL 4

const char *const criu_cgroups_modes[] = {
	"soft", "ignore", "none", "props", "full", "strict", NULL
};
const char *const criu_network_locks[] = { "default", "iptables", "nftables", "skip", NULL };

static const int cgroups_modes[] = { CRIU_CG_SOFT,  CRIU_CG_IGNORE, CRIU_CG_NONE,
				     CRIU_CG_PROPS, CRIU_CG_FULL,   CRIU_CG_STRICT };

/* Switches that are passed on as they are. */
static const struct {
	size_t flag, opt;
} switches[] = {
#define SWITCH(name)                                                                               \
	{                                                                                          \
		offsetof(struct criu_flags, name), offsetof(struct criu_opts, name)                \
	}
	SWITCH(leave_running),      SWITCH(lazy_pages), SWITCH(auto_dedup), SWITCH(tcp_established),
	SWITCH(tcp_skip_in_flight), SWITCH(tcp_close),  SWITCH(link_remap), SWITCH(ext_unix_sk),
	SWITCH(shell_job),          SWITCH(file_locks),
#undef SWITCH
};

static void *add_item(struct criu_options *o, struct pb_list *list, size_t size)
{
	list->items = arena_grow(o->a, list->items, list->n, list->n + 1, size);
	return (char *)list->items + size * list->n++;
}

void criu_options_external(struct criu_options *o, const char *text)
{
	const char **slot = add_item(o, &o->opts.external, sizeof(*slot));

	*slot = arena_strdup(o->a, text);
}

void criu_options_inherit(struct criu_options *o, const char *key, int fd)
{
	struct criu_inherit_fd *slot = add_item(o, &o->opts.inherit_fd, sizeof(*slot));

	*slot = (struct criu_inherit_fd){ .key = arena_strdup(o->a, key), .fd = pb_set(fd) };
}

void criu_options_cgroup_root(struct criu_options *o, const char *ctrl, const char *path)
{
	struct criu_cgroup_root *slot = add_item(o, &o->opts.cg_root, sizeof(*slot));

	*slot = (struct criu_cgroup_root){ .ctrl = arena_strdup(o->a, ctrl),
					   .path = arena_strdup(o->a, path) };
}

void criu_options_join(struct criu_options *o, const char *ns, const char *path)
{
	struct criu_join_ns *slot = add_item(o, &o->opts.join_ns, sizeof(*slot));

	*slot = (struct criu_join_ns){ .ns = arena_strdup(o->a, ns),
				       .ns_file = arena_strdup(o->a, path) };
}

int criu_options_mount(struct criu_options *o, const char *key, const char *value, struct err *e)
{
	if (strchr(key, ']'))
		return err_set(e, EINVAL, "mount '%s': criu cannot name a path with a ']'", key);
	criu_options_external(o, arena_printf(o->a, "mnt[%s]:%s", key, value));
	return 0;
}

/* "ADDRESS:PORT", "[::1]:PORT" */
static int page_server(struct criu_options *o, const char *text, struct err *e)
{
	const char *colon = strrchr(text, ':');
	const char *at = text, *end = colon;
	struct criu_page_server *ps;
	uint32_t port = 0;

	/* An IPv6 address has colons of its own. */
	if (colon && text[0] == '[' && colon[-1] == ']') {
		at++;
		end--;
	}
	if (!colon || end == at || parse_u32(colon + 1, &port) < 0 || port == 0 || port > 65535)
		return err_set(e, EINVAL, "--page-server: '%s' is not ADDRESS:PORT", text);
	ps = arena_alloc(o->a, 1, sizeof(*ps));
	*ps = (struct criu_page_server){ .address = arena_strndup(o->a, at, (size_t)(end - at)),
					 .port = pb_set(port) };
	o->opts.ps = ps;
	return 0;
}

/* Interfaces and their addresses are the business of whoever sets up the container's network: with
 * each container it starts afresh. */
static int empty_namespaces(struct criu_options *o, const struct strv *names, struct err *e)
{
	for (size_t i = 0; i < names->n; i++)
		if (!streq(names->v[i], "network"))
			return err_set(e, EINVAL,
				       "--empty-ns: '%s' cannot be empty, only 'network'",
				       names->v[i]);
	o->opts.empty_ns = pb_set(CLONE_NEWNET);
	return 0;
}

/* It would be told no sooner than in the middle of the restore. */
static int check_lsm_profile(const char *text, struct err *e)
{
	static const char *const kinds[] = { "apparmor:", "selinux:" };

	for (size_t i = 0; text && i < ARRAY_LEN(kinds); i++)
		if (starts_with(text, kinds[i]) && text[strlen(kinds[i])])
			return 0;
	if (!text)
		return 0;
	return err_set(e, EINVAL, "--lsm-profile: '%s' is neither apparmor:NAME nor selinux:LABEL",
		       text);
}

static int check_paths(const struct criu_flags *flags, struct err *e)
{
	if (flags->parent_path &&
	    (path_is_absolute(flags->parent_path) || flags->parent_path[0] == '\0'))
		return err_set(e, EINVAL, "--parent-path: '%s' is not relative to --image-path",
			       flags->parent_path);
	return check_lsm_profile(flags->lsm_profile, e);
}

int criu_options_flags(struct criu_options *o, const struct criu_flags *flags, struct err *e)
{
	int r = check_paths(flags, e);

	for (size_t i = 0; i < ARRAY_LEN(switches); i++) {
		bool on = *(const bool *)((const char *)flags + switches[i].flag);

		if (on)
			*(struct pb_number *)((char *)&o->opts + switches[i].opt) = pb_set(1);
	}
	o->opts.log_level = pb_set(LOG_LEVEL);
	o->opts.notify_scripts = pb_set(1);
	o->opts.orphan_pts_master = pb_set(1);
	o->opts.manage_cgroups_mode = pb_set(cgroups_modes[flags->cgroups_mode]);
	if (flags->network_lock)
		o->opts.network_lock = pb_set(flags->network_lock);
	o->opts.lsm_profile = flags->lsm_profile;
	o->opts.lsm_mount_context = flags->lsm_mount_context;
	if (flags->parent_path) {
		o->opts.parent_img = flags->parent_path;
		o->opts.track_mem = pb_set(1);
	}
	if (r >= 0)
		r = empty_namespaces(o, &flags->empty_ns, e);
	if (r >= 0 && flags->page_server)
		r = page_server(o, flags->page_server, e);
	return r;
}

const char *criu_namespace_cookie(enum oci_namespace type)
{
	if (type == OCI_NS_NETWORK)
		return "extRootNetNS";
	return type == OCI_NS_PID ? "extRootPidNS" : NULL;
}

const char *criu_namespace_join(enum oci_namespace type)
{
	switch (type) {
	case OCI_NS_IPC:
		return "ipc";
	case OCI_NS_UTS:
		return "uts";
	case OCI_NS_USER:
		return "user";
	case OCI_NS_TIME:
		return "time";
	case OCI_NS_PID:
	case OCI_NS_NETWORK:
	case OCI_NS_MOUNT:
	case OCI_NS_CGROUP:
	case OCI_NS_NONE:
	case OCI_NS_COUNT:
		break;
	}
	return NULL;
}

int criu_check_namespaces(const struct runtime_spec *spec, struct err *e)
{
	const struct spec_namespace *ns = spec->linux_ ? spec->linux_->namespaces.items : NULL;

	for (size_t i = 0; ns && i < spec->linux_->namespaces.n; i++) {
		enum oci_namespace type = (enum oci_namespace)ns[i].type;

		if (!ns[i].path || criu_namespace_cookie(type) || criu_namespace_join(type))
			continue;
		return err_set(e, EOPNOTSUPP,
			       "config.json: linux.namespaces[%zu].path: criu cannot restore into "
			       "an existing %s namespace",
			       i, oci_namespace_words.words[type - 1]);
	}
	return 0;
}

int criu_check_landlock(const struct runtime_spec *spec, struct err *e)
{
	const char *rules = annotation_of(&spec->annotations, ANNOTATION_LANDLOCK);

	if (!rules || !rules[0])
		return 0;
	return err_set(e, EOPNOTSUPP,
		       "annotations.%s: criu does not know Landlock: what it restores would run "
		       "without (create such a container anew instead)",
		       annotation_key(ANNOTATION_LANDLOCK));
}
