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
#include "capture/keeper.h"
#include "vfioscope.skel.h"

#define DETACH_MS	5000	/* some 35 links, each an RCU grace period or two */
#define HOPELESS_MS	500

const char *const capture_method_names[] = { "auto", "fentry", "kprobe", NULL };

#define HOOK_TYPE(kind_, name, enter_, exit_) \
	[WIRE_HOOK_##name] = { kind_, #name, enter_, exit_ }

const struct hook_type attach_hook_types[WIRE_HOOKS] = {
	HOOK_TYPE("device_ioctl", device_ioctl, true, true),
	HOOK_TYPE("arc", next_state, true, true),
	HOOK_TYPE("device_open", device_open, true, true),
	HOOK_TYPE("device_close", device_close, true, true),
	HOOK_TYPE("group_ioctl", group_ioctl, true, true),
	HOOK_TYPE("device_release", device_release, true, true),
	HOOK_TYPE("device_gone", device_gone, true, false),
	HOOK_TYPE("stream_close", file_closed, true, false),
	HOOK_TYPE("set_state", set_state, true, true),
	HOOK_TYPE("read", read, true, true),
	HOOK_TYPE("write", write, true, true),
	HOOK_TYPE("poll", poll, true, true),
	HOOK_TYPE("ioctl", ioctl, true, true),
	HOOK_TYPE("release", release, true, true),
	HOOK_TYPE("device_reset", pci_void, false, true),
	HOOK_TYPE("container_ioctl", container_ioctl, true, true),
	HOOK_TYPE("iommufd_ioctl", iommufd_ioctl, true, true),
	[WIRE_HOOK_process_exit] = { "process_exit", "process_exit", .tracepoint = true },
};

/* The functions that every driver's migration goes through. */
static const struct core_hook {
	const char *module, *function, *kind;
	bool required;
} core_hooks[] = {
	{ "vfio", "vfio_device_fops_unl_ioctl", "device_ioctl", true },
	{ "vfio", "vfio_mig_get_next_state", "arc", true },
	{ "vfio", "vfio_df_open", "device_open", false },
	{ "vfio", "vfio_df_close", "device_close", false },
	{ "vfio", "vfio_unregister_group_dev", "device_gone", false },
	{ "vmlinux", "filp_flush", "stream_close", false },
	{ "vfio", "vfio_fops_unl_ioctl", "container_ioctl", false },
	{ "iommufd", "iommufd_fops_ioctl", "iommufd_ioctl", false },
	{ "vmlinux", "sched_process_exit", "process_exit", false },
};

/* What shows the same where a kernel does not have the function: those before 6.6. */
static const struct older_hook {
	const char *function, *older, *kind;
} older_hooks[] = {
	{ "vfio_df_open", "vfio_group_fops_unl_ioctl", "group_ioctl" },
	{ "vfio_df_close", "vfio_device_fops_release", "device_release" },
	{ "filp_flush", "filp_close", "stream_close" },
};

static bool libbpf_verbose;

static int libbpf_print(enum libbpf_print_level level, const char *fmt, va_list args)
{
	if (!libbpf_verbose || level == LIBBPF_DEBUG)
		return 0;
	return vfprintf(stderr, fmt, args);
}

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

	snprintf(name, sizeof(name), "%s_%s", type->programs, suffix);
	return bpf_object__find_program_by_name(a->skel->obj, name);
}

static void add_reason(struct capture_hook *h, const char *method, int err)
{
	/* What is not there is its types: the function itself was met, or listed. */
	bool no_btf = err == -ENOENT && !strcmp(method, "fentry");
	size_t len = strlen(h->reason);

	snprintf(h->reason + len, sizeof(h->reason) - len, "%s%s: %s", len ? "; " : "",
		 method, no_btf ? "no BTF" : strerror(-err));
}

static struct attached *attached_add(struct attach *a, bool is_exit)
{
	struct attached *at = realloc(a->attached, (a->n_attached + 1) * sizeof(*at));

	if (!at)
		return NULL;
	a->attached = at;
	at += a->n_attached++;
	*at = (struct attached){
		.link_fd = -1, .prog_fd = -1, .is_exit = is_exit, .hook = a->n_hooks - 1,
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
static int attach_clone(struct attach *a, struct bpf_program *tmpl, bool is_exit,
			int btf_fd, __u32 btf_id)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts,
		.expected_attach_type = is_exit ? BPF_TRACE_FEXIT : BPF_TRACE_FENTRY,
		.attach_btf_id = btf_id,
		.attach_btf_obj_fd = btf_fd);
	struct attached *at = attached_add(a, is_exit);
	int err;

	if (!at)
		return -ENOMEM;
	at->prog_fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, bpf_program__name(tmpl), "GPL",
				    bpf_program__insns(tmpl), bpf_program__insn_cnt(tmpl),
				    &opts);
	if (at->prog_fd >= 0)
		at->link_fd = bpf_raw_tracepoint_open(NULL, at->prog_fd);
	if (at->link_fd >= 0)
		return 0;
	err = -errno;
	attached_drop_last(a);
	return err;
}

/* @prog by libbpf: as kprobe or kretprobe of @symbol, or where its section says. */
static int attach_libbpf(struct attach *a, struct bpf_program *prog, bool is_exit,
			 const char *symbol, __u64 cookie)
{
	LIBBPF_OPTS(bpf_kprobe_opts, opts, .retprobe = is_exit, .bpf_cookie = cookie);
	struct attached *at = attached_add(a, is_exit);
	int err;

	if (!at)
		return -ENOMEM;
	at->link = symbol ? bpf_program__attach_kprobe_opts(prog, symbol, &opts) :
			    bpf_program__attach(prog);
	err = libbpf_get_error(at->link);
	if (!err)
		return 0;
	at->link = NULL;
	attached_drop_last(a);
	return err;
}

static int attach_by_fentry(struct attach *a, const struct hook_type *type, int btf_fd,
			    __u32 btf_id)
{
	struct bpf_program *prog;
	int err = 0;

	/* The exit first: an entry without its exit would look lost. */
	if (type->exit) {
		prog = attach_program(a, type, "exit");
		/* One exit is no template but a program of its own. */
		if (bpf_program__type(prog) == BPF_PROG_TYPE_TRACING)
			err = attach_libbpf(a, prog, true, NULL, 0);
		else
			err = attach_clone(a, prog, true, btf_fd, btf_id);
	}
	if (!err && type->enter) {
		err = attach_clone(a, attach_program(a, type, "enter"), false, btf_fd, btf_id);
		if (err && type->exit)
			attached_drop_last(a);
	}
	return err;
}

/* @beside: a fentry program is on that function too. */
static int attach_by_kprobe(struct attach *a, const struct hook_type *type,
			    const char *module, const char *function, bool beside)
{
	/* A static function's name may be another module's too. */
	bool qualify = strcmp(module, "vmlinux");
	char symbol[256];
	int err = 0;

	snprintf(symbol, sizeof(symbol), "%s%s%s", qualify ? module : "", qualify ? ":" : "",
		 function);
	if (type->exit)
		err = attach_libbpf(a, attach_program(a, type, "kexit"), true, symbol,
				    beside ? WIRE_COOKIE_BESIDE_FEXIT : 0);
	/* A kretprobe needs what its kprobe kept, even where fentry needs no entry. */
	if (!err) {
		err = attach_libbpf(a, attach_program(a, type, "kenter"), false, symbol, 0);
		if (err && type->exit)
			attached_drop_last(a);
	}
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
		err = attach_by_kprobe(a, type, h->module, h->function, true);
		if (err) {
			while (a->n_attached > before)
				attached_drop_last(a);
			return 0;
		}
		/* attached_add() took it for the last of the list. */
		a->attached[a->n_attached - 1].hook = i;
		if (type->exit)
			a->attached[a->n_attached - 2].hook = i;
		n++;
	}
	a->skel->bss->by_kprobe[id] = 1;
	attach_taken_over(a, type);
	for (i = 0; i < a->n_hooks; i++)
		if (!strcmp(a->hooks[i].kind, type->kind) && !strcmp(a->hooks[i].method, "fentry"))
			a->hooks[i].method = "kprobe";
	return n;
}

/*
 * Trace @function by the best method that works, and list it.  @btf_err: why
 * there is no BTF to attach by, or 0 with @btf_fd and @btf_id.
 */
static int hook(struct attach *a, const char *module, const char *function,
		const char *kind, int btf_err, int btf_fd, __u32 btf_id)
{
	const struct hook_type *type = attach_hook_type(kind);
	struct capture_hook *h;
	int err;

	h = realloc(a->hooks, (a->n_hooks + 1) * sizeof(*h));
	if (!h)
		return -ENOMEM;
	a->hooks = h;
	h += a->n_hooks++;
	memset(h, 0, sizeof(*h));
	snprintf(h->module, sizeof(h->module), "%s", module);
	snprintf(h->function, sizeof(h->function), "%s", function);
	h->kind = type->kind;
	h->method = "none";

	if (type->tracepoint) {
		err = attach_libbpf(a, bpf_object__find_program_by_name(a->skel->obj,
									type->programs),
				    false, NULL, 0);
		if (err)
			add_reason(h, "tracepoint", err);
		else
			h->method = "tracepoint";
		return 0;
	}
	if (a->method != CAPTURE_KPROBE && !a->skel->bss->by_kprobe[type - attach_hook_types]) {
		err = btf_err ? btf_err : attach_by_fentry(a, type, btf_fd, btf_id);
		if (!err) {
			h->method = "fentry";
			return 0;
		}
		add_reason(h, "fentry", err);
	}
	if (a->method != CAPTURE_FENTRY) {
		err = attach_by_kprobe(a, type, module, function, false);
		if (!err) {
			attach_use_kprobes(a, type);
			if (a->skel->bss->by_kprobe[type - attach_hook_types]) {
				h->method = "kprobe";
				return 0;
			}
			/* Another of its kind takes no kprobe: this one would stand back. */
			attached_drop_last(a);
			if (type->exit)
				attached_drop_last(a);
			err = -EOPNOTSUPP;
		}
		add_reason(h, "kprobe", err);
	}
	return 0;
}

/* A file descriptor of the BTF that the kernel holds for @module, or -errno. */
static int kernel_btf_fd(const char *module)
{
	struct bpf_btf_info info;
	char name[64];
	__u32 id = 0, len;
	int fd;

	while (!bpf_btf_get_next_id(id, &id)) {
		fd = bpf_btf_get_fd_by_id(id);
		if (fd < 0) {
			if (errno == ENOENT)
				continue;
			return -errno;
		}
		memset(&info, 0, sizeof(info));
		memset(name, 0, sizeof(name));
		info.name = (__u64)(unsigned long)name;
		info.name_len = sizeof(name);
		len = sizeof(info);
		if (!bpf_obj_get_info_by_fd(fd, &info, &len) && info.kernel_btf &&
		    !strcmp(name, module))
			return fd;
		close(fd);
	}
	return -ENOENT;
}

static int module_add(struct attach *a, const char *name, __u32 what)
{
	struct wire_module key = {};

	snprintf(key.name, sizeof(key.name), "%s", name);
	return bpf_map_update_elem(bpf_map__fd(a->skel->maps.modules), &key, &what, BPF_ANY);
}

/*
 * The function that serves @core in this kernel, and as what kind of hook; its
 * BTF id, or negative.
 */
static int find_core(const struct core_hook *core, const struct btf *btf,
		     const char **function, const char **kind)
{
	int id = btf__find_by_name_kind(btf, core->function, BTF_KIND_FUNC);
	size_t i;

	*function = core->function;
	*kind = core->kind;
	for (i = 0; id < 0 && i < ARRAY_SIZE(older_hooks); i++) {
		if (strcmp(older_hooks[i].function, core->function))
			continue;
		*function = older_hooks[i].older;
		*kind = older_hooks[i].kind;
		id = btf__find_by_name_kind(btf, *function, BTF_KIND_FUNC);
	}
	return id;
}

/* The hooks that every migration goes through; @vfio is vfio's BTF, @vmlinux the kernel's. */
static int hook_core(struct attach *a, struct btf *vmlinux, struct btf *vfio,
		     char *err, size_t err_len)
{
	struct btf *iommufd = btf__load_module_btf("iommufd", vmlinux), *btf;
	int vfio_fd = kernel_btf_fd("vfio"), iommufd_fd = kernel_btf_fd("iommufd");
	const struct core_hook *core;
	const struct capture_hook *h;
	const char *function, *kind;
	int fd, id, ret = 0;
	size_t i;

	if (libbpf_get_error(iommufd))
		iommufd = NULL;
	for (i = 0; i < ARRAY_SIZE(core_hooks); i++) {
		core = &core_hooks[i];
		/* The kernel's own BTF needs no descriptor. */
		fd = 0;
		btf = vmlinux;
		if (!strcmp(core->module, "vfio")) {
			fd = vfio_fd;
			btf = vfio;
		} else if (!strcmp(core->module, "iommufd")) {
			/* Most kernels have none. */
			if (!iommufd)
				continue;
			fd = iommufd_fd;
			btf = iommufd;
		}
		id = find_core(core, btf, &function, &kind);
		/* A kernel whose IOMMUFD stands in for the container has none. */
		if (id < 0 && fd >= 0 && !strcmp(core->kind, "container_ioctl"))
			continue;
		ret = hook(a, core->module, function, kind,
			   fd < 0 ? fd : id < 0 ? id : 0, fd, id);
		if (ret)
			break;
		h = &a->hooks[a->n_hooks - 1];
		if (core->required && !capture_hook_attached(h)) {
			snprintf(err, err_len, "cannot trace %s() of %s (%s)", core->function,
				 core->module, h->reason);
			ret = -ENOSYS;
			break;
		}
	}
	if (vfio_fd >= 0)
		close(vfio_fd);
	if (iommufd_fd >= 0)
		close(iommufd_fd);
	btf__free(iommufd);
	return ret;
}

static int hook_module(struct attach *a, struct btf *vmlinux, const char *module)
{
	struct found_func *funcs = NULL;
	int n, i, btf_fd = -1, err = 0;

	n = discover_funcs(module, vmlinux, &funcs);
	/* Without BTF its functions are hooked when they are met: attach_symbol(). */
	if (n <= 0)
		return 0;
	btf_fd = kernel_btf_fd(module);
	for (i = 0; i < n && !err; i++) {
		if (funcs[i].proto == PROTO_SET_STATE)
			module_add(a, module, WIRE_MODULE_DRIVER);
		err = hook(a, module, funcs[i].name, proto_name(funcs[i].proto),
			   btf_fd < 0 ? btf_fd : 0, btf_fd, funcs[i].btf_id);
	}
	if (btf_fd >= 0)
		close(btf_fd);
	free(funcs);
	return err;
}

static bool in_list(char (*names)[64], int n, const char *name)
{
	int i;

	for (i = 0; i < n; i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

/* Detach what serves @module, "" for every driver's; how many hooks that were. */
static int hooks_drop(struct attach *a, const char *module, const char *reason)
{
	struct capture_hook *h;
	size_t i, kept = 0;
	int dropped = 0;

	/* What its programs missed goes with them. */
	attach_skipped(a);
	for (i = 0; i < a->n_attached; i++) {
		h = &a->hooks[a->attached[i].hook];
		if (!strcmp(h->module, "vfio") || !strcmp(h->module, "vmlinux") ||
		    (module[0] && strcmp(module, h->module))) {
			a->attached[kept++] = a->attached[i];
			continue;
		}
		a->misses_gone += attach_own_misses(a, &a->attached[i]);
		attached_drop(&a->attached[i]);
		if (capture_hook_attached(h)) {
			h->method = "none";
			snprintf(h->reason, sizeof(h->reason), "%s", reason);
			dropped++;
		}
	}
	a->n_attached = kept;
	return dropped;
}

/* Its functions are gone; the same names may come back with other code. */
static void module_left(struct attach *a, const char *module)
{
	struct wire_module key = {};
	size_t i, kept = 0, k;

	hooks_drop(a, module, "unloaded");
	snprintf(key.name, sizeof(key.name), "%s", module);
	bpf_map_delete_elem(bpf_map__fd(a->skel->maps.modules), &key);
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

int attach_let_go(struct attach *a)
{
	char last[64] = "";
	int n = 0;
	size_t i;

	for (i = 0; i < a->n_hooks; i++) {
		if (!capture_hook_attached(&a->hooks[i]) || !strcmp(a->hooks[i].module, last) ||
		    !strcmp(a->hooks[i].module, "vfio") || !strcmp(a->hooks[i].module, "vmlinux"))
			continue;
		snprintf(last, sizeof(last), "%s", a->hooks[i].module);
		n++;
	}
	hooks_drop(a, "", "let go");
	return n;
}

/* @vmlinux: the kernel's BTF, or NULL to load it only when it is needed. */
static int rescan(struct attach *a, struct btf *vmlinux)
{
	char now[MAX_MODULES][64];
	struct btf *loaded = NULL;
	int n, i, j, ret = 0, added = 0;
	size_t before;

	n = discover_modules(now, MAX_MODULES);
	if (n < 0)
		return n;
	for (i = 0; i < n && !ret; i++) {
		if (in_list(a->modules, a->n_modules, now[i]))
			continue;
		if (!vmlinux) {
			loaded = btf__load_vmlinux_btf();
			if (libbpf_get_error(loaded))
				return libbpf_get_error(loaded);
			vmlinux = loaded;
		}
		before = a->n_hooks;
		ret = hook_module(a, vmlinux, now[i]);
		added += a->n_hooks - before;
	}
	for (j = 0; j < a->n_modules; j++)
		if (!in_list(now, n, a->modules[j]))
			module_left(a, a->modules[j]);
	memcpy(a->modules, now, sizeof(now));
	a->n_modules = n;
	btf__free(loaded);
	return ret ? ret : added;
}

int attach_rescan(struct attach *a)
{
	return rescan(a, NULL);
}

/* "function [module]" into its parts; false for anything else. */
static bool split_symbol(const char *symbol, char function[128], char module[64])
{
	const char *space = strchr(symbol, ' ');
	size_t n;

	if (!space || space[1] != '[')
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

int attach_symbol(struct attach *a, const char *symbol, const char *kind)
{
	char function[128], module[64];
	size_t i;
	int err;

	if (!split_symbol(symbol, function, module))
		return 0;
	for (i = 0; i < a->n_hooks; i++)
		if (!strcmp(a->hooks[i].function, function) &&
		    !strcmp(a->hooks[i].module, module) && !strcmp(a->hooks[i].kind, kind))
			return 0;
	if (!strcmp(kind, "set_state"))
		module_add(a, module, WIRE_MODULE_DRIVER);
	err = hook(a, module, function, kind, -ENOENT, -1, 0);
	return err ? err : 1;
}

int attach_join(struct attach *a)
{
	static const __u32 passes[] = { WIRE_MODULE_VFIO, WIRE_MODULE_DRIVER };
	struct bpf_link *link;
	char buf[4096];
	int fd, err;
	ssize_t n;
	size_t i;

	link = bpf_program__attach_iter(a->skel->progs.join_files, NULL);
	err = libbpf_get_error(link);
	if (err)
		return err;
	for (i = 0; i < ARRAY_SIZE(passes) && !err; i++) {
		a->skel->bss->join_what = passes[i];
		fd = bpf_iter_create(bpf_link__fd(link));
		if (fd < 0) {
			err = -errno;
			break;
		}
		/* It prints nothing; reading is what makes it go on. */
		while ((n = read(fd, buf, sizeof(buf))) > 0 || (n < 0 && errno == EINTR))
			;
		if (n < 0)
			err = -errno;
		close(fd);
	}
	bpf_link__destroy(link);
	return err;
}

/* The first character of a file, or 0. */
static char read_flag(const char *path)
{
	FILE *f = fopen(path, "re");
	int c = f ? fgetc(f) : EOF;

	if (f)
		fclose(f);
	return c == EOF ? 0 : c;
}

/* "none integrity [confidentiality]": the last forbids BPF to read the kernel. */
static bool is_locked_down(void)
{
	FILE *f = fopen("/sys/kernel/security/lockdown", "re");
	char line[128] = "";

	if (f) {
		if (!fgets(line, sizeof(line), f))
			line[0] = '\0';
		fclose(f);
	}
	return strstr(line, "[confidentiality]");
}

/* CAP_SYS_ADMIN is bit 21 of CapEff; libbpf gets no module BTF without it. */
static bool has_sys_admin(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	unsigned long long caps = ~0ULL;
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "CapEff: %llx", &caps) == 1)
			break;
	if (f)
		fclose(f);
	return caps & (1ULL << 21);
}

static int load_btf(struct btf **vmlinux, struct btf **vfio, char *err, size_t err_len)
{
	int ret;

	*vmlinux = NULL;
	*vfio = NULL;
	if (access("/sys/kernel/btf/vmlinux", R_OK)) {
		snprintf(err, err_len,
			 "the kernel has no BTF (/sys/kernel/btf/vmlinux): CONFIG_DEBUG_INFO_BTF is needed");
		return -ENOSYS;
	}
	if (access("/sys/module/vfio", F_OK)) {
		snprintf(err, err_len, "the vfio module is not loaded: try 'modprobe vfio-pci'");
		return -ENODEV;
	}
	if (keeper_hangs(DETACH_MS)) {
		snprintf(err, err_len,
			 "the hooks of an earlier capture cannot be let go (a cpu is stuck in the kernel?), so none can be attached");
		return -EBUSY;
	}
	/* Attaching then fails, and detaching makes 6.12 warn in ftrace_shutdown(). */
	if (read_flag("/proc/sys/kernel/ftrace_enabled") == '0') {
		snprintf(err, err_len,
			 "ftrace is switched off: try 'sysctl kernel.ftrace_enabled=1'");
		return -ENOSYS;
	}
	*vmlinux = btf__load_vmlinux_btf();
	ret = libbpf_get_error(*vmlinux);
	if (ret) {
		*vmlinux = NULL;
		snprintf(err, err_len, "/sys/kernel/btf/vmlinux: %s", strerror(-ret));
		return ret;
	}
	*vfio = btf__load_module_btf("vfio", *vmlinux);
	ret = libbpf_get_error(*vfio);
	if (ret && access("/sys/module/vfio/initstate", F_OK)) {
		/* Its files have no owner then, and its drivers are not listed. */
		*vfio = NULL;
		snprintf(err, err_len,
			 "vfio is built into this kernel (CONFIG_VFIO=y), not a module: that cannot be traced yet");
		return -ENOSYS;
	}
	if (ret) {
		*vfio = NULL;
		snprintf(err, err_len,
			 "the vfio module has no BTF (/sys/kernel/btf/vfio): CONFIG_DEBUG_INFO_BTF_MODULES is needed");
		return -ENOSYS;
	}
	return 0;
}

static unsigned int ring_size(size_t want)
{
	size_t page = sysconf(_SC_PAGESIZE), size = page;

	if (!want)
		want = 16 << 20;
	while (size < want && size < (1U << 30))
		size *= 2;
	return size;
}

static int load_programs(struct attach *a, const struct capture_opts *opts,
			 char *err, size_t err_len)
{
	struct vfioscope_bpf *s;
	int ret;

	s = vfioscope_bpf__open();
	if (!s)
		return -errno;
	a->skel = s;
	s->rodata->filter_pid = opts->pid;
	s->rodata->filter_tasks = opts->vm != NULL;
	if (opts->device)
		snprintf((char *)s->rodata->filter_device, WIRE_NAME_LEN, "%s", opts->device);
	if (opts->driver)
		snprintf((char *)s->rodata->filter_driver, WIRE_NAME_LEN, "%s", opts->driver);
	bpf_map__set_max_entries(s->maps.ring, ring_size(opts->ring_bytes));
	/* A quarter full is soon enough: the reader also looks by itself. */
	s->rodata->wake_bytes = ring_size(opts->ring_bytes) / 4;
	bpf_program__set_autoload(s->progs.next_state_exit, opts->method != CAPTURE_KPROBE);

	ret = vfioscope_bpf__load(s);
	if (!ret)
		return 0;
	if (!has_sys_admin())
		snprintf(err, err_len, "attaching needs root, or CAP_SYS_ADMIN: try 'sudo'");
	else if (is_locked_down())
		snprintf(err, err_len,
			 "the kernel is locked down (confidentiality), which forbids BPF to read it");
	else if (ret == -EPERM || ret == -EACCES)
		snprintf(err, err_len,
			 "the kernel refuses the tracing programs: %s; 'vfioscope doctor' tells more",
			 strerror(-ret));
	else
		snprintf(err, err_len, "this kernel refuses the tracing programs: %s",
			 strerror(-ret));
	return ret;
}

static int map_streams(struct attach *a)
{
	size_t page = sysconf(_SC_PAGESIZE);
	void *p;

	a->streams_len = (WIRE_STREAMS * sizeof(struct wire_stream) + page - 1) / page * page;
	p = mmap(NULL, a->streams_len, PROT_READ, MAP_SHARED,
		 bpf_map__fd(a->skel->maps.streams), 0);
	if (p == MAP_FAILED)
		return -errno;
	a->streams = p;
	return 0;
}

int attach_open(struct attach **out, const struct capture_opts *opts, char *err, size_t err_len)
{
	struct btf *vmlinux = NULL, *vfio = NULL;
	struct attach *a;
	int ret;

	libbpf_verbose = opts->verbose;
	libbpf_set_print(libbpf_print);
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);

	err[0] = '\0';
	a = calloc(1, sizeof(*a));
	if (!a) {
		snprintf(err, err_len, "out of memory");
		return -ENOMEM;
	}
	a->method = opts->method;
	a->ncpus = libbpf_num_possible_cpus();
	ret = load_btf(&vmlinux, &vfio, err, err_len);
	if (!ret) {
		a->keeper = keeper_start();
		ret = a->keeper < 0 ? (int)a->keeper : 0;
	}
	if (!ret)
		ret = load_programs(a, opts, err, err_len);
	if (!ret)
		ret = map_streams(a);
	if (!ret)
		ret = module_add(a, "vfio", WIRE_MODULE_VFIO);
	if (!ret)
		ret = hook_core(a, vmlinux, vfio, err, err_len);
	if (!ret)
		ret = rescan(a, vmlinux);
	btf__free(vfio);
	btf__free(vmlinux);
	if (ret >= 0 && !opts->no_join)
		ret = attach_join(a);
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

bool attach_is_hooked(const struct attach *a, const char *symbol, const char *kind)
{
	const struct capture_hook *h;
	char name[sizeof(h->function) + sizeof(h->module) + 4];
	size_t i;

	for (i = 0; i < a->n_hooks; i++) {
		h = &a->hooks[i];
		if (strcmp(h->kind, kind) || !capture_hook_attached(h))
			continue;
		snprintf(name, sizeof(name), "%s [%s]", h->function, h->module);
		/* The kernel side cut the symbol to this length. */
		if (!strncmp(name, symbol, WIRE_NAME_LEN - 1))
			return true;
	}
	return false;
}

int attach_ring_fd(const struct attach *a)
{
	return bpf_map__fd(a->skel->maps.ring);
}
