/* SPDX-License-Identifier: Apache-2.0 */
/* The document a person starts from. */
#include <stdio.h>
#include <unistd.h>

#include "oci-spec/runtime_spec.h"

/* More than any kernel is built for. */
#define MAX_PROCESSORS 8192

static const char *const arguments[] = { "sh", NULL };
static const char *const environment[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm", NULL
};

/* What Docker leaves to root in a container.  None is inheritable (CVE-2022-29162). */
static const char *const capabilities[] = {
	"CAP_CHOWN",
	"CAP_DAC_OVERRIDE",
	"CAP_FSETID",
	"CAP_FOWNER",
	"CAP_MKNOD",
	"CAP_NET_RAW",
	"CAP_SETGID",
	"CAP_SETUID",
	"CAP_SETFCAP",
	"CAP_SETPCAP",
	"CAP_NET_BIND_SERVICE",
	"CAP_SYS_CHROOT",
	"CAP_KILL",
	"CAP_AUDIT_WRITE",
	NULL,
};

/* What Docker and containerd hide today: a look at the host, or a side channel into it. */
static const char *const masked_paths[] = {
	"/proc/acpi",
	"/proc/asound",
	"/proc/interrupts",
	"/proc/kcore",
	"/proc/keys",
	"/proc/latency_stats",
	"/proc/timer_list",
	"/proc/timer_stats",
	"/proc/sched_debug",
	"/proc/scsi",
	"/sys/firmware",
	"/sys/devices/virtual/powercap",
	NULL,
};
static const char *const readonly_paths[] = { "/proc/bus",           "/proc/fs",
					      "/proc/irq",           "/proc/sys",
					      "/proc/sysrq-trigger", NULL };

static const struct {
	const char *destination, *type, *source;
	const char *const *options;
} mounts[] = {
	{ "/proc", "proc", "proc", (const char *const[]){ "nosuid", "noexec", "nodev", NULL } },
	{ "/dev", "tmpfs", "tmpfs",
	  (const char *const[]){ "nosuid", "strictatime", "mode=755", "size=65536k", NULL } },
	{ "/dev/pts", "devpts", "devpts",
	  (const char *const[]){ "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620",
				 "gid=5", NULL } },
	{ "/dev/shm", "tmpfs", "shm",
	  (const char *const[]){ "nosuid", "noexec", "nodev", "mode=1777", "size=65536k", NULL } },
	{ "/dev/mqueue", "mqueue", "mqueue",
	  (const char *const[]){ "nosuid", "noexec", "nodev", NULL } },
	{ "/sys", "sysfs", "sysfs",
	  (const char *const[]){ "nosuid", "noexec", "nodev", "ro", NULL } },
	{ "/sys/fs/cgroup", "cgroup", "cgroup",
	  (const char *const[]){ "nosuid", "noexec", "nodev", "relatime", "ro", NULL } },
};

static size_t list_length(const char *const *list)
{
	size_t n = 0;

	while (list[n])
		n++;
	return n;
}

static struct oci_strings make_strings(struct arena *a, const char *const *list)
{
	size_t n = list_length(list);
	struct oci_strings s = { .items = arena_alloc(a, n + 1, sizeof(char *)), .n = n };

	memcpy(s.items, list, n * sizeof(char *));
	return s;
}

/* Processors are numbered without gaps, also those that are off.  Not glob(3): it would bring user
 * databases into static programs. */
static size_t count_processors(void)
{
	char path[64];
	size_t n = 0;

	do {
		(void)snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%zu", n);
	} while (access(path, F_OK) == 0 && ++n < MAX_PROCESSORS);
	return n;
}

/* Each processor tells when it got too hot (GHSA-6fw5-f8r9-fgfm); how many there are only the host
 * knows. */
static struct oci_strings make_masked(struct arena *a)
{
	size_t fixed = list_length(masked_paths);
	size_t processors = count_processors();
	struct oci_strings s = {
		.items = arena_alloc(a, fixed + processors + 1, sizeof(char *)),
		.n = fixed,
	};

	memcpy(s.items, masked_paths, fixed * sizeof(char *));
	for (size_t i = 0; i < processors; i++) {
		const char *path =
			arena_printf(a, "/sys/devices/system/cpu/cpu%zu/thermal_throttle", i);

		if (access(path, F_OK) == 0)
			s.items[s.n++] = path;
	}
	return s;
}

static struct spec_capabilities *make_capabilities(struct arena *a)
{
	struct spec_capabilities *c = arena_alloc(a, 1, sizeof(*c));

	c->bounding = make_strings(a, capabilities);
	c->effective = make_strings(a, capabilities);
	c->permitted = make_strings(a, capabilities);
	return c;
}

static struct spec_process *make_process(struct arena *a)
{
	struct spec_process *p = arena_alloc(a, 1, sizeof(*p));
	struct spec_rlimit *limit = arena_alloc(a, 1, sizeof(*limit));

	*limit = (struct spec_rlimit){ "RLIMIT_NOFILE", { true, 1024 }, { true, 1024 } };
	p->terminal = true;
	p->user = arena_alloc(a, 1, sizeof(*p->user));
	p->user->uid.set = true;
	p->user->gid.set = true;
	p->args = make_strings(a, arguments);
	p->env = make_strings(a, environment);
	p->cwd = "/";
	p->capabilities = make_capabilities(a);
	p->rlimits = (struct oci_array){ limit, 1 };
	p->no_new_privileges = true;
	return p;
}

/* sysfs belongs to a network namespace, and a user namespace may not own the host's: bind what is
 * there. */
static void make_sys_rootless(struct arena *a, struct spec_mount *m)
{
	static const char *const options[] = { "rbind", "rprivate", "nosuid", "noexec",
					       "nodev", "ro",       NULL };

	m->type = "none";
	m->source = "/sys";
	m->options = make_strings(a, options);
}

static struct oci_array make_mounts(struct arena *a, bool rootless)
{
	struct spec_mount *items = arena_alloc(a, ARRAY_LEN(mounts), sizeof(*items));

	for (size_t i = 0; i < ARRAY_LEN(mounts); i++) {
		items[i].destination = mounts[i].destination;
		items[i].type = mounts[i].type;
		items[i].source = mounts[i].source;
		items[i].options = make_strings(a, mounts[i].options);
		if (rootless && streq(mounts[i].destination, "/sys"))
			make_sys_rootless(a, &items[i]);
		/* Group tty, 5, is the last option; a single mapped id has no such group. */
		if (rootless && streq(mounts[i].destination, "/dev/pts"))
			items[i].options.items[--items[i].options.n] = NULL;
	}
	return (struct oci_array){ items, ARRAY_LEN(mounts) };
}

static struct oci_array make_namespaces(struct arena *a, bool rootless)
{
	static const enum oci_namespace types[] = { OCI_NS_PID, OCI_NS_IPC, OCI_NS_UTS,
						    OCI_NS_MOUNT, OCI_NS_CGROUP };
	struct spec_namespace *items = arena_alloc(a, ARRAY_LEN(types) + 1, sizeof(*items));

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		items[i].type = (int)types[i];
	/* An unprivileged user has nothing to connect an empty network with. */
	items[ARRAY_LEN(types)].type = rootless ? OCI_NS_USER : OCI_NS_NETWORK;
	return (struct oci_array){ items, ARRAY_LEN(types) + 1 };
}

static struct oci_array make_mapping(struct arena *a, uint64_t id)
{
	struct spec_id_mapping *m = arena_alloc(a, 1, sizeof(*m));

	*m = (struct spec_id_mapping){ { true, 0 }, { true, id }, { true, 1 } };
	return (struct oci_array){ m, 1 };
}

static struct spec_resources *make_resources(struct arena *a)
{
	struct spec_resources *r = arena_alloc(a, 1, sizeof(*r));
	struct spec_device_rule *rule = arena_alloc(a, 1, sizeof(*rule));

	rule->access = "rwm"; /* allow is false: nothing but the default devices */
	r->devices = (struct oci_array){ rule, 1 };
	return r;
}

static struct spec_linux *make_linux(struct arena *a, bool rootless)
{
	struct spec_linux *l = arena_alloc(a, 1, sizeof(*l));

	l->namespaces = make_namespaces(a, rootless);
	l->masked_paths = make_masked(a);
	l->readonly_paths = make_strings(a, readonly_paths);
	if (!rootless) {
		l->resources = make_resources(a);
		return l;
	}
	l->uid_mappings = make_mapping(a, geteuid());
	l->gid_mappings = make_mapping(a, getegid());
	return l;
}

struct runtime_spec *runtime_spec_default(struct arena *a, bool rootless)
{
	struct runtime_spec *spec = arena_alloc(a, 1, sizeof(*spec));

	spec->oci_version = RUNTIME_SPEC_VERSION;
	spec->process = make_process(a);
	spec->root = arena_alloc(a, 1, sizeof(*spec->root));
	spec->root->path = "rootfs";
	spec->root->readonly = true;
	spec->hostname = "creel";
	spec->mounts = make_mounts(a, rootless);
	spec->linux_ = make_linux(a, rootless);
	return spec;
}
