/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a server of this machine speaks plain HTTP, found out in a fraction of the
 * time that a TLS library takes to begin a handshake.  It is greeted as a TLS
 * client greets, and nothing else is sent: a server that answers this in HTTP has
 * no TLS on that port.
 */
#ifndef IMAGETOOL_REGISTRY_PLAIN_HTTP_H
#define IMAGETOOL_REGISTRY_PLAIN_HTTP_H

#include <stdbool.h>

/*
 * `authority` is ADDRESS:PORT or localhost:PORT.  false says nothing: it speaks TLS, or is silent,
 * or not there, or another host.  A signal at `wakefd` (-1: none) ends the wait and stays unread.
 */
bool plain_http_is_spoken(const char *authority, int wakefd);

#endif
