// SPDX-License-Identifier: GPL-2.0-only
/*
 * tui.c - the loop: events, time, keys, a screen
 */
#define _GNU_SOURCE
#include "tui/tui.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tui/terminal.h"
#include "util/mono.h"

#define MS	 1000000ULL
/* How long events may keep keys waiting, and keys events. */
#define TAKE_NS	 (12 * MS)
#define IDLE_MS	 15
#define FRAME_NS (100 * MS)
/* While nobody looks. */
#define AWAY_NS	 (1000 * MS)

static void update_status(struct tui_trace *t)
{
	t->status.meta = t->src->ops->meta(t->src);
	t->src->ops->health(t->src, &t->status.health);
	t->status.has_health = true;
	t->status.loading = !t->ended;
}

static int trace_end(struct tui_trace *t)
{
	size_t i;
	int err;

	t->ended = true;
	update_status(t);
	scope_set_status(t->scope, &t->status);
	err = scope_end(t->scope);
	for (i = 0; !err && t->at_end && t->at_end[i]; i++)
		if (scope_command(t->scope, t->at_end[i]))
			break;
	return err;
}

/* Take events until there are none or time is up.  0 or -errno. */
static int take(struct tui_trace *t, int timeout_ms, uint64_t until_ns)
{
	unsigned int n = 0;
	struct event ev;
	int rc, err;

	while (!t->ended) {
		rc = t->src->ops->next(t->src, &ev, n ? 0 : timeout_ms);
		if (rc == -ENODATA)
			return trace_end(t);
		if (rc < 0) {
			/* What is there stays on the screen, and says why no more comes. */
			t->status.error = t->src->ops->error(t->src);
			if (!t->status.error || !t->status.error[0])
				t->status.error = strerror(-rc);
			return trace_end(t);
		}
		if (rc == 0)
			return 0;
		err = t->sink ? t->sink->put(t->sink, &ev) : scope_feed(t->scope, &ev);
		if (err)
			return err;
		if (++n % 256 == 0 && mono_ns() >= until_ns)
			return 0;
	}
	return 0;
}

/* ---- a terminal that does not take what it is given ---- */

/*
 * While a screen is being written, which on a slow link takes as long as it takes (and after
 * Ctrl-S for ever), another thread takes the events: a terminal must not cost evidence.
 * Whoever has the lock owns the trace; the main thread gives it away only to write.
 */
struct pump {
	struct tui_trace *t;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool painting, quit;
	uint64_t since_ns; /* when painting began */
	int err;
};

/* A screen that is written within this keeps nobody waiting. */
#define PATIENCE_NS (30 * MS)
#define PUMP_NS	    (10 * MS)

static void pump_wait(struct pump *p, uint64_t ns)
{
	uint64_t until = mono_ns() + ns;
	struct timespec ts = { .tv_sec = (time_t)(until / 1000000000),
			       .tv_nsec = (long)(until % 1000000000) };

	pthread_cond_timedwait(&p->wake, &p->lock, &ts);
}

static void *pump_main(void *arg)
{
	struct pump *p = arg;
	uint64_t waited;

	pthread_mutex_lock(&p->lock);
	while (!p->quit) {
		if (!p->painting || p->t->ended || p->err) {
			pthread_cond_wait(&p->wake, &p->lock);
			continue;
		}
		waited = mono_ns() - p->since_ns;
		if (waited < PATIENCE_NS) {
			pump_wait(p, PATIENCE_NS - waited);
			continue;
		}
		p->err = take(p->t, 0, mono_ns() + TAKE_NS);
		if (!p->err && p->t->tick && !p->t->ended)
			p->err = p->t->tick(p->t->arg, mono_ns(), &p->t->status);
		pump_wait(p, PUMP_NS);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* The caller owns the trace from now on.  0 or -errno. */
static int pump_open(struct pump *p, struct tui_trace *t)
{
	sigset_t all, before;
	pthread_condattr_t attr;
	int err;

	memset(p, 0, sizeof(*p));
	p->t = t;
	pthread_mutex_init(&p->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&p->wake, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_lock(&p->lock);
	/* Signals are for the thread that waits for them. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&p->thread, NULL, pump_main, p);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -err;
}

static void pump_close(struct pump *p)
{
	p->quit = true;
	pthread_cond_signal(&p->wake);
	pthread_mutex_unlock(&p->lock);
	pthread_join(p->thread, NULL);
	pthread_cond_destroy(&p->wake);
	pthread_mutex_destroy(&p->lock);
}

/* 0, or what taking events failed with meanwhile. */
static int paint(struct pump *p, struct terminal *term, const struct cells *screen)
{
	p->painting = true;
	p->since_ns = mono_ns();
	pthread_cond_signal(&p->wake);
	pthread_mutex_unlock(&p->lock);
	terminal_paint(term, screen);
	pthread_mutex_lock(&p->lock);
	p->painting = false;
	return p->err;
}

/* ---- the loop ---- */

static int tick(struct tui_trace *t, uint64_t now)
{
	int err = 0;

	if (t->tick && !t->ended)
		err = t->tick(t->arg, now, &t->status);
	update_status(t);
	scope_set_status(t->scope, &t->status);
	scope_tick(t->scope, now);
	return err;
}

static void copy(struct terminal *term, struct tui_trace *t)
{
	char *text = scope_take_clip(t->scope);

	if (text)
		terminal_copy(term, text);
	free(text);
}

/* Everything that was typed.  True: somebody left the terminal for good. */
static bool keys(struct terminal *term, struct tui_trace *t, bool *away)
{
	struct terminal_event ev;
	int rows, cols, n;

	/* A whole paste in one go, but not for ever. */
	for (n = 0; n < 256; n++) {
		terminal_read(term, &ev);
		switch (ev.what) {
		case INPUT_NONE:
			return false;
		case INPUT_GONE:
			return true;
		case INPUT_KEY:
			if (ev.key == ('l' & 0x1f))
				terminal_redraw(term);
			scope_key(t->scope, ev.key);
			break;
		case INPUT_PASTE:
			scope_paste(t->scope, ev.key);
			break;
		case INPUT_FOCUS:
			*away = !ev.key;
			break;
		case INPUT_NOTHING:
			break;
		case INPUT_MOUSE:
			scope_mouse(t->scope, ev.mouse, ev.row, ev.col);
			break;
		case INPUT_RESIZE:
			terminal_size(term, &rows, &cols);
			scope_resize(t->scope, rows, cols);
			terminal_redraw(term);
			break;
		}
		copy(term, t);
		if (scope_done(t->scope))
			return true;
	}
	return false;
}

/* How long there is nothing to draw: until a frame is due, when something has changed. */
static int frame_due_ms(const struct tui_trace *t, uint64_t drawn, uint64_t now)
{
	if (scope_playing(t->scope))
		return 40;
	/* A search goes on meanwhile. */
	if (scope_searching(t->scope))
		return 0;
	if (!scope_dirty(t->scope) || now < drawn)
		return FRAME_NS / MS;
	return now - drawn >= FRAME_NS ? 0 : (int)((FRAME_NS - (now - drawn)) / MS) + 1;
}

/* One round of a running scope.  1: leave; 0: go on; -errno. */
static int round_of(const struct tui_options *o, struct terminal *term, struct pump *pump,
		    uint64_t begin, uint64_t *drawn, bool *away)
{
	struct tui_trace *t = o->trace;
	struct pollfd p = { .fd = terminal_fd(term), .events = POLLIN };
	uint64_t now = mono_ns();
	int err, idle;
	bool typed;

	/*
	 * A source that waits may wait; keys are looked at every 15 ms.  Until a frame is
	 * due there is nothing to hurry for, also when there is something to draw.
	 */
	idle = frame_due_ms(t, *drawn, now);
	err = take(t, idle < IDLE_MS ? idle : IDLE_MS, now + TAKE_NS);
	if (err)
		return err;
	if (t->ended)
		poll(&p, 1, frame_due_ms(t, *drawn, now));
	typed = poll(&p, 1, 0) == 1;
	if (keys(term, t, away))
		return 1;
	now = mono_ns();
	err = tick(t, now);
	if (err)
		return err;
	if (scope_wants_suspend(t->scope))
		terminal_suspend(term);
	if ((o->signal && *o->signal) || (o->duration_ns && now - begin >= o->duration_ns))
		return 1;
	if (scope_dirty(t->scope) && (typed || now - *drawn >= (*away ? AWAY_NS : FRAME_NS))) {
		*drawn = now;
		return paint(pump, term, scope_draw(t->scope));
	}
	return 0;
}

int tui_run(const struct tui_options *o, char err[TUI_ERR_LEN])
{
	struct terminal *term;
	uint64_t begin = mono_ns(), drawn = 0;
	struct theme dark;
	struct pump pump;
	bool away = false;
	int rows, cols, rc;

	theme_by_name(&dark, "dark");
	rc = terminal_open(&term, o->color, o->theme ?: &dark, err, TUI_ERR_LEN);
	if (rc)
		return rc;
	terminal_size(term, &rows, &cols);
	scope_resize(o->trace->scope, rows, cols);
	if (!terminal_is_utf8(term) && !o->force_glyphs)
		scope_command(o->trace->scope, "graph ascii");
	rc = pump_open(&pump, o->trace);
	if (!rc) {
		do
			rc = round_of(o, term, &pump, begin, &drawn, &away);
		while (!rc);
		pump_close(&pump);
	}
	terminal_close(term);
	if (rc > 0)
		return 0;
	snprintf(err, TUI_ERR_LEN, "%s", strerror(-rc));
	return rc;
}

int tui_script(struct tui_trace *t, FILE *script, char err[TUI_ERR_LEN])
{
	char line[1024], typed[1100];
	unsigned int number = 0;
	int rc;

	while (!t->ended) {
		rc = take(t, 1000, UINT64_MAX);
		if (rc) {
			snprintf(err, TUI_ERR_LEN, "%s", strerror(-rc));
			return rc;
		}
	}
	while (fgets(line, sizeof(line), script) && !scope_done(t->scope)) {
		number++;
		line[strcspn(line, "\n")] = '\0';
		if (!line[0] || line[0] == '#')
			continue;
		if (line[0] == ':') {
			rc = scope_command(t->scope, line);
		} else {
			snprintf(typed, sizeof(typed), "keys %s", line);
			rc = scope_command(t->scope, typed);
		}
		/* A search goes on by itself, as it does at a terminal. */
		while (!rc && scope_searching(t->scope))
			scope_tick(t->scope, 0);
		if (rc) {
			snprintf(err, TUI_ERR_LEN, "line %u: %.200s", number,
				 scope_message(t->scope));
			return -EINVAL;
		}
	}
	return 0;
}
