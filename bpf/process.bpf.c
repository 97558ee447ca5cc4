// SPDX-License-Identifier: GPL-2.0-only
/*
 * process.bpf.c - the end of a process that holds a device or a data FD
 *
 * do_exit() tells of each thread's end before it closes its files, so this
 * record comes before the closes that the end brings about: filp_flush() of the
 * data FD, its release, vfio_df_close().  A thread that is stuck in a call has
 * not ended, and neither has its process.
 */
#include "bpf/who.bpf.h"

#define SIGNAL_GROUP_EXIT 4 /* include/linux/sched/signal.h */

SEC("raw_tp/sched_process_exit")
int process_exit(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (struct task_struct *)ctx->args[0], *leader;
	struct wire_process_exit *rec;
	struct signal_struct *signal;
	__u32 *held, pid;
	bool holds;

	/* Every thread of the host ends here. */
	if (!last_device)
		return 0;
	why_forget(bpf_get_current_pid_tgid());
	pid = bpf_get_current_pid_tgid() >> 32;
	held = bpf_map_lookup_elem(&holders, &pid);
	if (!held)
		return 0;
	/* do_exit() has taken this thread off the count. */
	signal = BPF_CORE_READ(task, signal);
	if (BPF_CORE_READ(signal, live.counter))
		return 0;
	holds = *held;
	/* The last two threads may both find the count at 0. */
	bpf_map_delete_elem(&why_standing, &pid);
	if (bpf_map_delete_elem(&holders, &pid) || !holds || !task_wanted())
		return 0;
	rec = record_reserve(WIRE_PROCESS_EXIT, sizeof(*rec));
	if (!rec)
		return 0;
	leader = BPF_CORE_READ(task, group_leader);
	bpf_probe_read_kernel_str(rec->head.comm, sizeof(rec->head.comm), leader->comm);
	/* As wait_task_zombie() finds it. */
	rec->status = BPF_CORE_READ(signal, flags) & SIGNAL_GROUP_EXIT ?
			      BPF_CORE_READ(signal, group_exit_code) :
			      BPF_CORE_READ(leader, exit_code);
	rec->pad = 0;
	record_submit(rec, true);
	return 0;
}
