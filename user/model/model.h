/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * model.h - what the events add up to: devices, streams, migrations
 *
 * Pure and incremental: feed events in order, look at any moment.  The same
 * events give the same model on any machine; no clock, no file, no printing.
 * Promises:
 * - a device's state is MIG_UNKNOWN until something proves it: an arc that
 *   completed, a SET_STATE or GET_STATE that succeeded, a reset, the first
 *   open.  A loss that can have touched it makes it unknown again;
 * - counts of calls and bytes are exact, folded runs included, and say when a
 *   loss makes them lower bounds (migration.lost);
 * - the parts of a stop window add up exactly to the window;
 * - memory is bounded by what is alive plus a bounded summary per finished
 *   migration, never by the length of the trace: no event is kept;
 * - strings are the traced system's, untrusted: views make them harmless.
 *
 * Everything returned is owned by the model and valid until model_destroy();
 * contents of a migration change while it is fed.
 */
#ifndef VFIOSCOPE_MODEL_H
#define VFIOSCOPE_MODEL_H

#include "event.h"
#include "util/hist.h"

/* "Not seen": bytes and times for which 0 would be a claim. */
#define MODEL_NONE	UINT64_MAX

struct model;

struct model_device {
	uint32_t number;
	bool defined;			/* an EV_DEVICE was seen */
	char name[EVENT_NAME_LEN];	/* "" when undefined */
	char driver[EVENT_NAME_LEN];
	char bus[16];
	uint64_t migration_flags;	/* MIG_FLAG_* */
	bool has_flags;			/* by definition or by a GET */
	bool precopy_info_v2;
	uint32_t state;			/* enum mig_state */
	uint64_t state_since_ns;	/* when it was entered or proven */
	uint32_t session;		/* number of the one under way, or 0 */
	uint32_t sessions;		/* how many it had */
	uint32_t open_count;		/* opens seen minus closes seen */
	uint32_t host;			/* that it is on (event.h); 0: the only one */
	uint32_t pid;			/* process of its last event */
	/* SET_STATEs that failed while no migration was under way. */
	uint64_t failures;
	struct {
		uint64_t t_ns;		/* of the last of them */
		int64_t ret, target;
	} failure;
};

struct model_stream {
	uint32_t number;
	bool defined;			/* an EV_STREAM_OPEN was seen */
	bool adopted;
	bool open;			/* not released yet */
	uint32_t device;
	uint32_t session;
	uint32_t direction;		/* enum event_direction */
	uint32_t ops, hooked;		/* STREAM_OP_* */
	char name[EVENT_NAME_LEN];
};

enum outcome {
	OUTCOME_UNFINISHED = 0,		/* not over, or the evidence ended first */
	OUTCOME_COMPLETED = 1,
	OUTCOME_CANCELLED = 2,
	OUTCOME_FAILED = 3,
};

/* Lists of a migration hold at most this many; the rest is folded. */
#define SESSION_STATES_MAX	24
#define SESSION_ARCS_MAX	32
#define SESSION_TREND_MAX	48

struct session_state {
	uint32_t state;
	uint64_t enter_ns;
	uint64_t dwell_ns;		/* up to now, for the current state */
	uint64_t bytes;			/* moved by calls begun in this state */
	uint64_t reads, writes;
	uint64_t enomsg, zero_reads;	/* read() gave -ENOMSG, or 0 */
	uint64_t infos;
};

struct session_arc {
	uint32_t from, to;
	uint64_t start_ns, dur_ns;
};

struct session_sample {		/* one precopy info */
	uint64_t t_ns, initial_bytes, dirty_bytes;
	uint64_t moved;			/* bytes of the session so far */
};

/* A stretch of empty reads of one stream with nothing moved in between. */
struct session_runs {
	uint64_t runs;			/* of two reads or more */
	uint64_t longest;		/* reads in the longest */
	uint64_t longest_start_ns, longest_span_ns;
	uint64_t span_ns;		/* of all runs together */
};

/*
 * What nothing of the device was in flight for, named by what ended it.  That
 * is time of the VMM (RAM, other devices, vCPUs) and of the network.
 */
enum window_gap {
	GAP_ARCS,		/* before and between the arcs */
	GAP_FIRST_IO,		/* from the last arc to the first read() or write() */
	GAP_IO,			/* between reads, between writes */
	GAP_LOAD,		/* from the last one to the next arc */
	GAP_START,		/* between the arcs after that */
	GAP_NR,
};

struct session_window {
	uint64_t start_ns;		/* MODEL_NONE: the device was not stopped */
	uint64_t end_ns;
	uint64_t total_ns;		/* end - start = sum of the five below */
	uint64_t arcs_ns;		/* the driver changed state */
	uint64_t io_ns;			/* inside read() and write() */
	uint64_t dirty_sync_ns;		/* inside dirty-log reports and stops */
	uint64_t outside_ns;		/* no call on this device in flight: */
	uint64_t gap_ns[GAP_NR];	/* the same by name */
	uint64_t unattributed_ns;	/* other calls, holes in the evidence */
};

enum forecast_trend {
	TREND_UNKNOWN = 0,	/* under two infos with a read between them */
	TREND_CONVERGING = 1,	/* it gets less, or each wave of dirty data is read out */
	TREND_NOT_CONVERGING = 2,
	TREND_DONE = 3,		/* nothing is left: it only waits */
};

enum forecast_basis {
	FORECAST_NONE = 0,
	FORECAST_DEVICE = 1,	/* earlier stop windows of this device */
	FORECAST_DRIVER = 2,	/* of all devices with its driver */
	FORECAST_SESSION = 3,	/* this session's own rate and arcs */
};

/*
 * Ways to guess a stop window.  Each guesses every time, and that which has
 * been right so far is believed.
 */
enum forecast_way {
	WAY_PACE,		/* what is left, at this session's pace in pre-copy */
	WAY_SIZE,		/* what is left, at the pace of earlier stops */
	WAY_SAME,		/* as long as earlier ones, whatever is left */
	FORECAST_WAYS,
};

struct forecast {
	enum forecast_trend trend;
	uint64_t read_bps, dirty_bps;	/* MODEL_NONE: not known */
	uint64_t left_bytes;		/* to be moved in STOP_COPY; MODEL_NONE */
	bool left_is_data_size;		/* else initial + dirty */
	uint64_t left_age_ns;		/* how old that estimate is */
	enum forecast_basis basis;
	uint32_t samples;		/* earlier windows that it rests on */
	uint64_t low_ns, mid_ns, high_ns;	/* the stop window; MODEL_NONE */
	/*
	 * What mid_ns is made of: arcs, the drain of what is left, and what no
	 * call of this device explains; MODEL_NONE: not known, and not in mid_ns.
	 */
	uint64_t arcs_ns, drain_ns, other_ns;
	/* What destinations took after that in earlier migrations. */
	uint64_t load_ns;
	uint64_t guess_ns[FORECAST_WAYS];	/* each way's own; MODEL_NONE */
	enum forecast_way way;		/* that was believed */
};

/*
 * The downtime after the source's last byte, which is the destination's part;
 * the source's window and these add up to the downtime.
 */
struct session_landing {
	bool known;			/* both sides and the last arcs were seen */
	uint64_t transfer_ns;		/* until the last write() returned, but for: */
	uint64_t write_ns;		/* inside write() */
	uint64_t before_load_ns;	/* from the last write() to the arc out of RESUMING */
	uint64_t load_ns;		/* that arc: the driver takes the state in */
	uint64_t arcs_ns;		/* the arcs after it */
	uint64_t start_ns;		/* between those, until the device runs */
};

struct session {
	uint32_t id;			/* from 1, in order of begin */
	uint32_t peer;			/* the other side's id, or 0 */
	uint32_t device, stream;
	uint32_t direction;		/* enum event_direction */
	uint32_t outcome;		/* enum outcome */
	uint32_t pid;
	char comm[EVENT_COMM_LEN];
	char vm[EVENT_NAME_LEN];

	bool ended;			/* no more events belong to it */
	bool joined_late;		/* its begin is not in the evidence */
	bool session_over;		/* its session ended, the outcome may be open */
	bool eof;			/* read() gave 0 in STOP_COPY, nothing since */
	uint64_t eof_ns;		/* end of that read; MODEL_NONE */
	uint64_t start_ns;		/* of the arc that handed out the data FD */
	uint64_t end_ns;		/* of the call that ended it; else of its last */

	struct session_state states[SESSION_STATES_MAX];
	uint32_t n_states;
	uint64_t states_folded;		/* left out before the last one */
	struct session_arc arcs[SESSION_ARCS_MAX];
	uint32_t n_arcs;
	uint64_t arcs_folded;		/* left out before the last one */

	uint64_t bytes_precopy, bytes_stop_copy;	/* source */
	uint64_t bytes_unplaced;	/* moved while the state was unknown or odd */
	uint64_t bytes_total;
	uint64_t reads, writes;
	uint64_t enomsg;		/* reads that gave -ENOMSG */
	uint64_t empty_reads;		/* reads that gave 0 or -ENOMSG */
	uint64_t zero_reads_precopy;	/* read() gave 0 in PRE_COPY* */
	uint64_t enomsg_stop_copy;	/* read() gave -ENOMSG in STOP_COPY */
	uint64_t io_errors;		/* any other failed read or write */
	uint64_t polls, precopy_infos, data_sizes;
	uint64_t dma_log_reports;
	uint64_t max_io_size;		/* largest buffer asked with */
	/* Pre-copy: reads that followed one another, and what they moved. */
	uint64_t pace_ns, pace_bytes;
	uint64_t first_read_ns;		/* duration of the first read of STOP_COPY;
					   MODEL_NONE */
	struct session_runs runs;

	/* The byte trend; MODEL_NONE before the first info. */
	uint64_t initial_first, initial_last;
	uint64_t dirty_first, dirty_last, dirty_max, dirty_max_ns;
	uint64_t dirty_rises, dirty_falls;
	uint64_t info_ns, info_moved;	/* the last info: when, bytes moved until then */
	uint64_t initial_zero_ns;	/* when initial_bytes was first seen 0 */
	struct session_sample trend[SESSION_TREND_MAX];
	uint32_t n_trend;		/* evenly thinned out */

	uint64_t data_size_last, data_size_last_ns;	/* MODEL_NONE */
	uint64_t estimate;		/* at the switchover; MODEL_NONE */
	bool estimate_is_data_size;	/* else the last initial + dirty */

	struct session_window window;
	struct forecast forecast;	/* of it, as it was made just before */
	uint64_t lead_ns;		/* from the last read() in pre-copy to the window;
					   MODEL_NONE */
	uint64_t downtime_ns;		/* both sides; MODEL_NONE */
	struct session_landing landing;	/* of a source with a downtime */
	uint32_t stop;			/* number of the model_stop it is part of, or 0 */

	/* Calls that moved bytes: reads of a source, writes of a destination. */
	uint64_t io_p50_ns, io_p99_ns, io_max_ns, io_measured;

	/* The first call that failed (empty and interrupted reads are none). */
	uint64_t failures;
	struct {
		uint64_t t_ns;
		uint32_t kind;		/* EV_NONE: no call failed */
		int64_t ret;
		int64_t target;		/* of a SET_STATE, or EVENT_TARGET_NONE */
	} failure;

	uint64_t resets;		/* of the device, during the session */
	uint64_t lost;			/* events lost that may have been its own */
	uint64_t holes;			/* in so many places */
};

/*
 * The stop of a process: from the first arc out of a running state of any of
 * its devices to the last byte of the last one.  The critical path: what every
 * instant was spent on, an instant of two calls on that which returned last.
 */
#define MODEL_STOP_DEVICES	16

struct model_stop {
	uint32_t id;			/* from 1 */
	uint32_t pid;
	uint64_t start_ns, end_ns;	/* of the last end of a stream so far */
	struct model_stop_device {
		uint32_t device, session;
		uint64_t eof_ns;	/* MODEL_NONE: its stream did not end */
		uint64_t arcs_ns, io_ns, other_ns;
	} devices[MODEL_STOP_DEVICES];
	uint32_t n_devices;
	uint32_t n_eof;			/* that gave their last byte */
	uint32_t last;			/* index of the one that gave it last */
	uint64_t dirty_sync_ns;		/* of all devices and the container */
	uint64_t outside_ns;		/* nothing of any device in flight */
	uint64_t rest_ns;		/* of devices beyond MODEL_STOP_DEVICES */
};

struct model_loss {
	uint64_t events;		/* sum of all counts */
	uint64_t places;		/* EV_LOSS seen */
	uint64_t damage;		/* of them, unreadable parts of a recording */
};

/* What an event means where it stands; for views that print line by line. */
struct event_context {
	uint32_t session;		/* number, or 0 */
	uint32_t state;			/* the device's, after the event */
	bool has_state;			/* the event belongs to a device */
	const struct model_device *device;	/* or NULL */
	const struct model_stream *stream;	/* or NULL */
	const char *vm;			/* or NULL */
};

struct model *model_create(void);
void model_destroy(struct model *m);
/*
 * A copy that goes its own way from here: both give the same when fed the
 * same.  For whoever seeks: a copy kept at some event is where a look at a later
 * moment starts.  NULL: out of memory.
 */
struct model *model_clone(const struct model *m);

/*
 * @m is of a time after @before, which is read to its end and outlives it: what
 * drivers took there is something that a forecast may rest on.
 */
void model_comes_after(struct model *m, const struct model *before);

/*
 * Take the next event.  *@ctx may be NULL.  0 or -ENOMEM (the model is then
 * as before the event).
 */
int model_feed(struct model *m, const struct event *ev, struct event_context *ctx);

/* Devices 1..model_devices_max(); NULL for a number that was never used. */
uint32_t model_devices_max(const struct model *m);
const struct model_device *model_device(const struct model *m, uint32_t number);
const struct model_stream *model_stream(const struct model *m, uint32_t number);
/* A host's name: of EV_HOST, or NULL.  Hosts 1..model_hosts(). */
const char *model_host(const struct model *m, uint32_t host);
uint32_t model_hosts(const struct model *m);
/* The VM of a process, or NULL. */
const char *model_vm(const struct model *m, uint32_t pid);

/*
 * Migrations 1..model_sessions(), in order of begin.  Looking also pairs
 * sources with destinations and refreshes what is derived (downtime_ns,
 * percentiles, the window of a migration under way); hence no const.
 */
uint32_t model_sessions(const struct model *m);
const struct session *model_session(struct model *m, uint32_t id);
/*
 * The same without the look: cheap enough for every event.  Not up to date:
 * peer, downtime_ns, the percentiles, and the window while it is not over.
 */
const struct session *model_session_peek(const struct model *m, uint32_t id);

/* Stops 1..model_stops() in which at least one stream came to its end. */
uint32_t model_stops(const struct model *m);
const struct model_stop *model_stop(const struct model *m, uint32_t id);

const struct model_loss *model_loss(const struct model *m);
/* Times of the first event's start and the last event's end; 0: no event. */
uint64_t model_first_ns(const struct model *m);
uint64_t model_last_ns(const struct model *m);
/* Public events fed, and folded calls counted one by one. */
uint64_t model_events(const struct model *m);
uint64_t model_events_of(const struct model *m, uint32_t kind);
uint64_t model_calls(const struct model *m);
/* CLOCK_REALTIME of a CLOCK_MONOTONIC instant by the clock pairs seen; 0: none. */
uint64_t model_realtime_ns(const struct model *m, uint64_t t_ns);

const char *outcome_name(uint32_t outcome);

#endif
