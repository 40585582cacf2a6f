/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/init/mount_plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "libutil/path.h"
#include "libutil/sys.h"
#include "runtime/annotation.h"

void mount_plan_done(struct mount_plan *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->ops[i].source);
		free(p->ops[i].dest);
		mount_opts_done(&p->ops[i].opts);
		idmap_text_done(&p->ops[i].idmap);
	}
	free(p->ops);
	*p = (struct mount_plan){ 0 };
}

/* Files below /proc that lxcfs and the like may cover: all of them are only read. */
static const char *const proc_files[] = {
	"/proc/cpuinfo",
	"/proc/diskstats",
	"/proc/loadavg",
	"/proc/meminfo",
	"/proc/net/dev",
	"/proc/slabinfo",
	"/proc/stat",
	"/proc/swaps",
	"/proc/sys/crypto/fips_enabled",
	"/proc/uptime",
	"/proc/sys/kernel/ns_last_pid",
};

/* Anything else below /proc could stand in for a file this runtime writes labels to. */
static int check_below_proc(const struct mount_op *op, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(proc_files); i++)
		if (streq(op->dest, proc_files[i]))
			return 0;
	return err_set(e, EPERM,
		       "mounts[%zu].destination: '%s' is inside /proc, where only the files lxcfs "
		       "serves may be covered",
		       op->index, op->dest);
}

static int check_proc(struct mount_op *op, struct err *e)
{
	if (!path_is_below(op->dest, "/proc"))
		return 0;
	if (!streq(op->dest, "/proc"))
		return check_below_proc(op, e);
	if (op->kind == MOUNT_OP_REMOUNT || (op->kind == MOUNT_OP_NEW && streq(op->type, "proc")))
		return 0;
	if (op->kind == MOUNT_OP_BIND) {
		op->procfs_only = true;
		return 0;
	}
	return err_set(e, EPERM, "mounts[%zu].type: '%s' on /proc, where only a proc may be",
		       op->index, op->type);
}

static int check_bind(const struct mount_op *op, struct err *e)
{
	if (!op->spec->source || !op->spec->source[0])
		return err_set(e, EINVAL, "mounts[%zu].source: a bind mount needs one", op->index);
	if (op->opts.n_data > 0)
		return err_set(e, EINVAL,
			       "mounts[%zu].options: unknown option '%s' for a bind mount",
			       op->index, op->opts.data[0]);
	return 0;
}

/* Which mappings apply: those of the entry, those of an option, or the container's. */
static int plan_idmap(const struct runtime_spec *spec, struct mount_op *op, struct err *e)
{
	const struct spec_mount *m = op->spec;
	char path[64];
	int r = 0;

	(void)snprintf(path, sizeof(path), "mounts[%zu].options", op->index);
	if (op->opts.idmap_text)
		r = idmap_text_parse(op->opts.idmap_text, spec->linux_, path, &op->idmap, e);
	if (r < 0)
		return r;
	if (op->opts.idmap_text && m->uid_mappings.n + m->gid_mappings.n > 0)
		return err_set(e, EINVAL,
			       "%s: mappings are given twice, here and in uidMappings and "
			       "gidMappings",
			       path);
	op->uids = op->opts.idmap_text ? op->idmap.uids : m->uid_mappings;
	op->gids = op->opts.idmap_text ? op->idmap.gids : m->gid_mappings;
	op->mapped = op->opts.idmap || op->opts.ridmap || op->uids.n > 0;
	return 0;
}

static int check_idmap(const struct runtime_spec *spec, const struct mount_op *op, struct err *e)
{
	bool own = op->uids.n > 0;

	if (own != (op->gids.n > 0))
		return err_set(e, EINVAL, "mounts[%zu].%s: needs %s too", op->index,
			       own ? "uidMappings" : "gidMappings",
			       own ? "gidMappings" : "uidMappings");
	if (op->mapped && !own && !spec_find_namespace(spec, OCI_NS_USER))
		return err_set(e, EINVAL,
			       "mounts[%zu].options: '%s' needs mappings of the mount or a user "
			       "namespace of the container",
			       op->index, op->opts.ridmap ? "ridmap" : "idmap");
	if (op->mapped && op->kind != MOUNT_OP_BIND && op->kind != MOUNT_OP_NEW)
		return err_set(e, EINVAL, "mounts[%zu]: this mount cannot be idmapped", op->index);
	return 0;
}

static int check_type(const struct mount_op *op, struct err *e)
{
	if (!op->spec->type || !op->spec->type[0])
		return err_set(e, EINVAL,
			       "mounts[%zu].type: missing; only a bind mount may leave it out",
			       op->index);
	return 0;
}

static int check_links(const struct mount_op *op, struct err *e)
{
	const char *word = op->opts.src_nofollow    ? "src-nofollow"
			   : op->opts.dest_nofollow ? "dest-nofollow"
			   : op->opts.copy_symlink  ? "copy-symlink"
						    : NULL;

	if (!word || op->kind == MOUNT_OP_BIND)
		return 0;
	return err_set(e, EINVAL, "mounts[%zu].options: '%s' concerns bind mounts only", op->index,
		       word);
}

static enum mount_op_kind kind_of(const struct mount_op *op)
{
	if (op->opts.remount)
		return MOUNT_OP_REMOUNT;
	/* "type is a dummy": the options say that it is a bind mount. */
	if (op->opts.bind)
		return MOUNT_OP_BIND;
	if (op->spec->type && (streq(op->spec->type, "cgroup") || streq(op->spec->type, "cgroup2")))
		return MOUNT_OP_CGROUP;
	/* Written by hand, `"type": "bind"` alone says enough. */
	if (op->spec->type && (streq(op->spec->type, "bind") || streq(op->spec->type, "rbind")))
		return MOUNT_OP_BIND;
	return MOUNT_OP_NEW;
}

static char *bind_source(const char *source, const char *bundle)
{
	return path_is_absolute(source) ? xstrdup(source) : path_join(bundle, source);
}

/* What must be writable while the container is being prepared. */
static bool must_wait_for_ro(const struct mount_op *op)
{
	return op->kind == MOUNT_OP_NEW && (op->opts.attr.set & MOUNT_ATTR_RDONLY) &&
	       (streq(op->type, "tmpfs") || streq(op->dest, "/dev"));
}

static int plan_one(const struct runtime_spec *spec, const char *bundle, struct mount_op *op,
		    struct err *e)
{
	char path[64];
	autofree char *rooted = path_join("/", op->spec->destination);
	int r;

	op->dest = path_clean(rooted);
	(void)snprintf(path, sizeof(path), "mounts[%zu].options", op->index);
	r = mount_opts_parse(&op->spec->options, path, &op->opts, e);
	if (r < 0)
		return r;
	op->kind = kind_of(op);
	op->opts.rbind |= op->spec->type && streq(op->spec->type, "rbind");
	r = op->kind == MOUNT_OP_BIND  ? check_bind(op, e)
	    : op->kind == MOUNT_OP_NEW ? check_type(op, e)
				       : 0;
	if (r < 0)
		return r;
	op->type = op->spec->type ? op->spec->type : "bind";
	op->source = op->kind == MOUNT_OP_BIND
			     ? bind_source(op->spec->source, bundle)
			     : xstrdup(op->spec->source ? op->spec->source : op->type);
	op->no_symlinks =
		op->kind == MOUNT_OP_NEW && (streq(op->type, "proc") || streq(op->type, "sysfs"));
	op->late_ro = must_wait_for_ro(op);
	r = plan_idmap(spec, op, e);
	if (r >= 0)
		r = check_idmap(spec, op, e);
	if (r >= 0)
		r = check_links(op, e);
	return r < 0 ? r : check_proc(op, e);
}

/* crun's annotation: how strongly linux.mountLabel labels a file system. */
static int plan_context(const struct runtime_spec *spec, struct mount_plan *p, struct err *e)
{
	static const char *const keys[] = { "context", "fscontext", "defcontext", "rootcontext" };
	const char *wanted = annotation_of(&spec->annotations, ANNOTATION_MOUNT_CONTEXT);

	p->context_key = keys[0];
	if (!wanted)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (!streq(keys[i], wanted))
			continue;
		p->context_key = keys[i];
		return 0;
	}
	return err_set(
		e, EINVAL,
		"annotations.%s: unknown type '%.60s', expected context, fscontext, defcontext or "
		"rootcontext",
		annotation_key(ANNOTATION_MOUNT_CONTEXT), wanted);
}

int mount_plan_make(const struct runtime_spec *spec, const char *bundle, struct mount_plan *ret,
		    struct err *e)
{
	const struct spec_mount *m = spec->mounts.items;
	struct mount_plan p = { 0 };
	int res = plan_context(spec, &p, e);

	if (res < 0)
		return res;
	p.ops = xcalloc(spec->mounts.n + 1, sizeof(*p.ops));
	for (; p.n < spec->mounts.n;) {
		struct mount_op *op = &p.ops[p.n];
		int r;

		*op = (struct mount_op){ .index = p.n, .spec = &m[p.n] };
		p.n++;
		r = plan_one(spec, bundle, op, e);
		if (r < 0) {
			mount_plan_done(&p);
			return r;
		}
		if (streq(op->dest, "/dev") && op->kind != MOUNT_OP_REMOUNT)
			p.dev_is_bind = op->kind == MOUNT_OP_BIND || streq(op->type, "devtmpfs");
		p.has_devpts |= streq(op->dest, "/dev/pts");
	}
	*ret = p;
	return 0;
}
