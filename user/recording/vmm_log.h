/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmm_log.h - a source with the lines of a VMM's logs between its events, as marks
 *
 * Promises:
 * - every event of the source as it came; between them, as an EV_MARK each, the lines that
 *   have a time of day and lie between its first event and its last;
 * - a time of day is put on the axis by the source's own clock pairs: of several hosts by
 *   those of the one whose clock it is, so that another host's log is off by as much as its
 *   clock of day was;
 * - a line becomes text of harmless characters, cut where a mark ends, "LOG: what it says";
 *   memory does not depend on how long a line or a log is.
 *
 * Times of day: "PID@SECONDS.FRACTION:" (QEMU's trace log until 11.0) and RFC 3339, also with
 * a blank for the T and an offset without a colon (QEMU's trace log since 11.1, what it says
 * with -msg timestamp=on, libvirt's logs).
 */
#ifndef VFIOSCOPE_RECORDING_VMM_LOG_H
#define VFIOSCOPE_RECORDING_VMM_LOG_H

#include "source.h"

#define VMM_LOG_ERR_LEN 512

/*
 * Put the logs @paths between the events of *@src, which is then the result's; closing that
 * closes all.  0, or -errno with one line without newline in @err, and *@src is as it was:
 * a file cannot be read, or none of its first lines has a time of day.
 */
int vmm_log_open(struct event_source **src, const char *const *paths, size_t n,
		 char err[VMM_LOG_ERR_LEN]);

/* Is what @src (one of vmm_log_open()) delivered last a line of a log? */
bool vmm_log_is_line(const struct event_source *src);
/* How many lines of log number @i were marks so far. */
uint64_t vmm_log_marks(const struct event_source *src, size_t i);

#endif
