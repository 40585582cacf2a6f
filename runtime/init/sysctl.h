/* SPDX-License-Identifier: Apache-2.0 */
/* Pure parts of sysctl.c: which keys a container may set, and where they are. */
#ifndef RUNTIME_INIT_SYSCTL_H
#define RUNTIME_INIT_SYSCTL_H

#include "runtime/ns/plan.h"

/* Only keys that belong to a namespace of the container's own; everything else is the host's. */
int sysctl_check(const char *key, const char *value, const bool has[OCI_NS_COUNT], struct err *e);
/* "net.ipv4.conf.all.forwarding", or with '/' ("net/ipv4/conf/eth0.100/forwarding"), as a path in a
 * procfs: "sys/net/...".  Owned by the caller. */
char *sysctl_path(const char *key);

#endif
