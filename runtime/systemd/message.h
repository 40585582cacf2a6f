/* SPDX-License-Identifier: Apache-2.0 */
/* creel-systemd only: the properties of a request as part of a message. */
#ifndef RUNTIME_SYSTEMD_MESSAGE_H
#define RUNTIME_SYSTEMD_MESSAGE_H

#include <systemd/sd-bus.h>

#include "runtime/systemd/request.h"

/* Append "a(sv)", without the optional ones if !all. */
int message_add_properties(sd_bus_message *m, const struct request *req, bool all, struct err *e);

/* Append the value of one property, without its name. */
int message_add_value_of(sd_bus_message *m, const struct request *req, const char *name,
			 struct err *e);

#endif
