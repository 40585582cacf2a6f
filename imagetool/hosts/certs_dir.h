/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates for one host, as docker and the containers tools lay them out. */
#ifndef IMAGETOOL_HOSTS_CERTS_DIR_H
#define IMAGETOOL_HOSTS_CERTS_DIR_H

#include "imagetool/hosts/endpoint.h"

#define CERT_FILE_MAX ((size_t)1 << 20)

/*
 * Files DIR/NAME.crt are trusted, and the first DIR/NAME.cert with DIR/NAME.key is shown; a
 * certificate without its key, or the other way, is an error.  1: the directory is there; 0: it is
 * not.
 */
int certs_from_dir(struct endpoint *p, const char *dir, struct err *e);

/*
 * The first that exists of these, each with the host's name below it: the user's containers/certs.d
 * and docker/certs.d, /etc/containers/certs.d, /etc/docker/certs.d.
 */
int certs_find(struct endpoint *p, struct err *e);

/* One more file of certificates to trust. */
int certs_add_ca(struct endpoint *p, const char *file, struct err *e);

#endif
