/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /etc/hosts, /etc/hostname and /etc/resolv.conf of a container, as docker makes
 * them: files of the bundle that are mounted over the image's.  They are made
 * when an option asks for them, and with the host's network, whose names they
 * then are; a network of its own that nobody connected needs none.
 */
#ifndef IMAGETOOL_BUNDLE_IDENTITY_H
#define IMAGETOOL_BUNDLE_IDENTITY_H

#include "imagetool/bundle/mount_args.h"
#include "imagetool/bundle/options.h"
#include "libutil/strbuf.h"

#define IDENTITY_HOSTS    "/etc/hosts"
#define IDENTITY_HOSTNAME "/etc/hostname"
#define IDENTITY_RESOLV   "/etc/resolv.conf"
#define IDENTITY_DIR      "files" /* below the bundle */

/* The contents; empty: the file is not made. */
struct identity {
	struct strbuf hosts, hostname, resolv;
};
void identity_done(struct identity *i);
AUTO_DEFINE_DONE(identity, identity_done)

/* What the host has; NULL: no such file. */
struct identity_host {
	const char *hosts, *resolv;
};

/* Pure.  `host_network`: the container has the host's. */
int identity_decide(const struct container_options *o, bool host_network,
		    const struct identity_host *host, struct identity *ret, struct err *e);
/* Reads the host's files first. */
int identity_make(const struct container_options *o, bool host_network, struct identity *ret,
		  struct err *e);
/* The mounts they need; places where a person mounts something are left alone. */
void identity_add_mounts(const struct identity *i, struct mount_args *m);
/* Where the host is in its own network. */
#define IDENTITY_LOOPBACK "127.0.0.1"
/* One line of a hosts file, from the text of --add-host.  "host-gateway" is `gateway`, an error
 * where that is NULL. */
int identity_add_host(const char *text, const char *gateway, struct strbuf *out, struct err *e);
/* BUNDLE/files/... */
int identity_write(const struct identity *i, int bundlefd, struct err *e);

#endif
