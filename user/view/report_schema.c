// SPDX-License-Identifier: GPL-2.0-only
/*
 * report_schema.c - JSON Schema of report --format json
 *
 * tests/cli/report.sh holds every output against it, in both directions: what is not
 * here may not be printed, what is here must be.
 */
#include "view/schema.h"
#include "view/view.h"

#define OUTCOME "unfinished|completed|cancelled|failed"
#define WINDOW                                                                            \
	"stop_window_ns:u? stop_window_start_ns:u? arcs_ns:u? io_ns:u? dirty_sync_ns:u? " \
	"outside_ns:u? unattributed_ns:u? in_flight_ns:u? gaps:@gaps? "

static const struct schema_object objects[] = {
	{ "report",
	  "one report of vfioscope; times in ns are of one CLOCK_MONOTONIC, that of the first recording's host",
	  "version:u tool:@tool traces:[@trace] clock:@clock devices:[@device] "
	  "migrations:[@migration] estimates:[@estimates] findings:[@finding] findings_omitted:u "
	  "loss:@loss verdict:pass|inconclusive|findings? protocol:clean|findings|cannot~say? "
	  "outcomes:@outcomes" },
	{ "tool", "who wrote it", "name:s version:s" },
	{ "trace", "a recording",
	  "path:s host:s? kernel:s? command:s? tool_version:s? first_ns:u last_ns:u time:s? "
	  "events:u calls:u ended:b bytes_skipped:u frames_damaged:u" },
	{ "clock",
	  "how the clocks of several hosts were tied, how far that may be off, and whether the clock of day was set",
	  "tied:[s] bound:[s] steps:[s] bound_ns:u?" },
	{ "device", "a device on its host; flags null: not known",
	  "host:s? number:u device:s? driver:s? bus:s? flags:[s]? precopy_info_v2:b state:S "
	  "sessions:u failed_set_states:u flags_errno:s?" },
	{ "loss",
	  "what is missing in the evidence; reasons: calls that are there, but not what they were spent on; "
	  "inside: at most so many executions of functions in calls that are there; "
	  "closes: data FDs of which it was not seen when they were closed",
	  "events:u places:u damaged_places:u reasons:u inside:u closes:u bytes_skipped:u ended:b" },
	{ "outcomes", "migrations by outcome; ran_again: of the completed ones, on their source",
	  "completed:u failed:u cancelled:u unfinished:u ran_again:u" },
	{ "migration", "the migration of a VM; text: it in a sentence",
	  "id:u vm:s? outcome:" OUTCOME " ended:b ran_again:b text:s cause:@failure? "
	  "causes:[@failure] consequence:s? begin_ns:u end_ns:u begin:s? end:s? downtime_ns:u? "
	  "downtime_why:s? downtime:[@part]? stop:[@part]? checkpoints:[@checkpoint]? stopped_ns:u? joined:@joined devices:u "
	  "bytes_total:u sides:@sides forecast:@stop_forecast? sessions:[@session]" },
	{ "checkpoint",
	  "a moment of a downtime that QEMU's log names, and the same of the devices; null: they have none",
	  "name:s t_ns:u devices:s? devices_ns:u?" },
	{ "failure", "a call, a reset, a close or the end of a process that went wrong",
	  "text:s party:s host:s? process:@process device:s? driver:s? session:u? stream:u? "
	  "side:source|destination? call:s target:T? step:@step? ret:i errno:s? code:u? signal:u? "
	  "t_ns:u time:s? end_ns:u seq:u bytes:u size:u?" },
	{ "process", "", "pid:u comm:s" },
	{ "step", "of a SET_STATE", "from:S to:S" },
	{ "part",
	  "of a downtime or a stop: they add up to it; ns null: not seen; shares: of this one; "
	  "why null: what its calls were spent on is not recorded, or it has none",
	  "part:s ns:u? party:s side:source|destination text:s why:@why? shares:[@share]" },
	{ "why",
	  "what the calls of a part were spent on: it adds up to that; send_*_ns: of send_ns, what limited it; "
	  "futex_*_ns: of futex_ns, whether a thread that runs a vCPU had something to do",
	  "on_cpu_ns:u asleep_ns:u blocked_ns:u lock_ns:u runqueue_ns:u fault_ns:u "
	  "send_ns:u receive_ns:u poll_ns:u futex_ns:u stopped_ns:u kvm_log_ns:u "
	  "send_receiver_ns:u? send_buffers_ns:u? send_network_ns:u? "
	  "futex_vcpu_ns:u? futex_other_ns:u? not_recorded_ns:u longest:@slow_call?" },
	{ "slow_call",
	  "a call of 1 ms or more, and what it was spent on; null: not seen; stack: of its longest wait",
	  "call:s? to:S? t_ns:u dur_ns:u in_stop:b on_cpu_ns:u? asleep_ns:u? blocked_ns:u? "
	  "lock_ns:u? runqueue_ns:u? fault_ns:u? send_ns:u? receive_ns:u? poll_ns:u? futex_ns:u? "
	  "stopped_ns:u? kvm_log_ns:u? send_receiver_ns:u? send_buffers_ns:u? "
	  "send_network_ns:u? futex_vcpu_ns:u? futex_other_ns:u? "
	  "srtt_ns:u? cwnd:u? retransmits:u? faults:u? longest_ns:u? stack:s? "
	  "inside:[@call_inside]?" },
	{ "call_inside",
	  "a function that was asked for, as it ran in a call and in none of its steps; its time is "
	  "also that of those it ran in; longest_t_ns null: under 100 us, of which none is told alone",
	  "function:s? calls:u total_ns:u longest_ns:u longest_t_ns:u?" },
	{ "inside",
	  "a function that was asked for, in all calls of a session that returned; not seen: why, and the rest is null",
	  "function:s? symbol:s? seen:b reason:s? since_ns:u? calls:u? total_ns:u? longest_ns:u? "
	  "longest_t_ns:u? longest_call:s? longest_from:S? longest_to:S?" },
	{ "share", "", "part:s ns:u party:s text:s" },
	{ "joined", "how source and destination were found to belong together, or why not",
	  "how:s? sure:b why:s? candidates:u" },
	{ "sides", "", "source:@side? destination:@side?" },
	{ "side", "what one process did in one direction; not_seen: why a member is null",
	  "id:u host:s? trace:u pid:u comm:s vm:s? vm_source:s? outcome:" OUTCOME " ended:b "
	  "joined_late:b paused_before:b begin_ns:u end_ns:u ran_again_ns:u? eof_ns:u? run_ns:u? "
	  "devices:u sessions:u bytes_total:u " WINDOW "stop_over:b stopped_ns:u? "
	  "dirty_log_seen:b dma_log_starts:u dma_log_refused:u dma_log_reports:u dma_log_stops:u "
	  "data_sizes:u data_sizes_failed:u resets:u failures_beside:u exit:@failure? lost:u "
	  "holes:u not_seen:{s}" },
	{ "gaps", "the time outside, by what ended it",
	  "between_arcs_ns:u to_first_io_ns:u between_io_ns:u to_next_arc_ns:u "
	  "between_later_arcs_ns:u" },
	{ "stop_forecast",
	  "of the stop on the source, in two parts; now: of a switch now, else as it "
	  "was made just before; total null: a part is not known",
	  "now:b devices:u basis:s samples:u left_bytes:u? devices_low_ns:u? devices_ns:u? "
	  "devices_high_ns:u? devices_took_ns:u? rest_samples:u rest_low_ns:u? rest_ns:u? "
	  "rest_high_ns:u? rest_took_ns:u? total_ns:u?" },
	{ "session", "one device and one data FD; not_seen: why a member is null",
	  "id:u side:u direction:save|resume peer:u? peer_by_order:b host:s? trace:u vm:s? "
	  "device:s? driver:s? stream:u? stream_name:s? pid:u comm:s outcome:" OUTCOME " attempt:b "
	  "ended:b joined_late:b start_ns:u end_ns:u eof_ns:u? states:[@state] states_folded:u "
	  "arcs:[@arc] arcs_folded:u bytes_precopy:u? bytes_stop_copy:u? bytes_unplaced:u? "
	  "bytes_total:u pace_ns:u pace_bytes:u reads:u writes:u enomsg:u empty_reads:u "
	  "zero_reads_precopy:u enomsg_stop_copy:u io_errors:u polls:u? max_io_size:u "
	  "read_latency:@latency? write_latency:@latency? empty_read_runs:@runs precopy_infos:u "
	  "precopy_infos_failed:u reinits:u initial_bytes_first:u? initial_bytes_last:u? "
	  "initial_bytes_zero_ns:u? dirty_bytes_first:u? dirty_bytes_last:u? dirty_bytes_max:u? "
	  "dirty_rises:u dirty_falls:u data_sizes:u data_sizes_failed:u data_size_last:u? "
	  "left_bytes:u? left:@left? left_at_switchover:@left? estimate_at_switchover:u? "
	  "estimate_source:data_size|precopy_info? dma_log_reports:u " WINDOW
	  "slow_calls:[@slow_call] inside:[@inside]? lead_ns:u? "
	  "load_ns:u? forecast:@forecast? forecast_at_stop:@forecast? failures:u "
	  "first_failure:@failure? resets:u lost:u holes:u not_seen:{s}" },
	{ "state", "a device's stay in a state",
	  "state:S enter_ns:u dwell_ns:u bytes:u reads:u writes:u enomsg:u zero_reads:u "
	  "precopy_infos:u" },
	{ "arc", "a step of a SET_STATE", "from:S to:S start_ns:u dur_ns:u ret:i errno:s?" },
	{ "latency", "of calls that moved data", "p50_ns:u p99_ns:u max_ns:u count:u" },
	{ "runs", "of empty reads, two or more", "runs:u longest:u longest_ns:u total_ns:u" },
	{ "left",
	  "to be read: the younger answer, less what was read since; and by each way to ask",
	  "bytes:u source:data_size|precopy_info t_ns:u by_info:u? by_data_size:u?" },
	{ "forecast", "of the device's own part of a stop",
	  "trend:s read_bps:u? dirty_bps:u? left_bytes:u? basis:s samples:u way:s? low_ns:u? "
	  "mid_ns:u? high_ns:u?" },
	{ "estimates", "of a driver: its estimates against what came",
	  "driver:s? samples:u rho_data_size_bytes:n? rho_data_size_time:n? "
	  "rho_precopy_info_bytes:n? rho_precopy_info_time:n? forecasts:u forecasts_within:u "
	  "forecasts_ratio:n? table:[@estimate]" },
	{ "estimate", "",
	  "data_size:u? precopy_info:u? bytes_stop_copy:u driver_ns:u stop_window_ns:u" },
	{ "finding",
	  "party: driver, vmm, admin, several of these, or unknown; trace: a number from 0",
	  "id:u rule:s severity:error|warning|advice|inconclusive party:s host:s? device:s? driver:s? "
	  "stream:u? session:u? migration:u? trace:u t_ns:u seq:u? count:u text:s basis:s "
	  "because_of:u? ignored:b counts:b" },
};

void report_json_schema(FILE *f)
{
	schema_print(f, "vfioscope report --format json, version 2", objects,
		     sizeof(objects) / sizeof(objects[0]));
}
