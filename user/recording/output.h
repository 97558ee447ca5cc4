/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * output.h - every file that the project writes: whole or not at all, and never
 * over evidence
 *
 * What the module promises:
 * - What has the name is complete: the bytes are written without a name in the
 *   same directory (O_TMPFILE; where the file system has none, under a hidden
 *   name of its own) and get the name by one system call, output_publish().
 *   A process that dies leaves the old file, or none.
 * - Nobody else's file is written through: a symbolic link is an error unless it
 *   leads to a FIFO or a device (/dev/stdout does), and no file is written that was
 *   there before.
 * - A recording is replaced by a recording only, when that was asked for
 *   (OUTPUT_REPLACE), and never while somebody still writes it: a recorder holds
 *   a flock(2) on its file, which ends with the process.
 * - FIFOs and devices are written to as they are, where that was asked for; a FIFO
 *   without a reader is an error, not a wait.
 */
#ifndef VFIOSCOPE_RECORDING_OUTPUT_H
#define VFIOSCOPE_RECORDING_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

struct output;

enum output_flags {
	OUTPUT_REPLACE = 1U << 0, /* take the place of what is there */
	OUTPUT_DEVICE = 1U << 1,  /* a FIFO or a device is fine */
	/*
	 * It is a recording: mode 0600 (others' machines are in it; text gets
	 * what the umask allows, or the mode of what it replaces), may replace a
	 * recording, and is locked while it is open.
	 */
	OUTPUT_RECORDING = 1U << 2,
	/* All may read it, whatever the umask: it is made for another user's program. */
	OUTPUT_SHARED = 1U << 3,
};

#define OUTPUT_ERR_LEN 512

/*
 * Begin to write @path ("-": standard output).  0, or -errno with one line in
 * @err, which begins with the path: -EEXIST: it is there and is not to be
 * replaced; -EBUSY: it is a recording that is being written; -EPERM: it is a
 * recording, and this is none; -ELOOP: a symbolic link.
 */
int output_open(struct output **o, const char *path, unsigned int flags, char err[OUTPUT_ERR_LEN]);

/* Can it be begun?  As output_open(), but nothing is made. */
int output_check(const char *path, unsigned int flags, char err[OUTPUT_ERR_LEN]);

/* A descriptor of the caller's own for it, or -errno. */
int output_fd(const struct output *o);
/* A stream for it, the caller's to fclose() before output_publish(); NULL: errno. */
FILE *output_stream(const struct output *o);
/*
 * Flushes @f and, unless it is stdout, closes it.  False: a write to it failed, now or
 * before, and *@err is the errno; 0 then: nobody kept it.
 */
bool output_stream_end(FILE *f, int *err);

/*
 * Give it its name.  What is written from then on is written to a file that all
 * can see: a recorder does it once the first frame is there.  0 or -errno;
 * -EEXIST: somebody else was first.  A second call does nothing.
 */
int output_publish(struct output *o);

/*
 * Has it gone meanwhile?  -ENOENT: its last name was removed, what is written now
 * nobody will find; 0: no, or it has none yet, or never has.
 */
int output_lost(const struct output *o);

/* End; what was not published is gone.  NULL is fine. */
void output_close(struct output *o);

/*
 * Open @path to append lines to it: a regular file that is no recording, made with
 * mode 0600 if there is none.  A descriptor, or -errno with one line in @err.
 */
int output_append(const char *path, char err[OUTPUT_ERR_LEN]);

#endif
