// SPDX-License-Identifier: GPL-2.0-only
/*
 * fops.bpf.c - the file operations of a driver that its types do not name
 *
 * Without BTF nobody knows which of a module's functions are file operations.
 * But its struct file_operations are objects that kallsyms lists, the first
 * word of each points to the module itself, and the others to the functions.  So
 * an iterator over all symbols reads each of the module's objects as one, and
 * what looks like one is written out by name: before the first data FD is born.
 * An object that only looks like one costs a hook that never finds its file.
 *
 * Of a driver that is built in the types name functions, but among thousands of
 * file operations nothing says which are its own, and its objects have no owner.
 * What the linker leaves is neighbourhood: the functions of a driver lie together.
 * So the objects are taken whose read() or write() lies near a function that is
 * known to be a driver's.  The iterator goes by address, functions before data.
 */
#include "bpf/who.bpf.h"

/*
 * Larger than any migration driver, and small enough that few strangers lie in
 * it; what lies further away is hooked when the first data FD is met.
 */
#define NEAR_BYTES (128 << 10)

/* Functions of drivers that are built in, by name: set by user space */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WIRE_BUILTINS);
	__type(key, struct wire_function);
	__type(value, __u32);
} builtin_functions SEC(".maps");

/* Where they are, as far as the iterator has come. */
__u64 builtin_at[WIRE_BUILTINS];
__u32 builtin_found;

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

static __always_inline bool is_near(void *func)
{
	__u64 at = (__u64)func;
	__u32 i;

	if (!at)
		return false;
	for (i = 0; i < WIRE_BUILTINS && i < builtin_found; i++)
		if (at + NEAR_BYTES > builtin_at[i] && at < builtin_at[i] + NEAR_BYTES)
			return true;
	return false;
}

SEC("iter/ksym")
int file_operations_near(struct bpf_iter__ksym *ctx)
{
	struct kallsym_iter *sym = ctx->ksym;
	struct file_operations *f_op;
	struct wire_function name = {};
	struct wire_ops ops = {};
	char type, of = 0;
	__u32 n;

	if (!sym)
		return 0;
	bpf_probe_read_kernel(&of, sizeof(of), sym->module_name);
	if (of)
		return 0;
	type = BPF_CORE_READ(sym, type);
	if (type == 't' || type == 'T') {
		bpf_probe_read_kernel_str(name.name, sizeof(name.name), sym->name);
		n = builtin_found;
		if (n < WIRE_BUILTINS && bpf_map_lookup_elem(&builtin_functions, &name)) {
			builtin_at[n] = BPF_CORE_READ(sym, value);
			builtin_found = n + 1;
		}
		return 0;
	}
	if (!builtin_found || !is_data(type))
		return 0;
	f_op = (struct file_operations *)BPF_CORE_READ(sym, value);
	if (BPF_CORE_READ(f_op, owner) ||
	    (!is_near(BPF_CORE_READ(f_op, read)) && !is_near(BPF_CORE_READ(f_op, write))))
		return 0;
	file_ops(f_op, &ops);
	bpf_seq_write(ctx->meta->seq, &ops, sizeof(ops));
	return 0;
}
