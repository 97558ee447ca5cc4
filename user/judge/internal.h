/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * internal.h - what the judge's own files share; nobody else includes it
 *
 * judge.c keeps what the rules need to remember (struct jdev, jstream, jmig)
 * and walks the events; each rule is one function that is shown an event
 * together with what was known before it, and tells what it found.  What is
 * remembered is changed by judge.c alone, but for what belongs to one rule
 * (jdev.fd_missing, jdev.skipped_*).
 */
#ifndef VFIOSCOPE_JUDGE_INTERNAL_H
#define VFIOSCOPE_JUDGE_INTERNAL_H

#include "judge/judge.h"

#define NS_PER_MS	1000000ULL
#define NS_PER_SEC	1000000000ULL
#define MIB		1048576ULL

/* One SET_STATE under way: what its thread's arcs have told so far. */
struct jcall {
	uint32_t tid;		/* 0: free */
	uint64_t t_ns;		/* of the first arc */
	uint32_t from0;		/* the state it began in */
	uint32_t from, to;	/* of the last arc */
	int64_t ret;		/* of the last arc */
	uint32_t n_arcs;
	uint32_t born;		/* the stream that was handed out */
};
#define JCALLS	4

struct jdev {
	uint32_t number;
	uint32_t state;		/* proven, else MIG_UNKNOWN */
	uint32_t prev_state;	/* before the last event that changed it */
	uint64_t settled_ns;	/* nothing moved the device since */
	uint64_t reset_ns;	/* end of the last reset */
	uint64_t flight_ns;	/* since then a SET_STATE or reset is under way; 0 */
	uint32_t stream;	/* of the session under way */
	uint32_t session;	/* the model's, as last told */
	bool set_state_failed;	/* since the session began */
	bool open;		/* opened, or in use */
	struct jcall calls[JCALLS];

	/* PRE_COPY was left on the way to a stop: where it began. */
	uint32_t thrown_away;	/* migration, 0: none */
	/* asked to stop while a sibling ran; tells when it turns out to save */
	uint64_t skipped_ns, skipped_seq;
	uint32_t skipped_sibling;
	/* STOP_COPY was left undrained: waits for what the device does next */
	struct {
		uint64_t t_ns, end_ns, seq, bytes;
		uint32_t stream, session;
	} undrained;		/* seq 0: none */
	/* an FD arc without an FD: certain when births are seen at all */
	struct { uint64_t t_ns, seq; uint32_t session, from, to; } fd_missing;
};

struct jinfo { uint64_t t_ns, end_ns, initial, dirty; uint32_t flags; };

struct jwaiter { uint32_t tid; uint64_t since_ns, ready_ns; };
#define JWAITERS	4
#define JSAMPLES	5
/* A VMM that asks more often than this shows no more of a trend: in it the least counts. */
#define JSAMPLE_NS	(NS_PER_SEC / (JSAMPLES - 1))

struct jstream {
	uint32_t number, device, session, direction;
	uint32_t ops, hooked;
	bool defined, tainted;	/* not seen from its birth without a hole */
	bool holed;		/* events were lost that may have been its own */
	bool lost;		/* its ioctl failed: nobody holds it */
	bool over;		/* its session */
	uint64_t over_ns;
	bool by_reset;
	bool closed;		/* by the user, or released */
	uint64_t orphan_ns, orphan_seq;	/* its device closed while it was open */

	uint64_t eof_ns;	/* end of a read() that gave 0 in STOP_COPY; 0 */
	bool maybe_drained;	/* a read() gave 0 and may have begun in STOP_COPY */
	bool any_read, read_failed;	/* the last one */
	uint64_t moved;		/* bytes */
	uint64_t moved_end_ns;	/* of the last call that moved any */

	uint64_t n_infos;
	struct jinfo info;	/* the last */
	uint64_t since;		/* bytes moved since it began */
	uint64_t between;	/* by calls that began after it had returned */
	bool empty_since;	/* an empty read since */

	struct { uint32_t tid; uint64_t t_ns, end_ns; int64_t ret; } last_io;
	struct jwaiter waiters[JWAITERS];

	/* the run of empty reads in PRE_COPY */
	uint64_t spin, spin_t_ns, spin_seq;

	struct { uint64_t t_ns, left, least, moved; } samples[JSAMPLES];
	uint32_t n_samples;
};

struct jmig {
	uint64_t seq, t_ns;	/* of its first event */
	uint64_t stop_seq;	/* of the arc to STOP_COPY */
	uint64_t last_seq;
	/* RESUMING -> STOP: 0 not tried, 1 succeeded, -1 failed */
	int loaded;
	uint64_t load_seq, load_ns;
	int64_t load_ret;
	bool ended;		/* judged as ended */
	uint64_t since_size;	/* bytes read since the last MIG_DATA_SIZE */
	bool size_in_session;
	uint64_t switch_since_size;	/* since_size when STOP_COPY was entered */
	uint64_t switch_estimate;	/* initial + dirty less what was read; NONE */
	uint64_t enter_stop_copy_ns;	/* start of the arc; 0: not seen */
	uint64_t stop_copy_arc_ns;
	uint64_t max_read_ns, max_write_ns, max_read_seq, max_write_seq;
	uint64_t max_read_t_ns, max_write_t_ns;
};

/* A finding that stands unless something turns out to have been under way. */
struct pending {
	struct finding f;
	uint64_t end_ns;	/* of the call */
	bool reads;		/* a read that moved data unmakes it, too */
};

struct judge {
	struct judge_opts opts;
	struct finding *findings;
	size_t n_findings;
	uint64_t omitted;
	struct pending *pending;
	size_t n_pending;
	struct jdev **devs;
	uint32_t n_devs;
	struct jstream **streams;	/* those not released yet */
	size_t n_streams;
	struct jmig *migs;
	uint32_t n_migs;
	uint32_t cap_findings, cap_pending, cap_streams, cap_migs;
	bool saw_close, saw_birth;
	uint64_t idle_lost;		/* lost while no session could be touched */
	uint64_t idle_lost_ns, idle_lost_seq;
	bool failed;			/* out of memory */
	bool finished;
};

/* What a rule is shown. */
struct look {
	struct judge *j;
	struct model *model;
	const struct event *ev;		/* NULL at the end of the evidence */
	const struct event_context *ctx;
	uint64_t end_ns;		/* of the event; of a run, its first call */
	struct jdev *dev;		/* or NULL */
	struct jstream *st;		/* of a stream's event; or NULL */
	struct jmig *mig;		/* or NULL */
	uint32_t session;
	struct jcall *call;		/* of a SET_STATE: its arcs */
	const struct session *g;	/* for those that look at a migration */
	const struct judge_evidence *evidence;	/* at the end */
	bool settled;			/* may be judged by the device's state */
};

/* When a rule's function is called; kinds of events are their own bits. */
#define ON(kind)		(1ULL << (kind))
#define ON_SESSION_OVER		(1ULL << 60)	/* an arc or reset ended @st's session */
#define ON_MIGRATION_END	(1ULL << 61)	/* @g, also when the evidence ends first */
#define ON_FINISH		(1ULL << 62)
#define ON_STREAM_END		(1ULL << 63)	/* @st is forgotten after this */

_Static_assert(EV_KIND_NR <= 60, "kinds and moments share a word");

typedef void (*rule_fn)(struct look *l);
struct rule_code { rule_fn fn; uint64_t when; };
extern const struct rule_code rule_code[RULE_NR];

/* A finding of @l's event. */
void find(struct look *l, enum rule_id rule, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The same with another severity and party than the rule's own. */
void find_as(struct look *l, enum rule_id rule, enum severity sev, enum party party,
	     const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* As find(), once nothing turns out to have been under way. */
void suspect(struct look *l, enum rule_id rule, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* As suspect(); a read under way that moves data unmakes it, too. */
void suspect_unread(struct look *l, enum rule_id rule, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void suspect_as(struct look *l, enum rule_id rule, enum severity sev, bool reads,
		const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* A finding of any place. */
void find_at(struct judge *j, const struct finding *proto, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

struct jdev *judge_dev(struct judge *j, uint32_t number);
struct jstream *judge_stream(struct judge *j, uint32_t number);
struct jmig *judge_mig(struct judge *j, uint32_t id);

bool is_interrupted(int64_t ret);
/* Is [from, to] one of the arcs that hand out a data FD? */
bool is_fd_arc(uint32_t from, uint32_t to);
/* Does the arc end the session that @from belongs to? */
bool ends_session(uint32_t from, uint32_t to);

/* stream.c */
void rule_enomsg_in_stop_copy(struct look *l);
void rule_eof_in_precopy(struct look *l);
void rule_premature_enomsg(struct look *l);
void rule_data_after_eof(struct look *l);
void rule_poll_idle_at_eof(struct look *l);
void rule_poll_never_wakes(struct look *l);
void rule_stale_stream_alive(struct look *l);
/* info.c */
void rule_initial_bytes_zero(struct look *l);
void rule_initial_bytes_grew(struct look *l);
void rule_initial_bytes_stuck(struct look *l);
void rule_dirty_bytes_at_start(struct look *l);
void rule_reinit_dirty_kept(struct look *l);
void rule_unknown_info_flags(struct look *l);
void rule_info_outside_precopy(struct look *l);
void rule_info_missing(struct look *l);
void rule_data_size_absurd(struct look *l);
void rule_data_size_off(struct look *l);
void rule_estimate_off(struct look *l);
void rule_precopy_as_probe(struct look *l);
/* state.c */
void rule_fd_missing(struct look *l);
void rule_fd_unexpected(struct look *l);
void rule_fd_lost(struct look *l);
void rule_illegal_arc(struct look *l);
void rule_state_desync(struct look *l);
void rule_error_state(struct look *l);
void rule_call_stuck(struct look *l);
void rule_slow_call(struct look *l);
void rule_resume_short(struct look *l);
void rule_resume_rejected(struct look *l);
/* vmm.c */
void rule_stream_not_drained(struct look *l);
void rule_precopy_thrown_away(struct look *l);
void rule_left_precopy_early(struct look *l);
void rule_enomsg_spin(struct look *l);
void rule_poll_missing(struct look *l);
void rule_reset_in_session(struct look *l);
void rule_stream_left_open(struct look *l);
void rule_p2p_skipped(struct look *l);
void rule_concurrent_io(struct look *l);
/* budget.c */
void rule_not_converging(struct look *l);
void rule_slow_first_byte(struct look *l);
void rule_downtime_budget(struct look *l);
void rule_arc_budget(struct look *l);
/* evidence.c */
void rule_lost_events(struct look *l);
void rule_damaged_trace(struct look *l);
void rule_joined_late(struct look *l);
void rule_hook_missing(struct look *l);
void rule_no_migration(struct look *l);

#endif
