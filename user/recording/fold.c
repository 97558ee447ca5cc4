// SPDX-License-Identifier: GPL-2.0-only
#include "recording/fold.h"

#include <stdlib.h>
#include <string.h>

struct fold {
	struct event_sink sink;
	struct event_sink *out;
	uint64_t max_age_ns;
	uint64_t seq;
	struct event run[FOLD_RUNS]; /* in the order of their last completion */
	size_t n;
};

static int hand_on(struct fold *f, const struct event *ev)
{
	struct event e = *ev;

	e.seq = ++f->seq;
	return f->out->put(f->out, &e);
}

int fold_flush(struct fold *f)
{
	size_t i, n = f->n;
	int err = 0;

	f->n = 0;
	for (i = 0; i < n && !err; i++)
		err = hand_on(f, &f->run[i]);
	return err;
}

static bool is_old(const struct fold *f, uint64_t now_ns)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (now_ns > f->run[i].t_ns && now_ns - f->run[i].t_ns >= f->max_age_ns)
			return true;
	return false;
}

static bool continues(const struct event *run, const struct event *ev)
{
	return run->pid == ev->pid && run->device == ev->device && run->io.size == ev->io.size &&
	       run->ret == ev->ret && event_calls(run) + event_calls(ev) <= UINT32_MAX &&
	       !strncmp(run->comm, ev->comm, sizeof(run->comm));
}

static void run_add(struct event *run, const struct event *ev)
{
	/* What comes in may be folded already. */
	run->io.count = event_calls(run) + event_calls(ev);
	run->io.t_last_ns = event_calls(ev) > 1 ? ev->io.t_last_ns : ev->t_ns;
	run->dur_ns += ev->dur_ns;
}

static int fold_put(struct event_sink *sink, const struct event *ev)
{
	struct fold *f = (struct fold *)sink;
	struct event run;
	size_t i;
	int err;

	if (!event_is_empty_read(ev)) {
		err = fold_flush(f);
		return err ? err : hand_on(f, ev);
	}
	if (is_old(f, ev->t_ns)) {
		err = fold_flush(f);
		if (err)
			return err;
	}
	for (i = 0; i < f->n; i++)
		if (f->run[i].tid == ev->tid && f->run[i].stream == ev->stream &&
		    f->run[i].host == ev->host)
			break;
	if (i < f->n && continues(&f->run[i], ev)) {
		/* it is the one completed last now */
		run = f->run[i];
		memmove(&f->run[i], &f->run[i + 1], (f->n - i - 1) * sizeof(run));
		run_add(&run, ev);
		f->run[f->n - 1] = run;
		return 0;
	}
	if (i < f->n || f->n == FOLD_RUNS) {
		err = fold_flush(f);
		if (err)
			return err;
	}
	f->run[f->n++] = *ev;
	return 0;
}

int fold_open(struct fold **fp, struct event_sink *out, uint64_t max_age_ns)
{
	struct fold *f = calloc(1, sizeof(*f));

	*fp = f;
	if (!f)
		return -ENOMEM;
	f->sink.put = fold_put;
	f->out = out;
	f->max_age_ns = max_age_ns ? max_age_ns : FOLD_MAX_AGE_NS;
	return 0;
}

struct event_sink *fold_sink(struct fold *f)
{
	return &f->sink;
}

int fold_tick(struct fold *f, uint64_t now_ns)
{
	return is_old(f, now_ns) ? fold_flush(f) : 0;
}

void fold_close(struct fold *f)
{
	free(f);
}
