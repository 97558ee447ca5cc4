// SPDX-License-Identifier: GPL-2.0-only
/*
 * process.bpf.c - the end of a process that holds a device or a data FD
 *
 * do_exit() tells of each thread's end before it closes its files, so this
 * record comes before the closes that the end brings about: filp_flush() of the
 * data FD, its release, vfio_df_close().  A thread that is stuck in a call has
 * not ended, and neither has its process.  While this is at rest the first of
 * those closes tells it: see holder_closes().
 */
#include "bpf/who.bpf.h"

SEC("raw_tp/sched_process_exit")
int process_exit(struct bpf_raw_tracepoint_args *ctx)
{
	/* Every thread of the host ends here. */
	if (!last_device)
		return 0;
	why_forget(bpf_get_current_pid_tgid());
	holder_ends((struct task_struct *)ctx->args[0]);
	return 0;
}
