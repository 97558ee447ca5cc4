/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * shelf.h - a directory of recordings of one migration each: names, limits, safety
 *
 * "20261130T010203Z-web-1-failed.vfs": when it began (UTC), which VM (or process and its
 * number), and how it came out; "-recording" while it is being written, "-interrupted" when
 * its recorder was killed, "-OUTCOME-cut" when not all of it could be written.  Promises:
 * - what is kept is on the disk, the name too, before it is told; that waits in a thread,
 *   so that no event is lost meanwhile;
 * - nothing is removed but what has such a name and is being written by nobody, and never
 *   the newest;
 * - a clock that is set makes nothing old: ages are counted by CLOCK_BOOTTIME from when
 *   the shelf was opened, or looked at anew by shelf_reload();
 * - a directory that has gone is made again for the next recording.
 */
#ifndef VFIOSCOPE_CMD_SHELF_H
#define VFIOSCOPE_CMD_SHELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct shelf_limits { /* 0: none */
	uint64_t last;
	uint64_t bytes;
	uint64_t age_ns;
};

struct shelf;

/*
 * @dir is made if it is not there.  What an earlier recorder left behind is told.  0, or the
 * exit code with the error told.  @dir is the caller's and outlives it.
 */
int shelf_open(struct shelf **s, const char *dir, const struct shelf_limits *limits);

/*
 * A name for what begins at @real_ns (CLOCK_REALTIME) with @who, whose bytes are nobody's
 * to trust: free when it was looked for.  0, or -errno: the directory cannot be made.
 */
int shelf_name(struct shelf *s, uint64_t real_ns, const char *who, char *path, size_t size);

/*
 * What has the name @path is over: it is made safe and named @word, or, if it is not to be
 * @keep, removed.  @fd, of the file itself, is closed.  @text, "web-1: failed", is what is
 * told of it then, with @why behind it.
 */
void shelf_put(struct shelf *s, int fd, const char *path, const char *word, bool keep,
	       const char *text, const char *why);

/*
 * Look at the clock anew, and hold the directory against the limits: once this process has
 * given away what it does not need, and whenever that is asked for.  0, or -errno: nothing
 * can be made there.
 */
int shelf_reload(struct shelf *s);

/* What became of what was put, in order: to be told, to be freed with shelf_news_free(). */
struct shelf_news {
	struct shelf_news *next;	     /* the shelf's */
	int err;			     /* -errno: it could not be kept as it should be */
	unsigned int kept, dropped, trimmed; /* recordings, of them by the limits */
	uint64_t bytes;			     /* of what was kept */
	char text[1400];		     /* harmless to a terminal through cmd_note() */
};
/* The next one; NULL: there is none now. */
struct shelf_news *shelf_news(struct shelf *s);
void shelf_news_free(struct shelf_news *n);

/* Wait until all is on the disk; then there are all news. */
void shelf_wait(struct shelf *s);
void shelf_close(struct shelf *s);

#endif
