/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * model.h - what the events add up to: devices, sessions, sides, migrations
 *
 * Pure and incremental: feed events in order, look at any moment.  The same
 * events give the same model on any machine; no clock, no file, no printing.
 * It is the only state machine in the house: whoever needs to know what an event
 * changed takes it from struct event_context.  Promises:
 * - a device's state is MIG_UNKNOWN until something proves it: an arc that
 *   completed, a SET_STATE or GET_STATE that succeeded, a reset, the first
 *   open.  A loss that can have touched it, and a step that failed, make it
 *   unknown again;
 * - counts of calls and bytes are exact, folded runs included, and say when a
 *   loss makes them lower bounds (session.lost);
 * - the parts of a window add up exactly to it, and those of a downtime to that;
 * - a call that has not returned counts up to when it was last seen out;
 * - memory is bounded by what is alive plus a bounded summary per finished
 *   session and side, never by the length of the trace: no event is kept;
 * - strings are the traced system's, untrusted: views make them harmless.
 *
 * Everything returned is owned by the model and valid until the next
 * model_feed(), unless more is said; what was said of a session, a side or a
 * migration changes while it is fed.
 */
#ifndef VFIOSCOPE_MODEL_H
#define VFIOSCOPE_MODEL_H

#include "event.h"
#include "model/migration.h"
#include "model/session.h"
#include "model/side.h"
#include "util/hist.h"

struct model;

struct model_device {
	uint32_t number;
	bool defined;		   /* an EV_DEVICE was seen */
	char name[EVENT_NAME_LEN]; /* "" when undefined */
	char driver[EVENT_NAME_LEN];
	char bus[16];
	uint32_t host;
	uint64_t migration_flags; /* MIG_FLAG_* */
	bool has_flags;		  /* by definition or by a GET */
	bool flags_asked;	  /* a GET MIGRATION was seen; its result: */
	int64_t flags_ret;
	bool precopy_info_v2;
	uint32_t state;		 /* enum mig_state: proven, else MIG_UNKNOWN */
	uint64_t state_since_ns; /* when it was entered or proven */
	/*
	 * After a step that failed the state is not proven, yet drivers stay where
	 * they were: what the sums and the time go by.
	 */
	uint32_t likely;
	/* Nothing has moved the device since: the end of the last arc or reset. */
	uint64_t settled_ns;
	uint32_t session;    /* number of the one under way, or 0 */
	uint32_t stream;     /* of that session, or 0 */
	uint32_t sessions;   /* how many it had */
	uint32_t open_count; /* opens seen minus closes seen */
	uint32_t order;	     /* of opens in the evidence, from 1; 0: not seen */
	uint32_t pid;	     /* process of its last event */
	/* SET_STATEs that failed while no session was under way. */
	uint64_t failures;
	struct {
		uint64_t t_ns; /* of the last of them */
		int64_t ret, target;
	} failure;
};

struct model_stream {
	uint32_t number;
	bool defined; /* an EV_STREAM_OPEN was seen */
	bool adopted;
	bool open;   /* not released yet */
	bool closed; /* by the user, or released */
	uint32_t device;
	uint32_t session;
	uint32_t direction;   /* enum event_direction */
	uint32_t ops, hooked; /* STREAM_OP_* */
	bool over;	      /* its session has ended: */
	uint64_t over_ns;
	uint32_t ended_by; /* enum session_end */
	char name[EVENT_NAME_LEN];
};

struct model_process {
	uint32_t host, pid;
	const char *vm;		   /* or NULL; until its next EV_TASK */
	uint32_t vm_source;	   /* enum event_vm_source */
	char comm[EVENT_COMM_LEN]; /* of the process, else of whoever was seen first */
	bool comm_known;	   /* it is the process's own */
};

/* A function of a host that was asked for by its name: see EV_FUNCTION. */
struct model_function {
	uint32_t host;
	char name[EVENT_NAME_LEN];
	char symbol[EVENT_NAME_LEN]; /* what a compiler made of the name; "" */
	uint32_t unseen;	     /* enum event_unseen: as it stands */
	int64_t err;		     /* of UNSEEN_REFUSED: -errno */
	uint64_t since_ns;	     /* since when that is so; 0: its definition was not seen */
};

/* A call that has not returned: it was last seen out at @seen_ns. */
struct model_flight {
	uint32_t host, pid, tid;
	uint32_t device, stream, session, side;
	uint32_t call;	/* enum event_kind */
	uint32_t state; /* of the device, when it was first seen out */
	uint64_t start_ns, seen_ns;
	uint64_t seq;	     /* of the event that first told */
	struct call_why why; /* as of the last look at it */
};

struct model_loss {
	uint64_t events; /* sum of all counts */
	uint64_t places; /* EV_LOSS seen */
	uint64_t damage; /* of them, unreadable parts of a recording */
	/* Not in these: calls of which it was lost what they were spent on. */
	uint64_t reasons;
	/* Nor these: executions of functions within calls, at most so many. */
	uint64_t insides;
	/* Nor these: data FDs that are closed, of which it was lost when, and by whom. */
	uint64_t closes;
};

/*
 * One SET_STATE under way: what its thread's arcs have told so far.  They come
 * before the call itself, which is told when it returns.
 */
#define MODEL_CALL_ARCS 8
struct model_call {
	uint32_t tid;
	uint64_t t_ns;	   /* of the first arc */
	uint32_t from0;	   /* the state it began in */
	uint32_t from, to; /* of the last arc */
	int64_t ret;	   /* of the last arc */
	uint32_t n_arcs;
	uint32_t born; /* the stream that was handed out; 0: none was seen */
	struct session_arc arcs[MODEL_CALL_ARCS]; /* the first ones, and the last */
	/* What its steps were spent on, as far as that was recorded. */
	uint64_t why_dur_ns, why_ns[WHY_SUMS];
};

/* What an event means where it stands, and what it changed. */
struct event_context {
	uint32_t session; /* number, or 0 */
	uint32_t side;	  /* number, or 0 */
	uint32_t state;	  /* the device's after the event: proven, or MIG_UNKNOWN */
	bool has_state;	  /* the event belongs to a device */
	const struct model_device *device; /* or NULL */
	const struct model_stream *stream; /* or NULL */
	const char *vm;			   /* or NULL */
	const char *host;		   /* or NULL */

	bool failed; /* the call failed: event_failed() */
	/* Before the event: the proven state, whether the device had settled by its start. */
	uint32_t state_before;
	bool settled;
	/* The arcs of a SET_STATE that returns; of an arc, those before it.  NULL: none. */
	const struct model_call *call;
	/* Why the call took its time; NULL: that is not recorded. */
	const struct call_why *why;
	/* It moved the device. */
	struct {
		bool any, final; /* @final: that was where the VMM wanted it */
		bool proven;	 /* an arc, not concluded from a call's success */
		uint32_t from, to;
	} move;
	uint32_t session_began; /* numbers, or 0 */
	uint32_t session_over;	/* its data FD ended with this event */
	uint32_t session_ended; /* nothing more belongs to it */
	uint32_t side_began, side_ended;
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
 * Sides are joined when one looks, and that is kept while only bytes move; what moved
 * may tell more than it did at the last look: the next one joins them again.
 */
void model_look_anew(struct model *m);

/* How far the clocks of several hosts may be off; 0, also before: not at all. */
void model_set_clock_bound(struct model *m, uint64_t bound_ns);
uint64_t model_clock_bound(const struct model *m);

/*
 * Take the next event.  *@ctx may be NULL.  0 or -ENOMEM, after which the model
 * is good for nothing but model_destroy().
 */
int model_feed(struct model *m, const struct event *ev, struct event_context *ctx);

/*
 * Those that exist, in order of number: i from 0 to model_devices() - 1.
 * model_device() and model_stream() take a number: NULL when it was never used.
 */
uint32_t model_devices(const struct model *m);
const struct model_device *model_device_at(const struct model *m, uint32_t i);
const struct model_device *model_device(const struct model *m, uint32_t number);
const struct model_stream *model_stream(const struct model *m, uint32_t number);
/* The number of the device that an event is of, by its stream where it names none; 0: of none. */
uint32_t model_event_device(const struct model *m, const struct event *ev);
/* NULL: not seen. */
const struct model_process *model_process(const struct model *m, uint32_t host, uint32_t pid);
/* The VM of a process, or NULL. */
const char *model_vm(const struct model *m, uint32_t host, uint32_t pid);
/* A host's name: of EV_HOST, or NULL.  Hosts 1..model_hosts(). */
const char *model_host(const struct model *m, uint32_t host);
uint32_t model_hosts(const struct model *m);

/*
 * Sessions 1..model_sessions() and sides 1..model_sides(), in order of begin.
 * Looking refreshes what is derived (percentiles, the window of one that is
 * under way); hence no const.
 */
uint32_t model_sessions(const struct model *m);
const struct session *model_session(struct model *m, uint32_t id);
/*
 * The same without the look: cheap enough for every event.  Not up to date:
 * peer, the percentiles, and the window while it is not over.
 */
const struct session *model_session_peek(const struct model *m, uint32_t id);
/*
 * What is left of a device's session, or was when its last one ended, and nothing was asked
 * since (session_left()); of it *@initial are the initial bytes, which are read first.
 * MODEL_NONE, and *@initial 0: nobody said.  Cheap enough for every event.
 */
uint64_t model_left(const struct model *m, uint32_t device, uint64_t *initial);
/*
 * The session's calls that took longest, those while its device stood still before the
 * others; the first *@n of it.  Calls without an EV_WHY are not among them.
 */
const struct call_why *model_session_slow(const struct model *m, uint32_t id, uint32_t *n);
/* The same of the times between two calls of a thread, while a device stood still. */
const struct call_why *model_session_gaps(const struct model *m, uint32_t id, uint32_t *n);
/* Functions that were asked for, of all hosts: 0..model_functions() - 1. */
uint32_t model_functions(const struct model *m);
const struct model_function *model_function(const struct model *m, uint32_t number);
/*
 * What of them ran in the calls of a session that have returned: all of its host, seen or
 * not.  NULL: none was asked for.
 */
const struct session_inside *model_session_inside(const struct model *m, uint32_t id, uint32_t *n);
/* What an EV_WHY says, without what its call alone knows (the states of an arc). */
void call_why_of(const struct event *ev, struct call_why *out);
uint32_t model_sides(const struct model *m);
const struct side *model_side(struct model *m, uint32_t id);
const struct side *model_side_peek(const struct model *m, uint32_t id);
/* The sessions of a side in order of begin: 0, then what the last call gave; 0: no more. */
uint32_t model_side_session(const struct model *m, uint32_t side, uint32_t session);
/* The devices that were asked for a data FD: 0..side.n_devices - 1. */
const struct side_device *model_side_device(struct model *m, uint32_t side, uint32_t i);

/*
 * Migrations 1..model_migrations(), in order of begin.  Sides are joined when one
 * looks: while the evidence grows, numbers and partners may still change.
 */
uint32_t model_migrations(struct model *m);
const struct migration *model_migration(struct model *m, uint32_t id);
/* -ENOMEM when joining failed: there are no migrations then. */
int model_join_error(struct model *m);

/* Calls that are out, oldest first; those of one device: @device, 0: all. */
uint32_t model_flights(const struct model *m);
const struct model_flight *model_flight(const struct model *m, uint32_t i);

const struct model_loss *model_loss(const struct model *m);
/* Times of the first event's start and the last event's end; 0: no event. */
uint64_t model_first_ns(const struct model *m);
uint64_t model_last_ns(const struct model *m);
/* Public events fed, and folded calls counted one by one. */
uint64_t model_events(const struct model *m);
uint64_t model_events_of(const struct model *m, uint32_t kind);
uint64_t model_calls(const struct model *m);
/*
 * CLOCK_REALTIME of a CLOCK_MONOTONIC instant, as it showed then; 0: no clock pair was
 * seen.  Of an event that was fed it stays the same, whatever is fed later, once there
 * was a pair.
 */
uint64_t model_realtime_ns(const struct model *m, uint64_t t_ns);
/*
 * The other way: the first instant at which it showed @real_ns, or, if that was left out,
 * went beyond it.  False: no clock pair was seen.
 */
bool model_instant_of(const struct model *m, uint64_t real_ns, uint64_t *t_ns);
/* How often CLOCK_REALTIME was set; and the first time: between which instants, by how much. */
struct clock_step {
	uint64_t from_ns, to_ns;
	int64_t by_ns;
};
uint32_t model_clock_steps(const struct model *m, struct clock_step *first);

#endif
