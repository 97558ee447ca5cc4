// SPDX-License-Identifier: GPL-2.0-only
/*
 * fops.bpf.c - the file operations of a module that carries no types
 *
 * Without BTF nobody knows which of a module's functions are file operations.
 * But its struct file_operations are objects that kallsyms lists, the first
 * word of each points to the module itself, and the others to the functions.  So
 * an iterator over all symbols reads each of the module's objects as one, and
 * what looks like one is written out by name: before the first data FD is born.
 * An object that only looks like one costs a hook that never finds its file.
 */
#include "bpf/who.bpf.h"

static __always_inline bool is_data(char type)
{
	return type == 'd' || type == 'D' || type == 'r' || type == 'R' || type == 'b' ||
	       type == 'B';
}

SEC("iter/ksym")
int file_operations_of(struct bpf_iter__ksym *ctx)
{
	struct kallsym_iter *sym = ctx->ksym;
	struct file_operations *f_op;
	struct wire_module name = {};
	struct wire_ops ops = {};
	struct module *owner;
	char of[8] = {};
	__u32 *what;

	if (!sym || !is_data(BPF_CORE_READ(sym, type)))
		return 0;
	bpf_probe_read_kernel_str(name.name, sizeof(name.name), sym->module_name);
	if (!name.name[0])
		return 0;
	what = bpf_map_lookup_elem(&modules, &name);
	if (!what || !(*what & WIRE_MODULE_UNTYPED))
		return 0;
	f_op = (struct file_operations *)BPF_CORE_READ(sym, value);
	owner = BPF_CORE_READ(f_op, owner);
	/* Is there the name of a module where the owner should have it? */
	bpf_probe_read_kernel_str(of, sizeof(of), owner->name);
	if (*(__u64 *)of != (*(__u64 *)name.name & ~(0xffULL << 56)))
		return 0;
	file_ops(f_op, &ops);
	if (ops.ops)
		bpf_seq_write(ctx->meta->seq, &ops, sizeof(ops));
	return 0;
}
