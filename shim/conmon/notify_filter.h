/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a container's sd_notify message may reach the host's service manager:
 * its state, never what a service could gain by it (MAINPID, FDSTORE, ...).  Pure.
 */
#ifndef SHIM_CONMON_NOTIFY_FILTER_H
#define SHIM_CONMON_NOTIFY_FILTER_H

#include <stddef.h>

/* Keep the lines that may pass, a newline between them, at the start of `text`.  Returns their
 * length. */
size_t notify_filter(char *text, size_t len);

#endif
