// SPDX-License-Identifier: GPL-2.0-only
/* The variables that all programs share; see hook, record and who.bpf.h. */
#include "bpf/hook.bpf.h"
#include "bpf/who.bpf.h"
#include "bpf/why.bpf.h"

const volatile __u32 filter_pid;
const volatile __u32 filter_tasks;
const volatile char filter_device[WIRE_NAME_LEN];
const volatile char filter_driver[WIRE_NAME_LEN];
const volatile __u32 wake_bytes = 256 << 10;

const volatile __u8 why_wanted;
const volatile __u8 inside_wanted;

__u32 signs;
__u8 closes_rest;
__u32 closes_told;
__u64 streams_alive;
__u8 by_kprobe[WIRE_HOOKS];
__u32 last_device;
__u32 last_stream;
__u32 streams_retired;
__u8 all_met;
__u64 strangers;
__u64 unmet;
__u32 modules_came;
__u32 join_what;
__u32 why_seen;
__u64 why_lost;
__u64 inside_since[WIRE_INSIDE_FUNCTIONS];
__u64 inside_lost;
__u8 why_marks[WHY_MARKS];
__u8 why_processes[WHY_PROCESSES];

char LICENSE[] SEC("license") = "GPL";
