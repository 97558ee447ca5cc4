/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * watchdog.h - says so when a call into the driver does not return
 *
 * A thread looks once in a while at what the migrating thread is in; a call that
 * is out for longer than five seconds is told, once.  It cannot be ended: the
 * process is in the kernel.
 */
#ifndef VFIOSCOPE_EXERCISE_WATCHDOG_H
#define VFIOSCOPE_EXERCISE_WATCHDOG_H

struct watchdog;

/* @tell is called from the watchdog's thread, with a line.  NULL without memory. */
struct watchdog *watchdog_start(void (*tell)(void *ctx, const char *line), void *ctx);
/* A call begins, ended by watchdog_leave(); @w may be NULL. */
void watchdog_enter(struct watchdog *w, const char *device, const char *call);
void watchdog_leave(struct watchdog *w);
void watchdog_stop(struct watchdog *w);

#endif
