/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * recording.h - a trace in a file or in a pipe: the writer and the reader
 *
 * What the module promises:
 * - The same bytes are a file and a live stream: append-only frames, each
 *   written to a file by one write().  Whatever stops the
 *   writer (SIGKILL, a full disk, a closed pipe), everything up to the last
 *   complete frame stays readable; nothing needs to be repaired.
 * - What is read back equals what was put, event by event and field by field,
 *   except @seq, which both sides number from 1 themselves, and bytes behind
 *   the NUL of a char array.
 * - The reader never crashes, loops or allocates without bound on any input.
 *   Every byte that it could not use is counted, every hole in the events is an
 *   EV_LOSS (LOSS_DAMAGE) at its place, and no event is ever made up: what the
 *   checksums do not cover is not delivered.
 * - Old recordings stay readable for ever (tests/data/recordings); a newer one
 *   that this reader would misread is refused with a sentence.
 * - Flat memory on both sides, however long the recording is.
 *
 * The format is docs/vfioscope-recording.5.
 */
#ifndef VFIOSCOPE_RECORDING_RECORDING_H
#define VFIOSCOPE_RECORDING_RECORDING_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h"
#include "source.h"

#define RECORDING_SUFFIX ".vfs"

enum recording_frame_type {
	RECORDING_META = 1, /* key/value strings about the trace */
	RECORDING_EVENTS = 2,
	RECORDING_LOSS = 3,	/* reserved: losses are events (EV_LOSS) */
	RECORDING_CLOCK = 4,	/* reserved: clock pairs are events (EV_CLOCK) */
	RECORDING_SNAPSHOT = 5, /* the definitions in force, again, as events */
	RECORDING_MARK = 6,	/* reserved: marks are events (EV_MARK) */
	RECORDING_INDEX = 7,	/* where the frames are; before END */
	RECORDING_END = 8,	/* the recorder ended of its own will */
	RECORDING_SUMMARY = 9,	/* what it comes to; between INDEX and END */
	RECORDING_FRAME_TYPE_NR,
};

/* "META", "EVENTS", ...; NULL for an unknown type. */
const char *recording_frame_type_name(unsigned int type);

/* ------------------------------------------------------------- writing --- */

struct recording_writer;

/* How long a reader that has stalled can hold up a writer that was asked to end. */
#define RECORDING_STALL_NS 1000000000ULL

/* A field that is 0 (or NULL) takes its default. */
struct recording_writer_opts {
	/*
	 * How long an event may stay in memory, and how long one that changes a
	 * state may (set_state, arc, stream_open, stream_release, reset, loss,
	 * mark, definitions, ...): nanoseconds; UINT64_MAX: until the frame is
	 * full.  Defaults 500 ms and 100 ms.
	 */
	uint64_t flush_ns;
	uint64_t urgent_ns;
	/* A SNAPSHOT after so long or so many frames.  10 s, 256. */
	uint64_t snapshot_ns;
	uint32_t snapshot_frames;
	/* Events in a frame at most: 1..8192.  8192. */
	uint32_t frame_events;
	/* zstd level 1..19; -1: no compression.  3. */
	int level;
	/*
	 * When not NULL and set (by a signal handler): the reader of a pipe has
	 * RECORDING_STALL_NS in all for what is still to come; then a write
	 * fails with -EINTR.  Without it the writer waits for ever.
	 */
	const volatile sig_atomic_t *cancel;
};

struct recording_writer_stats {
	uint64_t events;   /* put so far (buffered ones included) */
	uint64_t bytes;	   /* written so far */
	uint64_t frames;   /* written so far, of any type */
	uint64_t lost;	   /* sum of loss.count of the events put */
	uint32_t buffered; /* events not yet written */
};

/*
 * Begin a recording on @fd: a regular file (empty, at offset 0), a pipe, a
 * socket or a character device; blocking or not.  The file header is written
 * at once.  @opts may be NULL.
 *
 * On success the writer owns @fd and recording_writer_close() closes it; on
 * failure the caller still does, and *@w is NULL.  For a pipe the caller
 * ignores SIGPIPE (and SIGXFSZ for a file under a size limit), or dies of it.
 *
 * 0 or -errno: -ENOMEM, -EINVAL (options), or as write(2): -EPIPE, -ENOSPC...;
 * -ESTALE: the file is not as long as what was written to it.
 *
 * Errors of all functions below are sticky: after a failed write the writer
 * takes nothing more and every later call returns the same error.  A frame that
 * did not fit is cut off a regular file again, so that what is there is whole.
 */
int recording_writer_open(struct recording_writer **w, int fd,
			  const struct recording_writer_opts *opts);

/*
 * Write all entries of @m as a META frame, after the events put so far.  May be
 * called again with further entries: a reader appends them.  -E2BIG when a key
 * or value exceeds 64 KiB; nothing is written then, and that is not sticky.
 */
int recording_writer_meta(struct recording_writer *w, const struct meta *m);

/*
 * Take one event (copied).  @ev->seq is ignored: the n-th put is number n.
 * Writes when the frame is full or, going by the times in the events, due.
 * -EINVAL (not sticky) for a kind that event.h does not name.
 */
int recording_writer_put(struct recording_writer *w, const struct event *ev);

/*
 * Write what is due at @now_ns, CLOCK_MONOTONIC.  To be called at least every
 * 50 ms while nothing is put.
 */
int recording_writer_tick(struct recording_writer *w, uint64_t now_ns);

/* Write everything that is buffered, now. */
int recording_writer_flush(struct recording_writer *w);

/*
 * What whoever looks for nothing but the end shall find there (docs: SUMMARY), written
 * by recording_writer_end(); @data is copied, and the last call counts.  More than
 * RECORDING_SUMMARY_MAX bytes are left out, which a reader takes as it takes a recording
 * without.  0 or -ENOMEM (not sticky).
 */
#define RECORDING_SUMMARY_MAX (1U << 20)
int recording_writer_summary(struct recording_writer *w, const void *data, size_t len);

/*
 * Write what is buffered, the INDEX, the SUMMARY if there is one, and the END: the
 * recording is complete.  Nothing can be put after it (-ESHUTDOWN).
 */
int recording_writer_end(struct recording_writer *w);

/*
 * Close the descriptor and free the writer (NULL is fine).  Without
 * recording_writer_end() before, buffered events are written but no END: to a
 * reader the recording "did not end cleanly".  The first error met, or 0.
 */
int recording_writer_close(struct recording_writer *w);

/* The writer as a sink; lives and dies with the writer. */
struct event_sink *recording_writer_sink(struct recording_writer *w);

void recording_writer_stats(const struct recording_writer *w, struct recording_writer_stats *out);

/* ------------------------------------------------------------- reading --- */

/*
 * Open the recording @path, "-" for standard input, as an event source.
 *
 * On failure a negative errno and in @err one line, without newline, that
 * begins with the path and can be shown as it is:
 *   -ENOENT, -EACCES, -EISDIR, ...: as open(2)
 *   -ENODATA	nothing in it: empty, only a file header, cut in the first frame
 *   -EINVAL	not a recording
 *   -ENOTSUP	needs a newer vfioscope
 *   -ENOMEM, -EIO, ...
 * Commands map all of them to exit code 5.
 *
 * A pipe: waits for the file header only.
 *
 * The source's promises beyond source.h:
 * - next() on a regular file never waits; on a pipe it waits up to the timeout
 *   for the next complete frame, and -ENODATA means END or the end of the pipe:
 *   health().ended says which.  A signal ends the wait early, with 0.
 * - A magic of which a part is bad is damage like any other, if what follows it is
 *   a recording.
 * - Damage: an EV_LOSS with cause LOSS_DAMAGE stands where events are missing,
 *   from the end of the last good one to a moment by which every missing one
 *   had ended (at the latest the end of the next good one); count is exact, or 0 when nobody can tell (nothing readable follows).  Damage
 *   that took no events (a META, an INDEX) gives no EV_LOSS, only health().
 * - Behind the END there must be nothing: else next() fails with -EOVERFLOW in
 *   place of -ENODATA, and error() says how many bytes there are and where.  A pipe
 *   that stays open is looked at for a fifth of a second.
 * - A file that simply stops gives no EV_LOSS: health().ended is false, and
 *   bytes_skipped counts the incomplete frame.
 * - After damage, definitions (EV_DEVICE, EV_TASK, EV_STREAM_OPEN of a living
 *   stream, EV_CLOCK) that were in the hole are delivered from the next
 *   SNAPSHOT: late, and with their own, older times.
 * - Events of unknown kinds, unknown columns and unknown frames are skipped.
 * - health().last_ns is the latest end of any event delivered.
 */
int recording_open(struct event_source **src, const char *path, char *err, size_t err_len);

/*
 * As recording_open() on an open descriptor; @name stands for the path in
 * messages.  The source owns @fd on success, the caller on failure.
 */
int recording_open_fd(struct event_source **src, int fd, const char *name, char *err,
		      size_t err_len);

/* ------------------------------------------------------------- looking --- */

/*
 * The SUMMARY of the recording @path, read from its end without a look at the rest:
 * *@data, @len bytes, to be freed.  0; -ENOENT: it has none that is whole (the recorder
 * was killed, is older, or still runs; or it is no regular file, or no recording); or
 * as open(2), or -ENOMEM.
 */
int recording_summary(const char *path, uint8_t **data, size_t *len);

/* One frame as it lies in the file. */
struct recording_frame {
	uint64_t offset;     /* of its head, from the start of the file */
	uint64_t length;     /* head and payload, bytes in the file */
	uint64_t raw_length; /* payload, uncompressed */
	uint64_t first_seq;  /* number of its first (or the next) event */
	/*
	 * CLOCK_MONOTONIC of its first and last completion; in a frame without
	 * events, both are those of the last event before it.
	 */
	uint64_t first_ns, last_ns;
	uint32_t type;	/* enum recording_frame_type, or newer */
	uint32_t count; /* events in it */
	/*
	 * Unreadable.  @type is 0 when not even the head was readable; @length
	 * then is all that was skipped up to the next good head.
	 */
	bool damaged;
};

struct recording_type_stat {
	uint64_t frames, bytes, raw_bytes, events;
};

struct recording_stat {
	uint16_t major, minor;		   /* of the format; 0.0: unreadable header */
	uint64_t compatible, incompatible; /* feature bits */
	uint64_t bytes;			   /* up to the last byte looked at */
	uint64_t trailing_bytes;	   /* behind END, 0 in a sound file */
	uint64_t frames;		   /* good ones */
	struct recording_type_stat type[RECORDING_FRAME_TYPE_NR]; /* [0]: unknown */
	/* Of the events delivered, the reader's own EV_LOSS included. */
	uint64_t events;
	uint64_t kind[EV_KIND_NR];
	uint64_t calls;		    /* event_calls() summed: before folding */
	uint64_t unknown_events;    /* of kinds that this reader does not know */
	uint64_t lost;		    /* sum of loss.count */
	uint64_t first_ns, last_ns; /* of the events; duration = last - first */
	bool has_index;
	struct source_health health;
};

/*
 * Read all of @path and fill @out; with @fn not NULL also call it for every
 * frame and every damaged stretch in file order; a non-zero return stops and is
 * returned.  Errors and @err as recording_open(); damage is no error.
 */
int recording_stat(const char *path, struct recording_stat *out,
		   int (*fn)(const struct recording_frame *frame, void *arg), void *arg, char *err,
		   size_t err_len);

#endif
