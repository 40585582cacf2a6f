/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options that describe a container, with docker's spellings: one list for
 * every program that takes them.  A program embeds struct container_options in
 * its values and CONTAINER_OPTION_ROWS(offset of it) in its table of options;
 * what they mean is said once, in plan.h.
 *
 *     X(B, letter, name, kind, member, value's name in help, help)
 *
 * B is handed through: the offset of the struct in the program's values.
 */
#ifndef IMAGETOOL_BUNDLE_OPTIONS_H
#define IMAGETOOL_BUNDLE_OPTIONS_H

#include "libutil/opts.h"

/* clang-format off */
#define PROCESS_OPTIONS(X, B)                                                                      \
	X(B, 'e', "env", LIST, env, "NAME[=VALUE]",                                                \
	  "set an environment variable; without a value, to what it is here")                      \
	X(B, 0, "env-file", LIST, env_files, "FILE",                                               \
	  "set those that FILE lists, one a line; --env wins")                                     \
	X(B, 'u', "user", STRING, user, "USER[:GROUP]",                                            \
	  "who runs the command: names of the image, or numbers")                                  \
	X(B, 0, "group-add", LIST, groups, "GROUP",                                                \
	  "another group of the process: a name of the image, a number, or keep-groups for "       \
	  "yours")                                                                                 \
	X(B, 0, "umask", STRING, umask, "MODE", "umask of the process, in octal")                  \
	X(B, 'w', "workdir", STRING, workdir, "DIR", "working directory in the container")         \
	X(B, 0, "entrypoint", STRING, entrypoint, "WORD or JSON array",                            \
	  "replace the image's entrypoint and command; \"\" takes both away")                      \
	X(B, 0, "cmd", STRING, cmd, "WORD or JSON array",                                          \
	  "replace the image's command, as arguments behind DIR do")                               \
	X(B, 't', "tty", FLAG, tty, NULL, "give the process a terminal")                           \
	X(B, 0, "init", FLAG, init, NULL,                                                          \
	  "run the command below a small init of the host's: docker-init, catatonit or tini")      \
	X(B, 0, "ulimit", LIST, ulimits, "NAME=SOFT[:HARD]",                                       \
	  "limit of a resource of the process, such as nofile=1024:4096")                          \
	X(B, 0, "oom-score-adj", STRING, oom_score_adj, "N",                                       \
	  "how soon the kernel ends it when memory is short, -1000 to 1000")                       \
	X(B, 0, "stop-signal", STRING, stop_signal, "SIGNAL",                                      \
	  "what asks the container to end; by default what the image says")

#define MOUNT_OPTIONS(X, B)                                                                        \
	X(B, 'v', "volume", LIST, volumes, "[SRC:]DST[:OPTIONS]",                                  \
	  "mount a path of the host, or a volume kept in DIR/volumes")                             \
	X(B, 0, "mount", LIST, mounts, "KEY=VALUE,...",                                            \
	  "mount by words: type=bind, volume or tmpfs; source=, target=, readonly, ...")           \
	X(B, 0, "tmpfs", LIST, tmpfs, "DST[:OPTIONS]", "mount an empty tmpfs")                     \
	X(B, 0, "volumes-from", LIST, volumes_from, "BUNDLE[:ro]",                                 \
	  "mount the volumes and directories that another bundle mounts")                          \
	X(B, 0, "read-only", FLAG, read_only, NULL, "mount the root file system read-only")        \
	X(B, 0, "shm-size", STRING, shm_size, "SIZE", "size of /dev/shm; by default 64m")

#define SECURITY_OPTIONS(X, B)                                                                     \
	X(B, 0, "cap-add", LIST, cap_add, "CAPABILITY", "leave the process a capability, or ALL")  \
	X(B, 0, "cap-drop", LIST, cap_drop, "CAPABILITY", "take a capability away, or ALL")        \
	X(B, 0, "security-opt", LIST, security_opts, "WORD[=VALUE]",                               \
	  "no-new-privileges, seccomp=FILE or unconfined, apparmor=PROFILE, label=..., "           \
	  "systempaths=unconfined, mask=PATH:..., unmask=PATH:... or ALL")                         \
	X(B, 0, "privileged", FLAG, privileged, NULL,                                              \
	  "all capabilities and devices, nothing hidden or filtered")                              \
	X(B, 0, "device", LIST, devices, "SRC[:DST][:rwm]|VENDOR/CLASS=NAME",                      \
	  "give a device of the host, or all below a directory; or one that its vendor "           \
	  "describes (CDI)")                                                                       \
	X(B, 0, "gpus", LIST, gpus, "all|N|device=ID[,ID...]",                                     \
	  "the same for nvidia.com/gpu=all, or some of them")                                      \
	X(B, 0, "cdi-spec-dir", LIST, cdi_dirs, "DIR",                                             \
	  "where vendors describe devices, the later the stronger; by default /etc/cdi and "       \
	  "/var/run/cdi")                                                                          \
	X(B, 0, "device-cgroup-rule", LIST, device_rules, "TYPE MAJOR:MINOR rwm",                  \
	  "allow devices by number: 'c 10:* rw'")

#define RESOURCE_OPTIONS(X, B)                                                                     \
	X(B, 'm', "memory", STRING, memory, "SIZE", "limit of memory, at least 6m")                \
	X(B, 0, "memory-swap", STRING, memory_swap, "SIZE",                                        \
	  "limit of memory and swap together, -1: none; by default twice the memory")              \
	X(B, 0, "memory-reservation", STRING, memory_reservation, "SIZE",                          \
	  "memory that is left to it when others want more")                                       \
	X(B, 0, "memory-swappiness", STRING, memory_swappiness, "N", "0 to 100")                   \
	X(B, 0, "oom-kill-disable", FLAG, oom_kill_disable, NULL,                                  \
	  "let its processes wait instead of ending them when memory runs out; control "           \
	  "groups v1")                                                                             \
	X(B, 0, "cpus", STRING, cpus, "N",                                                         \
	  "processor time as a number of processors, such as 1.5")                                 \
	X(B, 'c', "cpu-shares", STRING, cpu_shares, "N",                                           \
	  "weight against others; the default is 1024")                                            \
	X(B, 0, "cpu-quota", STRING, cpu_quota, "MICROSECONDS", "processor time in each period")   \
	X(B, 0, "cpu-period", STRING, cpu_period, "MICROSECONDS", "length of a period")            \
	X(B, 0, "cpu-rt-runtime", STRING, cpu_rt_runtime, "MICROSECONDS",                          \
	  "real-time processor time in each period; control groups v1")                            \
	X(B, 0, "cpu-rt-period", STRING, cpu_rt_period, "MICROSECONDS",                            \
	  "length of a period for real-time processes; control groups v1")                         \
	X(B, 0, "cpuset-cpus", STRING, cpuset_cpus, "LIST", "processors it may use: 0-3,6")        \
	X(B, 0, "cpuset-mems", STRING, cpuset_mems, "LIST", "memory nodes it may use")             \
	X(B, 0, "pids-limit", STRING, pids_limit, "N", "most processes at once, -1: no limit")     \
	X(B, 0, "blkio-weight", STRING, blkio_weight, "N", "weight of its I/O, 10 to 1000")        \
	X(B, 0, "blkio-weight-device", LIST, blkio_weight_devices, "DEVICE:N",                     \
	  "the same for one device")                                                               \
	X(B, 0, "device-read-bps", LIST, read_bps, "DEVICE:RATE",                                  \
	  "most bytes read from a device in a second")                                             \
	X(B, 0, "device-write-bps", LIST, write_bps, "DEVICE:RATE", "most bytes written")          \
	X(B, 0, "device-read-iops", LIST, read_iops, "DEVICE:N",                                   \
	  "most reads from a device in a second")                                                  \
	X(B, 0, "device-write-iops", LIST, write_iops, "DEVICE:N", "most writes")                  \
	X(B, 0, "cgroup-conf", LIST, cgroup_conf, "FILE=VALUE",                                    \
	  "write VALUE to a file of the control group; v2")                                        \
	X(B, 0, "cgroup-parent", STRING, cgroup_parent, "GROUP",                                   \
	  "make the control group below this one")                                                 \
	X(B, 0, "name", STRING, name, "NAME",                                                      \
	  "name of the control group below --cgroup-parent; by default that of DIR")               \
	X(B, 0, "sysctl", LIST, sysctls, "NAME=VALUE",                                             \
	  "set a kernel parameter of the container's own namespaces")

#define NAMESPACE_OPTIONS(X, B)                                                                    \
	X(B, 0, "pid", STRING, pid, "WHOSE", "processes: private, host, container:ID, ns:PATH")    \
	X(B, 0, "ipc", STRING, ipc, "WHOSE",                                                       \
	  "message queues and shared memory: private, shareable, none, host, container:ID, "       \
	  "ns:PATH")                                                                               \
	X(B, 0, "uts", STRING, uts, "WHOSE", "host name: private, host, container:ID, ns:PATH")    \
	X(B, 0, "userns", STRING, userns, "WHOSE", "user ids: host, container:ID, ns:PATH")        \
	X(B, 0, "cgroupns", STRING, cgroupns, "WHOSE",                                             \
	  "control groups: private, host, container:ID, ns:PATH")                                  \
	X(B, 0, "network", STRING, network, "WHOSE",                                               \
	  "network: none, private, host, container:ID, ns:PATH")

#define IDENTITY_OPTIONS(X, B)                                                                     \
	X(B, 'h', "hostname", STRING, hostname, "NAME", "host name in the container")              \
	X(B, 0, "domainname", STRING, domainname, "NAME", "NIS domain name in the container")      \
	X(B, 0, "add-host", LIST, add_hosts, "NAME:ADDRESS",                                       \
	  "a line of the container's /etc/hosts")                                                  \
	X(B, 0, "dns", LIST, dns, "ADDRESS", "a name server of the container's /etc/resolv.conf")  \
	X(B, 0, "dns-search", LIST, dns_search, "DOMAIN",                                          \
	  "a domain where names are looked for; '.': none")                                        \
	X(B, 0, "dns-option", LIST, dns_options, "OPTION",                                         \
	  "an option of the container's resolver")

#define DESCRIPTION_OPTIONS(X, B)                                                                  \
	X(B, 'l', "label", LIST, labels, "NAME[=VALUE]",                                           \
	  "a label: an annotation that no runtime obeys")                                          \
	X(B, 0, "label-file", LIST, label_files, "FILE", "labels, one a line")                     \
	X(B, 0, "annotation", LIST, annotations, "NAME=VALUE", "an annotation for the runtime")    \
	X(B, 0, "restart", STRING, restart, "POLICY",                                              \
	  "when creel-shim starts it again: no, on-failure[:N], always, unless-stopped")

#define CONTAINER_OPTIONS(X, B)                                                                    \
	PROCESS_OPTIONS(X, B)                                                                      \
	MOUNT_OPTIONS(X, B)                                                                        \
	SECURITY_OPTIONS(X, B)                                                                     \
	RESOURCE_OPTIONS(X, B)                                                                     \
	NAMESPACE_OPTIONS(X, B)                                                                    \
	IDENTITY_OPTIONS(X, B)                                                                     \
	DESCRIPTION_OPTIONS(X, B)

/* Other spellings of the same. */
#define CONTAINER_OPTION_ALIASES(X, B)                                                             \
	X(B, 0, "net", STRING, network, "VALUE", "the same")                                       \
	X(B, 0, "dns-opt", LIST, dns_options, "VALUE", "the same")

/* What docker's users type and a bundle can't keep, with where it belongs.
 *     X(letter, name, id, value's name or NULL, why) */
#define REFUSED_OPTIONS(X)                                                                         \
	X('i', "interactive", interactive, NULL,                                                   \
	  "a bundle has no streams: give -i to creel-shim run")                                    \
	X('d', "detach", detach, NULL,                                                             \
	  "a bundle does not run: give -d to creel-shim run")                                      \
	X('a', "attach", attach, "VALUE",                                                          \
	  "a bundle has no streams: creel-shim attach ID does that")                               \
	X(0, "rm", rm, NULL,                                                                       \
	  "a bundle does not run: give --rm to creel-shim run")                                    \
	X('p', "publish", publish, "VALUE",                                                        \
	  "a bundle has no network to publish ports of: use --network host, or have CNI or "       \
	  "pasta connect a namespace and give --network ns:PATH")                                  \
	X('P', "publish-all", publish_all, NULL,                                                   \
	  "a bundle has no network to publish ports of: use --network host")                       \
	X(0, "expose", expose, "VALUE",                                                            \
	  "ports are no property of a bundle; all of --network host are open")                     \
	X(0, "link", link, "VALUE",                                                                \
	  "docker's links are not supported: use --add-host NAME:ADDRESS")                         \
	X(0, "ip", ip, "VALUE",                                                                    \
	  "addresses are given to the namespace by who connects it: use --network ns:PATH")        \
	X(0, "ip6", ip6, "VALUE",                                                                  \
	  "addresses are given to the namespace by who connects it: use --network ns:PATH")        \
	X(0, "mac-address", mac_address, "VALUE",                                                  \
	  "addresses are given to the namespace by who connects it: use --network ns:PATH")        \
	X(0, "network-alias", network_alias, "VALUE",                                              \
	  "there is no name server for it: use --add-host in the other container")                 \
	X(0, "kernel-memory", kernel_memory, "VALUE",                                              \
	  "kernels have no such limit since Linux 6.1; --memory counts the kernel's too")          \
	X(0, "log-driver", log_driver, "VALUE",                                                    \
	  "a bundle has no log: give --log-driver to creel-shim run")                              \
	X(0, "log-opt", log_opt, "VALUE",                                                          \
	  "a bundle has no log: give --log-opt to creel-shim run")                                 \
	X(0, "stop-timeout", stop_timeout, "VALUE",                                                \
	  "give it to creel-shim stop, as --time")                                                 \
	X(0, "cidfile", cidfile, "VALUE",                                                          \
	  "a bundle has no id: creel takes --pid-file")                                            \
	X(0, "detach-keys", detach_keys, "VALUE",                                                  \
	  "give it to creel-shim run or attach")                                                   \
	X(0, "volume-driver", volume_driver, "VALUE",                                              \
	  "volumes are directories of the bundle; mount what a driver provides by --mount "        \
	  "type=bind")                                                                             \
	X(0, "storage-opt", storage_opt, "VALUE",                                                  \
	  "the root file system is a directory: limit it by a quota of its file system")           \
	X(0, "health-cmd", health_cmd, "VALUE",                                                    \
	  "nobody would run it: use the health check of what supervises the container")            \
	X(0, "health-interval", health_interval, "VALUE",                                          \
	  "nobody would run it: use the health check of what supervises the container")            \
	X(0, "health-retries", health_retries, "VALUE",                                            \
	  "nobody would run it: use the health check of what supervises the container")            \
	X(0, "health-start-period", health_start_period, "VALUE",                                  \
	  "nobody would run it: use the health check of what supervises the container")            \
	X(0, "health-timeout", health_timeout, "VALUE",                                            \
	  "nobody would run it: use the health check of what supervises the container")            \
	X(0, "no-healthcheck", no_healthcheck, NULL,                                               \
	  "nobody runs the image's health check: leave it out")                                    \
	X(0, "pull", pull, "VALUE",                                                                \
	  "the image is taken from the store: 'creel-image pull IMAGE' brings what is newer")      \
	X(0, "uidmap", uidmap, "VALUE",                                                            \
	  "give --subids, or --userns ns:PATH of a namespace that has them")                       \
	X(0, "gidmap", gidmap, "VALUE",                                                            \
	  "give --subids, or --userns ns:PATH of a namespace that has them")                       \
	X(0, "tz", tz, "VALUE", "--env TZ=ZONE does it where the image has the zones")             \
	X(0, "sig-proxy", sig_proxy, "VALUE",                                                      \
	  "a bundle does not run: creel run passes signals on")                                    \
	X(0, "runtime", runtime, "VALUE",                                                          \
	  "any OCI runtime takes the bundle: creel run -b DIR ID")

/* clang-format on */

#define OPTION_TYPE_LIST   struct strv
#define OPTION_TYPE_STRING const char *
#define OPTION_TYPE_FLAG   bool

/* As they were typed; what was not given is NULL, empty or false. */
struct container_options {
#define X(base, letter, name, kind, member, arg, help) OPTION_TYPE_##kind member;
	CONTAINER_OPTIONS(X, 0)
#undef X
};

/* options.c */
#define X(letter, name, id, arg, why)                                                              \
	int option_refuse_##id(void *values, const char *text, struct err *e);
REFUSED_OPTIONS(X)
#undef X

#define CONTAINER_OPTION_ROW(base, l, n, k, member, a, h)                                          \
	{ .letter = l,                                                                             \
	  .name = n,                                                                               \
	  .kind = OPT_##k,                                                                         \
	  .offset = (base) + offsetof(struct container_options, member),                           \
	  .arg = a,                                                                                \
	  .help = h },
#define CONTAINER_OPTION_ALIAS(base, l, n, k, member, a, h)                                        \
	{ .letter = l,                                                                             \
	  .name = n,                                                                               \
	  .kind = OPT_##k,                                                                         \
	  .bits = OPT_HIDDEN,                                                                      \
	  .offset = (base) + offsetof(struct container_options, member),                           \
	  .arg = a,                                                                                \
	  .help = h },
#define REFUSED_OPTION_ROW(l, n, id, a, why)                                                       \
	{ .letter = l,                                                                             \
	  .name = n,                                                                               \
	  .kind = OPT_CALL,                                                                        \
	  .bits = OPT_HIDDEN,                                                                      \
	  .arg = a,                                                                                \
	  .help = why,                                                                             \
	  .call = option_refuse_##id },
#define CONTAINER_OPTION_ROWS(base)                                                                \
	CONTAINER_OPTIONS(CONTAINER_OPTION_ROW, base)                                              \
	CONTAINER_OPTION_ALIASES(CONTAINER_OPTION_ALIAS, base)                                     \
	REFUSED_OPTIONS(REFUSED_OPTION_ROW)

#endif
