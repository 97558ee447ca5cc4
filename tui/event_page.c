// SPDX-License-Identifier: GPL-2.0-only
/*
 * event_page.c - all that there is to say of one event, its fields as they are recorded too
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
	const struct event_field *f;
	struct log_row row;
	struct event ev;
	size_t n, i;

	if (!scope_current(p->s, &ev, &row)) {
		page_line(p, ROLE_DIM, 0, "no event here");
		return;
	}
	page_line(p, ROLE_TITLE, CELL_BOLD, "EVENT %llu", (unsigned long long)ev.seq);
	event_words(p, m, &ev, &row);
	page_blank(p);
	page_line(p, ROLE_TITLE, 0, "As it is recorded:");
	page_field(p, "t_ns", "%llu (CLOCK_MONOTONIC, when it began)", (unsigned long long)ev.t_ns);
	page_field(p, "dur_ns", "%llu", (unsigned long long)ev.dur_ns);
	page_field(p, "ret", "%lld", (long long)ev.ret);
	page_field(p, "tid, cpu", "%u, %u", ev.tid, ev.cpu);
	f = event_fields(ev.kind, &n);
	for (i = 0; i < n; i++)
		field(p, &ev, &f[i]);
}
