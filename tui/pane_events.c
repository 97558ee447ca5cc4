// SPDX-License-Identifier: GPL-2.0-only
/*
 * pane_events.c - the event log around the cursor
 */
#include <string.h>

#include "tui/internal.h"

/* Events that one drawing looks at for lines that a filter lets through. */
#define BUDGET 12000U

static char severity_at(struct scope *s, const struct log_row *row)
{
	uint32_t worst = SEV_INCONCLUSIVE + 1;
	size_t i;

	/* Also of what is later than the cursor: the log shows that, too. */
	for (i = 0; i < judge_findings(s->judge); i++) {
		const struct finding *f = judge_finding(s->judge, i);

		if (scope_finding_counts(f) && f->seq >= row->first + 1 &&
		    f->seq <= row->last + 1 && f->severity < worst)
			worst = f->severity;
	}
	return worst <= SEV_INCONCLUSIVE ? "EWA?"[worst] : ' ';
}

static unsigned int role_of(const struct event *ev, unsigned int *attr)
{
	*attr = 0;
	if (ev->kind == EV_LOSS || ev->kind == EV_STUCK)
		return ROLE_BAD;
	if (ev->kind == EV_MARK)
		return ROLE_MARK;
	if (event_is_empty_read(ev))
		return ROLE_DIM;
	if (event_failed(ev))
		return ROLE_BAD;
	if (ev->kind == EV_ARC || ev->kind == EV_SET_STATE) {
		*attr = CELL_BOLD;
		return ROLE_STATE;
	}
	return ROLE_TEXT;
}

/*
 * Make a device's name @w columns short, or some more; how many: its end tells
 * devices of one machine apart, the end of what stands in front of a '/' machines.
 */
static int short_name(char *dev, int w)
{
	const char *slash = strchr(dev, '/');
	int len = (int)strlen(dev), host;
	char out[NAME_LEN];

	if (slash)
		w += 3;
	/* A name that is none of the kernel's is cut by cells_field(), at its end. */
	if (len != cells_width(dev) || len <= w)
		return w;
	host = !slash ? 0 : slash - dev > 1 ? 3 : 2;
	snprintf(out, sizeof(out), "%.*s%s", host, slash ? slash + 1 - host : "",
		 dev + len - (w - host));
	strcpy(dev, out);
	return w;
}

/* "write 32.0 KiB ×116, 97.2 µs–11.1 ms, in 27.1 ms": no slow one hides in a run. */
static void run_text(struct scope *s, const struct log_row *lr, const struct event *ev,
		     const struct event *last, char *text, size_t size)
{
	char a[UNITS_LEN], b[UNITS_LEN], c[UNITS_LEN], what[UNITS_LEN];

	if (ev->ret > 0)
		scope_size(s, what, (uint64_t)ev->ret);
	else
		strcpy(what, ev->ret ? "ENOMSG" : "0");
	units_duration(b, lr->least_ns);
	units_duration(c, lr->most_ns);
	snprintf(text, size, "%s %s ×%llu, %s%s%s, in %s", event_kind_name(ev->kind), what,
		 (unsigned long long)lr->calls, b, strcmp(b, c) ? "–" : " each",
		 strcmp(b, c) ? c : "", units_duration(a, event_end_ns(last) - ev->t_ns));
}

static void draw_row(struct scope *s, struct model *m, struct rect r, int row,
		     const struct log_row *lr, bool here, uint64_t prev_ns)
{
	struct view_options v = { .time = s->opt.time };
	char when[UNITS_LEN], dev[NAME_LEN], text[400];
	struct event ev, last;
	unsigned int role, attr;
	int col = r.col, w;
	uint32_t device;
	char sev;

	if (!store_get(s->store, lr->first, &ev) || !store_get(s->store, lr->last, &last))
		return;
	role = role_of(&ev, &attr);
	sev = severity_at(s, lr);
	cells_text(s->cells, row, col, ROLE_KEY, CELL_BOLD, here ? "▶" : " ");
	cells_put(s->cells, row, col + 1, (unsigned char)sev, sev == 'E' ? ROLE_BAD : ROLE_WARN,
		  CELL_BOLD);
	/* When it was over: in this order events stand. */
	time_label(when, &v, store_model(s->store), event_end_ns(&ev), store_first_ns(s->store),
		   prev_ns);
	cells_field(s->cells, row, col + 2, 15, true, ROLE_DIM, 0, when);
	col += 18;
	if (r.cols >= 70) {
		device = model_event_device(store_model(s->store), &ev);
		w = r.cols >= 100 ? 18 : 8;
		if (device)
			scope_device_name(store_model(s->store), device, 255, dev);
		else
			strcpy(dev, "-");
		w = short_name(dev, w);
		cells_field(s->cells, row, col, w, false,
			    device == s->device ? ROLE_TEXT : ROLE_DIM, 0, dev);
		col += w + 1;
	}
	(void)m;
	if (lr->last != lr->first) {
		run_text(s, lr, &ev, &last, text, sizeof(text));
		cells_field(s->cells, row, col, r.cols - (col - r.col), false, role, attr, text);
		return;
	}
	cells_field(s->cells, row, col, r.cols - (col - r.col), false, role, attr,
		    scope_line(s, &ev));
}

static void draw(struct scope *s, struct model *m, struct rect r)
{
	struct log_row rows[LOG_ROWS_MAX], lr;
	int want = r.rows - 1, above, n = 0, i, here = -1;
	uint64_t budget = BUDGET, n_at = s->cursor, prev = 0;
	char safe[TEXT_SAFE_LEN(60)], shown[320];
	struct event ev;

	text_safe(safe, sizeof(safe), s->filter_text, 60);
	snprintf(shown, sizeof(shown), "%s%s%s", s->filter.n ? "filter: " : "no filter",
		 s->filter.n ? safe : "", s->problems_only ? ", only failures (e)" : "");
	pane_title(s, PANE_EVENTS, r, "EVENTS",
		   r.cols >= 70 ? "%llu of %llu, equal calls folded, %s" : "%llu of %llu, %s",
		   (unsigned long long)s->cursor, (unsigned long long)store_count(s->store), shown);
	if (want > LOG_ROWS_MAX)
		want = LOG_ROWS_MAX;
	if (want < 1)
		return;
	/* Backwards from the cursor, then forwards with what room is left. */
	above = s->cursor == store_count(s->store) ? want : (want * 2 + 2) / 3;
	for (i = want - 1; i >= want - above && log_prev(s, n_at, &lr, &budget); i--) {
		rows[i] = lr;
		n++;
		n_at = lr.first;
	}
	memmove(rows, &rows[want - n], (size_t)n * sizeof(rows[0]));
	here = n - 1;
	n_at = n ? rows[n - 1].last + 1 : s->cursor;
	budget = BUDGET;
	while (n < want && log_next(s, n_at, &lr, &budget)) {
		rows[n++] = lr;
		n_at = lr.last + 1;
	}
	s->log_row = r.row + 1;
	s->log_n = n;
	for (i = 0; i < n; i++) {
		s->log[i] = rows[i];
		draw_row(s, m, r, r.row + 1 + i, &rows[i], i == here,
			 prev					 ? prev :
			 store_get(s->store, rows[i].first, &ev) ? event_end_ns(&ev) :
								   0);
		if (store_get(s->store, rows[i].first, &ev))
			prev = event_end_ns(&ev);
	}
	if (n)
		return;
	cells_field(s->cells, r.row + 1, r.col + 2, r.cols - 3, false, ROLE_DIM, 0,
		    budget && s->problems_only && !s->filter.n ?
			    "no event failed; e shows all events" :
		    budget ? "no event passes the filter; & and Enter shows all" :
			     "none near this moment passes the filter; / searches further");
}

static void click(struct scope *s, int row, int col)
{
	(void)col;
	if (row < s->log_row || row >= s->log_row + s->log_n)
		return;
	scope_seek_event(s, s->log[row - s->log_row].last + 1);
	scope_pin_event(s, s->cursor);
}

/* A run is opened; of one event, all of it. */
static bool enter(struct scope *s)
{
	struct log_row row;
	struct event ev;

	if (!scope_current(s, &ev, &row) || row.first == row.last)
		return false;
	s->unfold_first = row.first;
	s->unfold_end = row.last + 1;
	scope_say(s, false, "%llu calls one by one; Esc folds them, Enter explains one",
		  (unsigned long long)row.calls);
	return true;
}

const struct pane pane_events = {
	.name = "events",
	.place = PLACE_LOG,
	.least = 3,
	.draw = draw,
	.click = click,
	.enter = enter,
};
