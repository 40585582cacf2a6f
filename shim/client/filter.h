/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which containers are listed: KEY=VALUE as docker's --filter.  Of the same key
 * one must fit, of different keys all.
 *
 *     id=TEXT        the id has TEXT in it
 *     status=STATUS  creating, running, restarting, exited, lost
 *     exited=CODE    it has ended with this status
 */
#ifndef SHIM_CLIENT_FILTER_H
#define SHIM_CLIENT_FILTER_H

#include "libutil/strv.h"
#include "shim/record/entry.h"

/* -EINVAL names what is wrong. */
int filter_check(const struct strv *filters, struct err *e);
/* Of filters that were checked. */
bool filter_fits(const struct strv *filters, const struct entry *en);

#endif
