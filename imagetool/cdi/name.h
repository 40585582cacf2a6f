/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of the Container Device Interface: VENDOR/CLASS is a kind, VENDOR/CLASS=NAME a device.
 * VENDOR and CLASS begin with a letter, NAME with a letter or digit; all end with one of these, and
 * have '_', '-' and '.' in between, NAME also ':'.
 */
#ifndef IMAGETOOL_CDI_NAME_H
#define IMAGETOOL_CDI_NAME_H

#include "libutil/err.h"

/* Bytes of a qualified name; DNS names have 253, names of Kubernetes 63. */
#define CDI_NAME_MAX 512

/* VENDOR/CLASS */
int cdi_kind_check(const char *text, struct err *e);
/* NAME alone */
int cdi_device_name_check(const char *text, struct err *e);
/* VENDOR/CLASS=NAME */
int cdi_name_check(const char *text, struct err *e);
/* Does somebody mean a device by name, well-formed or not, and no path? */
bool cdi_looks_like_name(const char *text);

#endif
