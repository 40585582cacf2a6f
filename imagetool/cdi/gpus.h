/* SPDX-License-Identifier: Apache-2.0 */
/*
 * docker's --gpus, as names of devices: "all", a number of them, "device=ID[,ID...]", with
 * "driver=nvidia" (the default; IDs are of nvidia.com/gpu) or "driver=cdi" (IDs are whole names).
 * What the devices can do ("capabilities=") is what their files say.
 */
#ifndef IMAGETOOL_CDI_GPUS_H
#define IMAGETOOL_CDI_GPUS_H

#include "libutil/err.h"
#include "libutil/strv.h"

#define CDI_GPUS_MAX 128
#define CDI_GPU_KIND "nvidia.com/gpu"

/* Adds the names. */
int cdi_gpus_parse(const char *text, struct strv *ret, struct err *e);

#endif
