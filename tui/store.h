/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * store.h - every event of a trace, and what it adds up to at any moment
 *
 * The scope's memory.  Promises:
 * - the n-th event comes back as it was appended, for any n, in microseconds
 *   (definitions included; fields that no table of event.h names are zero);
 * - store_model_at(n) is the model fed with exactly the first n events: what a
 *   pane shows at a cursor is what a report of these events says;
 * - about 20 bytes per event; what is kept for seeking is bounded;
 * - columns of a plot take minimum and maximum of all events in them: nothing is
 *   averaged away, at whatever zoom; their cost goes by what is stored per
 *   chunk, not by the number of events;
 * - no clock, no file, no terminal: the same events give the same answers.
 *
 * Positions count events: position n is after the first n events.  The time of
 * an event is its end (event_end_ns()); clocks and definitions have none, they
 * belong to what is before them.  Times of positions never fall: the
 * time of position n is the latest end of the first n events.
 */
#ifndef VFIOSCOPE_TUI_STORE_H
#define VFIOSCOPE_TUI_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "event.h"
#include "model/model.h"

struct store;

/* NULL: out of memory. */
struct store *store_create(void);
void store_destroy(struct store *s);

/*
 * Take the next event; *@ctx (may be NULL) is what model_feed() said of it.  0 or
 * -ENOMEM: the event is then not in it, or a plot may miss it.
 */
int store_append(struct store *s, const struct event *ev, struct event_context *ctx);

uint64_t store_count(const struct store *s);
/* Event number @n, 0 .. count-1, with seq = @n + 1.  False: there is none. */
bool store_get(struct store *s, uint64_t n, struct event *ev);
/* Without a copy, valid until the store is asked for anything else; NULL: there is none. */
const struct event *store_peek(struct store *s, uint64_t n);

/* The model of all events; of the first @n.  Owned by the store; the latter is
 * valid until the next call.  NULL: out of memory. */
struct model *store_model(struct store *s);
struct model *store_model_at(struct store *s, uint64_t n);

/* The time of position @n (0: the first event's start); 0 in an empty store. */
uint64_t store_time(struct store *s, uint64_t n);
uint64_t store_first_ns(const struct store *s);
uint64_t store_last_ns(const struct store *s);
/* The largest position whose time is not after @t_ns. */
uint64_t store_position(struct store *s, uint64_t t_ns);

/* Where something changed; lists in order, for stepping. */
enum store_moment {
	MOMENT_ARC,	  /* an arc, or a SET_STATE that failed */
	MOMENT_MIGRATION, /* a side of a migration began or ended */
	MOMENT_LISTS,
};
/*
 * The position right after the nearest moment behind (@dir < 0) or beyond
 * (@dir > 0) position @n; UINT64_MAX: there is none.  @device 0: of any.
 */
uint64_t store_moment(const struct store *s, enum store_moment list, uint64_t n, int dir,
		      uint32_t device);

/*
 * The device's state at a time, from the same model; MIG_UNKNOWN before, and
 * STORE_CLOSED where it is unknown because the device was closed.
 */
#define STORE_CLOSED 254U
uint32_t store_state(const struct store *s, uint32_t device, uint64_t t_ns);

/* How long it was in that state: [@from, @to], as far as the trace goes.  False: not known. */
bool store_state_span(const struct store *s, uint32_t device, uint64_t t_ns, uint64_t *from,
		      uint64_t *to);

/* Kinds of calls of the latency map. */
enum store_kind {
	SK_READ,
	SK_WRITE,
	SK_ARC,
	SK_SET_STATE,
	SK_INFO,
	SK_DATA_SIZE,
	SK_DMA_LOG,
	SK_RESET,
	SK_NR
};
/* "read", ...; "unknown", never NULL. */
const char *store_kind_name(enum store_kind k);
/* Of an enum event_kind; -1: the map has none for it. */
int store_kind_of(uint32_t kind);

/* Rows of the latency map: half decades from below 1 us to 10 s and more. */
#define STORE_LATENCY_ROWS 16
/* The lower bound of a row, in ns; row 0: 0. */
uint64_t store_latency_floor(unsigned int row);

#define COLUMN_ENOMSG (1U << 0) /* a read gave -ENOMSG (or 0 in PRE_COPY*) */
#define COLUMN_REINIT (1U << 1) /* an info said REINIT (after the opt-in) */
#define COLUMN_SWITCH (1U << 2) /* the device was stopped for good: an arc to STOP_COPY */
#define COLUMN_ERROR  (1U << 3) /* a call failed */
#define COLUMN_LOSS   (1U << 4) /* events were lost */
#define COLUMN_MARK   (1U << 5) /* somebody marked the moment */

struct store_column {
	bool any;	/* an event of the device ended in it */
	bool own;	/* and it was the device's own, no loss or mark */
	bool has_left;	/* bytes left are known in it (or before it) */
	bool left_last; /* and still are at its end */
	/*
	 * Together what is left as left_bytes() has it, 0 once the stream gave its end:
	 * initial bytes first, as the uAPI has them read, then the rest.
	 */
	uint64_t initial_min, initial_max, rest_min, rest_max;
	uint64_t initial_last, rest_last;
	uint64_t bytes; /* moved by reads and writes */
	uint64_t calls; /* reads and writes, folded ones one by one */
	uint64_t enomsg;
	uint64_t io_max_ns; /* the slowest read or write that moved data */
	uint32_t flags;	    /* COLUMN_* */
	uint32_t heat[SK_NR][STORE_LATENCY_ROWS];
};

/*
 * What happened to @device in @n equal parts of [@from_ns, @to_ns), into
 * @out[0 .. n-1].  A column without an info takes over what was left before it.
 */
void store_columns(struct store *s, uint32_t device, uint64_t from_ns, uint64_t to_ns,
		   unsigned int n, struct store_column *out);

/*
 * Can any event of the chunk around event @n be of a kind in @kinds (bit set)
 * and, if @errors, have failed, and have taken longer than @longer_ns?  *@first and
 * *@last are the chunk's events.
 * For a search that skips.
 */
bool store_chunk_may_have(const struct store *s, uint64_t n, uint64_t kinds, bool errors,
			  uint64_t longer_ns, uint64_t *first, uint64_t *last);

#endif
