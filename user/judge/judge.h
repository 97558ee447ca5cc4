/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * judge.h - what the events say about the driver, the VMM and the budget
 *
 * Pure and incremental, beside the model: feed each event after the model took
 * it, then say that the evidence has ended.  Promises:
 * - the same events give the same findings, on any machine;
 * - a conforming run gives no error and no warning, ever: what cannot be
 *   proven is not claimed, and what cannot be decided because the evidence has
 *   a hole is said as "inconclusive";
 * - a call is judged by a device's state only when it began after the last arc
 *   ended and overlaps no arc and no reset, and never in an unknown state.
 *   Calls are told when they return, so such a finding stands only when the
 *   next arc, reset or close (or the end) shows what was under way;
 * - per rule, device, stream and migration there is one finding, which counts
 *   how often it was seen: findings and memory are bounded by what is alive
 *   and by FINDINGS_MAX, never by the length of the trace;
 * - texts are made of the tool's words and numbers, no name of the traced
 *   system is in them.
 */
#ifndef VFIOSCOPE_JUDGE_H
#define VFIOSCOPE_JUDGE_H

#include "event.h"
#include "model/model.h"
#include "source.h"

enum severity {
	SEV_ERROR = 0,	      /* must, may not, mandatory; or a budget */
	SEV_WARNING = 1,      /* should */
	SEV_ADVICE = 2,	      /* recommended; or an estimate that misled */
	SEV_INCONCLUSIVE = 3, /* the evidence does not decide it */
};

/* Who has to act: a set, 0: unknown. */
#define PARTY_UNKNOWN 0U
#define PARTY_DRIVER  (1U << 0)
#define PARTY_VMM     (1U << 1)
#define PARTY_ADMIN   (1U << 2)
#define PARTIES	      3

enum rule_id {
	/* what the stream says */
	RULE_ENOMSG_IN_STOP_COPY,
	RULE_EOF_IN_PRECOPY,
	RULE_PREMATURE_ENOMSG,
	RULE_DATA_AFTER_EOF,
	RULE_POLL_IDLE_AT_EOF,
	RULE_POLL_NEVER_WAKES,
	RULE_STALE_STREAM_ALIVE,
	RULE_IO_FAILED,
	RULE_READ_AFTER_END,
	/* what the estimates say */
	RULE_INITIAL_BYTES_ZERO,
	RULE_INITIAL_BYTES_GREW,
	RULE_INITIAL_BYTES_STUCK,
	RULE_DIRTY_BYTES_AT_START,
	RULE_REINIT_DIRTY_KEPT,
	RULE_UNKNOWN_INFO_FLAGS,
	RULE_INFO_OUTSIDE_PRECOPY,
	RULE_INFO_MISSING,
	RULE_DATA_SIZE_ABSURD,
	RULE_DATA_SIZE_OFF,
	RULE_ESTIMATE_OFF,
	RULE_PRECOPY_AS_PROBE,
	/* the state machine and its data FDs */
	RULE_FD_MISSING,
	RULE_FD_UNEXPECTED,
	RULE_FD_LOST,
	RULE_ILLEGAL_ARC,
	RULE_STATE_DESYNC,
	RULE_ERROR_STATE,
	RULE_CALL_STUCK,
	RULE_SLOW_CALL,
	/* how a migration came out */
	RULE_MIGRATION_FAILED,
	RULE_EVIDENCE_ENDS,
	RULE_RAN_AGAIN,
	RULE_WRITE_AFTER_ERROR,
	RULE_RESUME_SHORT,
	RULE_RESUME_REJECTED,
	/* what the VMM does */
	RULE_STREAM_NOT_DRAINED,
	RULE_PRECOPY_THROWN_AWAY,
	RULE_LEFT_PRECOPY_EARLY,
	RULE_ENOMSG_SPIN,
	RULE_POLL_MISSING,
	RULE_RESET_IN_SESSION,
	RULE_STREAM_LEFT_OPEN,
	RULE_P2P_SKIPPED,
	RULE_CONCURRENT_IO,
	RULE_PRECOPY_UNUSED,
	/* time */
	RULE_NOT_CONVERGING,
	RULE_SLOW_FIRST_BYTE,
	RULE_NETWORK_BOUND,
	RULE_CPU_STARVED,
	RULE_DIRTY_LOG_BOUND,
	RULE_DOWNTIME_BUDGET,
	RULE_ARC_BUDGET,
	RULE_EXPECT_COMPLETED,
	/* the evidence */
	RULE_LOST_EVENTS,
	RULE_DAMAGED_TRACE,
	RULE_JOINED_LATE,
	RULE_HOOK_MISSING,
	RULE_NO_MIGRATION,
	RULE_NR,
};

struct rule {
	const char *name;	/* "eof-in-precopy": what scripts rely on */
	enum severity severity; /* of most of its findings */
	uint32_t party;		/* PARTY_*, of most of its findings */
	bool protocol;		/* a sentence of the protocol: no budget, no evidence */
	const char *summary;	/* one line, no full stop */
	const char *basis;	/* the sentence that it rests on */
	/* What a finding of it may cause, ends with RULE_NR; or NULL. */
	const enum rule_id *consequences;
};

/* Static storage; NULL for a number that is no rule. */
const struct rule *judge_rule(uint32_t id);
/* RULE_NR when no rule has that name. */
uint32_t judge_rule_from_name(const char *name);

const char *severity_name(uint32_t severity);
/* "driver", "driver, admin", ..., "unknown". */
const char *party_name(uint32_t party);

#define FINDING_TEXT_LEN 320
#define FINDINGS_MAX	 1024

struct finding {
	uint32_t id;				      /* from 1, in order of becoming certain */
	uint32_t rule;				      /* enum rule_id */
	uint32_t severity, party;		      /* PARTY_* */
	uint32_t host, device, stream, session, side; /* 0: of none in particular */
	uint32_t migration;			      /* its number, when the evidence has ended */
	uint64_t t_ns, seq;			      /* of the first event that shows it */
	uint64_t count;				      /* how often it was seen */
	uint32_t because_of;			      /* id of the finding that caused it, or 0 */
	bool ignored;				      /* --ignore: shown, not counted */
	char text[FINDING_TEXT_LEN];
};

/* A budget of 0 is none.  Initialise with judge_opts_init(). */
#define JUDGE_ARC_BUDGETS 32
#define JUDGE_IGNORES_AT  32
struct judge_opts {
	uint64_t max_downtime_ns, max_stop_window_ns;
	uint64_t max_arc_ns, max_read_ns, max_write_ns;
	uint64_t max_dirty_sync_ns; /* of one stop window */
	struct {
		uint32_t from, to;
		uint64_t ns;
	} arc[JUDGE_ARC_BUDGETS];
	uint32_t n_arcs;
	uint64_t stuck_after_ns; /* 5 s */
	bool ignore[RULE_NR];
	struct {
		uint32_t rule;
		char driver[64];
	} ignore_at[JUDGE_IGNORES_AT];
	uint32_t n_ignore_at;
	bool strict; /* advice counts, too */
	bool expects_completed;
	uint64_t expect_completed;
};

void judge_opts_init(struct judge_opts *o);

/*
 * One setting by its name, as in a policy file and (with dashes) on the
 * command line: "max-downtime" "300ms".  0, or -EINVAL with one line without
 * newline in @err (but for those of @value) and @o as it was.
 */
#define JUDGE_ERR_LEN 160
int judge_opts_set(struct judge_opts *o, const char *key, const char *value,
		   char err[JUDGE_ERR_LEN]);
/*
 * A whole policy file: "key = value" lines, '#' begins a comment, "[name]" a profile.  What
 * stands before the first is for all; of the others that called @profile (NULL: none) is
 * taken, behind it.  0, or -EINVAL with *@line (0: the file as such) and @err saying where
 * and why, also of a profile that is not taken; @o then has the settings of the lines before.
 */
int judge_policy(struct judge_opts *o, const char *text, size_t len, const char *profile,
		 unsigned int *line, char err[JUDGE_ERR_LEN]);

enum verdict {
	VERDICT_PASS = 0,
	VERDICT_INCONCLUSIVE = 1,
	VERDICT_FINDINGS = 2,
	VERDICT_NR,
};

const char *verdict_name(uint32_t verdict);

struct judge;

/* @opts is copied; NULL: the defaults.  NULL without memory. */
struct judge *judge_create(const struct judge_opts *opts);
/* A copy that goes its own way, as model_clone(); NULL without memory. */
struct judge *judge_clone(const struct judge *j);
void judge_destroy(struct judge *j);
const struct judge_opts *judge_options(const struct judge *j);

/*
 * The event that @model has just taken, with what model_feed() said of it.
 * 0 or -ENOMEM.
 */
int judge_feed(struct judge *j, struct model *model, const struct event *ev,
	       const struct event_context *ctx);

/* What is known of the evidence when it has ended; all may be NULL. */
struct judge_evidence {
	const struct source_health *health;
	const struct meta *meta;
	/* What was asked for: one migration (0: all), what ended at @from_ns or later. */
	uint32_t migration;
	uint64_t from_ns;
};

/* No event comes any more.  Once.  0 or -ENOMEM. */
int judge_finish(struct judge *j, struct model *model, const struct judge_evidence *e);

/*
 * Findings so far, in order of id; those not kept are counted: of more than FINDINGS_MAX
 * the mildest, a failed migration's last of all.  Where one of these counts, or leaves
 * something open (judge_omitted_matters()), the verdict is not "pass".
 */
size_t judge_findings(const struct judge *j);
const struct finding *judge_finding(const struct judge *j, size_t i);
uint64_t judge_omitted(const struct judge *j);
bool judge_omitted_matters(const struct judge *j);

/*
 * Does the finding make a verdict "findings"?  Not when it is ignored, is a
 * consequence of another that does, is inconclusive, or is mere advice and
 * @strict is off.
 */
bool judge_counts(const struct judge *j, const struct finding *f);
/* Does it keep a verdict from "pass"? */
bool judge_doubts(const struct judge *j, const struct finding *f);

/* Two verdicts together: a proven finding outranks a hole. */
static inline enum verdict verdict_worse(enum verdict a, enum verdict b)
{
	return a > b ? a : b;
}

/* Of what was found so far. */
enum verdict judge_verdict(const struct judge *j);

/* What the protocol alone says, whatever came of the migrations and the budgets. */
enum protocol_verdict { PROTOCOL_CLEAN = 0, PROTOCOL_FINDINGS = 1, PROTOCOL_CANNOT_SAY = 2 };
/* Of one finding: does it count there, or keep that from being clean? */
bool judge_counts_for_protocol(const struct judge *j, const struct finding *f);
bool judge_doubts_protocol(const struct judge *j, const struct finding *f);
/* "clean", "findings", "cannot say" */
const char *protocol_verdict_name(uint32_t v);

/* Who has to act on a failure that failed a migration: PARTY_*. */
uint32_t judge_failure_party(const struct failure *f);
/*
 * What happened, in one phrase without a name of the traced system: "write() gave
 * EFAULT at 40 B", "the process was killed by signal 9".
 */
#define FAILURE_TEXT_LEN 160
const char *judge_failure_text(const struct failure *f, char buf[FAILURE_TEXT_LEN]);

/* "on_cpu", and "on the cpu": static. */
const char *why_part_key(enum why_part part);
const char *why_part_words(enum why_part part);
/*
 * What limited the connection while WHY_SEND passed, and of @w, which may be NULL, how that
 * did: "limited by its receiver for 380 ms, by the network for 25.0 ms; srtt 40.0 ms, cwnd
 * 10, 12 retransmissions"; what is all of it has no time; "" when nothing is known.
 */
#define LIMITS_TEXT_LEN 256
const char *judge_limits_text(const uint64_t ns[WHY_SUMS], const struct call_why *w,
			      char buf[LIMITS_TEXT_LEN]);
/*
 * What is known more of a part: of WHY_SEND as above; of WHY_FUTEX "a vCPU's for 10.0 ms";
 * else "".
 */
const char *judge_detail_text(const uint64_t ns[WHY_SUMS], enum why_part part,
			      const struct call_why *w, char buf[LIMITS_TEXT_LEN]);
/* The innermost functions, without their offsets; harmless text, "" when there are none. */
#define WHY_STACK_LEN 128
const char *judge_why_stack(const struct call_why *w, char buf[WHY_STACK_LEN]);
/*
 * "405 ms blocked in cmd_exec[core] < save_state[driver], 6.00 ms on the cpu": what makes up
 * the call, the most first; harmless text, "" when nothing is known.
 */
#define WHY_TEXT_LEN 480
const char *judge_why_text(const struct call_why *w, char buf[WHY_TEXT_LEN]);
/* The same of an EV_WHY. */
const char *judge_why_of(const struct event *ev, char buf[WHY_TEXT_LEN]);
/* What came of the other side, as "its source ..."; NULL: nothing is known.  Static storage. */
const char *judge_consequence_text(struct model *m, const struct migration *g);

/* How a budget stands for a migration. */
enum budget_state { BUDGET_NONE, BUDGET_KEPT, BUDGET_EXCEEDED, BUDGET_SKIPPED, BUDGET_UNKNOWN };
enum budget_state
judge_downtime_budget(struct model *m, const struct migration *g, uint64_t budget_ns);

/*
 * An expectation about all traces together is told to one judge: @completed
 * migrations were seen, and when @hole is set there may have been more.
 */
int judge_expectation(struct judge *j, uint64_t completed, bool hole);

#endif
