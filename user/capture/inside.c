// SPDX-License-Identifier: GPL-2.0-only
#include "capture/inside.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/attach_internal.h"
#include "util/mono.h"
#include "vfioscope.skel.h"

#define KALLSYMS "/proc/kallsyms"

static bool begins_with_one(const char *s, const char *const *begins)
{
	for (; *begins; begins++)
		if (!strncmp(s, *begins, strlen(*begins)))
			return true;
	return false;
}

/*
 * What a program of ours may call, or wait in, with a lock of the ring or of a map held: a
 * program on it would want the same lock.
 */
static bool is_tracing(const char *name)
{
	static const char *const begins[] = {
		"_raw_spin_", "_raw_read_", "_raw_write_", "bpf_", "__bpf_",
		"htab_",      "__htab_",    "rqspin_",	   NULL,
	};

	return begins_with_one(name, begins);
}

/* ---- by its name ---- */

/* What a compiler puts behind the name of the function that it made something else of. */
static bool is_variant(const char *symbol, const char *name)
{
	static const char *const suffixes[] = { ".isra.", ".constprop.", ".part.", ".llvm.", NULL };
	size_t len = strlen(name);

	return !strncmp(symbol, name, len) && begins_with_one(symbol + len, suffixes) &&
	       !strstr(symbol + len, ".cold");
}

static void found(struct inside_function *f, const char *symbol, const char *module, bool exact)
{
	bool better = exact && f->found && strcmp(f->pub.symbol, f->pub.name) != 0;

	/* One of that very name is what was asked for, whatever else was made of it. */
	if (f->found && !better) {
		if (!exact && !strcmp(f->pub.symbol, f->pub.name))
			return;
		f->pub.unseen = UNSEEN_SEVERAL;
		return;
	}
	f->found = true;
	f->pub.unseen = UNSEEN_NO_SIGN;
	snprintf(f->pub.symbol, sizeof(f->pub.symbol), "%s", symbol);
	snprintf(f->module, sizeof(f->module), "%.*s", (int)strcspn(module, "]"), module);
}

void inside_find(const char *path, struct inside_function *f, size_t n)
{
	char line[640], symbol[512], module[64], type;
	bool wanted[CAPTURE_FUNCTIONS_MAX] = { false };
	FILE *list = fopen(path, "re");
	size_t i;
	int got;

	for (i = 0; i < n; i++) {
		wanted[i] = !f[i].found;
		if (wanted[i])
			f[i].pub.unseen = UNSEEN_ABSENT;
	}
	while (list && fgets(line, sizeof(line), list)) {
		/* "address type name", and "[module]" behind a module's. */
		module[0] = '\0';
		got = sscanf(line, "%*s %c %511s [%63s", &type, symbol, module);
		if (got < 2 || !strchr("tTwW", type))
			continue;
		/* Programs and trampolines have names there, too. */
		if (!strncmp(module, "bpf]", 4) || !strncmp(module, "__builtin__", 11))
			continue;
		if (strlen(symbol) >= sizeof(f->pub.symbol))
			continue;
		for (i = 0; i < n; i++) {
			if (!wanted[i])
				continue;
			if (!strcmp(symbol, f[i].pub.name))
				found(&f[i], symbol, module, true);
			else if (is_variant(symbol, f[i].pub.name))
				found(&f[i], symbol, module, false);
		}
	}
	if (list)
		fclose(list);
	for (i = 0; i < n; i++)
		if (wanted[i] && f[i].pub.unseen == UNSEEN_SEVERAL)
			f[i].found = false;
}

/* ---- attaching ---- */

static void set_unseen(struct inside_function *f, uint32_t unseen, int err)
{
	f->news |= f->pub.unseen != unseen || f->pub.err != err;
	f->pub.unseen = unseen;
	f->pub.err = err;
}

/* Does a hook have it, which begins and ends a call, or a step? */
static bool is_call(const struct attach *a, const struct inside_function *f)
{
	const struct hook_type *type;
	size_t i;

	for (i = 0; i < a->n_hooks; i++) {
		type = attach_hook_type(a->hooks[i].kind);
		if (type->event && type->enter && type->exit &&
		    !strcmp(a->hooks[i].function, f->pub.symbol) &&
		    (!f->module[0] || !strcmp(a->hooks[i].module, f->module)))
			return true;
	}
	return false;
}

static void take_off(struct inside_function *f)
{
	/* The return last: an entry without it would look lost. */
	bpf_link__destroy(f->link[0]);
	bpf_link__destroy(f->link[1]);
	f->link[0] = f->link[1] = NULL;
}

/* One program on it.  0 or -errno. */
static int put_on(struct attach *a, struct inside_function *f, bool is_return)
{
	LIBBPF_OPTS(bpf_kprobe_opts, opts, .retprobe = is_return,
		    .bpf_cookie = (uint64_t)(f - a->inside.f));
	struct bpf_program *prog =
		is_return ? a->skel->progs.inside_exit : a->skel->progs.inside_enter;
	char symbol[sizeof(f->module) + sizeof(f->pub.symbol)];
	int err;

	snprintf(symbol, sizeof(symbol), "%s%s%s", f->module, f->module[0] ? ":" : "",
		 f->pub.symbol);
	f->link[is_return] = bpf_program__attach_kprobe_opts(prog, symbol, &opts);
	err = libbpf_get_error(f->link[is_return]);
	if (err)
		f->link[is_return] = NULL;
	return err;
}

/* Can it be attached at all?  @both: to stay, else only to know. */
static void try_on(struct attach *a, struct inside_function *f, bool both)
{
	int err;

	if (!f->found || f->link[0])
		return;
	if (is_call(a, f)) {
		set_unseen(f, UNSEEN_IS_CALL, 0);
		return;
	}
	err = put_on(a, f, false);
	if (!err && both)
		err = put_on(a, f, true);
	if (err || !both)
		take_off(f);
	if (!err) {
		set_unseen(f, both ? UNSEEN_NOT : UNSEEN_NO_SIGN, 0);
		return;
	}
	/* It is gone, and may come back elsewhere. */
	f->found = err != -ENOENT;
	set_unseen(f,
		   err == -ENOENT	 ? UNSEEN_ABSENT :
		   err == -EADDRNOTAVAIL ? UNSEEN_SEVERAL :
					   UNSEEN_REFUSED,
		   err == -ENOENT || err == -EADDRNOTAVAIL ? 0 : err);
}

static void try_from(struct attach *a, bool absent_alone)
{
	struct inside_function *f;
	size_t i;

	for (i = 0; i < a->inside.n; i++) {
		f = &a->inside.f[i];
		if (absent_alone && f->link[0])
			continue;
		try_on(a, f, true);
		if (!f->link[0])
			continue;
		f->since_ns = mono_ns();
		f->news = true;
		a->skel->bss->inside_since[i] = f->since_ns;
	}
}

void inside_prepare(struct vfioscope_bpf *skel, bool why, size_t n)
{
	bool want = why && n;

	skel->rodata->inside_wanted = want;
	bpf_program__set_autoload(skel->progs.inside_enter, want);
	bpf_program__set_autoload(skel->progs.inside_exit, want);
	if (want)
		bpf_map__set_max_entries(skel->maps.inside_tasks,
					 bpf_map__max_entries(skel->maps.why_tasks));
}

int inside_open(struct attach *a, const struct capture_opts *opts)
{
	struct inside_function *f;
	size_t i;

	if (!opts->n_inside)
		return 0;
	a->inside.f = calloc(opts->n_inside, sizeof(*a->inside.f));
	if (!a->inside.f)
		return -ENOMEM;
	a->inside.n = opts->n_inside;
	for (i = 0; i < a->inside.n; i++) {
		f = &a->inside.f[i];
		snprintf(f->pub.name, sizeof(f->pub.name), "%s", opts->inside[i]);
		f->news = true;
	}
	if (!a->skel->rodata->inside_wanted) {
		inside_fail(a);
		return 0;
	}
	inside_find(KALLSYMS, a->inside.f, a->inside.n);
	for (i = 0; i < a->inside.n; i++) {
		f = &a->inside.f[i];
		if (is_tracing(f->pub.name)) {
			f->found = false;
			set_unseen(f, UNSEEN_TRACING, 0);
			continue;
		}
		/* Whoever asked wants to know now, and not in mid-migration. */
		try_on(a, f, false);
	}
	return 0;
}

void inside_attach(struct attach *a)
{
	try_from(a, false);
}

void inside_attach_others(struct attach *a)
{
	struct inside_function *f;
	bool any = false;
	size_t i;

	for (i = 0; i < a->inside.n; i++) {
		f = &a->inside.f[i];
		any |= f->pub.unseen == UNSEEN_ABSENT || f->pub.unseen == UNSEEN_SEVERAL;
	}
	if (!any)
		return;
	for (i = 0; i < a->inside.n; i++) {
		f = &a->inside.f[i];
		if (f->pub.unseen != UNSEEN_ABSENT && f->pub.unseen != UNSEEN_SEVERAL)
			continue;
		f->found = false;
		inside_find(KALLSYMS, f, 1);
	}
	try_from(a, true);
}

void inside_detach(struct attach *a)
{
	size_t i;

	for (i = 0; i < a->inside.n; i++) {
		a->skel->bss->inside_since[i] = 0;
		take_off(&a->inside.f[i]);
	}
}

void inside_fail(struct attach *a)
{
	size_t i;

	for (i = 0; i < a->inside.n; i++)
		set_unseen(&a->inside.f[i], UNSEEN_PROGRAMS, 0);
}

/* ---- what is asked of them ---- */

struct inside_function *inside_function(struct attach *a, size_t i)
{
	return i < a->inside.n ? &a->inside.f[i] : NULL;
}

uint64_t inside_lost(const struct attach *a)
{
	uint64_t met = a->skel->bss->inside_lost, skipped;

	if (!a->skel->rodata->inside_wanted)
		return 0;
	/*
	 * The programs meet what one of them missed, by what the other was shown: only of
	 * what both missed the kernel's counters alone know, which have everybody's.
	 */
	skipped = prog_misses(bpf_program__fd(a->skel->progs.inside_enter)) +
		  prog_misses(bpf_program__fd(a->skel->progs.inside_exit));
	return met > skipped ? met : skipped;
}

void inside_forget(struct attach *a)
{
	size_t i;
	int k;

	for (i = 0; i < a->inside.n; i++) {
		for (k = 0; k < 2; k++) {
			if (!a->inside.f[i].link[k])
				continue;
			bpf_link__disconnect(a->inside.f[i].link[k]);
			bpf_link__destroy(a->inside.f[i].link[k]);
		}
	}
	free(a->inside.f);
	memset(&a->inside, 0, sizeof(a->inside));
}
