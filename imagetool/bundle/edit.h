/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person's options change in a config.json that was made from the image
 * alone: one function per subject, in the order of the table in edit.c.  They
 * may look at the host (devices, files that options name) and change nothing
 * there.  Errors name the option.
 */
#ifndef IMAGETOOL_BUNDLE_EDIT_H
#define IMAGETOOL_BUNDLE_EDIT_H

#include "imagetool/bundle/options.h"
#include "imagetool/cdi/devices.h"
#include "libutil/alloc.h"
#include "oci-spec/runtime_spec.h"

struct spec_edit {
	const struct container_options *options;
	struct runtime_spec *spec;
	struct arena *a; /* owns what is added */
	bool rootless;
	bool bind_devices; /* no nodes can be made: the host's are mounted */
	bool keep_root;    /* nodes outside of /dev would stay in it: the host's are mounted */
	bool no_groups;    /* the kernel lets nobody choose groups */
	const struct cdi_list *cdi; /* devices that vendors describe; NULL: none */
	const char *name; /* what the container is called where nobody says: DIR's last component */
};

typedef int spec_edit_fn(struct spec_edit *ed, struct err *e);

/* All of them. */
spec_edit_fn spec_edit_apply;

/* edit_process.c: ulimits, umask, stop signal, --init */
spec_edit_fn edit_process;
/* edit_caps.c */
spec_edit_fn edit_capabilities;
/* edit_security.c: --security-opt, --privileged; seccomp.h */
spec_edit_fn edit_security;
/* edit_mounts.c: /dev/shm, what --privileged leaves writable */
spec_edit_fn edit_mounts;
/* edit_devices.c */
spec_edit_fn edit_devices;
/* edit_cdi.c: last of all */
spec_edit_fn edit_cdi;
/* edit_resources.c, edit_blkio.c */
spec_edit_fn edit_resources, edit_block_io;
/* edit_namespaces.c */
spec_edit_fn edit_namespaces;
/* edit_sysctl.c: needs to know the namespaces */
spec_edit_fn edit_sysctls;
/* edit_annotations.c */
spec_edit_fn edit_annotations;

/* ---- helpers ---- */

/* A new zeroed item at the end of an array of items of `size` bytes. */
void *edit_push(struct arena *a, struct oci_array *list, size_t size);
/* Texts are copied. */
void edit_push_string(struct arena *a, struct oci_strings *list, const char *text);
/* Replaces the value of a key that is there. */
void edit_set_pair(struct arena *a, struct oci_strmap *map, const char *key, const char *value);
bool edit_has_string(const struct oci_strings *list, const char *text);
void edit_remove_string(struct oci_strings *list, const char *text);
/* The mount at that place, or NULL. */
struct spec_mount *edit_find_mount(const struct runtime_spec *spec, const char *destination);
void edit_remove_mount(struct runtime_spec *spec, const char *destination);
/* edit_devices.c: the host's file, mounted. */
void edit_bind_device(struct spec_edit *ed, const char *source, const char *target);
/* Made when it is not there. */
struct spec_resources *edit_resources_of(struct spec_edit *ed);

#endif
