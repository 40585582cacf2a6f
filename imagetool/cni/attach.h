/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network namespace attached to a network by the plugins of the host (the specification's
 * sections 2 to 4: "Execution protocol", "Execution of network configurations", "Plugin
 * delegation").
 *
 * What is attached is on record, in a directory of the caller's, until it is detached: who was
 * killed in between is cleared up after by cni_sweep().
 */
#ifndef IMAGETOOL_CNI_ATTACH_H
#define IMAGETOOL_CNI_ATTACH_H

#include "imagetool/cni/conf.h"

/* Of the interface in the namespace. */
#define CNI_INTERFACE "eth0"

struct cni_host {
	const char *path; /* directories of plugins, separated by ':' */
	const char *dir;  /* of records; made when it is needed */
	int stopfd;       /* when it becomes readable plugins that attach are killed: -EINTR; -1 */
};

struct cni_attachment {
	const struct cni_network *net;
	const char *id;            /* unique on the host: letters, digits, '-' */
	const char *netns;         /* path that plugins open; "": it is gone */
	const struct json *result; /* of the last plugin; NULL: not attached */
	int recordfd;              /* locked while the attachment lasts; owned; -1 */
};

/* Plugins reach into this process's network namespace: only who has rights there can have them do
 * it. -EPERM says what to do instead. */
int cni_check_rights(struct err *e);

/* `net` and `id` are set, `netns` has only itself in it.  A failure leaves nothing attached.  What
 * `at` has then lies in `a`. */
int cni_attach(const struct cni_host *host, struct cni_attachment *at, struct arena *a,
	       struct err *e);
/* All plugins are asked, the first failure is told; what remains stays on record. */
int cni_detach(const struct cni_host *host, struct cni_attachment *at, struct err *e);

/* Detaches what processes left that are no more. */
int cni_sweep(const struct cni_host *host, struct err *e);

#endif
