// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "capture/probe.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <linux/perf_event.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zlib.h>

#include "capture/attach.h"
#include "capture/discover.h"
#include "capture/process.h"

#define CONFIG_MAX	(4 << 20)
/* PROC_USER_INIT_INO: the first user namespace has this inode on every kernel. */
#define INIT_USERNS_INO 0xeffffffdU
/* Its only caller is the kernel's own test of BPF. */
#define TRY_FUNCTION	"bpf_fentry_test1"

const char *const probe_cap_names[PROBE_CAP_NR] = {
	[PROBE_CAP_BPF] = "CAP_BPF",
	[PROBE_CAP_PERFMON] = "CAP_PERFMON",
	[PROBE_CAP_SYS_ADMIN] = "CAP_SYS_ADMIN",
};

/* One run's constants. */
struct run {
	struct probe *p;
	const char *root;
	bool try;
	bool verbose;
};

static enum probe_answer answer(bool yes)
{
	return yes ? PROBE_YES : PROBE_NO;
}

static void path_of(char path[PATH_MAX], const struct run *r, const char *fmt, va_list ap)
{
	int len = snprintf(path, PATH_MAX, "%s/", r->root);

	if (len < PATH_MAX)
		vsnprintf(path + len, PATH_MAX - len, fmt, ap);
}

/* The first line of a file into @buf; false when it cannot be read. */
static bool read_line(const struct run *r, char *buf, size_t size, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list ap;
	bool ok;
	FILE *f;

	va_start(ap, fmt);
	path_of(path, r, fmt, ap);
	va_end(ap);
	f = fopen(path, "re");
	if (!f)
		return false;
	ok = fgets(buf, size, f);
	if (ok)
		buf[strcspn(buf, "\n")] = '\0';
	fclose(f);
	return ok;
}

static bool exists(const struct run *r, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list ap;

	va_start(ap, fmt);
	path_of(path, r, fmt, ap);
	va_end(ap);
	return !access(path, F_OK);
}

/* The last part of what a symbolic link points to; "" when there is none. */
static void link_name(const struct run *r, char *buf, size_t size, const char *fmt, ...)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *slash;
	va_list ap;
	ssize_t n;

	va_start(ap, fmt);
	path_of(path, r, fmt, ap);
	va_end(ap);
	buf[0] = '\0';
	n = readlink(path, target, sizeof(target) - 1);
	if (n <= 0)
		return;
	target[n] = '\0';
	slash = strrchr(target, '/');
	slash = slash ? slash + 1 : target;
	snprintf(buf, size, "%.*s", (int)size - 1, slash);
}

static int sysctl_int(const struct run *r, const char *name)
{
	char line[32];

	return read_line(r, line, sizeof(line), "proc/sys/%s", name) ? atoi(line) : -1;
}

/* ---- the kernel ---------------------------------------------------------------- */

/* As gzip or as text; the first that there is. */
static void read_config(const struct run *r)
{
	const char *names[] = { "proc/config.gz", "boot/config-%s", "lib/modules/%s/config" };
	char path[PATH_MAX], name[256];
	gzFile f = NULL;
	size_t i;
	int n;

	for (i = 0; !f && i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(name, sizeof(name), names[i], r->p->release);
		snprintf(path, sizeof(path), "%s/%s", r->root, name);
		f = gzopen(path, "re");
	}
	if (!f)
		return;
	r->p->config = malloc(CONFIG_MAX + 1);
	n = r->p->config ? gzread(f, r->p->config, CONFIG_MAX) : -1;
	if (n <= 0) {
		free(r->p->config);
		r->p->config = NULL;
	} else {
		r->p->config[n] = '\0';
	}
	gzclose(f);
}

const char *probe_config(const struct probe *p, const char *option)
{
	size_t len = strlen(option);
	const char *at = p->config;

	if (!at)
		return NULL;
	while ((at = strstr(at, option))) {
		if ((at == p->config || at[-1] == '\n') && at[len] == '=')
			return at[len + 1] == 'y' ? "y" : at[len + 1] == 'm' ? "m" : "n";
		at += len;
	}
	return "n";
}

static void look_at_lockdown(const struct run *r)
{
	char line[96], *from, *to;

	/* Without the security file system nobody can tell. */
	r->p->has_lockdown = exists(r, "sys/kernel/security/lockdown");
	if (!read_line(r, line, sizeof(line), "sys/kernel/security/lockdown"))
		return;
	from = strchr(line, '[');
	to = from ? strchr(from, ']') : NULL;
	if (!to)
		return;
	*to = '\0';
	snprintf(r->p->lockdown, sizeof(r->p->lockdown), "%s", from + 1);
}

static void look_at_kernel(const struct run *r)
{
	struct probe *p = r->p;
	struct utsname u;
	char line[16];

	if (!uname(&u)) {
		snprintf(p->release, sizeof(p->release), "%s", u.release);
		snprintf(p->machine, sizeof(p->machine), "%s", u.machine);
	}
	p->sys = exists(r, "sys/kernel");
	p->proc = exists(r, "proc/self");
	if (p->sys)
		p->vmlinux_btf = answer(exists(r, "sys/kernel/btf/vmlinux"));
	look_at_lockdown(r);
	p->bpf_jit = sysctl_int(r, "net/core/bpf_jit_enable");
	p->ftrace = sysctl_int(r, "kernel/ftrace_enabled");
	p->unprivileged_bpf = sysctl_int(r, "kernel/unprivileged_bpf_disabled");
	p->perf_paranoid = sysctl_int(r, "kernel/perf_event_paranoid");
	if (read_line(r, line, sizeof(line), "sys/kernel/debug/kprobes/enabled"))
		p->kprobes_armed = answer(line[0] == '1');
	read_config(r);
}

static void look_at_privileges(const struct run *r)
{
	/* linux/capability.h of Debian 12 has them all, but the numbers say as much. */
	static const unsigned int bits[PROBE_CAP_NR] = {
		[PROBE_CAP_BPF] = 39,
		[PROBE_CAP_PERFMON] = 38,
		[PROBE_CAP_SYS_ADMIN] = 21,
	};
	struct probe *p = r->p;
	char path[PATH_MAX], line[256];
	unsigned long long caps;
	struct stat st;
	FILE *f;
	int i;

	p->uid = geteuid();
	snprintf(path, sizeof(path), "%s/proc/self/ns/user", r->root);
	if (!stat(path, &st))
		p->init_userns = answer(st.st_ino == INIT_USERNS_INO);
	snprintf(path, sizeof(path), "%s/proc/self/ns/pid", r->root);
	if (!stat(path, &st))
		p->init_pidns = answer(st.st_ino == PROCESS_INIT_PIDNS_INO);
	snprintf(path, sizeof(path), "%s/proc/self/status", r->root);
	f = fopen(path, "re");
	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "CapEff: %llx", &caps) == 1)
			for (i = 0; i < PROBE_CAP_NR; i++)
				p->cap[i] = answer(caps >> bits[i] & 1);
		/* 2: a filter, such as a container's, which may forbid bpf(2). */
		if (!strncmp(line, "Seccomp:", 8))
			p->seccomp = atoi(line + 8) == 2;
	}
	fclose(f);
}

/* ---- modules and devices ---------------------------------------------------------- */

static struct probe_module *add_module(const struct run *r, const char *name)
{
	struct probe *p = r->p;
	struct probe_module *m;

	m = realloc(p->modules, (p->n_modules + 1) * sizeof(*m));
	if (!m)
		return NULL;
	p->modules = m;
	m += p->n_modules++;
	memset(m, 0, sizeof(*m));
	snprintf(m->name, sizeof(m->name), "%s", name);
	/* What is built in has its types in the kernel's. */
	m->builtin = !exists(r, "sys/module/%s/initstate", name);
	m->btf = m->builtin ? p->vmlinux_btf : answer(exists(r, "sys/kernel/btf/%s", name));
	return m;
}

/* What the kernel itself has of vfio, of which each driver is told by its function alone. */
static void add_builtin(const struct run *r, struct btf *vmlinux)
{
	struct found_func *funcs = NULL;
	struct probe_module *m;
	int n, i;

	n = discover_builtin(vmlinux, &funcs);
	for (i = 0; i < n; i++) {
		m = add_module(r, "vmlinux");
		if (!m)
			break;
		m->migrates = PROBE_YES;
		snprintf(m->set_state, sizeof(m->set_state), "%s", funcs[i].name);
	}
	free(funcs);
}

/* Which function of a driver moves its device's migration state, if one does. */
static void find_set_state(struct probe_module *m, struct btf *vmlinux)
{
	struct found_func *funcs = NULL;
	int n, i;

	if (m->builtin || !vmlinux || m->btf != PROBE_YES)
		return;
	n = discover_funcs(m->name, vmlinux, &funcs);
	if (n < 0)
		return;
	m->migrates = PROBE_NO;
	for (i = 0; i < n; i++) {
		if (funcs[i].proto != PROTO_SET_STATE)
			continue;
		m->migrates = PROBE_YES;
		snprintf(m->set_state, sizeof(m->set_state), "%s", funcs[i].name);
	}
	free(funcs);
}

/* Has the kernel this, loaded or built in?  What is built in need not have a folder. */
static bool has_module(const struct run *r, const char *name, const char *sign)
{
	return exists(r, "sys/module/%s", name) || exists(r, "sys/%s", sign);
}

static void look_at_modules(const struct run *r)
{
	struct found_module found[MAX_MODULES];
	struct probe *p = r->p;
	struct btf *vmlinux = NULL;
	struct probe_module *m;
	bool builtin;
	int n, i;

	if (!p->sys)
		return;
	p->vfio = answer(has_module(r, "vfio", "class/vfio-dev"));
	builtin = p->vfio == PROBE_YES && !exists(r, "sys/module/vfio/initstate");
	if (p->vfio == PROBE_YES)
		add_module(r, "vfio");
	n = r->try && p->vfio == PROBE_YES ? discover_modules(found, MAX_MODULES, builtin) : 0;
	if (r->try && p->vfio == PROBE_YES && p->vmlinux_btf == PROBE_YES) {
		vmlinux = btf__load_vmlinux_btf();
		if (libbpf_get_error(vmlinux))
			vmlinux = NULL;
	}
	if (builtin && vmlinux)
		add_builtin(r, vmlinux);
	for (i = 0; i < n; i++) {
		m = add_module(r, found[i].name);
		if (m)
			find_set_state(m, vmlinux);
		/* They are all of them, then. */
		if (m && builtin && m->migrates != PROBE_YES)
			p->n_modules--;
	}
	/* That a device can be used by a VM at all. */
	if (builtin && exists(r, "sys/module/vfio_iommu_type1"))
		add_module(r, "vfio_iommu_type1");
	if (has_module(r, "iommufd", "class/misc/iommu"))
		add_module(r, "iommufd");
	btf__free(vmlinux);
}

static int device_cmp(const void *a, const void *b)
{
	return strcmp(((const struct probe_device *)a)->name,
		      ((const struct probe_device *)b)->name);
}

/* The class of vfio holds every device that a driver of any bus registered with it. */
static void look_at_devices(const struct run *r)
{
	struct probe *p = r->p;
	struct probe_device *d;
	char path[PATH_MAX];
	struct dirent *de;
	size_t i;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/sys/class/vfio-dev", r->root);
	dir = opendir(path);
	if (!dir)
		return;
	while ((de = readdir(dir))) {
		if (de->d_name[0] == '.')
			continue;
		d = realloc(p->devices, (p->n_devices + 1) * sizeof(*d));
		if (!d)
			break;
		p->devices = d;
		d += p->n_devices;
		memset(d, 0, sizeof(*d));
		link_name(r, d->name, sizeof(d->name), "sys/class/vfio-dev/%s/device", de->d_name);
		if (!d->name[0])
			continue;
		p->n_devices++;
		link_name(r, d->driver, sizeof(d->driver), "sys/class/vfio-dev/%s/device/driver",
			  de->d_name);
		link_name(r, d->module, sizeof(d->module),
			  "sys/class/vfio-dev/%s/device/driver/module", de->d_name);
		link_name(r, d->group, sizeof(d->group), "sys/class/vfio-dev/%s/device/iommu_group",
			  de->d_name);
		for (i = 0; i < p->n_modules; i++)
			if (!strcmp(p->modules[i].name, d->module))
				d->migrates = p->modules[i].migrates;
	}
	closedir(dir);
	if (p->n_devices)
		qsort(p->devices, p->n_devices, sizeof(*p->devices), device_cmp);
}

/* ---- trying ------------------------------------------------------------------------ */

static void try_failed(struct probe_try *t, const char *what, int err)
{
	t->works = PROBE_NO;
	snprintf(t->why, sizeof(t->why), "%s: %s", what, strerror(err));
}

/*
 * The smallest program that does what ours do: it reads the kernel's memory,
 * which a locked-down kernel forbids.
 */
static int load_tiny(const struct run *r, enum bpf_prog_type type, struct bpf_prog_load_opts *opts)
{
	static const struct bpf_insn insns[] = {
		/* r1 = fp - 8, r2 = 8, r3 = 0 */
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 1, .src_reg = 10 },
		{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 1, .imm = -8 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2, .imm = 8 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 3, .imm = 0 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_probe_read_kernel },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	char log[4096] = "";
	int fd, err;

	if (r->verbose) {
		opts->log_level = 1;
		opts->log_buf = log;
		opts->log_size = sizeof(log);
	}
	fd = bpf_prog_load(type, "vfioscope_try", "GPL", insns, sizeof(insns) / sizeof(insns[0]),
			   opts);
	if (fd < 0 && r->verbose) {
		err = errno;
		fprintf(stderr, "%s", log);
		errno = err;
	}
	return fd;
}

static void try_fentry(const struct run *r, struct probe_try *t)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_TRACE_FENTRY);
	struct btf *vmlinux;
	int id, fd, link;

	if (r->p->vmlinux_btf != PROBE_YES) {
		snprintf(t->why, sizeof(t->why), "there is no BTF of the kernel");
		return;
	}
	vmlinux = btf__load_vmlinux_btf();
	if (libbpf_get_error(vmlinux)) {
		try_failed(t, "the kernel's BTF", -libbpf_get_error(vmlinux));
		return;
	}
	id = btf__find_by_name_kind(vmlinux, TRY_FUNCTION, BTF_KIND_FUNC);
	btf__free(vmlinux);
	if (id < 0) {
		snprintf(t->why, sizeof(t->why), "this kernel has no %s() to try it on",
			 TRY_FUNCTION);
		return;
	}
	opts.attach_btf_id = id;
	fd = load_tiny(r, BPF_PROG_TYPE_TRACING, &opts);
	if (fd < 0) {
		try_failed(t, "the program is refused", errno);
		return;
	}
	link = bpf_raw_tracepoint_open(NULL, fd);
	if (link < 0) {
		try_failed(t, "it cannot be attached", errno);
	} else {
		t->works = PROBE_YES;
		close(link);
	}
	close(fd);
}

/* A program cannot tell what is wrong with kprobes; the perf event can. */
static void try_kprobe(const struct run *r, struct probe_try *t)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.kprobe_func = (uintptr_t)TRY_FUNCTION,
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts);
	char line[16];
	int fd, perf;

	if (!read_line(r, line, sizeof(line), "sys/bus/event_source/devices/kprobe/type")) {
		t->works = r->p->sys ? PROBE_NO : PROBE_UNKNOWN;
		snprintf(t->why, sizeof(t->why), "%s",
			 r->p->sys ? "the kernel has no kprobe events" : "/sys is not there");
		return;
	}
	attr.type = atoi(line);
	fd = load_tiny(r, BPF_PROG_TYPE_KPROBE, &opts);
	if (fd < 0) {
		try_failed(t, "the program is refused", errno);
		return;
	}
	perf = syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (perf < 0) {
		try_failed(t, "the probe is refused", errno);
	} else if (ioctl(perf, PERF_EVENT_IOC_SET_BPF, fd)) {
		try_failed(t, "it cannot be attached", errno);
	} else {
		t->works = PROBE_YES;
	}
	if (perf >= 0)
		close(perf);
	close(fd);
}

/* What a hook's reason says of one method: "fentry: X; kprobe: Y". */
static void take_reason(struct probe_try *t, const char *reason, const char *method)
{
	const char *at = strstr(reason, method);
	size_t len = strlen(method);

	if (!at || at[len] != ':')
		return;
	at += len + 1;
	at += strspn(at, " ");
	t->works = PROBE_NO;
	snprintf(t->why, sizeof(t->why), "%.*s", (int)strcspn(at, ";"), at);
}

static struct probe_hook *hook_of(struct probe *p, const struct capture_hook *h)
{
	struct probe_hook *out;
	size_t i;

	for (i = 0; i < p->n_hooks; i++) {
		out = &p->hooks[i];
		if (!strcmp(out->module, h->module) && !strcmp(out->function, h->function) &&
		    !strcmp(out->kind, h->kind))
			return out;
	}
	out = realloc(p->hooks, (p->n_hooks + 1) * sizeof(*out));
	if (!out)
		return NULL;
	p->hooks = out;
	out += p->n_hooks++;
	memset(out, 0, sizeof(*out));
	snprintf(out->module, sizeof(out->module), "%s", h->module);
	snprintf(out->function, sizeof(out->function), "%s", h->function);
	out->kind = h->kind;
	return out;
}

/* What a capture does when it begins, and its end. */
static void try_capture(const struct run *r, enum capture_method method, struct probe_try *t)
{
	struct capture_opts opts = {
		.method = method,
		/* Walking over all open files once is enough. */
		.no_join = method != CAPTURE_AUTO,
		.ring_bytes = 4096,
		.verbose = r->verbose,
	};
	const struct capture_hook *hooks;
	struct probe_hook *out;
	struct attach *a = NULL;
	size_t n, i;

	if (attach_open(&a, &opts, t->why, sizeof(t->why))) {
		t->works = PROBE_NO;
		return;
	}
	t->works = PROBE_YES;
	hooks = attach_hooks(a, &n);
	for (i = 0; i < n; i++) {
		out = hook_of(r->p, &hooks[i]);
		if (!out)
			break;
		take_reason(&out->fentry, hooks[i].reason, "fentry");
		take_reason(&out->kprobe, hooks[i].reason, "kprobe");
		if (!strcmp(hooks[i].method, "fentry"))
			out->fentry.works = PROBE_YES;
		if (!strcmp(hooks[i].method, "kprobe"))
			out->kprobe.works = PROBE_YES;
		out->tracepoint = !strcmp(hooks[i].method, "tracepoint");
		take_reason(&out->kprobe, hooks[i].reason, "tracepoint");
	}
	attach_close(a, false);
}

static void not_tried(struct probe_try *t)
{
	snprintf(t->why, sizeof(t->why),
		 "ftrace is switched off: try 'sysctl kernel.ftrace_enabled=1'");
}

static int no_print(enum libbpf_print_level level, const char *fmt, va_list args)
{
	(void)level;
	(void)fmt;
	(void)args;
	return 0;
}

struct probe *probe_run(const struct probe_opts *opts)
{
	struct run r = {
		.root = opts->root ? opts->root : "",
		.verbose = opts->verbose,
	};
	struct probe *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	r.p = p;
	r.try = !r.root[0];
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	if (!opts->verbose)
		libbpf_set_print(no_print);
	look_at_kernel(&r);
	look_at_privileges(&r);
	look_at_modules(&r);
	look_at_devices(&r);
	if (r.try && !p->ftrace) {
		/*
		 * Detaching then makes the kernel warn, and ftrace refuses its
		 * service until the next boot (seen on 6.12.117).
		 */
		not_tried(&p->fentry);
		not_tried(&p->kprobe);
		not_tried(&p->capture);
		not_tried(&p->by_kprobe);
	} else if (r.try) {
		try_fentry(&r, &p->fentry);
		try_kprobe(&r, &p->kprobe);
		try_capture(&r, CAPTURE_AUTO, &p->capture);
		try_capture(&r, CAPTURE_KPROBE, &p->by_kprobe);
	}
	return p;
}

void probe_free(struct probe *p)
{
	if (!p)
		return;
	free(p->modules);
	free(p->devices);
	free(p->hooks);
	free(p->config);
	free(p);
}
