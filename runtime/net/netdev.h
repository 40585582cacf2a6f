/* SPDX-License-Identifier: Apache-2.0 */
/* Network interfaces of the host that move into a container (config-linux.md "Network Devices"). */
#ifndef RUNTIME_NET_NETDEV_H
#define RUNTIME_NET_NETDEV_H

#include <sys/types.h>

#include "oci-spec/runtime_spec.h"

/*
 * Move each interface (struct spec_net_device) into the network namespace of process `pid`, rename
 * it there, give it back its permanent global addresses, which the move takes away, and set it up.
 * A name that is taken there is an error, but "eth%d" takes the first free number.  Interfaces are
 * never moved back: the kernel returns hardware when the namespace ends.
 */
int netdev_move(const struct oci_array *devices, pid_t pid, struct err *e);

#endif
