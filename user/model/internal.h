/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * internal.h - what the model's own files share; nobody else includes it
 *
 * model.c keeps the registry and walks the events, session.c knows what a
 * migration is, window.c accounts for the time while a device is stopped.
 */
#ifndef VFIOSCOPE_MODEL_INTERNAL_H
#define VFIOSCOPE_MODEL_INTERNAL_H

#include "model/model.h"

/* ---- window.c: where the time went while the device was stopped ---- */

enum window_part {
	PART_ARC,
	PART_IO,
	PART_DIRTY_SYNC,
	PART_OTHER,		/* calls that have no part of their own */
};

#define WINDOW_GAPS	64

/*
 * Calls arrive in order of completion.  Time between two calls counts as
 * outside at once and is taken back when a longer call turns out to have
 * covered it; the gaps that may still be taken back are a stack, the newest
 * on top.
 */
struct window {
	bool active;
	bool hole;		/* something was lost since the last call */
	uint64_t start_ns, cursor_ns;
	uint64_t arcs_ns, io_ns, dirty_sync_ns, outside_ns, other_ns;
	uint64_t gap_ns[GAP_NR + 1];	/* the last: not named yet */
	bool any_io, arc_after_io;
	struct { uint64_t start_ns, end_ns; uint32_t name; } gaps[WINDOW_GAPS];
	uint32_t gap_head, n_gaps;
};

void window_start(struct window *w, uint64_t t_ns);
/* A call of @part from @start_ns to @end_ns. */
void window_add(struct window *w, enum window_part part, uint64_t start_ns,
		uint64_t end_ns);
/* A run of calls that were inside for @inside_ns of their span. */
void window_add_run(struct window *w, enum window_part part, uint64_t start_ns,
		    uint64_t end_ns, uint64_t inside_ns);
/* The window as it would be if it ended with the last call. */
void window_result(const struct window *w, struct session_window *out);

/* ---- path.c: the stop of a whole process ---- */

#define PATH_SPANS	64

/*
 * As a window, but each instant has one owner among all devices: of two calls
 * in flight at once that which returned last, for nobody could go on before.
 * The newest spans are kept, as they may still get another owner.
 */
struct path {
	struct model_stop pub;	/* as it is now */
	uint32_t alive;		/* devices whose window is open */
	uint64_t cursor_ns;
	struct path_span {
		uint64_t start_ns, end_ns;
		uint32_t owner;		/* of pub.devices, or one of PATH_* */
		uint32_t part;		/* enum window_part */
	} spans[PATH_SPANS];
	uint32_t n_spans;
};

struct path *path_create(uint32_t id, uint32_t pid, uint64_t t_ns);
/* @device was stopped as one of this process. */
void path_join(struct path *p, uint32_t device);
/* A call of @device (0: of the process's container). */
void path_add(struct path *p, uint32_t device, enum window_part part, uint64_t start_ns,
	      uint64_t end_ns);
/* The source of @device has given its last byte at @t_ns: up to there it counts. */
void path_eof(struct path *p, uint32_t device, uint32_t migration, uint64_t t_ns,
	      struct model_stop *out);

/* ---- forecast.c ---- */

struct dev;

/* Of a stop of @d that begins at @now_ns; looks at nothing that is not over. */
void forecast_stop(const struct model *m, const struct dev *d, uint64_t now_ns,
		   struct forecast *out);
/* What model_comes_after() said, or NULL. */
const struct model *model_before(const struct model *m);
/* The device of that number, or NULL. */
const struct dev *model_dev(const struct model *m, uint32_t number);

/* ---- migration.c ---- */

struct mig;

struct dev {
	struct model_device pub;
	uint32_t prev_state;	/* before pub.state_since_ns */
	struct mig *mig;	/* under way, or NULL */
	struct mig *last_mig;	/* the last one that ended */
	struct window window;
	struct path *path;	/* while the window is active; the model's */
	/* Arcs since the device was last running. */
	struct session_arc recent[8];
	uint32_t n_recent;
	/* The last MIG_DATA_SIZE since the last migration; MODEL_NONE. */
	uint64_t data_size, data_size_ns;
	/* The best estimate when the device was stopped; MODEL_NONE. */
	uint64_t estimate;
	bool estimate_is_data_size;
	struct forecast forecast;	/* of the stop that is under way */
};

#define MIG_TAILS	8

struct mig {
	struct session pub;
	struct dev *dev;
	struct hist *io;		/* while it is alive */
	bool started_by_arc;
	bool loaded;			/* RESUMING was left for STOP */
	uint64_t unknown_zero_ns;	/* read() gave 0 in an unknown state */
	/* the run of empty reads under way */
	uint64_t run_reads, run_start_ns, run_last_ns;
	uint32_t trend_step, trend_skip;
	/*
	 * Of a destination: the time inside write() since sources came to
	 * their end, any of which may turn out to be its other side.
	 */
	struct { uint32_t source; uint64_t eof_ns, write_ns; } tails[MIG_TAILS];
	uint32_t n_tails;
	uint64_t moved_end_ns;	/* of a read() with data and nothing after it; 0 */
	uint64_t last_io_end_ns;	/* of a read() or write(); MODEL_NONE */
	/* RESUMING -> STOP; start MODEL_NONE: not seen */
	uint64_t load_start_ns, load_ns, arcs_after_load_ns;
};

struct mig *mig_create(struct dev *dev, uint32_t id, uint32_t direction,
		       const struct event *ev);
void mig_destroy(struct mig *g);

/* The device went from @from to @to; @final: that was where the VMM wanted it. */
void mig_moved(struct mig *g, uint32_t from, uint32_t to, uint64_t t_ns, bool final);
/* The device was reset: it runs again, whatever it did. */
void mig_reset(struct mig *g, uint64_t t_ns);
/* The device was closed, or another session began. */
void mig_abandoned(struct mig *g, uint64_t t_ns);
/*
 * A migration that joined late was in @state all along: since then no arc was
 * seen, and none was lost.  Does nothing for any other.
 */
void mig_prove_start(struct mig *g, uint32_t state);
/* A state of the list, begun at @t_ns. */
void mig_push_state(struct mig *g, uint32_t state, uint64_t t_ns);
void mig_push_arc(struct mig *g, const struct session_arc *arc);
/* A call of the device or its stream, @state being that in which it began. */
void mig_call(struct mig *g, const struct event *ev, uint32_t state);
/* The stream of migration @source came to its end: @g may be its other side. */
void mig_source_ended(struct mig *g, uint32_t source, uint64_t eof_ns);
/* What came between @src's last byte and @dst's running. */
void mig_landing(struct mig *src, const struct mig *dst);
/* Bring what is derived up to date. */
void mig_refresh(struct mig *g);

#endif
