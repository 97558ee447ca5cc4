/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * internal.h - what the model's own files share; nobody else includes it
 *
 *	registry.c	who is who: devices, streams, processes, hosts; the copy
 *	walk.c		takes the events in
 *	step.c		moves a device: its state, the sessions that begin
 *	arc.c		SET_STATE and its arcs
 *	loss.c		what a loss leaves unknown
 *	stop.c		where the time goes while a device stands still
 *	flight.c	calls that have not returned
 *	why.c		what calls spent their time on
 *	inside.c	functions of the kernel within them
 *	spent.c		what the parts of a stop were spent on
 *	session.c	one device and one data FD
 *	side.c		what one process does for one migration
 *	side_call.c	its calls, its dirty logging, its end
 *	failure.c	why a side failed
 *	path.c		what a stretch of time was spent on
 *	join.c		which sides are one migration
 *	migration.c	its outcome, cause and downtime
 *	forecast.c	what a stop would take
 *	clock.c		the time of day of what happened
 *	look.c		what is known of the evidence as a whole
 *	digest.c	a side without its events
 *
 * They refer to each other's things by number, so that a copy of the model needs
 * no mending.  Whatever may fail for want of memory returns -ENOMEM.
 */
#ifndef VFIOSCOPE_MODEL_INTERNAL_H
#define VFIOSCOPE_MODEL_INTERNAL_H

#include <errno.h>

#include "model/clock.h"
#include "model/model.h"
#include "model/path.h"
#include "util/numbers.h"
#include "util/sat.h"

/* ---- registry.c ---- */

/* Things by a key that a recording chose: dense, in order of being put in. */
struct map {
	void **item;
	uint64_t *key;
	uint32_t n, cap;
	uint32_t *slot;	  /* index into item + 1; 0: free */
	uint32_t n_slots; /* a power of two */
};

static inline uint32_t map_hash(uint64_t key, uint32_t n_slots)
{
	return (uint32_t)numbers_slot(key, n_slots);
}

/* Where in item[] the thing is, + 1; 0: it is not in there. */
static inline uint32_t map_find(const struct map *t, uint64_t key)
{
	uint32_t i;

	if (!t->n)
		return 0;
	for (i = map_hash(key, t->n_slots); t->slot[i]; i = (i + 1) & (t->n_slots - 1))
		if (t->key[t->slot[i] - 1] == key)
			return t->slot[i];
	return 0;
}

/* NULL: it is not in there. */
static inline void *map_get(const struct map *t, uint64_t key)
{
	uint32_t at = map_find(t, key);

	return at ? t->item[at - 1] : NULL;
}

/* 0 or -ENOMEM; @key is not in there yet. */
int map_put(struct map *t, uint64_t key, void *item);

struct flight {
	struct model_flight pub;
};

#define DEV_CALLS 4

struct dev {
	struct model_device pub;
	uint32_t proc;	      /* index of the process that used it last, + 1; 0 */
	uint32_t owner;	      /* its number among the devices of that process */
	uint32_t prev_likely; /* before pub.state_since_ns */
	uint64_t likely_since_ns;
	uint64_t reset_ns;		 /* end of the last reset */
	uint32_t sess, last_sess;	 /* under way; the last that ended; 0 */
	uint32_t in_side[2], side_at[2]; /* by direction: the side, its place there */
	uint32_t sized_in;		 /* a source that asked for its size, and for no FD yet */
	bool logging;			 /* its own dirty log is on */
	struct path window;		 /* while it is stopped */
	bool stopped;			 /* it counts for its process's stop */
	/* Arcs since the device was last running. */
	struct session_arc recent[8];
	uint32_t n_recent;
	struct left left; /* asked for since its last session */
	/* The best estimate when the device was stopped; MODEL_NONE. */
	uint64_t estimate;
	bool estimate_is_data_size;
	struct forecast forecast; /* of the stop that is under way */
	struct model_call calls[DEV_CALLS];
};

struct proc {
	struct model_process pub;
	char vm[EVENT_NAME_LEN];
	uint32_t n_owners; /* devices that it has or had */
	uint32_t side[2];  /* under way or the last, by direction; 0: none */
	/* Its dirty logging: of so many devices, and of its container. */
	uint32_t n_logging;
	bool container_logs;
	uint64_t log_since_ns; /* when it was begun; MODEL_NONE: it is not on */
	/* The stop of its devices: from the first that stopped until all run again. */
	struct path stop;
	uint32_t n_stopped;
	uint32_t n_open; /* devices that it has open, as far as seen */
};

/* The longest of what they tell of. */
struct why_list {
	struct call_why *list; /* SESSION_SLOW_MAX, once there is one; or NULL */
	uint32_t n;
};

struct sess {
	struct session pub;
	uint32_t next;	 /* of its side, 0: the last */
	struct hist *io; /* while it is alive and has moved anything */
	bool started_by_arc;
	bool write_failed;	  /* since: what comes now is a gap's other end */
	uint64_t unknown_zero_ns; /* read() gave 0 in an unknown state; MODEL_NONE */
	uint64_t unknown_zero_start_ns;
	struct session_window
		*unknown_zero_window; /* as it was then; NULL: nothing was lost before */
	uint64_t hole_to_ns;	      /* of the last loss that may have been its own */
	/* the run of empty reads under way */
	uint64_t run_reads, run_start_ns, run_last_ns;
	uint32_t trend_step, trend_skip;
	uint64_t moved_end_ns;	    /* of a read() with data and nothing after it; 0 */
	uint64_t last_io_end_ns;    /* of a read() or write(); MODEL_NONE */
	struct why_list slow, gaps; /* calls, and times between two of a thread's */
	struct session_inside *inside;
	uint32_t n_inside;
	size_t cap_inside;
};

/* How a device of a side stands. */
enum phase {
	PHASE_ASKED, /* has a session, or had one and does not run yet */
	PHASE_DONE,  /* a source's: gave its end, was told to stop; else it runs */
	PHASE_BACK,  /* runs where it was */
	PHASE_GONE,  /* closed in mid-session */
	PHASE_NR,
};

#define SIDE_FAILURES 32
#define SIDE_TAILS    16

struct sidedev {
	struct side_device pub;
	uint32_t phase;
};

/* What came after a source's last byte, on a destination that may be its other half. */
struct tail {
	uint32_t source;   /* side */
	struct path *path; /* NULL: the destination has ended, and all that is left is */
	struct session_window at_end;
};

struct sid {
	struct side pub;
	uint32_t proc; /* index + 1 */
	struct sidedev *devs;
	size_t cap_devs;
	uint32_t n_phase[PHASE_NR];
	uint32_t n_sized; /* devices asked for a size, and for no data FD yet */
	bool unsure;	  /* a loss hides how one of its devices ended */
	/* model.fed when it, and its migration, were brought up to date while under way; 0 */
	uint64_t refreshed, settled;
	struct failure closed; /* the first device that was closed in mid-session */
	/* Failures that nothing has made good since; the first ones. */
	struct failure failures[SIDE_FAILURES];
	uint32_t n_failures;
	struct tail *tails; /* of a destination; at most SIDE_TAILS */
	uint32_t n_tails;
	bool stop_frozen; /* pub.stop stands */
	bool digested;	  /* so does all of it: its events are not at hand */
	uint32_t n_eof;
};

/* An EV_WHY whose call has not come yet: that is the thread's next, or was lost. */
#define WHY_PENDING 32
struct why_pending {
	bool used;
	uint32_t host, tid;
	struct call_why why;
};

/* What functions a thread's call, or its step, has told so far; it has not returned, or was lost. */
#define INSIDE_FUNCTIONS 16
struct inside_pending {
	uint32_t host, tid;
	bool step;
	uint64_t call_t_ns; /* when it began */
	struct inside_sum sum[INSIDE_FUNCTIONS];
	uint32_t n;
};

/* What CLOCK_REALTIME showed from some moment on. */
struct clock_span {
	uint64_t from_ns;
	struct clock_pair pair;
};

struct host {
	char name[EVENT_NAME_LEN];
	uint64_t seen_ns; /* the evidence of it goes so far: its last event, or clock pair */
};

struct model {
	struct map devices, streams, procs;
	struct sess **sess;
	uint32_t n_sess;
	size_t cap_sess;
	struct sid **sides;
	uint32_t n_sides;
	size_t cap_sides;
	uint32_t *live; /* destinations under way */
	uint32_t n_live;
	size_t cap_live;
	struct flight *flights;
	uint32_t n_flights;
	size_t cap_flights;
	struct why_pending pending[WHY_PENDING];
	uint32_t n_pending, next_pending;
	/* Of the call that is being taken: NULL, or @last_why; and less what its steps have. */
	const struct call_why *why;
	struct call_why last_why, why_rest;
	/* What its thread did before it, since its last call; NULL: not recorded. */
	const struct call_why *before;
	struct call_why last_before;
	struct model_function *functions;
	uint32_t n_functions;
	size_t cap_functions;
	struct inside_pending *insides;
	uint32_t n_insides;
	size_t cap_insides;
	/* Of the call that is being taken. */
	bool has_inside;
	struct inside_pending inside;
	struct host *hosts; /* by number; [0]: the one of a recording that names none */
	uint32_t n_hosts;
	size_t cap_hosts;
	uint32_t opens;
	struct model_loss loss;
	uint64_t hole_to_ns; /* end of the last loss */
	uint64_t first_ns, last_ns;
	uint64_t fed; /* all of them: definitions, too */
	uint64_t events, calls;
	uint64_t kinds[EV_KIND_NR];
	struct clock_span *clocks; /* in order */
	uint32_t n_clocks;
	size_t cap_clocks;
	struct clock_pair last_pair;
	uint32_t steps;
	struct clock_step first_step;
	uint64_t bound_ns;
	bool any;
	/* The migrations, as last joined. */
	struct model_call last_call; /* of the event just taken */
	struct migration *migs;
	uint32_t n_migs;
	bool join_dirty;
	int join_err;
};

/* A clock pair.  0 or -ENOMEM. */
int clock_take(struct model *m, const struct event *ev);

/* Of a number that was not used yet; NULL: -ENOMEM. */
struct dev *dev_make(struct model *m, uint32_t number);
struct model_stream *stream_make(struct model *m, uint32_t number);
struct proc *proc_of(struct model *m, uint32_t host, uint32_t pid, int *err);
/* Its index + 1, which stays; 0: not seen. */
uint32_t proc_index(const struct model *m, uint32_t host, uint32_t pid);
/* The process of an event of @d (NULL: of none), made when it is new. */
struct proc *proc_of_event(struct model *m, const struct dev *d, const struct event *ev, int *err);
/* EV_DEVICE, EV_TASK, EV_HOST */
int define(struct model *m, const struct event *ev, struct event_context *ctx);
/* struct host.seen_ns; 0: nobody introduced it. */
uint64_t host_seen_ns(const struct model *m, uint32_t host);
/*
 * What an event says that says nothing.  In another file than its user, for the
 * compiler makes a slow loop of zeros of what it sees.
 */
extern const struct event_context context_of_nothing;
void copy_name(char *dst, const char *src, size_t size);
/* @d is used by another process than before, that of @ev. */
int dev_changes_hands(struct model *m, struct dev *d, const struct event *ev);

static inline struct dev *dev_get(const struct model *m, uint32_t number)
{
	return number ? map_get(&m->devices, number) : NULL;
}

/* Made when it is new; NULL: none has that number, or *@err is -ENOMEM. */
static inline struct dev *dev_of(struct model *m, uint32_t number, int *err)
{
	struct dev *d = dev_get(m, number);

	if (!d && number) {
		d = dev_make(m, number);
		*err = d ? *err : -ENOMEM;
	}
	return d;
}

static inline struct model_stream *stream_of(struct model *m, uint32_t number, int *err)
{
	struct model_stream *s = number ? map_get(&m->streams, number) : NULL;

	if (!s && number) {
		s = stream_make(m, number);
		*err = s ? *err : -ENOMEM;
	}
	return s;
}

static inline struct proc *proc_at(const struct model *m, uint32_t index)
{
	return index && index <= m->procs.n ? m->procs.item[index - 1] : NULL;
}

/* Did the process that used @d last make the event? */
static inline struct proc *
proc_if_same(const struct model *m, const struct dev *d, const struct event *ev)
{
	struct proc *p = d ? proc_at(m, d->proc) : NULL;

	return p && p->pub.pid == ev->pid && p->pub.host == ev->host ? p : NULL;
}

/* @d is used by the process of @ev. */
static inline int adopt_device(struct model *m, struct dev *d, const struct event *ev)
{
	if (!ev->pid)
		return 0;
	d->pub.pid = ev->pid;
	if (ev->host)
		d->pub.host = ev->host;
	return proc_if_same(m, d, ev) ? 0 : dev_changes_hands(m, d, ev);
}

static inline struct sess *sess_of(const struct model *m, uint32_t id)
{
	return id && id <= m->n_sess ? m->sess[id - 1] : NULL;
}

static inline struct sid *side_of(const struct model *m, uint32_t id)
{
	return id && id <= m->n_sides ? m->sides[id - 1] : NULL;
}

/* ---- step.c ---- */

/* The state by which a call begun at @t_ns counts; the last change is remembered. */
static inline uint32_t likely_at(const struct dev *d, uint64_t t_ns)
{
	return t_ns < d->likely_since_ns ? d->prev_likely : d->pub.likely;
}

/* A session of @d, begun at @begin_ns with @ev; one under way ends.  NULL: out of memory. */
struct sess *session_begin(struct model *m, struct dev *d, uint32_t direction,
			   const struct event *ev, uint64_t begin_ns);
/* @proven: that @d is in @state is certain; else it is where drivers stay. */
void step_to(struct model *m, struct dev *d, uint32_t state, uint64_t t_ns, bool proven);
/* Bookkeeping after a move, by an arc or by a call whose arcs are not known. */
void step_moved(struct model *m, struct dev *d, uint32_t from, uint32_t to, uint64_t t_ns,
		bool final, struct event_context *ctx, bool proven);

/* ---- arc.c ---- */

/* What is known of the SET_STATE that thread @tid is in; NULL: nothing, or no room. */
struct model_call *arc_call(struct dev *d, uint32_t tid, bool make);
int arc_take(struct model *m, struct dev *d, const struct event *ev, struct event_context *ctx);
/* The SET_STATE returns; @c: its arcs, or NULL. */
int arc_take_call(struct model *m, struct dev *d, const struct event *ev, struct event_context *ctx,
		  const struct model_call *c);

/* ---- loss.c ---- */

void loss_take(struct model *m, const struct event *ev);

/* ---- stop.c ---- */

/* Does the arc begin a stop of the device? */
bool stop_begins_with(const struct dev *d, uint32_t from, uint32_t to);
int stop_begin(struct model *m, struct dev *d, uint64_t t_ns);
void stop_end(struct model *m, struct dev *d, uint64_t t_ns, bool runs);
/*
 * The device counts for the stop of its process no longer.  @runs: it runs again,
 * and when all do, that stop was one.
 */
void stop_leave(struct model *m, struct dev *d, uint64_t t_ns, bool runs);
/* Does the device's session, or did its last one, take a state in? */
bool stop_is_arriving(const struct model *m, const struct dev *d);
void stop_spend_in(struct model *m, struct dev *d, struct proc *p, enum path_part part,
		   uint64_t start_ns, uint64_t end_ns);
/* A call on the device, for its own window, its process's stop, or a landing. */
static inline void stop_spend(struct model *m, struct dev *d, enum path_part part,
			      uint64_t start_ns, uint64_t end_ns)
{
	struct proc *p = proc_at(m, d->proc);

	/* Most calls of a source come while nothing stands still. */
	if (d->window.active || (p && (p->stop.active || p->side[DIR_RESUME])))
		stop_spend_in(m, d, p, part, start_ns, end_ns);
}
/* A call on the container of a process, which names no device. */
int stop_container(struct model *m, const struct event *ev);

/* ---- flight.c ---- */

int flight_stuck(struct model *m, const struct event *ev, const struct dev *d);
/* @ev is told when it returns: what was out of its thread is out no more. */
void flight_returned(struct model *m, const struct event *ev);
void flight_exited(struct model *m, uint32_t host, uint32_t pid);
enum path_part flight_part(uint32_t call);

/* ---- why.c ---- */

/* An EV_WHY. */
void why_take(struct model *m, const struct event *ev);
/* m->why and ctx->why, of the event that is taken next; ctx->call is known. */
void why_of_event(struct model *m, const struct event *ev, struct event_context *ctx);
/* A step of the SET_STATE @c has it. */
void why_of_step(struct model_call *c, const struct call_why *w);
/* path_add(), and what the call that is being taken was spent on. */
void path_spend(const struct model *m, struct path *p, uint32_t owner, enum path_part part,
		uint64_t start_ns, uint64_t end_ns);
/* Among the longest of the session, perhaps.  0 or -ENOMEM. */
int why_keep(struct sess *g, const struct call_why *w, bool in_stop);
void why_list_drop(struct why_list *l);
/* @to is empty, and the caller's to drop.  0 or -ENOMEM. */
int why_list_copy(struct why_list *to, const struct why_list *from);

/* ---- inside.c ---- */

/* An EV_FUNCTION, an EV_INSIDE.  0 or -ENOMEM. */
int inside_define(struct model *m, const struct event *ev);
int inside_take(struct model *m, const struct event *ev);
/* m->inside, and that of m->last_why, of the event that is taken next: after why_of_event(). */
void inside_of_event(struct model *m, const struct event *ev);
/* m->inside is of that session, in whose call @ev.  0 or -ENOMEM. */
int inside_book(struct model *m, struct sess *g, const struct event *ev);
/* A session begins.  0 or -ENOMEM. */
int inside_begin(const struct model *m, struct sess *g);
/* *@to is a copy of a session whose list it does not share.  0 or -ENOMEM. */
int inside_copy(struct sess *to, const struct sess *from);

/* ---- session.c ---- */

/* Before a call of it (@g may be NULL) is taken, which may be its first read() or write(), or its end.  0 or -ENOMEM. */
int sess_room_for_io(struct sess *g, const struct event *ev);
/* NULL: out of memory. */
struct sess *sess_create(struct model *m, struct dev *d, uint32_t direction,
			 const struct event *ev);
void sess_destroy(struct sess *g);
struct sess *sess_copy(const struct sess *g);

/* The device went from @from to @to; @final: that was where the VMM wanted it. */
void sess_moved(struct model *m, struct dev *d, struct sess *g, uint32_t from, uint32_t to,
		uint64_t t_ns, bool final);
/* The device was reset: it runs again, whatever it did. */
void sess_reset(struct model *m, struct dev *d, struct sess *g, uint64_t t_ns);
/* The device was closed, or another session began. */
void sess_abandoned(struct model *m, struct dev *d, struct sess *g, uint64_t t_ns,
		    enum session_end how);
/* What reset the device of a session that is over was its close. */
void sess_was_closed(struct model *m, uint32_t id);
/* A SET_STATE that should have handed out a data FD and failed: over at once. */
void sess_attempted(struct model *m, struct dev *d, struct sess *g, uint64_t t_ns);
/*
 * A session that joined late was in @state all along: since then no arc was
 * seen, and none was lost.  Does nothing for any other.
 */
void sess_prove_start(struct sess *g, uint32_t state);
/* A state of the list, begun at @t_ns. */
void sess_push_state(struct sess *g, uint32_t state, uint64_t t_ns);
void sess_push_arc(struct sess *g, const struct session_arc *arc);
/* A call of the device or its stream, @state being that in which it began. */
void sess_call(struct dev *d, struct sess *g, const struct event *ev, uint32_t state);
/* Bring what is derived up to date. */
void sess_refresh(const struct model *m, struct sess *g);

/* ---- side.c, side_call.c ---- */

void side_destroy(struct sid *s);
struct sid *side_copy(const struct sid *s);

/*
 * The side that a sign of @direction by the process of @ev belongs to, begun when
 * there is none under way.  @t_ns: when the sign began.  NULL: out of memory, or
 * an event without a process.
 */
struct sid *side_sign(struct model *m, const struct event *ev, const struct dev *d,
		      uint32_t direction, uint64_t t_ns, bool fd_asked);
/* @g of @d has begun in it. */
int side_session(struct model *m, struct sid *s, struct dev *d, struct sess *g);
/* The session of @d, which has or had one, stands otherwise than before. */
void side_moved(struct model *m, struct dev *d, uint32_t to, uint64_t t_ns);
void side_closed(struct model *m, struct dev *d, const struct event *ev);
/* The session @g of @d ended unseen; the try to get one failed at @t_ns. */
void side_dropped(struct model *m, struct dev *d, const struct sess *g, uint64_t t_ns);
void side_attempted(struct model *m, struct dev *d, uint64_t t_ns);
/* The side under way of an event that belongs to no session, or 0. */
uint32_t side_at_event(const struct model *m, const struct event *ev);
/* A source's device has just given its last byte. */
int side_eof(struct model *m, struct dev *d, struct sess *g);
/* Any call of a process: what failed, what was made good, dirty logging. */
int side_call(struct model *m, struct dev *d, struct sess *g, const struct event *ev,
	      const struct model_call *call);
/* Before a reset ends the session @g (or NULL) of @d, and after. */
void side_reset(struct model *m, struct dev *d, struct sess *g, const struct event *ev);
void side_was_reset(struct model *m, struct dev *d, uint64_t t_ns);
void side_exit(struct model *m, const struct event *ev);
/* A call of @d (NULL: of the process's container) took time on the destination. */
void side_spend(struct model *m, struct proc *p, uint32_t owner, enum path_part part,
		uint64_t start_ns, uint64_t end_ns);
/* All devices of the process run again. */
void side_stop_ended(struct model *m, struct proc *p, uint64_t t_ns);
/* None of them stands still any more, and not all run: some were closed. */
void side_stop_left(struct model *m, struct proc *p);
void side_refresh(const struct model *m, struct sid *s);
/* Is it over?  Then it ends at @t_ns. */
void side_check_end(struct model *m, struct sid *s, uint64_t t_ns);
void side_end(struct model *m, struct sid *s, uint64_t t_ns);
/* @d's part in the side of that direction, which is *@side; NULL: it has none. */
struct sidedev *side_of_dev(struct model *m, const struct dev *d, uint32_t direction,
			    struct sid **side);
void side_set_phase(struct sid *s, struct sidedev *sd, enum phase phase);
/* The direction in which the device was used last. */
uint32_t side_direction_of(const struct model *m, const struct dev *d);
/* Has its VM the name that the VMM gave it, which is the same on every host? */
bool side_is_named(const struct side *s);
/* Is its dirty logging on? */
bool proc_logs(const struct proc *p);
/* What was spent on @dst since the last byte of the source @src; false: nobody looked. */
bool side_tail(const struct sid *dst, uint32_t src, struct session_window *out);

/* ---- failure.c ---- */

void failure_init(struct failure *f, const struct event *ev);
/* Can the call, which failed or not, be why a migration failed?  @g: its session, or NULL. */
bool failure_is_cause(const struct event *ev, const struct sess *g);
/* The first of its kind counts.  @call: a SET_STATE's arcs, or NULL. */
void failure_note(struct model *m, struct sid *s, const struct sess *g, const struct event *ev,
		  const struct model_call *call);
/* A later call of that kind succeeded: what failed before did not matter. */
void failure_made_good(struct sid *s, const struct event *ev);
void failure_forget(struct sid *s, uint32_t i);
/* pub.cause: the first in causal order, that is, which was known first. */
void failure_take_cause(struct sid *s);

/* ---- join.c, migration.c ---- */

/* Make m->migs anew. */
int join_sides(struct model *m);
/* What is derived of a joined or single pair; @src or @dst may be NULL. */
void migration_settle(struct model *m, struct migration *g, struct sid *src, struct sid *dst);

/* ---- forecast.c ---- */

/* Of a stop of @d that begins at @now_ns; looks at nothing that is not over. */
void forecast_stop(const struct model *m, const struct dev *d, uint64_t now_ns,
		   struct forecast *out);
void forecast_side(const struct model *m, uint32_t side, uint64_t now_ns,
		   struct stop_forecast *out);

#endif
