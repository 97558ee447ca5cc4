/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * internal.h - what the judge's own files share; nobody else includes it
 *
 * The model walks the events; the judge asks it.  A rule is one function that is
 * shown an event together with what the model says of it, and tells what it
 * found.  What rules must remember beyond that (the run of empty reads, the last
 * info, ...) is kept by device, stream and session, each part by the file whose
 * rules need it: after the rules of an event its remember_*() is called.
 *
 *	judge.c		shows the events to the rules; the end of the evidence
 *	findings.c	keeps what was found, and what may still turn out otherwise
 *	rules.c		the table
 */
#ifndef VFIOSCOPE_JUDGE_INTERNAL_H
#define VFIOSCOPE_JUDGE_INTERNAL_H

#include "judge/judge.h"

#define NS_PER_MS  1000000ULL
#define NS_PER_SEC 1000000000ULL
#define MIB	   1048576ULL
#define ULL(x)	   ((unsigned long long)(x))

/* Time in which a VMM may still be about to close a data FD, or to go on. */
#define LATER_NS (10 * NS_PER_SEC)

struct jdev {
	uint32_t number;
	bool set_state_failed; /* since its session began */
	/* PRE_COPY was left on the way to a stop: the session where it began; 0: none. */
	uint32_t thrown_away;
	/* asked to stop while a sibling ran; tells when it turns out to save */
	uint64_t skipped_ns, skipped_seq;
	uint32_t skipped_sibling;
	/* STOP_COPY was left undrained: waits for what the device does next */
	struct {
		uint64_t t_ns, end_ns, seq, bytes;
		uint32_t stream, session;
	} undrained; /* seq 0: none */
	/* an FD arc without an FD: certain when births are seen at all */
	struct {
		uint64_t t_ns, seq;
		uint32_t session, from, to;
	} fd_missing;
};

struct jinfo {
	uint64_t t_ns, end_ns, initial, dirty;
	uint32_t flags;
};

struct jwaiter {
	uint32_t tid;
	uint64_t since_ns, ready_ns;
};
#define JWAITERS   4
#define JSAMPLES   5
/* A VMM that asks more often than this shows no more of a trend: in it the least counts. */
#define JSAMPLE_NS (NS_PER_SEC / (JSAMPLES - 1))

struct jstream {
	uint32_t number, device, session;
	bool tainted;			/* not seen from its birth without a hole */
	bool holed;			/* events were lost that may have been its own */
	bool lost;			/* its ioctl failed: nobody holds it */
	bool closed;			/* by the user */
	uint64_t orphan_ns, orphan_seq; /* its device closed while it was open */

	uint64_t eof_ns;	    /* end of a read() that gave 0 in STOP_COPY; 0 */
	bool maybe_drained;	    /* a read() gave 0 and may have begun in STOP_COPY */
	bool any_read, read_failed; /* the last one */
	bool dead;		    /* a read() after its end gave ENODEV */
	uint64_t moved;		    /* bytes */
	uint64_t moved_end_ns;	    /* of the last call that moved any */

	uint64_t n_infos;
	struct jinfo info; /* the last */
	uint64_t since;	   /* bytes moved since it began */
	uint64_t between;  /* by calls that began after it had returned */
	bool empty_since;  /* an empty read since */

	struct {
		uint32_t tid;
		uint64_t t_ns, end_ns;
		int64_t ret;
	} last_io;
	struct jwaiter waiters[JWAITERS];
	uint32_t n_waiters; /* of them with a tid */

	/* the run of empty reads in PRE_COPY */
	uint64_t spin, spin_t_ns, spin_seq;

	struct {
		uint64_t t_ns, left, least, moved;
	} samples[JSAMPLES];
	uint32_t n_samples;
};

#define JRECENT 16 /* a power of two */

/* The slowest call of its kind in a session. */
struct jslow {
	uint64_t ns, t_ns, seq;
};

struct jsess {
	bool ended;		  /* judged as ended */
	struct jslow read, write; /* a read() in STOP_COPY; a write() */
	/* STOP_COPY gave far more than the last info, and no MIG_DATA_SIZE was asked for. */
	bool misled;
	uint64_t misled_by;
};

/* A finding that stands unless something turns out to have been under way. */
struct pending {
	struct finding f;
	uint64_t end_ns; /* of the call */
	bool reads;	 /* a read that moved data unmakes it, too */
};

/* A call that is out: its finding goes when it turns out to have returned. */
struct jstuck {
	uint32_t host, tid, call, finding;
};

struct judge {
	struct judge_opts opts;
	struct finding *findings;
	size_t n_findings;
	uint64_t omitted;
	bool omitted_matters;
	struct pending *pending;
	size_t n_pending;
	struct jdev **devs;
	uint32_t n_devs;
	struct jstream **streams; /* those not released yet */
	size_t n_streams;
	struct jsess *sess;
	uint32_t n_sess;
	struct jstuck *stuck;
	uint32_t n_stuck;
	size_t cap_devs, cap_stuck, cap_findings, cap_pending, cap_streams, cap_sess;
	/* Of those, found lately: by number.  Never of another judge's. */
	struct jdev *recent_dev[JRECENT];
	struct jstream *recent_stream[JRECENT];
	bool saw_close, saw_birth;
	uint64_t idle_lost; /* lost while no session could be touched */
	uint64_t idle_lost_ns, idle_lost_seq;
	bool failed; /* out of memory */
	bool finished;
};

/* What a rule is shown. */
struct look {
	struct judge *j;
	struct model *model;
	const struct event *ev; /* NULL at the end of the evidence */
	const struct event_context *ctx;
	uint64_t end_ns;	       /* of the event; of a run, its first call */
	struct jdev *dev;	       /* or NULL */
	struct jstream *st;	       /* of a stream's event; or NULL */
	const struct model_stream *ms; /* the same in the model; or NULL */
	struct jsess *sess;	       /* or NULL */
	uint32_t session;
	uint32_t state;		       /* of the device before the event: proven, or UNKNOWN */
	bool settled;		       /* the call may be judged by it */
	const struct model_call *call; /* of a SET_STATE: its arcs; or NULL */
	const struct session *g;       /* for those that look at a session that is over */
	const struct judge_evidence *evidence; /* at the end */
};

/* When a rule's function is called; kinds of events are their own bits. */
#define ON(kind)       (1ULL << (kind))
#define ON_SESSION_END (1ULL << 61) /* @g, also when the evidence ends first */
#define ON_FINISH      (1ULL << 62)
#define ON_STREAM_END  (1ULL << 63) /* @st is forgotten after this */
_Static_assert(EV_KIND_NR <= 60, "kinds and moments share a word");

/* Which results of a read() or write() a rule looks at: most move data. */
enum result { ANY_RESULT, MOVED_DATA, MOVED_NONE };

typedef void (*rule_fn)(struct look *l);
struct rule_code {
	rule_fn fn;
	uint64_t when;
	enum result result;
};
extern const struct rule_code rule_code[RULE_NR];

/* In another file than its user: the compiler makes a slow loop of zeros of what it sees. */
extern const struct look look_at_nothing;

/* ---- judge.c ---- */

struct jdev *judge_dev(struct judge *j, uint32_t number);
struct jstream *judge_stream(struct judge *j, uint32_t number);
/* The stream of the device's session under way, or NULL. */
struct jstream *stream_under_way(struct look *l);
struct jsess *judge_sess(struct judge *j, uint32_t id);
/* Since when a SET_STATE or a reset of @device has been out; 0: none is. */
uint64_t device_in_flight(const struct model *m, uint32_t device);
/* "82 ms", "1.50 GiB": @buf has UNITS_LEN bytes. */
const char *ms_text(char *buf, uint64_t ns);
const char *size_text(char *buf, uint64_t bytes);
/* A state or an errno in words, also one without a name. */
const char *state_text(uint32_t state, char buf[32]);
const char *errno_text(int64_t ret, char buf[32]);
/* A device's name, harmless; by its number where it has none. */
#define DEVICE_TEXT_LEN 72
const char *device_text(const struct model *m, uint32_t number, char buf[DEVICE_TEXT_LEN]);

/* ---- findings.c ---- */

/*
 * A finding of @l's event.  Most are seen again and again, event after event: the
 * sentence, and all that it is made of, is made only of one that was not seen yet.
 */
#define find(l, rule, ...)                              \
	do {                                            \
		if (!find_again(l, rule))               \
			find_new(l, rule, __VA_ARGS__); \
	} while (0)
/* Was it found already?  Then it is counted. */
bool find_again(struct look *l, enum rule_id rule);
/* For find() alone: it was not. */
void find_new(struct look *l, enum rule_id rule, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/*
 * As find(), once nothing turns out to have been under way; @reads: a read under way that
 * moves data unmakes it, too.
 */
#define suspect_as(l, rule, sev, party, reads, ...)                           \
	do {                                                                  \
		if (!suspect_again(l, rule, sev))                             \
			suspect_new(l, rule, sev, party, reads, __VA_ARGS__); \
	} while (0)
bool suspect_again(struct look *l, enum rule_id rule, enum severity sev);
void suspect_new(struct look *l, enum rule_id rule, enum severity sev, uint32_t party, bool reads,
		 const char *fmt, ...) __attribute__((format(printf, 6, 7)));
/* With the rule's own severity and parties. */
#define suspect(l, rule, ...) \
	suspect_as(l, rule, judge_rule(rule)->severity, judge_rule(rule)->party, false, __VA_ARGS__)
#define suspect_unread(l, rule, ...) \
	suspect_as(l, rule, judge_rule(rule)->severity, judge_rule(rule)->party, true, __VA_ARGS__)
/* A finding of any place; its number, 0 when it is not kept. */
uint32_t find_at(struct judge *j, const struct finding *proto, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* A prototype with the rule's severity and party. */
struct finding finding_of(enum rule_id rule, uint64_t t_ns, uint64_t seq);
/* What was found does not stand. */
void finding_withdraw(struct judge *j, uint32_t id);
/* There is no room for it. */
void finding_omitted(struct judge *j, enum rule_id rule, enum severity sev);
void finding_retell(struct judge *j, uint32_t id, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Something that moves @device went on from @from_ns: of what waits, whatever
 * overlaps it proves nothing, and whatever was over before it stands.
 */
void pending_unsettled(struct judge *j, uint32_t device, uint64_t from_ns);
void pending_drop(struct judge *j, uint32_t device);
/* A read that moved data and began before a call that supposes none did. */
void pending_was_reading(struct judge *j, const struct event *ev);
void pending_finish(struct judge *j, const struct model *m);
void attach_consequences(struct judge *j, struct model *model);

/* ---- what the rules' files remember, after the rules of an event ---- */

void remember_stream(struct look *l); /* stream.c */
void remember_info(struct look *l);   /* info.c */
void remember_state(struct look *l);  /* state.c */
void remember_vmm(struct look *l);    /* vmm.c */
void remember_time(struct look *l);   /* budget.c */
/* A hole: what was counted is no longer exact, what was open is no longer known. */
void forget_stream(struct jstream *s);
void forget_device(struct judge *j, struct jdev *d);

/* ---- the rules ---- */

/* stream.c */
void rule_enomsg_in_stop_copy(struct look *l);
void rule_eof_in_precopy(struct look *l);
void rule_premature_enomsg(struct look *l);
void rule_data_after_eof(struct look *l);
void rule_poll_idle_at_eof(struct look *l);
void rule_poll_never_wakes(struct look *l);
void rule_stale_stream_alive(struct look *l);
void rule_io_failed(struct look *l);
void rule_read_after_end(struct look *l);
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
void rule_precopy_unused(struct look *l);
/* outcome.c */
void rule_migration_failed(struct look *l);
void rule_evidence_ends(struct look *l);
void rule_write_after_error(struct look *l);
void rule_ran_again(struct look *l);
void rule_resume_short(struct look *l);
void rule_resume_rejected(struct look *l);
/* budget.c */
void rule_not_converging(struct look *l);
void rule_slow_first_byte(struct look *l);
void rule_network_bound(struct look *l);
void rule_cpu_starved(struct look *l);
void rule_dirty_log_bound(struct look *l);
void rule_downtime_budget(struct look *l);
void rule_arc_budget(struct look *l);
/* evidence.c */
void rule_lost_events(struct look *l);
void rule_damaged_trace(struct look *l);
void rule_joined_late(struct look *l);
void rule_hook_missing(struct look *l);
void rule_no_migration(struct look *l);

#endif
