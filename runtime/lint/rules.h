/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of `lint`, one row a rule: the manual page, --ignore and the reports
 * read the same rows.
 */
#ifndef RUNTIME_LINT_RULES_H
#define RUNTIME_LINT_RULES_H

#include "libutil/strbuf.h"

enum lint_level { LINT_ERROR, LINT_WARNING, LINT_NOTE, LINT_LEVELS };

/* Name, id, level, what it finds, what to do. */
#define LINT_RULES(X)                                                                              \
	X(SYNTAX, "syntax", ERROR, "the document cannot be read as JSON",                          \
	  "correct the text at that place")                                                        \
	X(WRONG_KIND, "wrong-kind", ERROR, "a value has another type than the specification says", \
	  "write it with that type")                                                               \
	X(WRONG_VALUE, "wrong-value", ERROR, "a value that the specification does not allow",      \
	  "use a value that it allows")                                                            \
	X(DUPLICATE, "duplicate-member", ERROR, "the same name twice in one object",               \
	  "remove one: programs disagree about which of them counts")                              \
	X(MISSING, "missing-member", ERROR, "a required member is missing", "add it")              \
	X(TYPO, "misspelt-member", WARNING,                                                        \
	  "a name that nobody knows, and that is near to a known one",                             \
	  "correct the name: as it is the member is ignored")                                      \
	X(UNKNOWN, "unknown-member", NOTE, "a name that this version does not know",               \
	  "nothing, if another runtime needs it: here it is ignored")                              \
	X(VERSION, "version", NOTE, "the document is for a newer specification",                   \
	  "look for unknown-member: what is newer is ignored")                                     \
	X(ROOTFS, "rootfs", ERROR, "the root file system is not there",                            \
	  "unpack it, or correct root.path")                                                       \
	X(PROGRAM, "program", WARNING, "the program is not in the root file system",               \
	  "correct process.args, or PATH in process.env")                                          \
	X(NAMESPACE, "namespace", ERROR, "namespaces that cannot be made or joined",               \
	  "correct linux.namespaces")                                                              \
	X(CGROUP, "cgroup", ERROR, "limits that the control groups of this host cannot honour",    \
	  "remove them, or use a host that has the controller")                                    \
	X(MOUNT, "mount", ERROR, "a mount that can never work", "correct its options or type")     \
	X(MOUNT_SOURCE, "mount-source", ERROR, "what is to be mounted is not there",               \
	  "make it, or correct the source")                                                        \
	X(HOOK, "hook", ERROR, "a hook that cannot be executed", "install it, or remove the hook") \
	X(SYSCTL, "sysctl", ERROR, "a kernel parameter that is the host's",                        \
	  "give the container a namespace of its own, or set it on the host")                      \
	X(ANNOTATION, "annotation", ERROR, "an annotation for the runtime that it cannot follow",  \
	  "correct its value")                                                                     \
	X(LANDLOCK, "landlock", ERROR, "Landlock rules that this kernel cannot keep",              \
	  "leave out what it does not know, or use a newer kernel")                                \
	X(RDT, "intel-rdt", ERROR, "a class of service that this host cannot give",                \
	  "mount resctrl, or remove linux.intelRdt")                                               \
	X(CAPABILITY, "unknown-capability", WARNING, "a capability that no kernel has",            \
	  "correct the name: as it is nothing is granted")                                         \
	X(FILTER, "seccomp-filter", ERROR, "a system call filter that cannot be built",            \
	  "correct linux.seccomp")                                                                 \
	X(CALLS, "seccomp-unknown-calls", NOTE, "system calls that this libseccomp does not know", \
	  "correct misspelt names; a newer libseccomp knows newer calls")                          \
	X(DEADLOCK, "seccomp-notify-deadlock", NOTE,                                               \
	  "SCMP_ACT_NOTIFY on a call by which other runtimes hand over the listener",              \
	  "let 'sendmsg' pass if runc or crun have to run it too: they wait for ever")             \
	X(NO_SECCOMP, "no-seccomp", WARNING, "no system call filter",                              \
	  "add linux.seccomp: it keeps most bugs of the kernel out of reach")                      \
	X(ALLOW_LIST, "seccomp-default-allow", WARNING,                                            \
	  "a filter that allows what it does not name",                                            \
	  "deny by default and name what is allowed: kernels get new calls")                       \
	X(ALL_CAPS, "all-capabilities", WARNING,                                                   \
	  "every capability: root of the container is root of the host",                           \
	  "grant those that the program needs")                                                    \
	X(DANGEROUS_CAPS, "dangerous-capability", WARNING,                                         \
	  "a capability that is a way out of the container",                                       \
	  "remove it, or give the container a user namespace")                                     \
	X(INHERITABLE, "inheritable-capabilities", WARNING,                                        \
	  "inheritable capabilities, which file capabilities turn into permitted ones",            \
	  "leave the set empty, or make them ambient too (CVE-2022-24769)")                        \
	X(NEW_PRIVILEGES, "new-privileges", NOTE, "setuid programs may give new privileges",       \
	  "set process.noNewPrivileges unless the program needs them")                             \
	X(OOM_EXEMPT, "oom-exempt", WARNING, "the kernel never kills it for want of memory",       \
	  "raise process.oomScoreAdj, or others die for it")                                       \
	X(HOST_PID, "host-pid", WARNING, "it sees, and may signal, all processes of the host",     \
	  "add a namespace of type 'pid'")                                                         \
	X(HOST_NETWORK, "host-network", WARNING, "it shares the network of the host",              \
	  "add a namespace of type 'network'")                                                     \
	X(HOST_IPC, "host-ipc", WARNING, "it shares the System V IPC of the host",                 \
	  "add a namespace of type 'ipc'")                                                         \
	X(HOST_MOUNTS, "host-mounts", WARNING,                                                     \
	  "its mounts are made in the host's mount namespace", "add a namespace of type 'mount'")  \
	X(MAPPED_ROOT, "mapped-root", WARNING, "the user namespace maps the host's root",          \
	  "map ids that nobody else uses")                                                         \
	X(NO_MASKS, "no-masked-paths", WARNING, "nothing of /proc and /sys is masked",             \
	  "set linux.maskedPaths as 'creel spec' does")                                            \
	X(UNMASKED, "unmasked-path", NOTE, "files of /proc and /sys that tell about the host",     \
	  "add them to linux.maskedPaths")                                                         \
	X(NO_READONLY, "no-readonly-paths", WARNING,                                               \
	  "settings of the host below /proc are writable",                                         \
	  "set linux.readonlyPaths as 'creel spec' does")                                          \
	X(WRITABLE_SYS, "writable-sys", WARNING, "a writable sysfs", "mount it with 'ro'")         \
	X(WRITABLE_CGROUP, "writable-cgroup", WARNING, "the host's control groups, writable",      \
	  "mount them with 'ro', or add a namespace of type 'cgroup'")                             \
	X(ALL_DEVICES, "all-devices", WARNING, "every device of the host may be used",             \
	  "deny all in linux.resources.devices and allow single ones")                             \
	X(BLOCK_DEVICE, "block-device", WARNING, "a disk of the host, below its file systems",     \
	  "mount the file system instead")                                                         \
	X(ENGINE_SOCKET, "engine-socket", WARNING, "the socket of a container engine",             \
	  "leave it out: who reaches it starts containers with all rights")                        \
	X(HOST_PATH, "host-path", WARNING, "a directory of the host that the host lives by",       \
	  "mount what is needed of it")                                                            \
	X(SETUID_MOUNT, "setuid-mount", WARNING,                                                   \
	  "a writable file system that honours setuid files", "mount it with 'nosuid'")            \
	X(SHARED, "shared-propagation", WARNING, "mounts made inside appear on the host",          \
	  "use 'rslave' or 'rprivate'")                                                            \
	X(HIDDEN, "hidden-mount", WARNING, "a mount that a later one covers",                      \
	  "put the one above first")                                                               \
	X(RELATIVE, "relative-destination", WARNING,                                               \
	  "a destination that does not begin with a slash",                                        \
	  "write it from the root: other runtimes refuse it")                                      \
	X(ORDER, "annotation-order", WARNING,                                                      \
	  "an annotation by which the runtime does something on the host, or confines less",       \
	  "make sure that it is yours: it may have come with an image")                            \
	X(WRITABLE_BUNDLE, "writable-bundle", WARNING,                                             \
	  "others can change what will be run as you", "chmod go-w")                               \
	X(WRITABLE_HOOK, "writable-hook", WARNING, "others can change a hook that runs as you",    \
	  "chmod go-w")

#define X(name, id, level, what, advice) LINT_RULE_##name,
enum lint_rule { LINT_RULES(X) LINT_RULE_COUNT };
#undef X

struct lint_row {
	const char *id;
	enum lint_level level;
	const char *what;
	const char *advice;
};

extern const struct lint_row lint_rows[LINT_RULE_COUNT];

/* "error", "warning", "note" */
const char *lint_level_name(enum lint_level level);
/* The rule of an id; -EINVAL, with a near one, when there is none. */
int lint_rule_find(const char *id, struct err *e);
/* A list of all rules for --help and the manual. */
void lint_rules_help(struct strbuf *out);

#endif
