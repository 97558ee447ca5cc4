/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * session.h - one device and one data FD, from the arc that hands it out to its
 * end: by arc, reset or close of the device, never by the FD's close.  A
 * SET_STATE that should have handed one out and failed is a session, too
 * (@attempt), which has no stream and is over with that call.
 *
 * Bytes, arcs, states and estimates are the session's; of its outcome a side and
 * a migration know more.
 */
#ifndef VFIOSCOPE_MODEL_SESSION_H
#define VFIOSCOPE_MODEL_SESSION_H

#include "event.h"
#include "protocol.h"

/* "Not seen": bytes and times for which 0 would be a claim. */
#define MODEL_NONE PROTOCOL_NONE

enum outcome {
	OUTCOME_UNFINISHED = 0, /* not over, or the evidence ended first */
	OUTCOME_COMPLETED = 1,
	OUTCOME_CANCELLED = 2, /* given back, and no call failed */
	OUTCOME_FAILED = 3,
};

/* Static storage; "unknown" for no outcome. */
const char *outcome_name(uint32_t outcome);

/* What a call's time can be spent on: the times of an EV_WHY, in their order. */
enum why_part {
	WHY_ON_CPU,
	WHY_ASLEEP,   /* a wait, for anything but what has a part of its own */
	WHY_BLOCKED,  /* the same, uninterruptible */
	WHY_LOCK,     /* for a lock of the kernel */
	WHY_RUNQUEUE, /* for a cpu */
	WHY_FAULT,    /* in page faults */
	/* Only between two calls; in one they are not told apart: */
	WHY_SEND,    /* waiting in a system call that sends, or writes */
	WHY_RECEIVE, /* in one that receives, or reads */
	WHY_POLL,    /* in poll(), and what is like it */
	WHY_FUTEX,   /* for another thread */
	WHY_STOPPED, /* by a signal */
	WHY_KVM_LOG, /* getting, or clearing, KVM's dirty log */
	WHY_PARTS,
	/* What of a part above is known more of; it is in that, too.  Of WHY_SEND, what limited it: */
	WHY_SEND_RECEIVER = WHY_PARTS, /* whoever takes the data took no more */
	WHY_SEND_BUFFERS, /* all that the connection's buffers have room for was on its way */
	WHY_SEND_NETWORK, /* neither: congestion, queues */
	/* Of WHY_FUTEX, which are known together and then add up to it: */
	WHY_FUTEX_VCPU,	 /* a thread that runs a vCPU had something to do, and may be waited for */
	WHY_FUTEX_OTHER, /* none had */
	WHY_SUMS,
};

/* Whose time a call's is, in a window. */
enum path_part {
	PART_ARC,
	PART_LOAD, /* the arc by which a destination takes the state in */
	PART_IO,
	PART_DIRTY_SYNC,
	PART_OTHER, /* calls that have no part of their own */
	PART_NR,
	PART_GAP = PART_NR, /* between the calls: enum window_gap says where */
};

/* What a call had of a function that was asked for: see EV_INSIDE. */
struct inside_sum {
	uint32_t function; /* as model_function() has it */
	uint64_t calls, total_ns, longest_ns;
	uint64_t longest_t_ns; /* when that began; MODEL_NONE: it was too short to be told */
};

/* Of a call those with the largest sums are kept. */
#define CALL_INSIDE_MAX 6

/* Why a call took its time: see EV_WHY.  MODEL_NONE where something was not seen. */
struct call_why {
	uint32_t call;	   /* enum event_kind; EV_NONE: between two calls of a thread */
	uint32_t from, to; /* of an arc; @to of a SET_STATE; else MIG_UNKNOWN */
	uint32_t part;	   /* enum path_part */
	bool so_far;	   /* it has not returned */
	bool seen;	   /* else there is no more than the stack */
	bool in_stop;	   /* its device stood still */
	uint64_t t_ns, dur_ns;
	uint64_t own_ns; /* of @dur_ns what its steps, which are calls of their own, do not have */
	uint64_t ns[WHY_SUMS];
	uint64_t faults, longest_ns;
	uint64_t srtt_ns, cwnd, retransmits; /* of the connection that it waited to send on */
	char stack[EVENT_STACK_LEN];
	/* What ran in it, less what did in its steps; the largest sum first. */
	struct inside_sum inside[CALL_INSIDE_MAX];
	uint32_t n_inside, inside_left_out;
};

/*
 * A function that was asked for, in the calls of a session.  Its time is also that of those
 * it ran in: sums of two functions are none of anything.
 */
struct session_inside {
	uint32_t function; /* as model_function() has it */
	uint32_t unseen;   /* enum event_unseen: else all below is 0 and says nothing */
	int64_t err;	   /* of UNSEEN_REFUSED: -errno */
	uint64_t since_ns; /* since when that is so; it may be later than the session's begin */
	uint64_t calls, total_ns, longest_ns;
	uint64_t longest_t_ns; /* MODEL_NONE: none ran, or each was too short to be told */
	uint32_t longest_call; /* enum event_kind; EV_NONE: none ran */
	uint32_t longest_from, longest_to; /* as struct call_why has them */
};

/* Lists of a session hold at most this many; the rest is folded. */
#define SESSION_STATES_MAX 24
#define SESSION_ARCS_MAX   32
#define SESSION_TREND_MAX  48
#define SESSION_SLOW_MAX   6

struct session_state {
	uint32_t state; /* the likely one: see model_device.likely */
	uint64_t enter_ns;
	uint64_t dwell_ns; /* up to now, for the current state */
	uint64_t bytes;	   /* moved by calls begun in this state */
	uint64_t reads, writes;
	uint64_t enomsg, zero_reads; /* read() gave -ENOMSG, or 0 */
	uint64_t infos;
};

struct session_arc {
	uint32_t from, to; /* @to is MIG_UNKNOWN: it failed before it was named */
	int64_t ret;	   /* negative: the step failed */
	uint64_t start_ns, dur_ns;
};

struct session_sample { /* one precopy info */
	uint64_t t_ns, initial_bytes, dirty_bytes;
	uint64_t moved; /* bytes of the session so far */
};

/* A stretch of empty reads of one stream with nothing moved in between. */
struct session_runs {
	uint64_t runs;	  /* of two reads or more */
	uint64_t longest; /* reads in the longest */
	uint64_t longest_start_ns, longest_span_ns;
	uint64_t span_ns; /* of all runs together */
};

/*
 * What nothing was in flight for, named by what ended it.  That is time of the
 * VMM (RAM, vCPUs), of the network and, in a session's own window, of the other
 * devices of the VM.
 */
enum window_gap {
	GAP_ARCS,     /* before and between the arcs */
	GAP_FIRST_IO, /* from the last arc to the first read() or write() */
	GAP_IO,	      /* between reads, between writes */
	GAP_LOAD,     /* from the last one to the next arc */
	GAP_START,    /* between the arcs after that */
	GAP_NR,
};

/*
 * A stretch of time and what it was spent on; the parts add up exactly:
 * total = arcs + load + io + dirty_sync + outside + unattributed.
 */
struct session_window {
	uint64_t start_ns; /* MODEL_NONE: nothing was stopped */
	uint64_t end_ns;
	uint64_t total_ns;	  /* end - start */
	uint64_t arcs_ns;	  /* the driver changed state */
	uint64_t load_ns;	  /* RESUMING to STOP; in a session's window it is in arcs_ns */
	uint64_t io_ns;		  /* inside read() and write() */
	uint64_t dirty_sync_ns;	  /* inside dirty-log reports and stops */
	uint64_t outside_ns;	  /* no call in flight: */
	uint64_t gap_ns[GAP_NR];  /* the same by name */
	uint64_t unattributed_ns; /* other calls, holes in the evidence */
	/*
	 * Of each part, as far as it was recorded what its calls were spent on.  Calls
	 * under EVENT_WHY_MIN_NS were not; what two calls cover may be in it twice.
	 */
	uint64_t why_ns[PART_NR][WHY_SUMS];
	/* The same of each gap: what the thread did meanwhile that ended it with a call. */
	uint64_t gap_why_ns[GAP_NR][WHY_SUMS];
	/* Of all that, in calls that had not returned when they were last seen. */
	uint64_t in_flight_ns;
};

enum forecast_trend {
	TREND_UNKNOWN = 0,    /* under two infos with a read between them */
	TREND_CONVERGING = 1, /* it gets less, or each wave of dirty data is read out */
	TREND_NOT_CONVERGING = 2,
	TREND_DONE = 3, /* nothing is left: it only waits */
};

enum forecast_basis {
	FORECAST_NONE = 0,
	FORECAST_DEVICE = 1,  /* earlier stop windows of this device */
	FORECAST_DRIVER = 2,  /* of all devices with its driver */
	FORECAST_SESSION = 3, /* this session's own rate and arcs */
};

/*
 * Ways to guess a stop window.  Each guesses every time, and that which has
 * been right so far is believed.
 */
enum forecast_way {
	WAY_PACE, /* what is left, at this session's pace in pre-copy */
	WAY_SIZE, /* what is left, at the pace of earlier stops */
	WAY_SAME, /* as long as earlier ones, whatever is left */
	FORECAST_WAYS,
};

/* What the device itself would take of a stop: its arcs, and the reads of what is left. */
struct forecast {
	enum forecast_trend trend;
	uint64_t read_bps, dirty_bps; /* MODEL_NONE: not known */
	uint64_t left_bytes;	      /* to be moved in STOP_COPY; MODEL_NONE */
	bool left_is_data_size;	      /* else initial + dirty */
	uint64_t left_age_ns;	      /* how old that estimate is */
	enum forecast_basis basis;
	uint32_t samples;		  /* earlier stops that it rests on */
	uint64_t low_ns, mid_ns, high_ns; /* MODEL_NONE */
	uint64_t arcs_ns, drain_ns;	  /* what mid_ns is made of; MODEL_NONE: not known */
	uint64_t guess_ns[FORECAST_WAYS]; /* each way's own; MODEL_NONE */
	enum forecast_way way;		  /* that was believed */
};

/*
 * A call, a reset, a close or the end of a process that went wrong: what may
 * be the cause of a failed migration.
 */
struct failure {
	uint32_t kind; /* enum event_kind; EV_NONE: there is none */
	uint32_t host, pid, tid;
	uint32_t device, stream, session; /* 0: of none */
	int64_t ret;			  /* -errno; 0 where nothing returned one */
	int64_t target;			  /* of a SET_STATE, or EVENT_TARGET_NONE */
	uint32_t from, to;		  /* the step of it that failed; MIG_UNKNOWN */
	uint32_t code, signal;		  /* of a process's end */
	uint64_t t_ns, end_ns;		  /* when it began and when it was known */
	uint64_t seq;			  /* of its event */
	uint64_t bytes;			  /* moved by the session until then */
	uint64_t size;			  /* that a read() or write() asked for */
	char comm[EVENT_COMM_LEN];
};

/* How a session ended. */
enum session_end {
	SESSION_ALIVE = 0,
	SESSION_END_ARC,
	SESSION_END_RESET,
	SESSION_END_CLOSE, /* of the device */
	SESSION_END_OTHER, /* the next one began; what ended it was not seen */
};

struct session {
	uint32_t id;	    /* from 1, in order of begin */
	uint32_t side;	    /* it belongs to */
	uint32_t peer;	    /* session on the other side, once joined; or 0 */
	bool peer_by_order; /* paired by nothing but the order of opens */
	uint32_t host, device, stream;
	uint32_t direction; /* enum event_direction */
	uint32_t outcome;   /* enum outcome: of this device alone */
	uint32_t pid;
	char comm[EVENT_COMM_LEN];
	char vm[EVENT_NAME_LEN];

	bool attempt;		      /* a SET_STATE that failed to hand out a data FD */
	bool ended;		      /* no more events belong to it */
	bool joined_late;	      /* its begin is not in the evidence */
	bool session_over;	      /* its session ended, the outcome may be open */
	uint32_t ended_by;	      /* enum session_end, with session_over */
	bool eof;		      /* read() gave 0 in STOP_COPY, nothing since */
	uint64_t eof_ns;	      /* end of that read; MODEL_NONE */
	uint64_t start_ns;	      /* of the arc that handed out the data FD */
	uint64_t end_ns;	      /* of the call that ended it; else of its last */
	uint64_t first_seq, last_seq; /* of its events */

	struct session_state states[SESSION_STATES_MAX];
	uint32_t n_states;
	uint64_t states_folded; /* left out before the last one */
	struct session_arc arcs[SESSION_ARCS_MAX];
	uint32_t n_arcs;
	uint64_t arcs_folded; /* left out before the last one */

	uint64_t bytes_precopy, bytes_stop_copy; /* source */
	uint64_t bytes_unplaced;		 /* moved while the state was unknown or odd */
	uint64_t bytes_total;
	uint64_t reads, writes;
	uint64_t enomsg;	     /* reads that gave -ENOMSG */
	uint64_t empty_reads;	     /* reads that gave 0 or -ENOMSG */
	uint64_t zero_reads_precopy; /* read() gave 0 in PRE_COPY* */
	uint64_t enomsg_stop_copy;   /* read() gave -ENOMSG in STOP_COPY */
	uint64_t io_errors;	     /* any other failed read or write */
	uint64_t polls, precopy_infos, data_sizes;
	uint64_t infos_failed; /* GET_PRECOPY_INFO calls that failed */
	uint64_t sizes_failed; /* MIG_DATA_SIZE calls that failed */
	uint64_t reinits;      /* infos with REINIT, after the opt-in */
	uint64_t dma_log_reports;
	uint64_t max_io_size; /* largest buffer asked with */
	/* Pre-copy: reads that followed one another, and what they moved. */
	uint64_t pace_ns, pace_bytes;
	uint64_t first_read_ns; /* duration of the first read of STOP_COPY;
					   MODEL_NONE */
	struct session_runs runs;

	/* The byte trend; MODEL_NONE before the first info. */
	uint64_t initial_first, initial_last;
	uint64_t dirty_first, dirty_last, dirty_max, dirty_max_ns;
	uint64_t dirty_rises, dirty_falls;
	uint64_t info_ns, info_moved; /* the last info: when, bytes moved until then */
	uint64_t initial_zero_ns;     /* when initial_bytes was first seen 0 */
	struct session_sample trend[SESSION_TREND_MAX];
	uint32_t n_trend; /* evenly thinned out */
	struct left left; /* to be read: of a source */

	/* The last arc to STOP_COPY: what was left by each answer then; switch_ns MODEL_NONE: none. */
	struct left at_switch;
	uint32_t switch_from; /* the state it left */
	uint64_t switch_ns, switch_arc_ns, switch_seq;

	uint64_t data_size_last, data_size_last_ns; /* MODEL_NONE */
	uint64_t estimate;			    /* at the switchover; MODEL_NONE */
	bool estimate_is_data_size;		    /* else the last initial + dirty */

	/*
	 * This device's own stop: from its first arc out of RUNNING or PRE_COPY.
	 * Where the VM has several devices "outside" holds calls of the others.
	 */
	struct session_window window;
	struct forecast forecast; /* of it, as it was made just before */
	uint64_t lead_ns;	  /* from the last read() in pre-copy to the window;
					   MODEL_NONE */

	/* A destination: RESUMING to STOP. */
	bool load_tried, loaded;
	int64_t load_ret;			   /* of the last try */
	uint64_t load_start_ns, load_ns, load_seq; /* MODEL_NONE: not seen */
	/* A write() failed and what came after it was taken all the same. */
	bool gap;
	uint64_t gap_bytes, gap_seq, gap_ns; /* moved until then; of that write() */

	/* Calls that moved bytes: reads of a source, writes of a destination. */
	uint64_t io_p50_ns, io_p99_ns, io_max_ns, io_measured;

	/* The first call that failed, whether or not it mattered. */
	uint64_t failures;
	struct failure failure;

	uint64_t resets; /* of the device, during the session */
	uint64_t lost;	 /* events lost that may have been its own */
	uint64_t holes;	 /* in so many places */
};

/*
 * What is left to be read of a source's session, as left_bytes() has it; 0 once the stream
 * gave its end, which *@source (may be NULL) has as LEFT_NOT_SEEN.  MODEL_NONE: nobody
 * said, or it is no source's; so for @g NULL.
 */
uint64_t session_left(const struct session *g, enum left_source *source);

#endif
