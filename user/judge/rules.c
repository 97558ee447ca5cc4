// SPDX-License-Identifier: GPL-2.0-only
/*
 * rules.c - the one table of rules: what each is, what it rests on, what it
 * may cause, which function finds it
 */
#include <string.h>

#include "judge/internal.h"

#define MAY_CAUSE(...)                         \
	.consequences = (const enum rule_id[]) \
	{                                      \
		__VA_ARGS__, RULE_NR           \
	}

/* Sentences are those of include/uapi/linux/vfio.h unless they say otherwise. */
static const struct rule rules[RULE_NR] = {
	[RULE_ENOMSG_IN_STOP_COPY] = {
		"enomsg-in-stop-copy", SEV_ERROR, PARTY_DRIVER, true,
		"read() gives ENOMSG in STOP_COPY",
		"ENOMSG may not be returned in STOP_COPY",
		MAY_CAUSE(RULE_STREAM_NOT_DRAINED, RULE_RESUME_REJECTED, RULE_RESUME_SHORT),
	},
	[RULE_EOF_IN_PRECOPY] = {
		"eof-in-precopy", SEV_WARNING, PARTY_DRIVER, true,
		"read() gives 0 in PRE_COPY or PRE_COPY_P2P",
		"When read() is done on this temporary end of stream the kernel driver should "
		"return ENOMSG from read()",
	},
	[RULE_PREMATURE_ENOMSG] = {
		"premature-enomsg", SEV_WARNING, PARTY_DRIVER, true,
		"an info announced bytes, nothing was read since, and read() gives ENOMSG",
		"a temporary \"end of stream\" that is reached when both initial_bytes and "
		"dirty_byte are zero",
	},
	[RULE_DATA_AFTER_EOF] = {
		"data-after-eof", SEV_ERROR, PARTY_DRIVER, true,
		"read() gives data after the permanent end of the stream",
		"a permanent end of stream signaled in the usual way by read() always returning 0",
		/* who stopped at the end did not send it */
		MAY_CAUSE(RULE_RESUME_SHORT, RULE_RESUME_REJECTED),
	},
	[RULE_POLL_IDLE_AT_EOF] = {
		"poll-idle-at-eof", SEV_ERROR, PARTY_DRIVER, true,
		"poll says not readable at the permanent end of the stream",
		"read() always returning 0 and poll always returning readable",
	},
	[RULE_POLL_NEVER_WAKES] = {
		"poll-never-wakes", SEV_WARNING, PARTY_DRIVER, true,
		"a waiter in poll sleeps on although data is readable",
		"Userspace can wait for more data (which may never come) by using poll",
	},
	[RULE_STALE_STREAM_ALIVE] = {
		"stale-stream-alive", SEV_ERROR, PARTY_DRIVER, true,
		"read() or write() succeeds on a stream whose session is over",
		"The driver is responsible to ensure that FD reaches end of stream or error "
		"whenever the migration FSM leaves a data transfer state or before "
		"close_device() returns (include/linux/vfio.h)",
	},
	[RULE_IO_FAILED] = {
		"io-failed", SEV_ERROR, PARTY_DRIVER, true,
		"a read() or write() of a live session fails with an errno that the protocol does not give it",
		"no sentence: the session cannot be completed",
		MAY_CAUSE(RULE_STREAM_NOT_DRAINED, RULE_RESET_IN_SESSION, RULE_READ_AFTER_END,
			  RULE_WRITE_AFTER_ERROR),
	},
	[RULE_READ_AFTER_END] = {
		"read-after-end", SEV_ADVICE, PARTY_VMM, true,
		"a data FD whose session has ended is read on although read() gave ENODEV",
		"no sentence: a dead FD was kept in use",
	},
	[RULE_INITIAL_BYTES_ZERO] = {
		"initial-bytes-zero", SEV_WARNING, PARTY_DRIVER, true,
		"the first info of a session, before any read, has initial_bytes 0",
		"This field should have a non-zero initial value and decrease as migration data "
		"is read from the device",
		MAY_CAUSE(RULE_INITIAL_BYTES_GREW, RULE_PRECOPY_AS_PROBE, RULE_ESTIMATE_OFF),
	},
	[RULE_INITIAL_BYTES_GREW] = {
		"initial-bytes-grew", SEV_WARNING, PARTY_DRIVER, true,
		"initial_bytes rises without REINIT",
		"This field should have a non-zero initial value and decrease as migration data "
		"is read from the device",
		MAY_CAUSE(RULE_PREMATURE_ENOMSG, RULE_LEFT_PRECOPY_EARLY),
	},
	[RULE_INITIAL_BYTES_STUCK] = {
		"initial-bytes-stuck", SEV_WARNING, PARTY_DRIVER, true,
		"initial_bytes is the same in two infos although as much was read between them",
		"This field should have a non-zero initial value and decrease as migration data "
		"is read from the device",
		MAY_CAUSE(RULE_PREMATURE_ENOMSG, RULE_LEFT_PRECOPY_EARLY),
	},
	[RULE_DIRTY_BYTES_AT_START] = {
		"dirty-bytes-at-start", SEV_WARNING, PARTY_DRIVER, true,
		"the first info of a session, before any read, has dirty_bytes above 0",
		"This field starts at zero and may increase as the internal device state is "
		"modified",
		MAY_CAUSE(RULE_PREMATURE_ENOMSG),
	},
	[RULE_REINIT_DIRTY_KEPT] = {
		"reinit-dirty-kept", SEV_WARNING, PARTY_DRIVER, true,
		"REINIT is reported with dirty_bytes above 0",
		"dirty_bytes is also reset to zero and represents the state change of the device "
		"relative to the new initial_bytes",
		MAY_CAUSE(RULE_PREMATURE_ENOMSG),
	},
	[RULE_UNKNOWN_INFO_FLAGS] = {
		"unknown-info-flags", SEV_WARNING, PARTY_DRIVER, true,
		"after the v2 opt-in an info has flag bits other than REINIT",
		"Without this opt-in, the flags field ... is reserved for bug-compatibility "
		"reasons",
	},
	[RULE_INFO_OUTSIDE_PRECOPY] = {
		"info-outside-precopy", SEV_WARNING, PARTY_DRIVER, true,
		"GET_PRECOPY_INFO succeeds outside the PRE_COPY states",
		"This ioctl is valid only in PRE_COPY states and kernel driver should return "
		"-EINVAL from any other migration state",
	},
	[RULE_INFO_MISSING] = {
		"info-missing", SEV_ERROR, PARTY_DRIVER, true,
		"the device claims PRE_COPY and has no GET_PRECOPY_INFO",
		"Support for this ioctl is mandatory if a driver claims to support VFIO_MIGRATION_PRE_COPY",
	},
	[RULE_DATA_SIZE_ABSURD] = {
		"data-size-absurd", SEV_ERROR, PARTY_DRIVER, true,
		"MIG_DATA_SIZE reports 2^63 bytes or more",
		"the estimated data length that will be required to complete stop copy",
		MAY_CAUSE(RULE_DATA_SIZE_OFF),
	},
	[RULE_DATA_SIZE_OFF] = {
		"data-size-off", SEV_ADVICE, PARTY_DRIVER, true,
		"MIG_DATA_SIZE differs from what STOP_COPY gave by more than 2x and 1 MiB",
		"the estimated data length that will be required to complete stop copy",
	},
	[RULE_ESTIMATE_OFF] = {
		"estimate-off", SEV_ADVICE, PARTY_DRIVER, true,
		"STOP_COPY gives more than 2x and 1 MiB above the last initial + dirty bytes",
		"the closer the reported length is to 0 then the faster the STOP_COPY will go "
		"(J. Gunthorpe, 2022-03-03; the uAPI promises no such thing)",
	},
	[RULE_PRECOPY_AS_PROBE] = {
		"precopy-as-probe", SEV_ADVICE, PARTY_DRIVER, true,
		"pre-copy moves next to nothing of a state of a MiB or more",
		"It distorts the entire purpose of PRE_COPY and this whole estimation mechanism "
		"(J. Gunthorpe, 2022-03-03)",
		MAY_CAUSE(RULE_ESTIMATE_OFF),
	},
	[RULE_FD_MISSING] = {
		"fd-missing", SEV_ERROR, PARTY_DRIVER, true,
		"an arc that begins a session hands out no data FD",
		"If the new_state starts a new data transfer session then the FD associated with "
		"that session is returned in data_fd",
		MAY_CAUSE(RULE_STREAM_NOT_DRAINED),
	},
	[RULE_FD_UNEXPECTED] = {
		"fd-unexpected", SEV_ERROR, PARTY_DRIVER, true,
		"an arc that begins no session hands out a data FD",
		"Moving between these states alters what is streamed in session, but does not "
		"terminate or otherwise affect the associated fd",
		MAY_CAUSE(RULE_STREAM_LEFT_OPEN),
	},
	[RULE_FD_LOST] = {
		"fd-lost", SEV_ERROR, PARTY_VMM, true,
		"the driver made a data FD and the ioctl failed all the same",
		"core code: vfio_ioct_mig_return_fd() puts the file when no descriptor is free "
		"(EMFILE) or the answer cannot be copied (EFAULT); the new state stays",
		MAY_CAUSE(RULE_STREAM_NOT_DRAINED, RULE_RESET_IN_SESSION),
	},
	[RULE_ILLEGAL_ARC] = {
		"illegal-arc", SEV_ERROR, PARTY_DRIVER, true,
		"a transition that the state machine forbids succeeds",
		"STOP_COPY -> PRE_COPY ... These arcs are not permitted and return error if "
		"requested ... ERROR cannot be specified as a device state",
		MAY_CAUSE(RULE_FD_UNEXPECTED, RULE_FD_MISSING, RULE_STATE_DESYNC, RULE_ERROR_STATE),
	},
	[RULE_STATE_DESYNC] = {
		"state-desync", SEV_ERROR, PARTY_DRIVER, true,
		"the state found is not the state last reached",
		"The kernel migration driver must not generate asynchronous device state transitions "
		"outside of manipulation by the user or the VFIO_DEVICE_RESET ioctl",
		MAY_CAUSE(RULE_ERROR_STATE),
	},
	[RULE_ERROR_STATE] = {
		"error-state", SEV_ERROR, PARTY_DRIVER, true,
		"the device enters ERROR",
		"To recover from ERROR VFIO_DEVICE_RESET must be used to return the device_state "
		"back to RUNNING",
	},
	[RULE_CALL_STUCK] = {
		"call-stuck", SEV_ERROR, PARTY_DRIVER, true,
		"a VFIO call or a call of the data FD does not return",
		"The kernel migration driver must fully transition the device to the new state "
		"value before the operation returns to the user",
		MAY_CAUSE(RULE_SLOW_CALL, RULE_STREAM_NOT_DRAINED, RULE_STREAM_LEFT_OPEN),
	},
	[RULE_SLOW_CALL] = {
		"slow-call", SEV_ADVICE, PARTY_DRIVER, false,
		"a SET_STATE, reset, read or write took over a second",
		"no sentence: a second is what a guest notices",
	},
	[RULE_MIGRATION_FAILED] = {
		"migration-failed", SEV_ERROR, PARTY_UNKNOWN, false,
		"a migration, or an attempt at one, ended in failure",
		"no sentence: a failure is never a pass",
		/* what is about the very call that failed it */
		MAY_CAUSE(RULE_IO_FAILED, RULE_RESUME_REJECTED, RULE_ERROR_STATE,
			  RULE_RESET_IN_SESSION, RULE_SLOW_CALL),
	},
	[RULE_EVIDENCE_ENDS] = {
		"evidence-ends", SEV_INCONCLUSIVE, PARTY_ADMIN, false,
		"nothing in the evidence says how a migration ended",
		"no sentence: nobody knows how it went",
	},
	[RULE_RAN_AGAIN] = {
		"ran-again", SEV_INCONCLUSIVE, PARTY_ADMIN, false,
		"a source that completed runs again",
		"no sentence: a save to a file, a migration taken back, or a VM that runs twice",
	},
	[RULE_WRITE_AFTER_ERROR] = {
		"write-after-error", SEV_ERROR, PARTY_VMM, true,
		"a write() failed, and what came after it was taken: the stream has a gap",
		"The user must consider the migration data stream carried over the FD to be "
		"opaque and must preserve the byte order of the stream",
		MAY_CAUSE(RULE_RESUME_SHORT, RULE_RESUME_REJECTED),
	},
	[RULE_RESUME_SHORT] = {
		"resume-short", SEV_ERROR, PARTY_VMM, true,
		"less was written to the destination than was read from the source, and it resumed",
		"The user must consider the migration data stream carried over the FD to be "
		"opaque and must preserve the byte order of the stream",
	},
	[RULE_RESUME_REJECTED] = {
		"resume-rejected", SEV_ERROR, PARTY_UNKNOWN, true,
		"RESUMING to STOP fails",
		"If the user provided data is found to be incomplete, inconsistent, or otherwise "
		"invalid, the migration driver must fail the SET_STATE ioctl",
		MAY_CAUSE(RULE_ERROR_STATE),
	},
	[RULE_STREAM_NOT_DRAINED] = {
		"stream-not-drained", SEV_ERROR, PARTY_VMM, true,
		"STOP_COPY is left for STOP before read() gave 0",
		"End of stream on the FD indicates the entire device state has been transferred",
		MAY_CAUSE(RULE_RESUME_REJECTED),
	},
	[RULE_PRECOPY_THROWN_AWAY] = {
		"precopy-thrown-away", SEV_ADVICE, PARTY_VMM, true,
		"within one stop PRE_COPY is left through RUNNING and a new STOP_COPY session follows",
		"PRE_COPY -> RUNNING ... The PRE_COPY arc will terminate a data transfer session",
		MAY_CAUSE(RULE_STREAM_LEFT_OPEN),
	},
	[RULE_LEFT_PRECOPY_EARLY] = {
		"left-precopy-early", SEV_ADVICE, PARTY_VMM, true,
		"PRE_COPY is left for STOP_COPY with initial_bytes above 0",
		"It is recommended to leave PRE_COPY for STOP_COPY only after this field reaches "
		"zero. Leaving PRE_COPY earlier might make things slower",
	},
	[RULE_ENOMSG_SPIN] = {
		"enomsg-spin", SEV_ADVICE, PARTY_VMM, true,
		"many empty reads in a short time with neither poll nor info between them",
		"Userspace can wait for more data (which may never come) by using poll",
	},
	[RULE_POLL_MISSING] = {
		"poll-missing", SEV_ADVICE, PARTY_DRIVER, true,
		"the VMM spins on an empty stream whose driver has no .poll",
		"Userspace can wait for more data (which may never come) by using poll",
	},
	[RULE_RESET_IN_SESSION] = {
		"reset-in-session", SEV_ADVICE, PARTY_VMM, true,
		"the device is reset while a saving session is open",
		"VFIO_DEVICE_RESET must be used to return the device_state back to RUNNING",
		MAY_CAUSE(RULE_STREAM_NOT_DRAINED),
	},
	[RULE_STREAM_LEFT_OPEN] = {
		"stream-left-open", SEV_WARNING, PARTY_VMM, true,
		"a data FD stays open when its device is closed or long after its session",
		"The user is responsible to close this FD when it is finished",
	},
	[RULE_P2P_SKIPPED] = {
		"p2p-skipped", SEV_ADVICE, PARTY_VMM, true,
		"one of several P2P devices is stopped while a sibling still runs",
		"The RUNNING_P2P and PRE_COPY_P2P states must prevent the device from initiating any "
		"new P2P DMA transactions",
	},
	[RULE_CONCURRENT_IO] = {
		"concurrent-io", SEV_ERROR, PARTY_VMM, true,
		"two reads (or writes) of one stream overlap in time",
		"The user ... must preserve the byte order of the stream",
		MAY_CAUSE(RULE_RESUME_REJECTED, RULE_DATA_AFTER_EOF),
	},
	[RULE_PRECOPY_UNUSED] = {
		"precopy-unused", SEV_ADVICE, PARTY_VMM, true,
		"a device that offers PRE_COPY gives its state of a MiB or more in STOP_COPY alone",
		"no sentence: what could have moved while the guest ran did not",
	},
	[RULE_NOT_CONVERGING] = {
		"not-converging", SEV_ADVICE, PARTY_ADMIN, false,
		"dirty bytes come at least as fast as they are read",
		"Userspace may use the combination of these fields to estimate ... trends "
		"relative to the rate the device is dirtying its internal state",
	},
	[RULE_SLOW_FIRST_BYTE] = {
		"slow-first-byte", SEV_ADVICE, PARTY_DRIVER, false,
		"the arc to STOP_COPY and the first read() are most of the stop window",
		"no sentence: one huge SAVE before the first byte leaves nothing to overlap",
	},
	[RULE_NETWORK_BOUND] = {
		"network-bound", SEV_ADVICE, PARTY_ADMIN, false,
		"over half of a stop the VMM waited to send, or for what was sent",
		"no sentence: what does not pass the network makes the stop longer",
	},
	[RULE_CPU_STARVED] = {
		"cpu-starved", SEV_ADVICE, PARTY_ADMIN, false,
		"over half of a stop the VMM's threads could have run and had no cpu",
		"no sentence: who waits for a cpu while the guest stands still makes the stop longer",
	},
	[RULE_DIRTY_LOG_BOUND] = {
		"dirty-log-bound", SEV_ADVICE, PARTY_ADMIN, false,
		"over half of a stop went into dirty logs",
		"no sentence: each page that has to be looked at makes the stop longer",
	},
	[RULE_DOWNTIME_BUDGET] = {
		"downtime-budget", SEV_ERROR, PARTY_ADMIN, false,
		"the downtime or the stop window is longer than the budget",
		"the user's own: --max-downtime, --max-stop-window, --max-dirty-sync",
	},
	[RULE_ARC_BUDGET] = {
		"arc-budget", SEV_ERROR, PARTY_ADMIN, false,
		"an arc, a read() or a write() takes longer than its budget",
		"the user's own: --max-arc, --max-read, --max-write",
	},
	[RULE_EXPECT_COMPLETED] = {
		"expect-completed", SEV_ERROR, PARTY_ADMIN, false,
		"not as many migrations completed as were expected",
		"the user's own: --expect completed=N",
	},
	[RULE_LOST_EVENTS] = {
		"lost-events", SEV_INCONCLUSIVE, PARTY_ADMIN, false,
		"events were lost that may belong to the migration",
		"no sentence: what was not seen proves nothing",
	},
	[RULE_DAMAGED_TRACE] = {
		"damaged-trace", SEV_INCONCLUSIVE, PARTY_ADMIN, false,
		"a part of the recording cannot be read, or its end is missing",
		"no sentence: what was not seen proves nothing",
	},
	[RULE_JOINED_LATE] = {
		"joined-late", SEV_INCONCLUSIVE, PARTY_ADMIN, false,
		"the capture began in the middle of a migration",
		"no sentence: what was not seen proves nothing",
	},
	[RULE_HOOK_MISSING] = {
		"hook-missing", SEV_INCONCLUSIVE, PARTY_ADMIN, false,
		"an operation that the driver has could not be traced",
		"no sentence: what was not seen proves nothing",
	},
	[RULE_NO_MIGRATION] = {
		"no-migration", SEV_INCONCLUSIVE, PARTY_ADMIN, false,
		"there is no migration in the evidence",
		"no sentence: what was not seen proves nothing",
	},
};

/* Every call that can be slow: what a wait in poll() takes is no fault. */
#define ON_CALLS                                                                              \
	(ON(EV_RESET) | ON(EV_FEATURE) | ON(EV_MIGRATION_FLAGS) | ON(EV_SET_STATE) |          \
	 ON(EV_GET_STATE) | ON(EV_PRECOPY_INFO) | ON(EV_PRECOPY_INFO_V2) | ON(EV_DATA_SIZE) | \
	 ON(EV_READ) | ON(EV_WRITE) | ON(EV_DMA_LOG_START) | ON(EV_DMA_LOG_STOP) |            \
	 ON(EV_DMA_LOG_REPORT))

const struct rule_code rule_code[RULE_NR] = {
	[RULE_ENOMSG_IN_STOP_COPY] = { rule_enomsg_in_stop_copy, ON(EV_READ), MOVED_NONE },
	[RULE_EOF_IN_PRECOPY] = { rule_eof_in_precopy, ON(EV_READ), MOVED_NONE },
	[RULE_PREMATURE_ENOMSG] = { rule_premature_enomsg, ON(EV_READ), MOVED_NONE },
	[RULE_DATA_AFTER_EOF] = { rule_data_after_eof, ON(EV_READ), MOVED_DATA },
	[RULE_POLL_IDLE_AT_EOF] = { rule_poll_idle_at_eof, ON(EV_POLL) },
	[RULE_POLL_NEVER_WAKES] = { rule_poll_never_wakes, ON(EV_POLL) | ON(EV_READ) },
	[RULE_STALE_STREAM_ALIVE] = { rule_stale_stream_alive, ON(EV_READ) | ON(EV_WRITE),
				      MOVED_DATA },
	[RULE_IO_FAILED] = { rule_io_failed, ON(EV_READ) | ON(EV_WRITE), MOVED_NONE },
	[RULE_READ_AFTER_END] = { rule_read_after_end, ON(EV_READ), MOVED_NONE },
	[RULE_INITIAL_BYTES_ZERO] = { rule_initial_bytes_zero, ON(EV_PRECOPY_INFO) },
	[RULE_INITIAL_BYTES_GREW] = { rule_initial_bytes_grew, ON(EV_PRECOPY_INFO) },
	[RULE_INITIAL_BYTES_STUCK] = { rule_initial_bytes_stuck, ON(EV_PRECOPY_INFO) },
	[RULE_DIRTY_BYTES_AT_START] = { rule_dirty_bytes_at_start, ON(EV_PRECOPY_INFO) },
	[RULE_REINIT_DIRTY_KEPT] = { rule_reinit_dirty_kept, ON(EV_PRECOPY_INFO) },
	[RULE_UNKNOWN_INFO_FLAGS] = { rule_unknown_info_flags, ON(EV_PRECOPY_INFO) },
	[RULE_INFO_OUTSIDE_PRECOPY] = { rule_info_outside_precopy, ON(EV_PRECOPY_INFO) },
	[RULE_INFO_MISSING] = { rule_info_missing, ON(EV_PRECOPY_INFO) | ON(EV_STREAM_OPEN) },
	[RULE_DATA_SIZE_ABSURD] = { rule_data_size_absurd, ON(EV_DATA_SIZE) },
	[RULE_DATA_SIZE_OFF] = { rule_data_size_off, ON_SESSION_END },
	[RULE_ESTIMATE_OFF] = { rule_estimate_off, ON_SESSION_END | ON_FINISH },
	[RULE_PRECOPY_AS_PROBE] = { rule_precopy_as_probe, ON_SESSION_END },
	[RULE_FD_MISSING] = { rule_fd_missing, ON(EV_SET_STATE) | ON(EV_STREAM_OPEN) | ON_FINISH },
	[RULE_FD_UNEXPECTED] = { rule_fd_unexpected, ON(EV_SET_STATE) },
	[RULE_FD_LOST] = { rule_fd_lost, ON(EV_SET_STATE) },
	[RULE_ILLEGAL_ARC] = { rule_illegal_arc, ON(EV_ARC) | ON(EV_SET_STATE) },
	[RULE_STATE_DESYNC] = { rule_state_desync, ON(EV_ARC) | ON(EV_GET_STATE) },
	[RULE_ERROR_STATE] = { rule_error_state, ON(EV_ARC) | ON(EV_GET_STATE) | ON(EV_SET_STATE) },
	[RULE_CALL_STUCK] = { rule_call_stuck, ON(EV_STUCK) | ON(EV_WHY) },
	[RULE_SLOW_CALL] = { rule_slow_call, ON_CALLS },
	[RULE_MIGRATION_FAILED] = { rule_migration_failed, ON_FINISH },
	[RULE_EVIDENCE_ENDS] = { rule_evidence_ends, ON_FINISH },
	[RULE_RAN_AGAIN] = { rule_ran_again, ON_FINISH },
	[RULE_WRITE_AFTER_ERROR] = { rule_write_after_error, ON_SESSION_END },
	[RULE_RESUME_SHORT] = { rule_resume_short, ON_FINISH },
	[RULE_RESUME_REJECTED] = { rule_resume_rejected, ON_FINISH },
	[RULE_STREAM_NOT_DRAINED] = { rule_stream_not_drained,
				      ON(EV_ARC) | ON(EV_DEVICE_CLOSE) | ON_FINISH },
	[RULE_PRECOPY_THROWN_AWAY] = { rule_precopy_thrown_away, ON(EV_ARC) },
	[RULE_LEFT_PRECOPY_EARLY] = { rule_left_precopy_early, ON(EV_ARC) },
	[RULE_ENOMSG_SPIN] = { rule_enomsg_spin, ON(EV_READ), MOVED_NONE },
	[RULE_POLL_MISSING] = { rule_poll_missing, ON(EV_READ), MOVED_NONE },
	[RULE_RESET_IN_SESSION] = { rule_reset_in_session, ON(EV_RESET) | ON(EV_DEVICE_RESET) },
	[RULE_STREAM_LEFT_OPEN] = { rule_stream_left_open, ON(EV_STREAM_CLOSE) | ON_STREAM_END },
	[RULE_P2P_SKIPPED] = { rule_p2p_skipped, ON(EV_ARC) },
	[RULE_CONCURRENT_IO] = { rule_concurrent_io, ON(EV_READ) | ON(EV_WRITE) },
	[RULE_PRECOPY_UNUSED] = { rule_precopy_unused, ON_SESSION_END },
	[RULE_NOT_CONVERGING] = { rule_not_converging, ON(EV_PRECOPY_INFO) },
	[RULE_SLOW_FIRST_BYTE] = { rule_slow_first_byte, ON_SESSION_END },
	[RULE_NETWORK_BOUND] = { rule_network_bound, ON_FINISH },
	[RULE_CPU_STARVED] = { rule_cpu_starved, ON_FINISH },
	[RULE_DIRTY_LOG_BOUND] = { rule_dirty_log_bound, ON_FINISH },
	[RULE_DOWNTIME_BUDGET] = { rule_downtime_budget, ON_FINISH },
	[RULE_ARC_BUDGET] = { rule_arc_budget, ON_SESSION_END },
	[RULE_LOST_EVENTS] = { rule_lost_events, ON(EV_LOSS) | ON_FINISH },
	[RULE_DAMAGED_TRACE] = { rule_damaged_trace, ON_FINISH },
	[RULE_JOINED_LATE] = { rule_joined_late, ON(EV_STREAM_OPEN) | ON(EV_READ) | ON(EV_WRITE) |
							 ON(EV_PRECOPY_INFO) },
	[RULE_HOOK_MISSING] = { rule_hook_missing, ON(EV_STREAM_OPEN) | ON_FINISH },
	[RULE_NO_MIGRATION] = { rule_no_migration, ON_FINISH },
};

const struct rule *judge_rule(uint32_t id)
{
	return id < RULE_NR ? &rules[id] : NULL;
}

uint32_t judge_rule_from_name(const char *name)
{
	uint32_t i;

	for (i = 0; i < RULE_NR; i++)
		if (!strcmp(rules[i].name, name))
			return i;
	return RULE_NR;
}

const char *severity_name(uint32_t severity)
{
	static const char *const names[] = { "error", "warning", "advice", "inconclusive" };

	return severity < 4 ? names[severity] : "unknown";
}

const char *party_name(uint32_t party)
{
	static const char *const names[] = {
		"unknown", "driver",	    "vmm",	  "driver, vmm",
		"admin",   "driver, admin", "vmm, admin", "driver, vmm, admin",
	};

	return party < 8 ? names[party] : "unknown";
}

const char *verdict_name(uint32_t verdict)
{
	static const char *const names[] = { "pass", "inconclusive", "findings" };

	return verdict < 3 ? names[verdict] : "unknown";
}
