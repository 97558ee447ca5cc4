// SPDX-License-Identifier: GPL-2.0-only
/*
 * overlay.c - what opens over the panes: the help, and the why of one thing
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tui/internal.h"

/* Lines of text that are put together and then shown from a scroll position. */
struct page {
	struct scope *s;
	struct rect r;
	int n; /* lines so far */
};

static void line(struct page *p, unsigned int role, unsigned int attr, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static void line(struct page *p, unsigned int role, unsigned int attr, const char *fmt, ...)
{
	int row = p->r.row + 1 + p->n - p->s->scroll;
	char text[1024];
	va_list ap;

	p->n++;
	if (row <= p->r.row || row >= p->r.row + p->r.rows)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	cells_field(p->s->cells, row, p->r.col + 1, p->r.cols - 2, false, role, attr, text);
}

/* A long text over several lines, broken at blanks. */
static void wrapped(struct page *p, unsigned int role, const char *text)
{
	int width = p->r.cols - 6;
	size_t len, cut;

	while (*text) {
		len = strlen(text);
		cut = len;
		if ((int)len > width && width > 0) {
			for (cut = (size_t)width; cut > 0 && text[cut] != ' '; cut--)
				;
			if (!cut)
				cut = (size_t)width;
		}
		line(p, role, 0, "  %.*s", (int)cut, text);
		text += cut;
		while (*text == ' ')
			text++;
	}
}

static void help(struct page *p)
{
	const struct request_entry *e;
	char keys[64], k[12];
	size_t i;

	line(p, ROLE_TITLE, CELL_BOLD, "KEYS          COMMAND          what it does");
	for (e = requests; e->req; e++) {
		if (!e->help)
			continue;
		keys[0] = '\0';
		if (e->req == REQ_PANE)
			strcpy(keys, "1-7");
		for (i = 0; i < 4 && e->keys[i]; i++) {
			if (e->keys[i] == '\n')
				continue;
			snprintf(keys + strlen(keys), sizeof(keys) - strlen(keys), "%s%s",
				 i ? " " : "", request_key_name(e->keys[i], k));
		}
		line(p, ROLE_TEXT, 0, "%s%*s :%-15s %s", keys,
		     12 - cells_width(keys) > 0 ? 12 - cells_width(keys) : 0, "", e->name, e->help);
	}
	line(p, ROLE_TEXT, 0, "%s", "");
	line(p, ROLE_TITLE, CELL_BOLD, "WORDS of / and &: all must hold, ! turns one around");
	line(p, ROLE_TEXT, 0,
	     "kind=read,arc  err  errno=ENOMSG  dur>1ms  size>1MiB  pid=4711  dev=3b:00");
	line(p, ROLE_TEXT, 0, "vm=web  anything else is looked for in the line");
	line(p, ROLE_TEXT, 0, "%s", "");
	line(p, ROLE_TITLE, CELL_BOLD, "MARKS under the plot");
	line(p, ROLE_TEXT, 0, "E the stream was empty (ENOMSG)  R REINIT  S switch to STOP_COPY");
	line(p, ROLE_TEXT, 0, "! a call failed  L events were lost  m a mark");
	line(p, ROLE_TEXT, 0,
	     "Mouse: a click sets the moment or selects, the wheel zooms or scrolls.");
}

static void field(struct page *p, const struct event *ev, const struct event_field *f)
{
	char text[TEXT_SAFE_LEN(EVENT_TEXT_LEN)], a[UNITS_LEN];
	uint64_t v = 0;
	uint32_t w;

	if (f->type == EF_STR) {
		text_safe(text, sizeof(text), (const char *)ev + f->offset, f->size);
		line(p, ROLE_TEXT, 0, "%-18s %s", f->name, text);
		return;
	}
	if (f->size == sizeof(w)) {
		memcpy(&w, (const char *)ev + f->offset, sizeof(w));
		v = w;
	} else {
		memcpy(&v, (const char *)ev + f->offset, sizeof(v));
	}
	if ((f->flags & EFF_NOT_ONE) && v <= 1 && f->size == sizeof(w))
		return;
	if ((f->flags & EFF_ON_SUCCESS) && ev->ret < 0)
		return;
	switch (f->type) {
	case EF_STATE:
		line(p, ROLE_TEXT, 0, "%-18s %s", f->name, state_label(a, (uint32_t)v));
		break;
	case EF_TARGET:
		line(p, ROLE_TEXT, 0, "%-18s %s", f->name,
		     (int64_t)v == EVENT_TARGET_NONE ? "none named" : state_label(a, (uint32_t)v));
		break;
	case EF_BOOL:
		line(p, ROLE_TEXT, 0, "%-18s %s", f->name, v ? "yes" : "no");
		break;
	case EF_DIRECTION:
		line(p, ROLE_TEXT, 0, "%-18s %s", f->name,
		     event_direction_name((uint32_t)v) ?: "?");
		break;
	case EF_S64:
		line(p, ROLE_TEXT, 0, "%-18s %lld", f->name, (long long)v);
		break;
	default:
		if (v == UINT64_MAX)
			line(p, ROLE_TEXT, 0, "%-18s not known", f->name);
		else
			line(p, ROLE_TEXT, 0, "%-18s %llu", f->name, (unsigned long long)v);
	}
}

static void event_detail(struct page *p, struct model *m)
{
	struct scope *s = p->s;
	const struct event_field *f;
	char a[UNITS_LEN], b[UNITS_LEN], name[NAME_LEN], safe[TEXT_SAFE_LEN(EVENT_COMM_LEN)];
	struct log_row row;
	uint64_t budget = 20000, real;
	struct event ev;
	size_t n, i;

	if (!log_prev(s, s->cursor, &row, &budget) || !store_get(s->store, row.first, &ev)) {
		line(p, ROLE_DIM, 0, "no event here");
		return;
	}
	line(p, ROLE_TITLE, CELL_BOLD, "EVENT %llu: %s", (unsigned long long)ev.seq,
	     scope_line(s, &ev));
	line(p, ROLE_TEXT, 0, "%s", "");
	real = model_realtime_ns(store_model(s->store), ev.t_ns);
	line(p, ROLE_TEXT, 0, "%-18s %llu ns CLOCK_MONOTONIC%s%s", "began",
	     (unsigned long long)ev.t_ns, real ? ", " : "", real ? units_rfc3339(a, real) : "");
	line(p, ROLE_TEXT, 0, "%-18s %s (%llu ns)", "took", units_duration(b, ev.dur_ns),
	     (unsigned long long)ev.dur_ns);
	line(p, event_failed(&ev) ? ROLE_BAD : ROLE_TEXT, 0, "%-18s %lld%s%s", "result",
	     (long long)ev.ret, ev.ret < 0 ? " " : "", ev.ret < 0 ? errno_label(a, ev.ret) : "");
	if (event_is_empty_read(&ev) && ev.ret < 0)
		wrapped(p, ROLE_DIM,
			"ENOMSG: the temporary end of the stream in pre-copy; more may "
			"come, and the next PRECOPY_INFO says how much.");
	line(p, ROLE_TEXT, 0, "%-18s %s, pid %u, thread %u, cpu %u", "by",
	     text_safe(safe, sizeof(safe), ev.comm, sizeof(ev.comm)), ev.pid, ev.tid, ev.cpu);
	if (ev.device || ev.stream)
		line(p, ROLE_TEXT, 0, "%-18s %s, stream %u", "device",
		     scope_device_name(m, ev.device, 60, name), ev.stream);
	if (row.last != row.first)
		line(p, ROLE_TEXT, 0, "%-18s %llu identical ones, events %llu to %llu", "folded",
		     (unsigned long long)row.calls, (unsigned long long)row.first + 1,
		     (unsigned long long)row.last + 1);
	f = event_fields(ev.kind, &n);
	for (i = 0; i < n; i++)
		field(p, &ev, &f[i]);
}

static void device_detail(struct page *p, struct model *m)
{
	const struct migration *g = scope_migration(p->s, m);
	const struct model_device *d = model_device(m, p->s->device);
	char name[NAME_LEN], drv[NAME_LEN], a[UNITS_LEN], b[UNITS_LEN];
	struct view_options v = { .time = p->s->opt.time, .bytes = p->s->opt.bytes };
	struct view_evidence t;
	struct view_file file;
	char *text = NULL, *at, *nl;
	size_t len;
	FILE *f;

	if (!d) {
		line(p, ROLE_DIM, 0, "no device");
		return;
	}
	line(p, ROLE_TITLE, CELL_BOLD, "DEVICE %s", scope_device_name(m, d->number, 60, name));
	line(p, ROLE_TEXT, 0, "%-18s %s on the %s bus", "driver", safe_name(drv, d->driver),
	     text_safe(b, sizeof(b), d->bus, 8));
	line(p, ROLE_TEXT, 0, "%-18s %s%s%s%s", "can", d->has_flags ? "" : "not known",
	     d->migration_flags & MIG_FLAG_STOP_COPY ? "STOP_COPY " : "",
	     d->migration_flags & MIG_FLAG_P2P ? "P2P " : "",
	     d->migration_flags & MIG_FLAG_PRE_COPY ? "PRE_COPY" : "");
	line(p, ROLE_TEXT, 0, "%-18s %s", "state", state_label(a, d->state));
	line(p, ROLE_TEXT, 0, "%-18s %u", "sessions", d->sessions);
	line(p, ROLE_TEXT, 0, "%s", "");
	if (!g)
		return;
	/* What the report says of it: the very same words. */
	v.migration = g->id;
	f = open_memstream(&text, &len);
	if (!f)
		return;
	view_one_file(&t, &file, m, p->s->opt.path ?: "live", p->s->status.meta,
		      p->s->status.has_health ? &p->s->status.health : NULL);
	report_text(f, &t, &v);
	if (!fclose(f) && text) {
		at = strstr(text, "\nMIGRATION");
		for (at = at ? at + 1 : text; *at; at = nl + 1) {
			nl = strchr(at, '\n');
			if (!nl)
				break;
			*nl = '\0';
			line(p, ROLE_TEXT, 0, "%s", at);
		}
	}
	free(text);
}

static void problem_detail(struct page *p, struct model *m)
{
	struct scope *s = p->s;
	char name[NAME_LEN], a[UNITS_LEN];
	const struct finding *f;
	const struct rule *r;

	if (s->problem >= s->n_found) {
		line(p, ROLE_DIM, 0, "no problem here");
		return;
	}
	f = judge_finding(s->judge, s->found[s->problem]);
	r = judge_rule(f->rule);
	line(p, ROLE_TITLE, CELL_BOLD, "%s", r->name);
	line(p, ROLE_TEXT, 0, "%s", "");
	wrapped(p, ROLE_TEXT, f->text);
	line(p, ROLE_TEXT, 0, "%s", "");
	line(p, ROLE_TEXT, 0, "%-18s %s", "whose turn", party_name(f->party));
	if (f->device)
		line(p, ROLE_TEXT, 0, "%-18s %s", "device",
		     scope_device_name(m, f->device, 60, name));
	line(p, ROLE_TEXT, 0, "%-18s %s, event %llu", "first seen", scope_time(s, a, f->t_ns),
	     (unsigned long long)f->seq);
	line(p, ROLE_TEXT, 0, "%-18s %llu time%s", "seen", (unsigned long long)f->count,
	     f->count == 1 ? "" : "s");
	if (r->basis && r->basis[0]) {
		line(p, ROLE_TEXT, 0, "%s", "");
		line(p, ROLE_TITLE, 0, "It rests on:");
		wrapped(p, ROLE_TEXT, r->basis);
	}
	line(p, ROLE_TEXT, 0, "%s", "");
	line(p, ROLE_DIM, 0, "'vfioscope explain %s' has the whole page.", r->name);
}

void overlay_draw(struct scope *s, struct model *m, struct rect r)
{
	struct page p = { .s = s, .r = r };
	int rows;

	cells_fill(s->cells, r, ' ', ROLE_TEXT, 0);
	cells_fill(s->cells, (struct rect){ r.row, r.col, 1, r.cols }, 0x2500, ROLE_TITLE, 0);
again:
	p.n = 0;
	if (s->overlay == OVERLAY_HELP)
		help(&p);
	else if (s->focus == PANE_PROBLEMS)
		problem_detail(&p, m);
	else if (s->focus == PANE_EVENTS || s->focus == PANE_LATENCY)
		event_detail(&p, m);
	else
		device_detail(&p, m);
	/* Scrolled beyond the end: once more, at the end. */
	rows = r.rows - 1;
	if (s->scroll > 0 && s->scroll > p.n - rows) {
		s->scroll = p.n > rows ? p.n - rows : 0;
		cells_fill(s->cells, (struct rect){ r.row + 1, r.col, r.rows - 1, r.cols }, ' ',
			   ROLE_TEXT, 0);
		if (p.n - rows != s->scroll || s->scroll)
			goto again;
		goto again;
	}
	cells_printf(s->cells, r.row, r.col + 1, ROLE_TITLE, CELL_BOLD,
		     p.n > rows ? " %s: %d of %d lines, arrows scroll, Esc closes " :
				  " %s: Esc closes ",
		     s->overlay == OVERLAY_HELP ? "HELP" : "WHY", p.n > rows ? s->scroll + rows : 0,
		     p.n);
}
