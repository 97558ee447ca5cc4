/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * summaries.h - what recordings without a SUMMARY came to when they were read last
 *
 * A file that list keeps where it is told to, never beside the evidence by itself.  An
 * entry is good for the recording that has the same path, size, time of change and
 * inode.  A file of another kind is refused, a damaged one is begun anew: nothing is in
 * it that cannot be found out again.
 */
#ifndef VFIOSCOPE_RECORDING_SUMMARIES_H
#define VFIOSCOPE_RECORDING_SUMMARIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct summaries;

#define SUMMARIES_ERR_LEN 512

/*
 * @path need not be there yet; what @version did not find out is not known.  0, or -errno
 * with one line without newline in @err.
 */
int summaries_open(struct summaries **s, const char *path, const char *version,
		   char err[SUMMARIES_ERR_LEN]);
void summaries_close(struct summaries *s);
/* Of the recording @path, which is @st: *@data, @len bytes, owned by @s.  False: not known. */
bool summaries_get(const struct summaries *s, const char *path, const struct stat *st,
		   const uint8_t **data, size_t *len);
/* 0 or -ENOMEM. */
int summaries_put(struct summaries *s, const char *path, const struct stat *st, const uint8_t *data,
		  size_t len);
/* Write it, whole or not at all, if anything was put.  As summaries_open(). */
int summaries_save(struct summaries *s, char err[SUMMARIES_ERR_LEN]);

#endif
