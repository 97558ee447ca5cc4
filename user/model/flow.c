// SPDX-License-Identifier: GPL-2.0-only
#include "model/flow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"

/* Bytes of a stream up to which calls had moved, and when. */
struct mark {
	uint64_t bytes, t_ns;
};

struct flow {
	size_t input;
	uint32_t host, pid, device, stream;
	bool reads; /* a source's */
	bool born;  /* its birth is in the evidence */
	bool eof;   /* the last read() gave 0 */
	bool over;  /* released */
	bool holed; /* events were lost that may have been its own */
	uint64_t last_ns;
	struct mark *m;
	size_t n, cap;
};

/* Equal streams of two hosts that are looked at together. */
#define EQUAL_MAX 256

/* ---- taking them in ---- */

static struct flow *find(struct flows *fs, size_t input, uint32_t stream)
{
	size_t i;

	for (i = fs->n; i-- > 0;)
		if (fs->f[i].stream == stream && fs->f[i].input == input)
			return &fs->f[i];
	return NULL;
}

static struct flow *get(struct flows *fs, size_t input, const struct event *ev)
{
	struct flow *f = find(fs, input, ev->stream);

	if (f)
		return f;
	if (array_room(&fs->f, fs->n + 1, &fs->cap, sizeof(*fs->f)))
		return NULL;
	f = &fs->f[fs->n++];
	memset(f, 0, sizeof(*f));
	f->input = input;
	f->host = ev->host;
	f->pid = ev->pid;
	f->device = ev->device;
	f->stream = ev->stream;
	f->reads = ev->kind == EV_READ;
	return f;
}

static int add_mark(struct flow *f, const struct event *ev)
{
	struct mark *m;

	if (array_room(&f->m, f->n + 1, &f->cap, sizeof(*f->m)))
		return -ENOMEM;
	m = &f->m[f->n];
	m->bytes = (f->n ? m[-1].bytes : 0) + (uint64_t)ev->ret;
	/* A byte is there when its read() has returned, and before its write() begins. */
	m->t_ns = f->reads ? event_end_ns(ev) : ev->t_ns;
	f->n++;
	return 0;
}

static int define_vm(struct flows *fs, size_t input, const struct event *ev)
{
	struct flow_vm *vm;
	size_t i;

	/* A cgroup's name says nothing on another host. */
	if (ev->task_def.source == VM_SOURCE_CGROUP || !ev->task_def.vm[0])
		return 0;
	for (i = 0; i < fs->n_vms; i++) {
		vm = &fs->vm[i];
		if (vm->input == input && vm->host == ev->host && vm->pid == ev->pid)
			break;
	}
	if (i == fs->n_vms) {
		vm = realloc(fs->vm, (i + 1) * sizeof(*vm));
		if (!vm)
			return -ENOMEM;
		fs->vm = vm;
		fs->n_vms++;
	}
	fs->vm[i] = (struct flow_vm){ .input = input, .host = ev->host, .pid = ev->pid };
	memcpy(fs->vm[i].name, ev->task_def.vm, sizeof(fs->vm[i].name) - 1);
	return 0;
}

static void lose(struct flows *fs, size_t input, const struct event *ev)
{
	size_t i;

	for (i = 0; i < fs->n; i++) {
		struct flow *f = &fs->f[i];

		if (f->input == input && (!ev->device || ev->device == f->device) &&
		    (!ev->host || ev->host == f->host) &&
		    (!f->over || f->last_ns >= ev->loss.t_from_ns))
			f->holed = true;
	}
}

int flows_event(struct flows *fs, size_t input, const struct event *ev)
{
	struct flow *f;

	switch (ev->kind) {
	case EV_TASK:
		return define_vm(fs, input, ev);
	case EV_LOSS:
		if (event_is_hole(ev))
			lose(fs, input, ev);
		return 0;
	case EV_STREAM_OPEN:
	case EV_READ:
	case EV_WRITE:
		if (!ev->stream)
			return 0;
		f = get(fs, input, ev);
		break;
	case EV_STREAM_RELEASE:
		f = find(fs, input, ev->stream);
		if (f)
			f->over = true;
		return 0;
	default:
		return 0;
	}
	if (!f)
		return -ENOMEM;
	f->last_ns = event_end_ns(ev);
	if (ev->kind == EV_STREAM_OPEN) {
		f->born = !f->n && !ev->stream_open.adopted;
		f->reads = ev->stream_open.direction == DIR_SAVE;
		return 0;
	}
	if (f->reads != (ev->kind == EV_READ))
		return 0;
	f->eof = ev->ret == 0;
	return ev->ret > 0 ? add_mark(f, ev) : 0;
}

void flows_free(struct flows *fs)
{
	size_t i;

	for (i = 0; i < fs->n; i++)
		free(fs->f[i].m);
	free(fs->f);
	free(fs->vm);
	memset(fs, 0, sizeof(*fs));
}

/* ---- comparing ---- */

static uint64_t total(const struct flow *f)
{
	return f->n ? f->m[f->n - 1].bytes : 0;
}

/* Are its bytes exact, and all there are? */
static bool is_whole(const struct flow *f)
{
	return f->born && !f->holed && f->n && (f->eof || !f->reads);
}

static const char *vm_of(const struct flows *fs, const struct flow *f)
{
	size_t i;

	for (i = 0; i < fs->n_vms; i++)
		if (fs->vm[i].input == f->input && fs->vm[i].host == f->host &&
		    fs->vm[i].pid == f->pid)
			return fs->vm[i].name;
	return NULL;
}

/* Only two names that differ forbid. */
static bool may_be_equal(const struct flows *fs, const struct flow *a, const struct flow *b)
{
	const char *x, *y;

	if (!is_whole(b) || total(a) != total(b))
		return false;
	x = vm_of(fs, a);
	y = vm_of(fs, b);
	return !x || !y || !strcmp(x, y);
}

struct equal {
	const struct flow *r[EQUAL_MAX], *w[EQUAL_MAX];
	size_t n_r, n_w;
};

/*
 * The streams that are like @f: sources of @from and destinations of @to.  False:
 * there is one too many, or one elsewhere, so that nobody knows which is whose.
 */
static bool collect(const struct flows *fs, const struct flow_view *v, const struct flow *f,
		    size_t from, size_t to, struct equal *e)
{
	size_t i, clock;

	e->n_r = e->n_w = 0;
	for (i = 0; i < fs->n; i++) {
		const struct flow *x = &fs->f[i];

		if (!may_be_equal(fs, f, x))
			continue;
		clock = v->clock(v->arg, x->input);
		if (clock != from && clock != to)
			return false;
		if (x->reads && clock == from) {
			if (e->n_r == EQUAL_MAX)
				return false;
			e->r[e->n_r++] = x;
		} else if (!x->reads && clock == to) {
			if (e->n_w == EQUAL_MAX)
				return false;
			e->w[e->n_w++] = x;
		}
	}
	return e->n_r && e->n_r == e->n_w;
}

static int by_time(const void *a, const void *b)
{
	int64_t d = (int64_t)(*(const uint64_t *)a - *(const uint64_t *)b);

	return d < 0 ? -1 : d > 0;
}

/* When each of @f had moved @bytes, in order of time; @at is where it was last found. */
static void times_at(const struct flow_view *v, const struct flow *const *f, size_t n,
		     uint64_t bytes, size_t *at, uint64_t *t)
{
	size_t i;

	for (i = 0; i < n; i++) {
		while (at[i] < f[i]->n && f[i]->m[at[i]].bytes < bytes)
			at[i]++;
		t[i] = v->time(v->arg, f[i]->input, f[i]->m[at[i]].t_ns);
	}
	if (n > 1)
		qsort(t, n, sizeof(*t), by_time);
}

/*
 * Whichever is whose: if each byte is written after it was read, then the i-th to
 * be written is so after the i-th to be read.
 */
static void look_at(const struct flow_view *v, const struct equal *e, int64_t *way)
{
	size_t at_r[EQUAL_MAX] = { 0 }, at_w[EQUAL_MAX] = { 0 }, i, k;
	uint64_t r[EQUAL_MAX], w[EQUAL_MAX];

	for (i = 0; i < e->w[0]->n; i++) {
		times_at(v, e->r, e->n_r, e->w[0]->m[i].bytes, at_r, r);
		times_at(v, e->w, e->n_w, e->w[0]->m[i].bytes, at_w, w);
		for (k = 0; k < e->n_r; k++)
			if ((int64_t)(w[k] - r[k]) < *way)
				*way = (int64_t)(w[k] - r[k]);
	}
}

uint32_t flows_way(const struct flows *fs, const struct flow_view *v, size_t from, size_t to,
		   int64_t *way_ns)
{
	uint32_t streams = 0;
	struct equal e;
	size_t i;

	*way_ns = INT64_MAX;
	for (i = 0; i < fs->n; i++) {
		const struct flow *f = &fs->f[i];

		if (!f->reads || !is_whole(f) || v->clock(v->arg, f->input) != from ||
		    !collect(fs, v, f, from, to, &e) || e.r[0] != f)
			continue;
		look_at(v, &e, way_ns);
		streams += (uint32_t)e.n_r;
	}
	return streams;
}

uint32_t flows_sources(const struct flows *fs, const struct flow_view *v, size_t clock)
{
	uint32_t n = 0;
	size_t i;

	for (i = 0; i < fs->n; i++)
		n += fs->f[i].reads && v->clock(v->arg, fs->f[i].input) == clock;
	return n;
}
