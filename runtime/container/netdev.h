/* SPDX-License-Identifier: Apache-2.0 */
/* Network interfaces of the host that move into a container (config-linux.md "Network Devices"). */
#ifndef RUNTIME_CONTAINER_NETDEV_H
#define RUNTIME_CONTAINER_NETDEV_H

#include <sys/types.h>

#include "oci-spec/runtime_spec.h"

/* Move each interface into the network namespace of the process, rename it there, give it back its
 * permanent global addresses and set it up.  A name that is taken there is an error. */
int netdev_move(const struct oci_array *devices, int pidfd, pid_t pid, struct err *e);

#endif
