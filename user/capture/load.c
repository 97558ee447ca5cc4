// SPDX-License-Identifier: GPL-2.0-only
/*
 * What stands before the first hook: the types, the programs, the table of
 * streams, and the process that will let go of the hooks.
 */
#include "capture/attach_internal.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "capture/inside.h"
#include "capture/keeper.h"
#include "capture/why.h"
#include "vfioscope.skel.h"

static const char needs_privilege[] = "attaching needs root, or CAP_SYS_ADMIN: try 'sudo'";

static bool libbpf_verbose;

static int libbpf_print(enum libbpf_print_level level, const char *fmt, va_list args)
{
	if (!libbpf_verbose || level == LIBBPF_DEBUG)
		return 0;
	return vfprintf(stderr, fmt, args);
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

/* What keeps it from being there. */
static const char *why_no_vfio(void)
{
	char path[128], line[4096];
	struct utsname u;
	bool found = false;
	FILE *f;

	if (uname(&u))
		return "the vfio module is not loaded";
	snprintf(path, sizeof(path), "/lib/modules/%.80s/modules.dep", u.release);
	f = fopen(path, "re");
	/* 'modprobe' would have nothing to load it from. */
	if (!f)
		return "vfio is not in this kernel, and its modules are not in /lib/modules";
	while (!found && fgets(line, sizeof(line), f))
		found = strstr(line, "/vfio.ko");
	fclose(f);
	return found ? "the vfio module is not loaded: try 'modprobe vfio-pci'" :
		       "this kernel was built without vfio (CONFIG_VFIO is not set)";
}

static int load_btf(struct attach *a, struct btf **vmlinux, struct btf **vfio, char *err,
		    size_t err_len)
{
	int ret;

	*vmlinux = NULL;
	*vfio = NULL;
	if (access("/sys/kernel/btf/vmlinux", R_OK)) {
		snprintf(
			err, err_len,
			"the kernel has no BTF (/sys/kernel/btf/vmlinux): CONFIG_DEBUG_INFO_BTF is needed");
		return -ENOSYS;
	}
	if (keeper_hangs(DETACH_MS)) {
		snprintf(
			err, err_len,
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
	a->builtin = discover_vfio_builtin(*vmlinux);
	a->vfio = a->builtin ? "vmlinux" : "vfio";
	if (a->builtin)
		return 0;
	if (access("/sys/module/vfio", F_OK)) {
		snprintf(err, err_len, "%s", why_no_vfio());
		return -ENODEV;
	}
	*vfio = btf__load_module_btf("vfio", *vmlinux);
	ret = libbpf_get_error(*vfio);
	if (!ret)
		return 0;
	*vfio = NULL;
	if (!has_sys_admin())
		snprintf(err, err_len, "%s", needs_privilege);
	else
		snprintf(
			err, err_len,
			"the vfio module has no BTF (/sys/kernel/btf/vfio): CONFIG_DEBUG_INFO_BTF_MODULES is needed");
	return -ENOSYS;
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

static int load_skeleton(struct attach *a, const struct capture_opts *opts, struct btf *vmlinux,
			 enum why_load why)
{
	struct vfioscope_bpf *s;
	const char *missing;
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
	/* Since Linux 6.0: 647cafa22349 "bpf: add a ksym BPF iterator" */
	bpf_program__set_autoload(s->progs.file_operations_of,
				  btf__find_by_name_kind(vmlinux, "bpf_iter_ksym", BTF_KIND_FUNC) >
					  0);
	bpf_program__set_autoload(s->progs.file_operations_near,
				  a->builtin && bpf_program__autoload(s->progs.file_operations_of));
	missing = why_prepare(s, vmlinux, why);
	if (missing)
		why = WHY_LOAD_NONE;
	inside_prepare(s, why != WHY_LOAD_NONE, opts->n_inside);
	ret = vfioscope_bpf__load(s);
	if (ret && why != WHY_LOAD_NONE) {
		/* Is it these that it does not like? */
		snprintf(a->why.error, sizeof(a->why.error), "this kernel refuses the programs: %s",
			 strerror(-ret));
		vfioscope_bpf__destroy(s);
		a->skel = NULL;
		return load_skeleton(a, opts, vmlinux, why - 1);
	}
	if (!ret && why != WHY_LOAD_NONE)
		a->why.error[0] = '\0';
	else if (!ret && missing && !opts->no_why)
		snprintf(a->why.error, sizeof(a->why.error), "%s", missing);
	return ret;
}

static int load_programs(struct attach *a, const struct capture_opts *opts, struct btf *vmlinux,
			 char *err, size_t err_len)
{
	int ret = load_skeleton(a, opts, vmlinux, opts->no_why ? WHY_LOAD_NONE : WHY_LOAD_ALL);

	if (!ret)
		return 0;
	if (!has_sys_admin())
		snprintf(err, err_len, "%s", needs_privilege);
	else if (is_locked_down())
		snprintf(
			err, err_len,
			"the kernel is locked down (confidentiality), which forbids BPF to read it");
	else if (ret == -EPERM || ret == -EACCES)
		snprintf(
			err, err_len,
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
	p = mmap(NULL, a->streams_len, PROT_READ, MAP_SHARED, bpf_map__fd(a->skel->maps.streams),
		 0);
	if (p == MAP_FAILED)
		return -errno;
	a->streams = p;
	return 0;
}

int attach_load(struct attach *a, const struct capture_opts *opts, struct btf **vmlinux,
		struct btf **vfio, char *err, size_t err_len)
{
	int ret;

	libbpf_verbose = opts->verbose;
	libbpf_set_print(libbpf_print);
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);

	ret = load_btf(a, vmlinux, vfio, err, err_len);
	if (ret)
		return ret;
	a->keeper = keeper_start();
	ret = a->keeper < 0 ? (int)a->keeper : 0;
	if (!ret)
		ret = load_programs(a, opts, *vmlinux, err, err_len);
	if (!ret)
		ret = map_streams(a);
	return ret;
}
