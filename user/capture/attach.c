// SPDX-License-Identifier: GPL-2.0-only
#include "capture/attach.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpf/wire.h"
#include "capture/discover.h"
#include "vfioscope.skel.h"

#define MAX_MODULES	64
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* A program of our own making on one driver function. */
struct clone {
	int prog_fd;
	int link_fd;
	bool is_exit;
};

struct attach {
	struct vfioscope_bpf *skel;
	struct bpf_link **links;	/* of the core hooks */
	size_t n_links;
	struct clone *clones;
	size_t n_clones;
	struct capture_hook *hooks;
	size_t n_hooks;
	/* modules that were looked at; one that left is looked at again */
	char modules[MAX_MODULES][64];
	int n_modules;
	int ncpus;
};

static bool libbpf_verbose;

static int libbpf_print(enum libbpf_print_level level, const char *fmt, va_list args)
{
	if (!libbpf_verbose || level == LIBBPF_DEBUG)
		return 0;
	return vfprintf(stderr, fmt, args);
}

static struct capture_hook *hook_add(struct attach *a, const char *module,
				     const char *function, const char *kind)
{
	struct capture_hook *h;

	h = realloc(a->hooks, (a->n_hooks + 1) * sizeof(*h));
	if (!h)
		return NULL;
	a->hooks = h;
	h += a->n_hooks++;
	memset(h, 0, sizeof(*h));
	snprintf(h->module, sizeof(h->module), "%s", module);
	snprintf(h->function, sizeof(h->function), "%s", function);
	h->kind = kind;
	h->method = "none";
	return h;
}

/* The functions that every driver's migration goes through. */
struct core_hook {
	const char *module, *function, *kind;
	const char *enter, *exit;	/* names of programs; NULL: none */
	bool required;
};

static const struct core_hook core_hooks[] = {
	{ "vfio", "vfio_device_fops_unl_ioctl", "device_ioctl",
	  "device_ioctl_enter", "device_ioctl_exit", true },
	{ "vfio", "vfio_mig_get_next_state", "arc",
	  "next_state_enter", "next_state_exit", true },
	{ "vfio", "vfio_df_open", "device_open",
	  "device_open_enter", "device_open_exit", false },
	{ "vfio", "vfio_df_close", "device_close",
	  "device_close_enter", "device_close_exit", false },
	{ "vfio", "vfio_unregister_group_dev", "device_gone",
	  "device_gone", NULL, false },
	{ "vmlinux", "filp_flush", "stream_close",
	  NULL, "file_closed", false },
};

static struct bpf_program *core_program(struct attach *a, const char *name)
{
	return name ? bpf_object__find_program_by_name(a->skel->obj, name) : NULL;
}

static bool has_func(const struct btf *btf, const char *name)
{
	return btf__find_by_name_kind(btf, name, BTF_KIND_FUNC) > 0;
}

/* Before load: leave out what this kernel does not have. */
static int core_prepare(struct attach *a, struct btf *vmlinux, struct btf *vfio,
			char *err, size_t err_len)
{
	const struct core_hook *core;
	struct capture_hook *h;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(core_hooks); i++) {
		core = &core_hooks[i];
		h = hook_add(a, core->module, core->function, core->kind);
		if (!h)
			return -ENOMEM;
		if (has_func(strcmp(core->module, "vfio") ? vmlinux : vfio, core->function))
			continue;
		snprintf(h->reason, sizeof(h->reason), "no such function in the BTF of %s",
			 core->module);
		if (core->required) {
			snprintf(err, err_len,
				 "this kernel's vfio has no %s() to trace (Linux 6.6 or newer is needed)",
				 core->function);
			return -ENOSYS;
		}
		if (core->enter)
			bpf_program__set_autoload(core_program(a, core->enter), false);
		if (core->exit)
			bpf_program__set_autoload(core_program(a, core->exit), false);
	}
	return 0;
}

static int core_attach_one(struct attach *a, const char *name, struct capture_hook *h)
{
	struct bpf_program *prog = core_program(a, name);
	struct bpf_link *link;
	int err;

	if (!prog)
		return 0;
	link = bpf_program__attach(prog);
	err = libbpf_get_error(link);
	if (err) {
		snprintf(h->reason, sizeof(h->reason), "%s", strerror(-err));
		return err;
	}
	a->links[a->n_links++] = link;
	return 0;
}

static int core_attach(struct attach *a, char *err, size_t err_len)
{
	const struct core_hook *core;
	struct capture_hook *h;
	size_t i;
	int ret;

	a->links = calloc(2 * ARRAY_SIZE(core_hooks), sizeof(*a->links));
	if (!a->links)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(core_hooks); i++) {
		core = &core_hooks[i];
		h = &a->hooks[i];
		if (h->reason[0])
			continue;
		/* The exit first: an entry without its exit would look lost. */
		ret = core_attach_one(a, core->exit, h);
		if (!ret)
			ret = core_attach_one(a, core->enter, h);
		if (!ret) {
			h->method = "fentry";
		} else if (core->required) {
			snprintf(err, err_len, "cannot trace %s(): %s", core->function,
				 strerror(-ret));
			return ret;
		}
	}
	return 0;
}

static void templates(struct attach *a, enum proto proto, struct bpf_program **enter,
		      struct bpf_program **exit)
{
	struct vfioscope_bpf *s = a->skel;

	*enter = *exit = NULL;
	switch (proto) {
	case PROTO_SET_STATE:
		*enter = s->progs.set_state_enter;
		*exit = s->progs.set_state_exit;
		break;
	case PROTO_READ:
		*enter = s->progs.read_enter;
		*exit = s->progs.read_exit;
		break;
	case PROTO_WRITE:
		*enter = s->progs.write_enter;
		*exit = s->progs.write_exit;
		break;
	case PROTO_POLL:
		*enter = s->progs.poll_enter;
		*exit = s->progs.poll_exit;
		break;
	case PROTO_IOCTL:
		*enter = s->progs.ioctl_enter;
		*exit = s->progs.ioctl_exit;
		break;
	case PROTO_RELEASE:
		*enter = s->progs.release_enter;
		*exit = s->progs.release_exit;
		break;
	case PROTO_PCI_VOID:
		*exit = s->progs.pci_void_exit;
		break;
	case PROTO_NR:
		break;
	}
}

/*
 * Load the instructions of @tmpl, which libbpf has already relocated, as a
 * fentry or fexit program of the function @btf_id of the BTF @btf_fd, and
 * attach it: 20 ms, where another BPF object would cost ten times that.
 */
static int clone_attach(struct attach *a, struct bpf_program *tmpl, bool is_exit,
			int btf_fd, __u32 btf_id, struct capture_hook *h)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts,
		.expected_attach_type = is_exit ? BPF_TRACE_FEXIT : BPF_TRACE_FENTRY,
		.attach_btf_id = btf_id,
		.attach_btf_obj_fd = btf_fd);
	struct clone *c;
	int prog_fd, link_fd, err;

	c = realloc(a->clones, (a->n_clones + 1) * sizeof(*c));
	if (!c)
		return -ENOMEM;
	a->clones = c;
	prog_fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, bpf_program__name(tmpl), "GPL",
				bpf_program__insns(tmpl), bpf_program__insn_cnt(tmpl), &opts);
	if (prog_fd < 0) {
		err = -errno;
		snprintf(h->reason, sizeof(h->reason), "load: %s", strerror(-err));
		return err;
	}
	link_fd = bpf_raw_tracepoint_open(NULL, prog_fd);
	if (link_fd < 0) {
		err = -errno;
		snprintf(h->reason, sizeof(h->reason), "attach: %s", strerror(-err));
		close(prog_fd);
		return err;
	}
	c = &a->clones[a->n_clones++];
	c->prog_fd = prog_fd;
	c->link_fd = link_fd;
	c->is_exit = is_exit;
	return 0;
}

static void clone_drop_last(struct attach *a)
{
	struct clone *c = &a->clones[--a->n_clones];

	close(c->link_fd);
	close(c->prog_fd);
}

/* A file descriptor of the BTF that the kernel holds for @module, or -errno. */
static int module_btf_fd(const char *module)
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

static int hook_module(struct attach *a, struct btf *vmlinux, const char *module)
{
	struct bpf_program *enter, *exit;
	struct found_func *funcs = NULL;
	struct capture_hook *h;
	int n, i, btf_fd = -1, err, added = 0;

	n = discover_funcs(module, vmlinux, &funcs);
	if (n < 0) {
		h = hook_add(a, module, "*", "module");
		if (!h)
			return -ENOMEM;
		snprintf(h->reason, sizeof(h->reason), "%s",
			 n == -ENOENT ? "the module has no BTF" : strerror(-n));
		return 1;
	}
	if (n == 0)
		goto out;
	btf_fd = module_btf_fd(module);
	for (i = 0; i < n; i++) {
		h = hook_add(a, module, funcs[i].name, proto_name(funcs[i].proto));
		if (!h) {
			added = -ENOMEM;
			goto out;
		}
		added++;
		if (btf_fd < 0) {
			snprintf(h->reason, sizeof(h->reason), "module BTF: %s",
				 strerror(-btf_fd));
			continue;
		}
		templates(a, funcs[i].proto, &enter, &exit);
		err = clone_attach(a, exit, true, btf_fd, funcs[i].btf_id, h);
		if (!err && enter) {
			err = clone_attach(a, enter, false, btf_fd, funcs[i].btf_id, h);
			if (err)
				clone_drop_last(a);
		}
		if (!err)
			h->method = "fentry";
	}
out:
	if (btf_fd >= 0)
		close(btf_fd);
	free(funcs);
	return added;
}

/* @vmlinux: the kernel's BTF, or NULL to load it only when it is needed. */
static int rescan(struct attach *a, struct btf *vmlinux)
{
	char now[MAX_MODULES][64];
	struct btf *loaded = NULL;
	int n, i, j, ret, added = 0;

	n = discover_modules(now, MAX_MODULES);
	if (n < 0)
		return n;
	for (i = 0; i < n; i++) {
		for (j = 0; j < a->n_modules; j++)
			if (!strcmp(a->modules[j], now[i]))
				break;
		if (j < a->n_modules)
			continue;
		if (!vmlinux) {
			loaded = btf__load_vmlinux_btf();
			if (libbpf_get_error(loaded))
				return libbpf_get_error(loaded);
			vmlinux = loaded;
		}
		ret = hook_module(a, vmlinux, now[i]);
		if (ret < 0) {
			added = ret;
			break;
		}
		added += ret;
	}
	memcpy(a->modules, now, sizeof(now));
	a->n_modules = n;
	btf__free(loaded);
	return added;
}

int attach_rescan(struct attach *a)
{
	return rescan(a, NULL);
}

static int vfio_btf_check(struct btf **vmlinux, struct btf **vfio, char *err, size_t err_len)
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
	*vmlinux = btf__load_vmlinux_btf();
	ret = libbpf_get_error(*vmlinux);
	if (ret) {
		*vmlinux = NULL;
		snprintf(err, err_len, "/sys/kernel/btf/vmlinux: %s", strerror(-ret));
		return ret;
	}
	*vfio = btf__load_module_btf("vfio", *vmlinux);
	ret = libbpf_get_error(*vfio);
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

int attach_open(struct attach **out, const struct capture_opts *opts, char *err, size_t err_len)
{
	struct btf *vmlinux = NULL, *vfio = NULL;
	struct attach *a;
	int ret;

	libbpf_verbose = opts->verbose;
	libbpf_set_print(libbpf_print);
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);

	a = calloc(1, sizeof(*a));
	if (!a) {
		snprintf(err, err_len, "out of memory");
		return -ENOMEM;
	}
	err[0] = '\0';
	a->ncpus = libbpf_num_possible_cpus();
	ret = vfio_btf_check(&vmlinux, &vfio, err, err_len);
	if (ret)
		goto out;

	a->skel = vfioscope_bpf__open();
	if (!a->skel) {
		ret = -errno;
		goto out;
	}
	a->skel->rodata->filter_pid = opts->pid;
	if (opts->device)
		snprintf((char *)a->skel->rodata->filter_device, WIRE_NAME_LEN, "%s",
			 opts->device);
	if (opts->driver)
		snprintf((char *)a->skel->rodata->filter_driver, WIRE_NAME_LEN, "%s",
			 opts->driver);
	bpf_map__set_max_entries(a->skel->maps.ring, ring_size(opts->ring_bytes));
	/* A quarter full is soon enough: the reader also looks by itself. */
	a->skel->rodata->wake_bytes = ring_size(opts->ring_bytes) / 4;

	ret = core_prepare(a, vmlinux, vfio, err, err_len);
	if (ret)
		goto out;
	ret = vfioscope_bpf__load(a->skel);
	if (ret) {
		if (ret == -EPERM || ret == -EACCES)
			snprintf(err, err_len,
				 "attaching needs root, or CAP_BPF, CAP_PERFMON and CAP_SYS_ADMIN: try 'sudo'");
		else
			snprintf(err, err_len, "this kernel refuses the tracing programs: %s",
				 strerror(-ret));
		goto out;
	}
	ret = core_attach(a, err, err_len);
	if (ret)
		goto out;
	ret = rescan(a, vmlinux);
out:
	btf__free(vfio);
	btf__free(vmlinux);
	if (ret < 0) {
		if (!err[0])
			snprintf(err, err_len, "cannot attach: %s", strerror(-ret));
		attach_close(a);
		return ret;
	}
	*out = a;
	return 0;
}

void attach_close(struct attach *a)
{
	size_t i;

	if (!a)
		return;
	for (i = 0; i < a->n_links; i++)
		bpf_link__destroy(a->links[i]);
	free(a->links);
	while (a->n_clones)
		clone_drop_last(a);
	free(a->clones);
	vfioscope_bpf__destroy(a->skel);
	free(a->hooks);
	free(a);
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
		if (strcmp(h->kind, kind) || !strcmp(h->method, "none"))
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

int attach_counters(const struct attach *a, struct wire_counters *out)
{
	struct wire_counters *per_cpu;
	__u32 zero = 0;
	int cpu, k, err = 0;

	memset(out, 0, sizeof(*out));
	per_cpu = calloc(a->ncpus, sizeof(*per_cpu));
	if (!per_cpu)
		return -ENOMEM;
	if (bpf_map_lookup_elem(bpf_map__fd(a->skel->maps.counters), &zero, per_cpu)) {
		err = -errno;
		goto out;
	}
	for (cpu = 0; cpu < a->ncpus; cpu++) {
		out->seq += per_cpu[cpu].seq;
		out->lost += per_cpu[cpu].lost;
		out->table_full += per_cpu[cpu].table_full;
		out->unfinished += per_cpu[cpu].unfinished;
		for (k = 0; k < WIRE_KIND_NR; k++)
			out->lost_kind[k] += per_cpu[cpu].lost_kind[k];
	}
out:
	free(per_cpu);
	return err;
}

static uint64_t prog_misses(int fd)
{
	struct bpf_prog_info info;
	__u32 len = sizeof(info);

	memset(&info, 0, sizeof(info));
	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len))
		return 0;
	return info.recursion_misses;
}

uint64_t attach_skipped(const struct attach *a)
{
	struct bpf_program *prog;
	uint64_t sum = 0;
	size_t i;

	/* Only returns: a skipped entry costs the start time, not the event. */
	for (i = 0; i < ARRAY_SIZE(core_hooks); i++) {
		prog = core_hooks[i].exit ?
			bpf_object__find_program_by_name(a->skel->obj, core_hooks[i].exit) : NULL;
		if (prog && a->hooks[i].method[0] != 'n')
			sum += prog_misses(bpf_program__fd(prog));
	}
	for (i = 0; i < a->n_clones; i++)
		if (a->clones[i].is_exit)
			sum += prog_misses(a->clones[i].prog_fd);
	return sum;
}
