/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The devices that the files of some directories describe.  A file of a later directory wins over
 * those before it; a device that two files of one directory describe is nobody's.  Files that
 * cannot be used are remembered, and hide nothing that others say.
 */
#ifndef IMAGETOOL_CDI_DEVICES_H
#define IMAGETOOL_CDI_DEVICES_H

#include "imagetool/cdi/spec.h"
#include "libutil/strv.h"

#define CDI_FILES_MAX 1024

/* Where administrators put them, and where programs do while the system runs. */
#define CDI_DIRS       "/etc/cdi", "/var/run/cdi"
#define CDI_BUILD_DIRS CDI_DIRS, "/etc/buildkit/cdi"

struct cdi_device {
	const char *name; /* VENDOR/CLASS=NAME */
	const struct cdi_spec *spec;
	const struct cdi_spec_device *device;
	const char *path;  /* of the file */
	const char *other; /* one of the same directory that describes it, too; NULL: none */
	size_t dir;        /* which of the directories */
};

struct cdi_broken {
	const char *path;
	const char *why; /* names the file */
};

struct cdi_devices {
	struct arena arena;
	char *dirs;               /* owned: for messages */
	struct cdi_device *items; /* by name */
	size_t n, cap;
	struct cdi_broken *broken;
	size_t n_broken;
	size_t n_files;
};

void cdi_devices_done(struct cdi_devices *d);
AUTO_DEFINE_DONE(cdi_devices, cdi_devices_done)

/* Reads all of them; a directory that is not there has none.  `ret` is zeroed. */
int cdi_devices_read(const struct strv *dirs, struct cdi_devices *ret, struct err *e);

/* The device of that name; -ENOENT says what files could not be read, -EEXIST which two differ. */
int cdi_devices_find(const struct cdi_devices *d, const char *name, const struct cdi_device **ret,
		     struct err *e);

/* The value of an annotation: the device's, else its file's, else NULL. */
const char *cdi_device_annotation(const struct cdi_device *d, const char *key);

/* ---- select.c: as steps of builds name devices ---- */

/* Devices, each once. */
struct cdi_list {
	const struct cdi_device **items; /* owned */
	size_t n;
};
void cdi_list_done(struct cdi_list *l);
AUTO_DEFINE_DONE(cdi_list, cdi_list_done)
void cdi_list_add(struct cdi_list *l, const struct cdi_device *d);
bool cdi_list_has(const struct cdi_list *l, const struct cdi_device *d);

/* VENDOR/CLASS (the first of them), VENDOR/CLASS=NAME, VENDOR/CLASS=*, or a word that devices have
 * as their annotation CDI_CLASS.  Adds what there is, in the order of names: how many, or -EEXIST
 * for a name that is nobody's. */
#define CDI_CLASS "org.mobyproject.buildkit.device.class"
int cdi_devices_select(const struct cdi_devices *d, const char *pattern, struct cdi_list *ret,
		       struct err *e);
/* -ENOENT: of what cdi_devices_select() found nothing for. */
int cdi_devices_missing(const struct cdi_devices *d, const char *name, struct err *e);

#endif
