/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Networks as the host's administrator describes them: lists of plugins, by the Container Network
 * Interface's specification, versions 0.3.0 to 1.1.0 (sections 1, "Network configuration format",
 * and 5, "Result types").  Pure but for cni_network_find().
 */
#ifndef IMAGETOOL_CNI_CONF_H
#define IMAGETOOL_CNI_CONF_H

#include "libutil/json.h"

#define CNI_CONF_MAX  ((size_t)1 << 20) /* bytes of one file */
#define CNI_CONF_DIR  "/etc/cni/net.d"
#define CNI_PATH_LIST "/opt/cni/bin:/usr/lib/cni"

/* All texts and trees lie in the arena it was made in. */
struct cni_network {
	const char *name, *version;
	const struct json *doc;      /* all of the file */
	const struct json **plugins; /* objects, each with a "type" that is a file name */
	size_t n;
};

/* One file: a list, or a single plugin, which is a list of one.  -EBADMSG names file and member. */
int cni_network_parse(const char *file, const char *text, size_t len, struct arena *a,
		      struct cni_network *ret, struct err *e);

/* Of the files *.conflist, *.conf and *.json in `dir`, by name: the first, or the first that
 * describes the network `name` (may be NULL).  -ENOENT: there is none. */
int cni_network_find(const char *dir, const char *name, struct arena *a, struct cni_network *ret,
		     struct err *e);

/* What a plugin is fed: its own object with the list's name and version and what came before. */
void cni_plugin_input(const struct cni_network *net, size_t plugin, const struct json *before,
		      struct strbuf *ret);

/* "dns" of a result as lines of resolv.conf; nothing when no server is named.  Words that could be
 * more than one are left out. */
void cni_result_resolv(const struct json *result, struct strbuf *ret);

/* The gateway of the first address that has one, as the plugin wrote it; NULL: there is none. */
const char *cni_result_gateway(const struct json *result);

/* What a plugin says that failed: "msg: details", or NULL when `text` is no such object; in `a`. */
const char *cni_error_text(const char *text, size_t len, struct arena *a);

#endif
