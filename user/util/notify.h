/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * notify.h - what a service tells its manager: sd_notify(3)'s protocol
 *
 * Datagrams to $NOTIFY_SOCKET.  Who was started by nobody tells nobody.
 */
#ifndef VFIOSCOPE_UTIL_NOTIFY_H
#define VFIOSCOPE_UTIL_NOTIFY_H

#include <stdint.h>

/*
 * "READY=1", "STATUS=...", "WATCHDOG=1", several with newlines between them.  The socket is
 * opened by the first call and stays.  0, also when nobody is to be told, or -errno.
 */
int notify(const char *state);
/* How often WATCHDOG=1 is wanted at least; 0: never. */
uint64_t notify_watchdog_ns(void);

#endif
