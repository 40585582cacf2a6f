/* SPDX-License-Identifier: Apache-2.0 */
/* What an entry of a layer may say at all, whatever it becomes. */
#ifndef IMAGETOOL_LAYER_POLICY_H
#define IMAGETOOL_LAYER_POLICY_H

#include "imagetool/tar/read.h"

/* Owners out of range, attributes that would change what overlayfs shows, devices that it takes for
 * whiteouts. */
int entry_check(const struct tar_entry *n, struct err *e);
/* The same of the root directory, which can't be anything else. */
int entry_check_root(const struct tar_entry *n, struct err *e);

#endif
