/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * recordings.h - many recordings, each by what it comes to
 *
 * Files and directories (their *.vfs, at any depth, by name) of a command line.  A
 * recording with a SUMMARY is read at its end alone, one without is analysed, one at a
 * time; what cannot be read is told and keeps no other from being read.  Nothing is
 * written beside or into them.
 */
#ifndef VFIOSCOPE_CMD_RECORDINGS_H
#define VFIOSCOPE_CMD_RECORDINGS_H

#include "cmd/cmd.h"
#include "view/list.h"

struct recordings {
	struct list_file *file;
	size_t n, cap;
};

/*
 * @cache (NULL: none): a file of what those without a summary came to the last time, read
 * and written (recording/summaries.h).  0, or the exit code with the error told: no memory,
 * "-" given twice, the cache.  Those that cannot be read have their error, which is told on
 * stderr unless @quiet.  recordings_free() is due in both cases.
 */
int recordings_read(struct recordings *r, char *const *paths, size_t n, const char *cache,
		    bool quiet);
void recordings_free(struct recordings *r);

#endif
