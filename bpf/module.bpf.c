// SPDX-License-Identifier: GPL-2.0-only
/*
 * module.bpf.c - a module comes
 *
 * Its functions are there already, but they cannot be hooked before it is live,
 * a moment later: user space is woken, and looks.
 */
#include "bpf/record.bpf.h"

extern __u32 modules_came;

SEC("raw_tp/module_load")
int module_load(void *ctx)
{
	__sync_fetch_and_add(&modules_came, 1);
	wake_reader();
	return 0;
}
