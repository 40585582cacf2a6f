/* SPDX-License-Identifier: Apache-2.0 */
/* creel-systemd only: what a request asks for, done over systemd's bus. */
#ifndef RUNTIME_SYSTEMD_BUS_H
#define RUNTIME_SYSTEMD_BUS_H

#include "runtime/systemd/request.h"

int bus_serve(const struct request *req, struct err *e);

#endif
