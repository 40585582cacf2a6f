/* SPDX-License-Identifier: Apache-2.0 */
/* EXPOSE's words: "80", "53/udp", "8000-8010/tcp". */
#ifndef IMAGETOOL_COMMIT_PORTS_H
#define IMAGETOOL_COMMIT_PORTS_H

#include <stdint.h>

#include "libutil/alloc.h"
#include "libutil/err.h"
#include "oci-spec/field.h"

#define PORT_MAX       65535
#define PORT_PROTOCOLS 3

/* However often a range is named, a port is in it once.  Zero it. */
struct ports {
	bool has[PORT_PROTOCOLS][PORT_MAX + 1];
};

int ports_add(struct ports *p, const char *word, struct err *e);
/* Adds every port to the set, as "80/tcp". */
void ports_list(const struct ports *p, struct arena *a, struct oci_strings *set);
/* One word's: the protocol is one of "tcp", "udp", "sctp". */
int ports_parse(const char *word, uint32_t *first, uint32_t *last, const char **protocol,
		struct err *e);

#endif
