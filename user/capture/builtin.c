// SPDX-License-Identifier: GPL-2.0-only
/*
 * The drivers that are built into the kernel.  Which they are its own types say,
 * by the functions that move a device's state; the operations of their data FDs
 * are the functions of the file operations that lie near those (bpf/fops.bpf.c),
 * and have the prototypes.  What is not found so is hooked when it is met.
 */
#include "capture/attach_internal.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vfioscope.skel.h"

/* The functions that are to be hooked. */
struct wanted {
	const struct btf *vmlinux;
	struct found_func *funcs;
	int n;
};

static int want(struct wanted *w, const char *name, enum proto proto, int btf_id)
{
	struct found_func *more;
	int i;

	for (i = 0; i < w->n; i++)
		if (w->funcs[i].proto == proto && !strcmp(w->funcs[i].name, name))
			return 0;
	more = realloc(w->funcs, (w->n + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	w->funcs = more;
	more += w->n++;
	memset(more, 0, sizeof(*more));
	more->proto = proto;
	more->btf_id = btf_id;
	snprintf(more->name, sizeof(more->name), "%s", name);
	return 0;
}

/* Something near a driver's function that looks like file operations. */
static int near(struct attach *a, const void *buf, void *arg)
{
	static const enum proto protos[WIRE_OP_NR] = {
		[WIRE_OP_READ] = PROTO_READ,	   [WIRE_OP_WRITE] = PROTO_WRITE,
		[WIRE_OP_POLL] = PROTO_POLL,	   [WIRE_OP_IOCTL] = PROTO_IOCTL,
		[WIRE_OP_RELEASE] = PROTO_RELEASE,
	};
	const struct wire_ops *ops = buf;
	char name[WIRE_OP_NR][WIRE_NAME_LEN];
	struct wanted *w = arg;
	int op, err = 0, id[WIRE_OP_NR];

	(void)a;
	if (!attach_is_data_fd(ops))
		return 0;
	for (op = 0; op < WIRE_OP_NR; op++) {
		if (!(ops->ops & 1U << op))
			continue;
		memcpy(name[op], ops->symbol[op], sizeof(name[op]));
		name[op][sizeof(name[op]) - 1] = '\0';
		id[op] = discover_find(w->vmlinux, name[op], protos[op]);
		/* They are none, or the devices' own, which are hooked already. */
		if (id[op] < 0 || core_has(name[op]))
			return 0;
	}
	for (op = 0; op < WIRE_OP_NR && !err; op++)
		if (ops->ops & 1U << op)
			err = want(w, name[op], protos[op], id[op]);
	return err;
}

/* Add what lies near the first @n of them. */
static int find_near(struct attach *a, struct wanted *w, int n)
{
	int fd = bpf_map__fd(a->skel->maps.builtin_functions), i, err = 0;
	struct wire_function key;
	struct wire_ops ops;
	__u32 one = 1;

	if (!bpf_program__autoload(a->skel->progs.file_operations_near))
		return 0;
	for (i = 0; i < n; i++) {
		memset(&key, 0, sizeof(key));
		snprintf(key.name, sizeof(key.name), "%s", w->funcs[i].name);
		bpf_map_update_elem(fd, &key, &one, BPF_ANY);
	}
	a->skel->bss->builtin_found = 0;
	err = attach_iterate(a, a->skel->progs.file_operations_near, &ops, sizeof(ops), near, w);
	/* Not to find them is no failure: they are met later. */
	return err == -ENOMEM ? err : 0;
}

static int hook_all(struct attach *a, struct wanted *w)
{
	const struct found_func *f;
	int i, k, err = 0;

	discover_ambiguous("/proc/kallsyms", w->funcs, w->n);
	for (k = 0; k < PROTO_NR; k++) {
		for (i = 0; i < w->n && !err; i++) {
			f = &w->funcs[i];
			if (f->proto != attach_order[k] ||
			    attach_has(a, "vmlinux", f->name, proto_name(f->proto)))
				continue;
			err = attach_hook(a, "vmlinux", f->name, proto_name(f->proto),
					  f->ambiguous ? -ENOTUNIQ :
					  f->btf_id    ? 0 :
							 -ENOENT,
					  0, f->btf_id);
		}
	}
	return err;
}

int builtin_hook_drivers(struct attach *a, struct btf *vmlinux)
{
	struct wanted w = { .vmlinux = vmlinux };
	int err = 0;

	w.n = discover_builtin(vmlinux, &w.funcs);
	if (w.n < 0)
		return w.n;
	if (w.n)
		err = find_near(a, &w, w.n);
	if (!err)
		err = hook_all(a, &w);
	free(w.funcs);
	return err;
}

int builtin_hook_met(struct attach *a, const char *function, const char *kind)
{
	struct btf *vmlinux = btf__load_vmlinux_btf();
	struct wanted w = { .vmlinux = vmlinux };
	enum proto proto = 0;
	int id, err;

	err = libbpf_get_error(vmlinux);
	if (err)
		return err;
	while (proto < PROTO_NR && strcmp(proto_name(proto), kind))
		proto++;
	id = discover_find(vmlinux, function, proto);
	err = want(&w, function, proto, id < 0 ? 0 : id);
	if (!err && proto == PROTO_SET_STATE)
		err = find_near(a, &w, 1);
	if (!err)
		err = hook_all(a, &w);
	free(w.funcs);
	btf__free(vmlinux);
	return err;
}
