/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * side.h - what one VMM process does in one direction for one migration:
 * sessions, dirty logging, queries, resets
 *
 * It begins with the first of: a MIG_DATA_SIZE call, a data FD asked for, a
 * DMA_LOGGING_START refused.  Dirty logging that was started well belongs to the
 * side whose first sign follows within SIDE_LOG_NS; alone it is none.
 * A source ends completed (each device gave its end and was then asked for STOP
 * as a target of its own, or was closed) or given back (all its devices run, and
 * its dirty logging has stopped, or was none of its own, or a new PRE_COPY is
 * asked for).  A destination ends when all its devices run, or is closed.
 */
#ifndef VFIOSCOPE_MODEL_SIDE_H
#define VFIOSCOPE_MODEL_SIDE_H

#include "model/session.h"

#define SIDE_LOG_NS 10000000000ULL

struct side_device {
	uint32_t device;
	uint32_t session; /* its last */
	uint64_t eof_ns;  /* MODEL_NONE: its stream did not end */
	/* Of the side's stop: an instant of two calls is that which returned last. */
	uint64_t arcs_ns, io_ns, other_ns;
};

/*
 * What a stop of the VM would take on its source, in two parts that are each held
 * against their own when it is over: the devices' (side.stop: arcs_ns + load_ns +
 * io_ns) and the rest (VMM, RAM, dirty sync, network: all else).  There is no total
 * while a part is not known.
 */
struct stop_forecast {
	uint32_t n_devices;	   /* that it is about; 0: there is none */
	enum forecast_basis basis; /* the weakest of the devices' */
	uint32_t samples;	   /* the fewest of them */
	uint64_t devices_low_ns, devices_mid_ns, devices_high_ns; /* MODEL_NONE */
	uint32_t rest_samples;					  /* earlier stops on this host */
	uint64_t rest_low_ns, rest_mid_ns, rest_high_ns;	  /* MODEL_NONE */
	uint64_t left_bytes; /* of all devices; MODEL_NONE: of one nobody knows */
};

struct side {
	uint32_t id;	    /* from 1, in order of its first sign; stays */
	uint32_t migration; /* once looked at: its number */
	uint32_t host, pid;
	char comm[EVENT_COMM_LEN]; /* of the process */
	char vm[EVENT_NAME_LEN];   /* "" when not known */
	uint32_t vm_source;	   /* enum event_vm_source */
	uint32_t direction;	   /* enum event_direction: DIR_SAVE is a source */
	uint32_t outcome;	   /* enum outcome: as far as this side tells */

	bool ended;
	bool joined_late;      /* a session of it was open before the capture */
	bool paused_before;    /* the VM stood still when it began */
	bool log_is_own;       /* its dirty logging was started for it */
	uint64_t begin_ns;     /* the first sign */
	uint64_t end_ns;       /* of what ended it; else of its last event */
	uint64_t ran_again_ns; /* a completed source that runs again; MODEL_NONE */
	uint64_t first_seq, last_seq;

	uint32_t first_session, last_session; /* 0: none; see model_side_session() */
	uint32_t n_sessions;
	uint32_t n_devices; /* that were asked for a data FD */
	uint64_t bytes_total;
	uint64_t eof_ns; /* a source's last read() that gave 0; MODEL_NONE */
	uint64_t run_ns; /* a destination's last arc to RUNNING; MODEL_NONE */

	uint64_t data_sizes, sizes_failed;
	uint64_t dma_log_starts, dma_log_refused, dma_log_reports, dma_log_stops;
	uint64_t resets;      /* in mid-session */
	uint64_t lost, holes; /* as of a session */

	/* The process's end, if it was seen: kind is EV_PROCESS_EXIT. */
	struct failure exit;
	/* Why it failed, kind EV_NONE: nothing did. */
	struct failure cause;
	uint64_t failures_beside; /* failed calls that can be no cause */

	/*
	 * The VM's stop on this host.  A source's: from the first arc of any of its
	 * devices that leaves RUNNING or PRE_COPY to the last byte of the last one,
	 * or, when it was given back, until all run again (stop.end_ns; total 0 and
	 * start MODEL_NONE: none was stopped).  Of a destination: of no interest,
	 * its guest runs elsewhere.
	 */
	struct session_window stop;
	bool stop_over;		       /* it came to its end */
	struct stop_forecast forecast; /* of it, as it was made just before */
	bool dirty_log_seen;	       /* else stop.dirty_sync_ns is not 0 but not seen */
	uint32_t stop_last_device;     /* that gave the last byte; 0: none yet */
	/* Until all ran again, of one that was given back; MODEL_NONE: it is still still. */
	uint64_t stopped_ns;
};

#endif
