// SPDX-License-Identifier: GPL-2.0-only
/*
 * event_page.c - all that there is to say of one event
 */
#include <string.h>

#include "tui/page.h"

static void field(struct page *p, const struct event *ev, const struct event_field *f)
{
	char text[TEXT_SAFE_LEN(EVENT_TEXT_LEN)], a[UNITS_LEN];
	uint64_t v = 0;
	uint32_t w;

	if (f->type == EF_STR) {
		text_safe(text, sizeof(text), (const char *)ev + f->offset, f->size);
		page_field(p, f->name, "%s", text);
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
		page_field(p, f->name, "%s", state_label(a, (uint32_t)v));
		break;
	case EF_TARGET:
		page_field(p, f->name, "%s",
			   (int64_t)v == EVENT_TARGET_NONE ? "none named" :
							     state_label(a, (uint32_t)v));
		break;
	case EF_BOOL:
		page_field(p, f->name, "%s", v ? "yes" : "no");
		break;
	case EF_DIRECTION:
		page_field(p, f->name, "%s", event_direction_name((uint32_t)v) ?: "?");
		break;
	case EF_S64:
		page_field(p, f->name, "%lld", (long long)v);
		break;
	default:
		if (v == UINT64_MAX)
			page_field(p, f->name, "not known");
		else
			page_field(p, f->name, "%llu", (unsigned long long)v);
	}
}

void event_page(struct page *p, struct model *m)
{
	struct scope *s = p->s;
	const struct event_field *f;
	char a[UNITS_LEN], b[UNITS_LEN], name[NAME_LEN], safe[TEXT_SAFE_LEN(EVENT_COMM_LEN)];
	struct log_row row;
	uint64_t budget = 20000, real;
	struct event ev;
	size_t n, i;

	if (!log_prev(s, s->cursor, &row, &budget) || !store_get(s->store, row.first, &ev)) {
		page_line(p, ROLE_DIM, 0, "no event here");
		return;
	}
	page_line(p, ROLE_TITLE, CELL_BOLD, "EVENT %llu: %s", (unsigned long long)ev.seq,
		  scope_line(s, &ev));
	page_blank(p);
	real = model_realtime_ns(store_model(s->store), ev.t_ns);
	page_field(p, "began", "%llu ns CLOCK_MONOTONIC%s%s", (unsigned long long)ev.t_ns,
		   real ? ", " : "", real ? units_rfc3339(a, real) : "");
	page_field(p, "took", "%s (%llu ns)", units_duration(b, ev.dur_ns),
		   (unsigned long long)ev.dur_ns);
	page_line(p, event_failed(&ev) ? ROLE_BAD : ROLE_TEXT, 0, "%-18s %lld%s%s", "result",
		  (long long)ev.ret, ev.ret < 0 ? " " : "",
		  ev.ret < 0 ? errno_label(a, ev.ret) : "");
	if (event_is_empty_read(&ev) && ev.ret < 0)
		page_text(p, ROLE_DIM,
			  "ENOMSG: the temporary end of the stream in pre-copy; more may "
			  "come, and the next PRECOPY_INFO says how much.");
	page_field(p, "by", "%s, pid %u, thread %u, cpu %u",
		   text_safe(safe, sizeof(safe), ev.comm, sizeof(ev.comm)), ev.pid, ev.tid, ev.cpu);
	if (ev.device || ev.stream)
		page_field(p, "device", "%s, stream %u", scope_device_name(m, ev.device, 60, name),
			   ev.stream);
	if (row.last != row.first)
		page_field(p, "folded", "%llu identical ones, events %llu to %llu",
			   (unsigned long long)row.calls, (unsigned long long)row.first + 1,
			   (unsigned long long)row.last + 1);
	f = event_fields(ev.kind, &n);
	for (i = 0; i < n; i++)
		field(p, &ev, &f[i]);
}
