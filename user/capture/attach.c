// SPDX-License-Identifier: GPL-2.0-only
#include "capture/attach_internal.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bpf/wire.h"
#include "capture/discover.h"
#include "capture/inside.h"
#include "capture/keeper.h"
#include "capture/why.h"
#include "util/mono.h"
#include "vfioscope.skel.h"

#define HOPELESS_MS 500

const char *const capture_method_names[] = { "auto", "fentry", "kprobe", NULL };

#define HOOK_TYPE(kind_, name, enter_, exit_) \
	[WIRE_HOOK_##name] = { kind_, #name, enter_, exit_, .event = true }

const struct hook_type attach_hook_types[WIRE_HOOKS] = {
	HOOK_TYPE("device_ioctl", device_ioctl, true, true),
	HOOK_TYPE("arc", next_state, true, true),
	HOOK_TYPE("device_open", device_open, true, true),
	HOOK_TYPE("device_close", device_close, true, true),
	HOOK_TYPE("group_ioctl", group_ioctl, true, true),
	HOOK_TYPE("device_release", device_release, true, true),
	[WIRE_HOOK_device_gone] = { "device_gone", "device_gone", .exit = true },
	[WIRE_HOOK_file_closed] = { "stream_close", "file_closed", .enter = true, .event = true,
				    .rests = true },
	HOOK_TYPE("set_state", set_state, true, true),
	HOOK_TYPE("read", read, true, true),
	HOOK_TYPE("write", write, true, true),
	HOOK_TYPE("poll", poll, true, true),
	HOOK_TYPE("ioctl", ioctl, true, true),
	HOOK_TYPE("release", release, true, true),
	HOOK_TYPE("device_reset", pci_void, false, true),
	[WIRE_HOOK_pci_reset] = { "pci_reset", "pci_reset", .enter = true },
	HOOK_TYPE("container_ioctl", container_ioctl, true, true),
	HOOK_TYPE("iommufd_ioctl", iommufd_ioctl, true, true),
	[WIRE_HOOK_process_exit] = { "process_exit", "process_exit", .event = true,
				     .tracepoint = true, .rests = true },
	[WIRE_HOOK_module_load] = { "module_load", "module_load", .tracepoint = true },
};

const char *const attach_op_kinds[WIRE_OP_NR] = {
	[WIRE_OP_READ] = "read",   [WIRE_OP_WRITE] = "write",	  [WIRE_OP_POLL] = "poll",
	[WIRE_OP_IOCTL] = "ioctl", [WIRE_OP_RELEASE] = "release",
};

const struct hook_type *attach_hook_type(const char *kind)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(attach_hook_types); i++)
		if (!strcmp(attach_hook_types[i].kind, kind))
			return &attach_hook_types[i];
	return NULL;
}

struct bpf_program *attach_program(const struct attach *a, const struct hook_type *type,
				   const char *suffix)
{
	char name[64];

	snprintf(name, sizeof(name), "%s%s%s", type->programs, suffix ? "_" : "",
		 suffix ? suffix : "");
	return bpf_object__find_program_by_name(a->skel->obj, name);
}

static void add_reason(struct capture_hook *h, const char *method, int err)
{
	/* What is not there is its types: the function itself was met, or listed. */
	bool no_btf = err == -ENOENT && !strcmp(method, "fentry");
	const char *why = no_btf	   ? "no BTF" :
			  err == -ENOTUNIQ ? "its name is another function's, too" :
					     strerror(-err);
	size_t len = strlen(h->reason);

	snprintf(h->reason + len, sizeof(h->reason) - len, "%s%s: %s", len ? "; " : "", method,
		 why);
}

static struct attached *attached_add(struct attach *a, const struct capture_hook *h, bool is_exit)
{
	struct attached *at = realloc(a->attached, (a->n_attached + 1) * sizeof(*at));

	if (!at)
		return NULL;
	a->attached = at;
	at += a->n_attached++;
	*at = (struct attached){
		.link_fd = -1,
		.prog_fd = -1,
		.is_exit = is_exit,
		.hook = h - a->hooks,
	};
	return at;
}

static void attached_drop(struct attached *at)
{
	bpf_link__destroy(at->link);
	if (at->link_fd >= 0)
		close(at->link_fd);
	if (at->prog_fd >= 0)
		close(at->prog_fd);
}

static void attached_drop_last(struct attach *a)
{
	attached_drop(&a->attached[--a->n_attached]);
}

void attach_detach(struct attach *a, size_t i)
{
	attach_keep_misses(a, &a->attached[i]);
	attached_drop(&a->attached[i]);
	a->n_attached--;
	memmove(&a->attached[i], &a->attached[i + 1], (a->n_attached - i) * sizeof(a->attached[i]));
}

/* The keeper has closed the links, or is at it: only what is ours is freed. */
static void attached_forget(struct attached *at)
{
	if (at->link) {
		bpf_link__disconnect(at->link);
		bpf_link__destroy(at->link);
	}
	if (at->prog_fd >= 0)
		close(at->prog_fd);
}

/*
 * Load the instructions of @tmpl, which libbpf has already relocated, as a
 * fentry or fexit program of the function @btf_id of the BTF @btf_fd, and
 * attach it: 20 ms, where another BPF object would cost ten times that.
 */
static int attach_clone(struct attach *a, const struct capture_hook *h, struct bpf_program *tmpl,
			bool is_exit, int btf_fd, __u32 btf_id)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts,
		    .expected_attach_type = is_exit ? BPF_TRACE_FEXIT : BPF_TRACE_FENTRY,
		    .attach_btf_id = btf_id, .attach_btf_obj_fd = btf_fd);
	struct attached *at = attached_add(a, h, is_exit);
	int err;

	if (!at)
		return -ENOMEM;
	at->prog_fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, bpf_program__name(tmpl), "GPL",
				    bpf_program__insns(tmpl), bpf_program__insn_cnt(tmpl), &opts);
	if (at->prog_fd >= 0)
		at->link_fd = bpf_raw_tracepoint_open(NULL, at->prog_fd);
	if (at->link_fd >= 0)
		return 0;
	err = -errno;
	attached_drop_last(a);
	return err;
}

/* @prog by libbpf: as kprobe or kretprobe of @symbol, or where its section says. */
static int attach_libbpf(struct attach *a, const struct capture_hook *h, struct bpf_program *prog,
			 bool is_exit, const char *symbol, __u64 cookie)
{
	LIBBPF_OPTS(bpf_kprobe_opts, opts, .retprobe = is_exit, .bpf_cookie = cookie);
	struct attached *at = attached_add(a, h, is_exit);
	int err;

	if (!at)
		return -ENOMEM;
	at->beside = cookie == WIRE_COOKIE_BESIDE_FEXIT;
	at->link = symbol ? bpf_program__attach_kprobe_opts(prog, symbol, &opts) :
			    bpf_program__attach(prog);
	err = libbpf_get_error(at->link);
	if (!err)
		return 0;
	at->link = NULL;
	attached_drop_last(a);
	return err;
}

static int attach_by_fentry(struct attach *a, const struct hook_type *type,
			    const struct capture_hook *h, int btf_fd, __u32 btf_id)
{
	struct bpf_program *prog;
	int err = 0;

	/* The exit first: an entry without its exit would look lost. */
	if (type->exit) {
		prog = attach_program(a, type, "exit");
		/* One exit is no template but a program of its own. */
		if (bpf_program__type(prog) == BPF_PROG_TYPE_TRACING)
			err = attach_libbpf(a, h, prog, true, NULL, 0);
		else
			err = attach_clone(a, h, prog, true, btf_fd, btf_id);
	}
	if (!err && type->enter) {
		err = attach_clone(a, h, attach_program(a, type, "enter"), false, btf_fd, btf_id);
		if (err && type->exit)
			attached_drop_last(a);
	}
	return err;
}

/* @beside: a fentry program is on that function too. */
static int attach_by_kprobe(struct attach *a, const struct hook_type *type,
			    const struct capture_hook *h, bool beside)
{
	/* A static function's name may be another module's too. */
	bool qualify = strcmp(h->module, "vmlinux");
	char symbol[256];
	__u64 cookie;
	int err;

	snprintf(symbol, sizeof(symbol), "%s%s%s", qualify ? h->module : "", qualify ? ":" : "",
		 h->function);
	/*
	 * A kretprobe needs what its kprobe kept, even where fentry needs no
	 * entry; and first, for a return without an entry counts as lost.
	 */
	cookie = beside ? WIRE_COOKIE_BESIDE_FEXIT : 0;
	err = attach_libbpf(a, h, attach_program(a, type, "kenter"), false, symbol, cookie);
	if (!err && type->exit) {
		err = attach_libbpf(a, h, attach_program(a, type, "kexit"), true, symbol, cookie);
		if (err)
			attached_drop_last(a);
	}
	if (!err && !beside)
		a->of_hook[type - attach_hook_types].kprobe_alone = true;
	return err;
}

int attach_use_kprobes(struct attach *a, const struct hook_type *type)
{
	size_t id = type - attach_hook_types, i, before = a->n_attached;
	struct capture_hook *h;
	int n = 0, err;

	if (a->skel->bss->by_kprobe[id])
		return 0;
	for (i = 0; i < a->n_hooks; i++) {
		h = &a->hooks[i];
		if (strcmp(h->kind, type->kind) || strcmp(h->method, "fentry"))
			continue;
		err = attach_by_kprobe(a, type, h, true);
		if (err) {
			while (a->n_attached > before)
				attached_drop_last(a);
			return 0;
		}
		n++;
	}
	attach_take_over(a, type);
	for (i = 0; i < a->n_hooks; i++)
		if (!strcmp(a->hooks[i].kind, type->kind) && !strcmp(a->hooks[i].method, "fentry"))
			a->hooks[i].method = "kprobe";
	return n;
}

/* By the best method that works, which is noted in @h, or why not. */
static void hook_best(struct attach *a, const struct hook_type *type, struct capture_hook *h,
		      int btf_err, int btf_fd, uint32_t btf_id)
{
	int err;

	if (type->tracepoint) {
		err = attach_libbpf(a, h, attach_program(a, type, NULL), false, NULL, 0);
		if (err)
			add_reason(h, "tracepoint", err);
		else
			h->method = "tracepoint";
		return;
	}
	if (a->method != CAPTURE_KPROBE && !a->skel->bss->by_kprobe[type - attach_hook_types]) {
		err = btf_err ? btf_err : attach_by_fentry(a, type, h, btf_fd, btf_id);
		if (!err) {
			h->method = "fentry";
			return;
		}
		add_reason(h, "fentry", err);
	}
	if (a->method != CAPTURE_FENTRY) {
		err = btf_err == -ENOTUNIQ ? btf_err : attach_by_kprobe(a, type, h, false);
		if (!err) {
			attach_use_kprobes(a, type);
			if (a->skel->bss->by_kprobe[type - attach_hook_types]) {
				h->method = "kprobe";
				return;
			}
			/* Another of its kind takes no kprobe: this one would stand back. */
			attached_drop_last(a);
			if (type->exit)
				attached_drop_last(a);
			err = -EOPNOTSUPP;
		}
		add_reason(h, "kprobe", err);
	}
}

void attach_again(struct attach *a, const struct hook_type *type, struct capture_hook *h,
		  int btf_err, int btf_fd, uint32_t btf_id)
{
	h->method = "none";
	h->reason[0] = '\0';
	hook_best(a, type, h, btf_err, btf_fd, btf_id);
	h->since_ns = mono_ns();
}

int attach_hook(struct attach *a, const char *module, const char *function, const char *kind,
		int btf_err, int btf_fd, uint32_t btf_id)
{
	const struct hook_type *type = attach_hook_type(kind);
	struct capture_hook *h;

	h = realloc(a->hooks, (a->n_hooks + 1) * sizeof(*h));
	if (!h)
		return -ENOMEM;
	a->hooks = h;
	h += a->n_hooks++;
	memset(h, 0, sizeof(*h));
	snprintf(h->module, sizeof(h->module), "%s", module);
	snprintf(h->function, sizeof(h->function), "%s", function);
	h->kind = type->kind;
	attach_again(a, type, h, btf_err, btf_fd, btf_id);
	if (type->rests) {
		a->of_hook[type - attach_hook_types].btf_err = btf_err;
		a->of_hook[type - attach_hook_types].btf_id = btf_id;
	}
	return 0;
}

/* @what is what it is from now on, 0: nothing. */
static int module_set(struct attach *a, const char *name, __u32 what)
{
	struct wire_module key = {};
	int fd = bpf_map__fd(a->skel->maps.modules);

	snprintf(key.name, sizeof(key.name), "%s", name);
	return what ? bpf_map_update_elem(fd, &key, &what, BPF_ANY) : bpf_map_delete_elem(fd, &key);
}

int attach_iterate(struct attach *a, const struct bpf_program *prog, void *buf, size_t size,
		   int (*fn)(struct attach *a, const void *buf, void *arg), void *arg)
{
	struct bpf_link *link = bpf_program__attach_iter(prog, NULL);
	int fd, err = libbpf_get_error(link);
	size_t have = 0;
	ssize_t n;

	if (err)
		return err;
	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0)
		err = -errno;
	while (!err) {
		n = read(fd, (char *)buf + have, size - have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			err = n ? -errno : 0;
			break;
		}
		have += n;
		if (have < size)
			continue;
		have = 0;
		if (fn)
			err = fn(a, buf, arg);
	}
	if (fd >= 0)
		close(fd);
	bpf_link__destroy(link);
	return err;
}

bool attach_is_data_fd(const struct wire_ops *ops)
{
	return ops->ops & (1U << WIRE_OP_READ | 1U << WIRE_OP_WRITE) &&
	       ops->ops & 1U << WIRE_OP_RELEASE;
}

static int hook_fops(struct attach *a, const void *buf, void *arg)
{
	const struct wire_ops *ops = buf;
	char symbol[WIRE_NAME_LEN];
	int op, err = 0;

	(void)arg;
	if (!attach_is_data_fd(ops))
		return 0;
	for (op = 0; op < WIRE_OP_NR && err >= 0; op++) {
		memcpy(symbol, ops->symbol[op], sizeof(symbol));
		symbol[sizeof(symbol) - 1] = '\0';
		if (ops->ops & 1U << op)
			err = attach_symbol(a, symbol, attach_op_kinds[op]);
	}
	return err < 0 ? err : 0;
}

/*
 * A module without BTF: its struct file_operations are hooked, as far as they are
 * found (bpf/fops.bpf.c); the rest when it is met.
 */
static int hook_untyped(struct attach *a, const char *module)
{
	struct wire_ops ops;
	int err;

	if (!bpf_program__autoload(a->skel->progs.file_operations_of))
		return 0;
	err = module_set(a, module, WIRE_MODULE_UNTYPED);
	if (!err)
		err = attach_iterate(a, a->skel->progs.file_operations_of, &ops, sizeof(ops),
				     hook_fops, NULL);
	module_set(a, module, 0);
	/* Not to find them is no failure: they are met later. */
	return err == -ENOMEM ? err : 0;
}

/* First what nothing else shows. */
const enum proto attach_order[PROTO_NR] = {
	PROTO_READ,    PROTO_WRITE,	PROTO_IOCTL,	PROTO_POLL,
	PROTO_RELEASE, PROTO_SET_STATE, PROTO_PCI_VOID,
};

static int hook_module(struct attach *a, struct btf *vmlinux, const char *module)
{
	struct found_func *funcs = NULL;
	int n, i, k, btf_fd = -1, err = 0;

	n = discover_funcs(module, vmlinux, &funcs);
	if (n == -ENOENT)
		return a->builtin ? 0 : hook_untyped(a, module);
	if (n <= 0)
		return 0;
	/* Nothing says which modules depend on a vfio that is built in. */
	for (i = 0; i < n && funcs[i].proto != PROTO_SET_STATE; i++)
		;
	if (i == n && a->builtin)
		n = 0;
	if (n)
		btf_fd = attach_btf_fd(module);
	for (k = 0; k < PROTO_NR; k++) {
		for (i = 0; i < n && !err; i++) {
			if (funcs[i].proto != attach_order[k])
				continue;
			if (funcs[i].proto == PROTO_SET_STATE)
				module_set(a, module, WIRE_MODULE_DRIVER);
			err = attach_hook(a, module, funcs[i].name, proto_name(funcs[i].proto),
					  btf_fd < 0 ? btf_fd : 0, btf_fd, funcs[i].btf_id);
		}
	}
	if (btf_fd >= 0)
		close(btf_fd);
	free(funcs);
	return err;
}

/* The same module, and not one that came in its place. */
static bool in_list(const struct found_module *list, int n, const struct found_module *m)
{
	int i;

	for (i = 0; i < n; i++)
		if (!strcmp(list[i].name, m->name) && list[i].instance == m->instance)
			return true;
	return false;
}

/* Of core.c: they stay as long as the capture. */
static bool is_core(const char *module)
{
	return !strcmp(module, "vfio") || !strcmp(module, "iommufd") || !strcmp(module, "vmlinux");
}

/* Detach what serves @module, "" for every driver's; how many hooks that were. */
static int hooks_drop(struct attach *a, const char *module, const char *reason)
{
	struct capture_hook *h;
	int dropped = 0;
	size_t i;

	/* What came last goes first: neither is there alone for the wrong half of a call. */
	for (i = a->n_attached; i--;) {
		h = &a->hooks[a->attached[i].hook];
		if (is_core(h->module) || (module[0] && strcmp(module, h->module)))
			continue;
		attach_detach(a, i);
		if (capture_hook_attached(h)) {
			h->method = "none";
			snprintf(h->reason, sizeof(h->reason), "%s", reason);
			dropped++;
		}
	}
	return dropped;
}

/* Its functions are gone; the same names may come back with other code. */
static void module_left(struct attach *a, const char *module)
{
	size_t i, kept = 0, k;

	hooks_drop(a, module, "unloaded");
	module_set(a, module, 0);
	for (i = 0; i < a->n_hooks; i++) {
		if (!strcmp(a->hooks[i].module, module))
			continue;
		for (k = 0; k < a->n_attached; k++)
			if (a->attached[k].hook == i)
				a->attached[k].hook = kept;
		a->hooks[kept++] = a->hooks[i];
	}
	a->n_hooks = kept;
}

int attach_let_go(struct attach *a, bool *in_use)
{
	char last[64] = "";
	int n = 0;
	size_t i;

	for (i = 0; i < a->n_hooks; i++) {
		if (!capture_hook_attached(&a->hooks[i]) || !strcmp(a->hooks[i].module, last) ||
		    is_core(a->hooks[i].module))
			continue;
		snprintf(last, sizeof(last), "%s", a->hooks[i].module);
		n++;
	}
	*in_use = n && a->skel->bss->streams_alive;
	hooks_drop(a, "", "let go");
	/* Their calls are not seen any more, nor who gets their files' addresses. */
	a->skel->bss->streams_retired = a->skel->bss->last_stream;
	a->skel->bss->streams_alive = 0;
	return n;
}

/* @vmlinux: the kernel's BTF, or NULL to load it only when it is needed. */
static int rescan(struct attach *a, struct btf *vmlinux)
{
	struct found_module now[MAX_MODULES];
	int n, i, j, kept = 0, ret = 0, added = 0;
	struct btf *loaded = NULL;
	__u8 all_met = a->skel->bss->all_met;
	size_t before;

	a->modules_seen = a->skel->bss->modules_came;
	a->modules_coming = false;
	n = discover_modules(now, MAX_MODULES, a->builtin);
	if (n < 0)
		return n;
	for (j = 0; j < a->n_modules; j++)
		if (!in_list(now, n, &a->modules[j]))
			module_left(a, a->modules[j].name);
	for (i = 0; i < n; i++) {
		a->modules_coming |= now[i].coming;
		if (!now[i].live)
			continue;
		if (!ret && !in_list(a->modules, a->n_modules, &now[i])) {
			if (!vmlinux) {
				loaded = btf__load_vmlinux_btf();
				if (libbpf_get_error(loaded))
					return libbpf_get_error(loaded);
				vmlinux = loaded;
			}
			/* What it has open may be older than its hooks. */
			a->skel->bss->all_met = 0;
			before = a->n_hooks;
			ret = hook_module(a, vmlinux, now[i].name);
			added += a->n_hooks - before;
		}
		now[kept++] = now[i];
	}
	memcpy(a->modules, now, kept * sizeof(now[0]));
	a->n_modules = kept;
	btf__free(loaded);
	if (!ret && !added)
		a->skel->bss->all_met = all_met;
	return ret ? ret : added;
}

int attach_rescan(struct attach *a)
{
	return rescan(a, NULL);
}

bool attach_rescan_due(const struct attach *a, bool *soon)
{
	*soon = a->modules_coming;
	return a->modules_coming || a->skel->bss->modules_came != a->modules_seen;
}

/*
 * "function [module]" into its parts; false for anything else.  @builtin: one
 * without a module is a driver's, too.
 */
static bool split_symbol(const char *symbol, bool builtin, char function[128], char module[64])
{
	const char *space = strchr(symbol, ' ');
	size_t n;

	if (builtin && !space && symbol[0] && symbol[0] != '?') {
		snprintf(function, 128, "%s", symbol);
		strcpy(module, "vmlinux");
		return true;
	}
	if (!space || space[1] != '[' || symbol[0] == '?')
		return false;
	n = space - symbol;
	if (n >= 128)
		return false;
	memcpy(function, symbol, n);
	function[n] = '\0';
	n = strcspn(space + 2, "] ");
	/* Cut to the length of the record: the module's name is not whole. */
	if (n >= 64 || space[2 + n] != ']')
		return false;
	memcpy(module, space + 2, n);
	module[n] = '\0';
	return true;
}

bool attach_has(const struct attach *a, const char *module, const char *function, const char *kind)
{
	size_t i;

	for (i = 0; i < a->n_hooks; i++)
		if (!strcmp(a->hooks[i].function, function) &&
		    !strcmp(a->hooks[i].module, module) && !strcmp(a->hooks[i].kind, kind))
			return true;
	return false;
}

int attach_symbol(struct attach *a, const char *symbol, const char *kind)
{
	char function[128], module[64];
	size_t before = a->n_hooks;
	int err;

	if (!split_symbol(symbol, a->builtin, function, module) ||
	    attach_has(a, module, function, kind))
		return 0;
	/* What is hooked now may have files open. */
	if (!strcmp(kind, "set_state"))
		a->skel->bss->all_met = 0;
	if (!strcmp(module, "vmlinux")) {
		err = builtin_hook_met(a, function, kind);
		return err ? err : (int)(a->n_hooks - before);
	}
	err = attach_hook(a, module, function, kind, -ENOENT, -1, 0);
	if (!err && !strcmp(kind, "set_state")) {
		err = hook_untyped(a, module);
		module_set(a, module, WIRE_MODULE_DRIVER);
	}
	return err ? err : (int)(a->n_hooks - before);
}

int attach_join(struct attach *a)
{
	static const __u32 passes[] = { WIRE_MODULE_VFIO, WIRE_MODULE_DRIVER };
	char buf[64];
	int err = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(passes) && !err; i++) {
		a->skel->bss->join_what = passes[i];
		/* It prints nothing; reading is what makes it go on. */
		err = attach_iterate(a, a->skel->progs.join_files, buf, sizeof(buf), NULL, NULL);
	}
	if (!err)
		a->skel->bss->all_met = 1;
	return err;
}

uint64_t attach_strangers(const struct attach *a)
{
	return a->skel->bss->strangers;
}

uint64_t attach_unmet(const struct attach *a)
{
	return a->skel->bss->unmet;
}

int attach_open(struct attach **out, const struct capture_opts *opts, char *err, size_t err_len)
{
	struct btf *vmlinux = NULL, *vfio = NULL;
	struct attach *a;
	int ret;

	err[0] = '\0';
	a = calloc(1, sizeof(*a));
	if (!a) {
		snprintf(err, err_len, "out of memory");
		return -ENOMEM;
	}
	a->method = opts->method;
	a->ncpus = libbpf_num_possible_cpus();
	ret = attach_load(a, opts, &vmlinux, &vfio, err, err_len);
	if (!ret)
		ret = module_set(a, a->vfio,
				 a->builtin ? WIRE_MODULE_VFIO | WIRE_MODULE_DRIVER :
					      WIRE_MODULE_VFIO);
	if (!ret)
		ret = attach_core(a, vmlinux, vfio, err, err_len);
	if (!ret)
		ret = rescan(a, vmlinux);
	btf__free(vfio);
	btf__free(vmlinux);
	if (ret >= 0 && !opts->no_join)
		ret = attach_join(a);
	if (ret >= 0)
		ret = inside_open(a, opts);
	if (ret < 0) {
		if (!err[0])
			snprintf(err, err_len, "cannot attach: %s", strerror(-ret));
		attach_close(a, false);
		return ret;
	}
	*out = a;
	return 0;
}

int attach_close(struct attach *a, bool hopeless)
{
	int err = 0;

	if (!a)
		return 0;
	if (a->keeper > 0)
		err = keeper_finish(a->keeper, hopeless ? HOPELESS_MS : DETACH_MS);
	while (a->n_attached)
		attached_forget(&a->attached[--a->n_attached]);
	free(a->attached);
	why_forget(a);
	inside_forget(a);
	if (a->streams)
		munmap((void *)a->streams, a->streams_len);
	vfioscope_bpf__destroy(a->skel);
	free(a->hooks);
	free(a);
	return err;
}

void attach_ignore_task(struct attach *a, uint32_t pid)
{
	__u32 one = 1;

	bpf_map_update_elem(bpf_map__fd(a->skel->maps.ignored_tasks), &pid, &one, BPF_ANY);
}

const struct capture_hook *attach_hooks(const struct attach *a, size_t *n)
{
	*n = a->n_hooks;
	return a->hooks;
}

uint64_t attach_hooked_since(const struct attach *a, const char *symbol, const char *kind)
{
	const struct capture_hook *h;
	char name[sizeof(h->function) + sizeof(h->module) + 4];
	size_t i;

	for (i = 0; i < a->n_hooks; i++) {
		h = &a->hooks[i];
		if (strcmp(h->kind, kind) || !capture_hook_attached(h))
			continue;
		snprintf(name, sizeof(name), strcmp(h->module, "vmlinux") ? "%s [%s]" : "%s",
			 h->function, h->module);
		/* The kernel side cut the symbol to this length. */
		if (!strncmp(name, symbol, WIRE_NAME_LEN - 1))
			return h->since_ns;
	}
	return 0;
}

int attach_ring_fd(const struct attach *a)
{
	return bpf_map__fd(a->skel->maps.ring);
}
