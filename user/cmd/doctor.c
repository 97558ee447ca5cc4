// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor.c - what can be traced on this machine and why not
 *
 * The probe looks and tries; here it is judged: each finding is a row with
 * what helps, and the text and the JSON say the same rows.
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "capture/probe.h"
#include "cmd/cmd.h"
#include "util/json.h"
#include "view/common.h"

struct doctor_opts {
	struct cmd_common common;
	int format;
};

enum { FORMAT_TEXT, FORMAT_JSON };
static const char *const formats[] = { "text", "json", NULL };

static const struct opt doctor_opts[] = {
	{ 0, "format", OPT_ENUM, OPT_AT(struct doctor_opts, format), .values = formats,
	  .help = "how to print" },
	OPT_TABLE(cmd_common_opts, struct doctor_opts, common),
	OPT_END,
};

enum level {
	L_OK,
	L_NOTE,	   /* works, but less well; or may matter */
	L_BAD,	   /* in the way of a capture */
	L_UNKNOWN, /* could not be looked at */
	L_NR
};

static const char *const level_names[L_NR] = { "ok", "note", "problem", "unknown" };
static const char *const level_marks[L_NR] = { "ok", "note", "BAD", "?" };
static const char *const level_colors[L_NR] = { "\033[32m", "\033[33m", "\033[1;31m", "\033[2m" };

enum section { S_KERNEL, S_PRIVILEGES, S_VFIO, S_DEVICES, S_HOOKS, S_NR };
static const char *const section_names[S_NR] = { "kernel", "privileges", "vfio", "devices",
						 "hooks" };

struct row {
	enum section section;
	enum level level;
	char name[64];
	char text[320];
	char help[192]; /* a command, or what to change; "" */
};

struct doctor {
	const struct probe *p;
	struct row *rows;
	size_t n;
	bool no_memory;
	char support[200];	  /* the last line */
	const char *support_word; /* "full", "partial", "none" */
	const char *error;	  /* why no capture can run, or NULL */
};

#define WIDTH 80

/* One more finding; NULL without memory, which help() takes. */
static struct row *row(struct doctor *d, enum section section, enum level level, const char *name,
		       const char *fmt, ...) __attribute__((format(printf, 5, 6)));
static struct row *row(struct doctor *d, enum section section, enum level level, const char *name,
		       const char *fmt, ...)
{
	struct row *r = realloc(d->rows, (d->n + 1) * sizeof(*r));
	va_list ap;

	if (!r) {
		d->no_memory = true;
		return NULL;
	}
	d->rows = r;
	r += d->n++;
	memset(r, 0, sizeof(*r));
	r->section = section;
	r->level = level;
	snprintf(r->name, sizeof(r->name), "%s", name);
	va_start(ap, fmt);
	vsnprintf(r->text, sizeof(r->text), fmt, ap);
	va_end(ap);
	return r;
}

static void help(struct row *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void help(struct row *r, const char *fmt, ...)
{
	va_list ap;

	if (!r)
		return;
	va_start(ap, fmt);
	vsnprintf(r->help, sizeof(r->help), fmt, ap);
	va_end(ap);
}

/* ---- judging ----------------------------------------------------------------------- */

/* CAP_SYS_ADMIN stands for the other two as well, as it did before Linux 5.8. */
static bool has_caps(const struct probe *p)
{
	return p->cap[PROBE_CAP_SYS_ADMIN] == PROBE_YES && p->init_userns != PROBE_NO;
}

static bool is_locked_down(const struct probe *p)
{
	return !strcmp(p->lockdown, "confidentiality");
}

static bool is_set(const struct probe *p, const char *option)
{
	const char *value = probe_config(p, option);

	return value && value[0] != 'n';
}

/* Not the opposite: nobody may know. */
static bool is_not_set(const struct probe *p, const char *option)
{
	const char *value = probe_config(p, option);

	return value && value[0] == 'n';
}

/* " (CONFIG_X is not set)" where the kernel's configuration says so. */
static const char *config_note(const struct probe *p, const char *option, char buf[96])
{
	const char *value = probe_config(p, option);

	buf[0] = '\0';
	if (value)
		snprintf(buf, 96, " (%s%s%s)", option, value[0] == 'n' ? " is not set" : "=",
			 value[0] == 'n' ? "" : value);
	return buf;
}

static void judge_try(struct doctor *d, const char *name, const struct probe_try *t,
		      bool other_works, const char *option)
{
	const struct probe *p = d->p;
	char note[96];
	struct row *r;

	switch (t->works) {
	case PROBE_YES:
		row(d, S_KERNEL, L_OK, name, "works (tried)");
		return;
	case PROBE_UNKNOWN:
		row(d, S_KERNEL, L_UNKNOWN, name, "not tried: %.*s", (int)strcspn(t->why, ":"),
		    t->why);
		return;
	case PROBE_NO:
		break;
	}
	/* Without the privilege it says nothing of the kernel. */
	if (!has_caps(p)) {
		row(d, S_KERNEL, L_UNKNOWN, name, "tried, %s; privileges are missing", t->why);
		return;
	}
	r = row(d, S_KERNEL, other_works ? L_NOTE : L_BAD, name, "tried, %s%s", t->why,
		config_note(p, option, note));
	if (is_locked_down(p))
		help(r, "boot without lockdown=confidentiality");
	else if (p->seccomp)
		help(r, "leave the container: its seccomp filter may forbid bpf(2)");
	else if (!strcmp(probe_config(p, option) ? probe_config(p, option) : "", "n"))
		help(r, "boot a kernel that has %s=y", option);
	else if (strstr(t->why, "not permitted"))
		help(r, "cat /sys/kernel/security/lsm  # one of them may forbid it");
	else
		help(r, "vfioscope doctor -vv  # what the kernel's verifier says");
}

static void judge_kernel(struct doctor *d)
{
	const struct probe *p = d->p;
	unsigned int major = 0, minor = 0;
	char note[96];
	struct row *r;

	sscanf(p->release, "%u.%u", &major, &minor);
	/* Vendors backport: what decides are the hooks, so an old number is a note. */
	if (major < 6 || (major == 6 && minor < 1)) {
		r = row(d, S_KERNEL, L_NOTE, "release",
			"%s, %s: older than Linux 6.1, the oldest that was tried", p->release,
			p->machine);
		help(r, "look at the hooks below; else boot Linux 6.1 or newer");
	} else if (strcmp(p->machine, "x86_64") && strcmp(p->machine, "aarch64")) {
		r = row(d, S_KERNEL, L_NOTE, "release", "%s, %s: tried were x86_64 and aarch64",
			p->release, p->machine);
		help(r, "look at the hooks below");
	} else {
		row(d, S_KERNEL, L_OK, "release", "%s, %s", p->release, p->machine);
	}
	if (!p->proc) {
		r = row(d, S_KERNEL, L_UNKNOWN, "/proc", "is not there");
		help(r, "mount -t proc proc /proc");
	}
	if (!p->sys) {
		r = row(d, S_KERNEL, L_BAD, "/sys",
			"is not there: neither BTF, modules nor devices can be seen");
		help(r, "mount -t sysfs sysfs /sys  # a container: -v /sys:/sys:ro");
	}
	if (p->vmlinux_btf == PROBE_YES) {
		row(d, S_KERNEL, L_OK, "BTF", "of the kernel is there");
	} else if (p->vmlinux_btf == PROBE_NO && is_set(p, "CONFIG_DEBUG_INFO_BTF")) {
		r = row(d, S_KERNEL, L_BAD, "BTF",
			"the kernel has it (CONFIG_DEBUG_INFO_BTF=y), but not in /sys/kernel/btf");
		help(r, "run it where the host's /sys can be seen");
	} else if (p->vmlinux_btf == PROBE_NO) {
		r = row(d, S_KERNEL, L_BAD, "BTF", "the kernel has none%s",
			config_note(p, "CONFIG_DEBUG_INFO_BTF", note));
		help(r, "boot a kernel that has CONFIG_DEBUG_INFO_BTF=y");
	}
	if (is_locked_down(p)) {
		r = row(d, S_KERNEL, L_BAD, "lockdown",
			"confidentiality: it forbids BPF to read the kernel's memory");
		help(r, "boot without lockdown=confidentiality; integrity is no obstacle");
	} else if (p->lockdown[0]) {
		row(d, S_KERNEL, L_OK, "lockdown", "%s", p->lockdown);
	} else if (p->has_lockdown) {
		row(d, S_KERNEL, L_UNKNOWN, "lockdown", "cannot be read without root");
	} else {
		r = row(d, S_KERNEL, L_UNKNOWN, "lockdown",
			"not known: /sys/kernel/security is not there");
		if (p->sys)
			help(r, "mount -t securityfs securityfs /sys/kernel/security");
	}
	if (p->bpf_jit > 0) {
		row(d, S_KERNEL, L_OK, "BPF JIT", "on");
	} else if (!p->bpf_jit) {
		r = row(d, S_KERNEL, L_NOTE, "BPF JIT", "off: fentry needs it, kprobes do not");
		help(r, "sysctl net.core.bpf_jit_enable=1");
	} else {
		row(d, S_KERNEL, L_UNKNOWN, "BPF JIT", "net.core.bpf_jit_enable cannot be read%s",
		    p->uid ? " without root" : "");
	}
	if (!p->ftrace) {
		r = row(d, S_KERNEL, L_BAD, "ftrace",
			"is switched off: what is attached now breaks it");
		help(r, "sysctl kernel.ftrace_enabled=1");
	}
	if (p->kprobes_armed == PROBE_NO) {
		r = row(d, S_KERNEL, L_NOTE, "kprobes",
			"are switched off: they attach and never fire");
		help(r, "echo 1 >/sys/kernel/debug/kprobes/enabled");
	}
	judge_try(d, "fentry", &p->fentry, p->kprobe.works == PROBE_YES,
		  "CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS");
	judge_try(d, "kprobe", &p->kprobe, p->fentry.works == PROBE_YES, "CONFIG_KPROBE_EVENTS");
}

static void judge_privileges(struct doctor *d)
{
	const struct probe *p = d->p;
	char have[96] = "";
	bool able = p->capture.works == PROBE_YES;
	bool admin = p->cap[PROBE_CAP_SYS_ADMIN] == PROBE_YES;
	struct row *r;
	int i;

	row(d, S_PRIVILEGES, L_OK, "user", "%s", p->uid ? "not root" : "root");
	for (i = 0; i < PROBE_CAP_NR; i++)
		if (p->cap[i] == PROBE_YES)
			snprintf(have + strlen(have), sizeof(have) - strlen(have), "%s%s",
				 *have ? ", " : "", probe_cap_names[i]);
	if (!p->proc) {
		row(d, S_PRIVILEGES, L_UNKNOWN, "capabilities", "not known without /proc");
	} else if (admin) {
		row(d, S_PRIVILEGES, L_OK, "capabilities", "%s; CAP_SYS_ADMIN alone suffices",
		    have);
	} else {
		r = row(d, S_PRIVILEGES, able ? L_NOTE : L_BAD, "capabilities",
			"%s%sCAP_SYS_ADMIN is missing, which alone would suffice", have,
			*have ? "; " : "");
		help(r, "sudo vfioscope doctor");
	}
	if (p->init_userns == PROBE_NO) {
		r = row(d, S_PRIVILEGES, able ? L_NOTE : L_BAD, "user namespace",
			"this is not the host's: capabilities do not count for tracing here");
		help(r, "run it on the host, or in a container of the host's user namespace");
	}
	if (p->init_pidns == PROBE_NO) {
		r = row(d, S_PRIVILEGES, L_NOTE, "PID namespace",
			"this is not the host's: calls are recorded, but not the names of processes and VMs, nor which calls hang; --vm finds nothing");
		help(r, "run it on the host, or in a container started with --pid=host");
	}
	if (p->seccomp)
		row(d, S_PRIVILEGES, able ? L_OK : L_NOTE, "seccomp",
		    "a filter is in place: it may forbid bpf(2) and perf_event_open(2)");
	/* Neither matters to who has the capability. */
	if (!admin && p->unprivileged_bpf >= 0)
		row(d, S_PRIVILEGES, L_OK, "sysctls",
		    "kernel.unprivileged_bpf_disabled=%d, kernel.perf_event_paranoid=%d: no value of theirs replaces the capability",
		    p->unprivileged_bpf, p->perf_paranoid);
}

static void judge_vfio(struct doctor *d)
{
	const struct probe *p = d->p;
	bool iommu = false, migrates = false, unknown = false, traced = true;
	struct row *r;
	size_t i;

	if (p->vfio == PROBE_NO) {
		r = row(d, S_VFIO, L_BAD, "vfio", "%s",
			is_not_set(p, "CONFIG_VFIO") ?
				"this kernel was built without it (CONFIG_VFIO is not set)" :
				"is not loaded");
		if (is_not_set(p, "CONFIG_VFIO"))
			help(r, "boot a kernel that has CONFIG_VFIO=m");
		else
			help(r, "modprobe vfio-pci");
	} else if (p->vfio == PROBE_UNKNOWN) {
		row(d, S_VFIO, L_UNKNOWN, "vfio", "not known without /sys");
	}
	for (i = 0; i < p->n_modules; i++) {
		const struct probe_module *m = &p->modules[i];
		/* Nothing is traced in it. */
		bool iommufd = !strcmp(m->name, "iommufd");

		if (iommufd || !strcmp(m->name, "vfio_iommu_type1"))
			iommu = true;
		if (m->migrates == PROBE_YES)
			migrates = true;
		if (m->btf == PROBE_NO && !iommufd && strcmp(m->name, "vfio")) {
			unknown = true;
			r = row(d, S_VFIO, L_NOTE, m->name,
				traced ?
					"no BTF: if it is a driver, its functions are traced by kprobe" :
					"no BTF");
			if (traced)
				help(r,
				     "build it with vmlinux at hand (CONFIG_DEBUG_INFO_BTF_MODULES=y)");
		} else if (m->btf == PROBE_NO && !iommufd) {
			traced = false;
			r = row(d, S_VFIO, L_BAD, m->name,
				"no BTF: the programs cannot be fitted to it");
			help(r, is_set(p, "CONFIG_DEBUG_INFO_BTF_MODULES") ?
					"run it where the host's /sys can be seen" :
					"boot a kernel that has CONFIG_DEBUG_INFO_BTF_MODULES=y");
		} else {
			row(d, S_VFIO, L_OK, m->name, "%s%s%s%s%s",
			    m->builtin ? "built in" : "loaded", m->btf == PROBE_YES ? ", BTF" : "",
			    m->migrates == PROBE_YES ? "; migrates: " : "", m->set_state,
			    m->migrates == PROBE_YES ? "()" : "");
		}
	}
	if (p->vfio == PROBE_YES && !iommu) {
		r = row(d, S_VFIO, L_NOTE, "IOMMU",
			"neither vfio_iommu_type1 nor iommufd is loaded: no VM can open a device");
		help(r, "modprobe vfio_iommu_type1");
	}
	if (p->vfio == PROBE_YES && !migrates && !unknown)
		row(d, S_VFIO, L_NOTE, "migration",
		    "no loaded driver implements it; one that is loaded later is picked up");
}

static void judge_devices(struct doctor *d)
{
	const struct probe *p = d->p;
	struct row *r;
	size_t i;

	for (i = 0; i < p->n_devices; i++) {
		const struct probe_device *dev = &p->devices[i];

		row(d, S_DEVICES, L_OK, dev->name, "%s%s%s; %s",
		    dev->driver[0] ? dev->driver : "no driver", dev->group[0] ? ", group " : "",
		    dev->group,
		    dev->migrates == PROBE_YES ?
			    "its driver migrates" :
		    dev->migrates == PROBE_NO ?
			    "its driver cannot migrate" :
			    "whether its driver migrates shows when it is used");
	}
	if (!p->n_devices && p->sys) {
		r = row(d, S_DEVICES, L_NOTE, "none", "no device is bound to a vfio driver");
		if (p->vfio == PROBE_YES)
			help(r, "driverctl set-override BDF DRIVER  # or: virsh nodedev-detach");
	}
}

static void judge_hooks(struct doctor *d)
{
	const struct probe *p = d->p;
	const struct probe_hook *h;
	enum level level;
	char why[360];
	size_t i;

	for (i = 0; i < p->n_hooks; i++) {
		h = &p->hooks[i];
		level = h->fentry.works == PROBE_YES || h->tracepoint ? L_OK :
			h->kprobe.works == PROBE_YES		      ? L_NOTE :
									L_BAD;
		why[0] = '\0';
		if (h->fentry.works == PROBE_NO)
			snprintf(why, sizeof(why), "; no fentry: %s", h->fentry.why);
		if (h->kprobe.works == PROBE_NO)
			snprintf(why + strlen(why), sizeof(why) - strlen(why), "; no kprobe: %s",
				 h->kprobe.why);
		if (h->tracepoint) {
			row(d, S_HOOKS, level, h->kind, "%-14s  %s", "tracepoint", h->function);
			continue;
		}
		row(d, S_HOOKS, level, h->kind, "%-6s  %-6s  %s [%s]%s",
		    h->fentry.works == PROBE_YES ? "fentry" : "-",
		    h->kprobe.works == PROBE_YES ? "kprobe" : "-", h->function, h->module, why);
	}
}

/* The last line, from what was tried and not from what was thought. */
static void judge_support(struct doctor *d)
{
	const struct probe *p = d->p;
	size_t i, by_kprobe = 0, off = 0, no_btf = 0, tracepoints = 0, len;

	if (p->capture.works != PROBE_YES && p->by_kprobe.works != PROBE_YES) {
		d->error =
			is_locked_down(p) ?
				"the kernel is locked down (confidentiality): BPF may not read its memory" :
			p->vfio == PROBE_NO && is_not_set(p, "CONFIG_VFIO") ?
				"this kernel was built without vfio (CONFIG_VFIO is not set)" :
			p->proc && p->vfio == PROBE_YES && p->init_userns == PROBE_NO ?
				"capabilities count in the host's user namespace only: run it there" :
				/* Without it the kernel keeps the modules' BTF to itself: EINVAL. */
				p->proc && p->vfio == PROBE_YES && !has_caps(p) ?
				"attaching needs root, or CAP_SYS_ADMIN: try 'sudo'" :
				p->capture.why;
		d->support_word = "none";
		snprintf(d->support, sizeof(d->support), "none: %s", d->error);
		return;
	}
	if (p->capture.works != PROBE_YES) {
		d->support_word = "partial";
		snprintf(d->support, sizeof(d->support),
			 "partial: without fentry; live and record need --attach kprobe");
		return;
	}
	for (i = 0; i < p->n_hooks; i++) {
		if (p->hooks[i].fentry.works == PROBE_YES)
			continue;
		if (p->hooks[i].tracepoint) {
			tracepoints++;
			continue;
		}
		if (p->hooks[i].kprobe.works == PROBE_YES)
			by_kprobe++;
		else
			off++;
	}
	for (i = 0; i < p->n_modules; i++)
		no_btf += p->modules[i].btf == PROBE_NO && strcmp(p->modules[i].name, "iommufd");
	if (!by_kprobe && !off && !no_btf) {
		d->support_word = "full";
		snprintf(d->support, sizeof(d->support), "full: all %zu hooks by fentry",
			 p->n_hooks - tracepoints);
		return;
	}
	d->support_word = "partial";
	len = snprintf(d->support, sizeof(d->support), "partial: %zu of %zu hooks by fentry",
		       p->n_hooks - tracepoints - by_kprobe - off, p->n_hooks - tracepoints);
	if (by_kprobe)
		len += snprintf(d->support + len, sizeof(d->support) - len, ", %zu by kprobe",
				by_kprobe);
	if (off)
		len += snprintf(d->support + len, sizeof(d->support) - len, ", %zu not at all",
				off);
	if (no_btf)
		snprintf(d->support + len, sizeof(d->support) - len, "; %zu module%s without BTF",
			 no_btf, no_btf == 1 ? "" : "s");
}

/* ---- printing ------------------------------------------------------------------------ */

/* Words of @s from column @col on, with a hanging indent, and a newline. */
static void put_wrapped(FILE *f, const char *s, size_t col)
{
	char word[TEXT_SAFE_LEN(320)];
	size_t at = col, width, len;
	bool first = true;

	while (*s) {
		/* Blanks in front belong to the word: columns may be padded with them. */
		size_t blanks = strspn(s, " ");

		len = blanks + strcspn(s + blanks, " ");
		text_safe(word, sizeof(word), s, len);
		width = text_width(word);
		if (!first && at + width > WIDTH) {
			fprintf(f, "\n%*s", (int)col, "");
			at = col;
			text_safe(word, sizeof(word), s + blanks, len - blanks);
			width = text_width(word);
		}
		fputs(word, f);
		at += width;
		first = false;
		s += len;
	}
	fputc('\n', f);
}

#define NAME_COL 8
#define TEXT_COL 26

static void print_text(FILE *f, const struct doctor *d, bool color)
{
	const char *on, *off = color ? "\033[0m" : "";
	char name[TEXT_SAFE_LEN(64)];
	int section = -1;
	size_t i, len;

	for (i = 0; i < d->n; i++) {
		const struct row *r = &d->rows[i];

		if ((int)r->section != section) {
			fprintf(f, "%s%s%s%s%s\n", i ? "\n" : "", color ? "\033[1m" : "",
				section_names[r->section], off,
				r->section != S_HOOKS ?
					"" :
					"  (the methods that work, tried just now; the first is taken)");
			section = r->section;
		}
		on = color ? level_colors[r->level] : "";
		fprintf(f, "  %s%-5s%s ", on, level_marks[r->level], off);
		text_safe(name, sizeof(name), r->name, sizeof(r->name));
		len = text_width(name);
		fprintf(f, "%s", name);
		/* A name that is longer than its column moves its text one line down. */
		if (len + NAME_COL + 1 > TEXT_COL)
			fprintf(f, "\n%*s", TEXT_COL, "");
		else
			fprintf(f, "%*s", (int)(TEXT_COL - NAME_COL - len), "");
		put_wrapped(f, r->text, TEXT_COL);
		if (r->help[0]) {
			/* From further left: a command is copied more easily from one line. */
			fprintf(f, "%*s-> ", NAME_COL, "");
			put_wrapped(f, r->help, NAME_COL + 3);
		}
	}
	fprintf(f, "\n%ssupport%s  ", color ? "\033[1m" : "", off);
	put_wrapped(f, d->support, 9);
}

static void json_answer(struct json *j, const char *key, enum probe_answer a)
{
	if (a == PROBE_UNKNOWN)
		json_knull(j, key);
	else
		json_kbool(j, key, a == PROBE_YES);
}

static void json_sysctl(struct json *j, const char *key, int v)
{
	if (v < 0)
		json_knull(j, key);
	else
		json_ku64(j, key, v);
}

static void json_try(struct json *j, const char *key, const struct probe_try *t)
{
	json_key(j, key);
	json_object_begin(j);
	json_answer(j, "works", t->works);
	if (t->works != PROBE_YES)
		json_kstring(j, "why", t->why);
	json_object_end(j);
}

static void json_kernel(struct json *j, const struct probe *p)
{
	json_key(j, "kernel");
	json_object_begin(j);
	json_kstring(j, "release", p->release);
	json_kstring(j, "machine", p->machine);
	json_answer(j, "btf", p->vmlinux_btf);
	json_kname(j, "lockdown", p->lockdown);
	json_sysctl(j, "bpf_jit_enable", p->bpf_jit);
	json_sysctl(j, "ftrace_enabled", p->ftrace);
	json_sysctl(j, "unprivileged_bpf_disabled", p->unprivileged_bpf);
	json_sysctl(j, "perf_event_paranoid", p->perf_paranoid);
	json_answer(j, "kprobes_armed", p->kprobes_armed);
	json_try(j, "fentry", &p->fentry);
	json_try(j, "kprobe", &p->kprobe);
	json_object_end(j);
}

static void json_privileges(struct json *j, const struct probe *p)
{
	int i;

	json_key(j, "privileges");
	json_object_begin(j);
	json_ku64(j, "uid", p->uid);
	for (i = 0; i < PROBE_CAP_NR; i++)
		json_answer(j, probe_cap_names[i], p->cap[i]);
	json_answer(j, "host_user_namespace", p->init_userns);
	json_answer(j, "host_pid_namespace", p->init_pidns);
	json_kbool(j, "seccomp", p->seccomp);
	json_object_end(j);
}

static void json_vfio(struct json *j, const struct probe *p)
{
	size_t i;

	json_key(j, "modules");
	json_array_begin(j);
	for (i = 0; i < p->n_modules; i++) {
		const struct probe_module *m = &p->modules[i];

		json_object_begin(j);
		json_kstring(j, "name", m->name);
		json_kbool(j, "builtin", m->builtin);
		json_answer(j, "btf", m->btf);
		json_answer(j, "migrates", m->migrates);
		json_kname(j, "set_state", m->set_state);
		json_object_end(j);
	}
	json_array_end(j);
	json_key(j, "devices");
	json_array_begin(j);
	for (i = 0; i < p->n_devices; i++) {
		const struct probe_device *dev = &p->devices[i];

		json_object_begin(j);
		json_kstring(j, "device", dev->name);
		json_kname(j, "driver", dev->driver);
		json_kname(j, "module", dev->module);
		json_kname(j, "iommu_group", dev->group);
		json_answer(j, "migrates", dev->migrates);
		json_object_end(j);
	}
	json_array_end(j);
	json_key(j, "hooks");
	json_array_begin(j);
	for (i = 0; i < p->n_hooks; i++) {
		const struct probe_hook *h = &p->hooks[i];

		json_object_begin(j);
		json_kstring(j, "module", h->module);
		json_kstring(j, "function", h->function);
		json_kstring(j, "kind", h->kind);
		json_kname(j, "method",
			   h->fentry.works == PROBE_YES ? "fentry" :
			   h->kprobe.works == PROBE_YES ? "kprobe" :
			   h->tracepoint		? "tracepoint" :
							  "");
		json_try(j, "fentry", &h->fentry);
		json_try(j, "kprobe", &h->kprobe);
		json_object_end(j);
	}
	json_array_end(j);
}

static void print_json(FILE *f, const struct doctor *d)
{
	struct json *j = json_create(f, true);
	size_t i;

	if (!j)
		return;
	json_object_begin(j);
	json_tool(j);
	json_kernel(j, d->p);
	json_privileges(j, d->p);
	json_vfio(j, d->p);
	json_key(j, "capture");
	json_object_begin(j);
	json_try(j, "auto", &d->p->capture);
	json_try(j, "kprobe", &d->p->by_kprobe);
	json_object_end(j);
	json_key(j, "checks");
	json_array_begin(j);
	for (i = 0; i < d->n; i++) {
		const struct row *r = &d->rows[i];

		json_object_begin(j);
		json_kstring(j, "section", section_names[r->section]);
		json_kstring(j, "name", r->name);
		json_kstring(j, "level", level_names[r->level]);
		json_kstring(j, "text", r->text);
		if (r->help[0])
			json_kstring(j, "help", r->help);
		json_object_end(j);
	}
	json_array_end(j);
	json_kstring(j, "support", d->support_word);
	json_kstring(j, "summary", d->support);
	if (d->error)
		json_kstring(j, "error", d->error);
	json_object_end(j);
	json_line_end(j);
	json_destroy(j);
}

int cmd_doctor(int argc, char **argv)
{
	struct doctor_opts o = { .format = FORMAT_TEXT };
	struct probe_opts opts = {};
	struct doctor d = {};
	struct probe *p;
	int first, status;

	first = cmd_parse(&command_doctor, argc, argv, &o, &status);
	if (first < 0)
		return status;
	if (first < argc)
		return cmd_fail(EXIT_USAGE, "doctor: '%s': it takes no argument", argv[first]);
	opts.verbose = o.common.verbose > 1;
	p = probe_run(&opts);
	if (!p)
		return cmd_fail(EXIT_NO_ATTACH, "out of memory");
	d.p = p;
	judge_kernel(&d);
	judge_privileges(&d);
	judge_vfio(&d);
	judge_devices(&d);
	judge_hooks(&d);
	judge_support(&d);
	if (d.no_memory) {
		status = cmd_fail(EXIT_NO_ATTACH, "out of memory");
		goto out;
	}
	if (o.format == FORMAT_JSON)
		print_json(stdout, &d);
	else
		print_text(stdout, &d, text_use_color(o.common.color, stdout));
	status = cmd_close_output(stdout, d.error ? EXIT_NO_ATTACH : EXIT_OK);
	/* The JSON holds it already. */
	if (d.error && status == EXIT_NO_ATTACH && o.format == FORMAT_TEXT)
		cmd_fail(status, "no capture can run here: %s", d.error);
out:
	free(d.rows);
	probe_free(p);
	return status;
}

const struct command command_doctor = {
	.name = "doctor",
	.summary = "What can be traced on this machine, and why not",
	.text = "Looks at the kernel, the privileges, the vfio modules and their devices, and\n"
		"tries each hook by each method. It touches no device. Exit 0 when a capture can\n"
		"run here, 4 when it cannot.",
	.examples = "  sudo vfioscope doctor\n"
		    "  vfioscope doctor --format json | jq -r '.checks[] | select(.help) | .help'",
	.opts = doctor_opts,
	.privileged = true,
	.run = cmd_doctor,
};
