// SPDX-License-Identifier: GPL-2.0-only
#include "view/common.h"

#include <stdio.h>
#include <string.h>

const char *const time_base_names[] = { "rel", "wall", "mono", "delta", NULL };

const char *device_label(char buf[NAME_LEN], const struct model_device *d, uint32_t number)
{
	if (d && d->name[0])
		return safe_name(buf, d->name);
	snprintf(buf, NAME_LEN, "#%u", number);
	return buf;
}

const char *state_label(char buf[UNITS_LEN], uint32_t state)
{
	const char *name = mig_state_name(state);

	if (name)
		return name;
	snprintf(buf, UNITS_LEN, "state %u", state);
	return buf;
}

const char *errno_label(char buf[UNITS_LEN], int64_t ret)
{
	const char *name = ret < 0 && ret > -4096 ? errno_name((int)-ret) : NULL;

	if (name)
		return name;
	snprintf(buf, UNITS_LEN, "error %lld", (long long)ret);
	return buf;
}

static char *seconds(char buf[UNITS_LEN], const char *sign, uint64_t ns)
{
	snprintf(buf, UNITS_LEN, "%s%llu.%06llu", sign, (unsigned long long)(ns / 1000000000),
		 (unsigned long long)(ns % 1000000000 / 1000));
	return buf;
}

char *time_label(char buf[UNITS_LEN], const struct view_options *opt, const struct model *m,
		 uint64_t t_ns, uint64_t ref_ns, uint64_t prev_ns)
{
	uint64_t real;

	switch (opt->time) {
	case TIME_WALL:
		real = model_realtime_ns(m, t_ns);
		if (real)
			return units_clock(buf, real);
		/* No clock pair in the evidence: the next best. */
		/* fall through */
	case TIME_MONO:
		return seconds(buf, "", t_ns);
	case TIME_DELTA:
		ref_ns = prev_ns;
		/* fall through */
	default:
		if (t_ns < ref_ns)
			return seconds(buf, "-", ref_ns - t_ns);
		return seconds(buf, "+", t_ns - ref_ns);
	}
}

/* @first: when the trace began. */
static uint64_t instant(const struct model *m, uint64_t first, uint64_t ns, enum time_ref ref,
			uint64_t open)
{
	uint64_t now;

	switch (ref) {
	case TIME_REF_FIRST:
		return first + ns;
	case TIME_REF_REALTIME:
		/* The clocks run side by side: compare with a known pair. */
		now = model_realtime_ns(m, first);
		if (!now)
			return open;
		return ns >= now || now - ns <= first ? first + (ns - now) : 0;
	case TIME_REF_MONO:
		return ns;
	default:
		return open;
	}
}

bool time_window_has(const struct time_window *w, const struct model *m,
		     const struct event *ev)
{
	uint64_t first = model_first_ns(m);

	if (w->from.ref != TIME_REF_OPEN &&
	    event_end_ns(ev) < instant(m, first, w->from.ns, w->from.ref, 0))
		return false;
	return !time_window_is_over(w, m, ev);
}

bool time_window_is_over(const struct time_window *w, const struct model *m,
			 const struct event *ev)
{
	/* The model may not have taken the first one yet: then it is this. */
	uint64_t first = model_first_ns(m) ?: ev->t_ns;

	return event_end_ns(ev) > instant(m, first, w->to.ns, w->to.ref, UINT64_MAX);
}

uint64_t time_window_end_ns(const struct time_window *w, const struct model *m)
{
	return instant(m, model_first_ns(m), w->to.ns, w->to.ref, UINT64_MAX);
}

void view_one_file(struct view_evidence *e, struct view_file *file, struct model *m,
		   const char *path, const struct meta *meta, const struct source_health *health)
{
	*file = (struct view_file){
		.path = path, .meta = meta, .health = health,
		.first_ns = model_first_ns(m), .last_ns = model_last_ns(m),
		.events = model_events(m), .calls = model_calls(m),
		.lost = model_loss(m)->events, .loss_places = model_loss(m)->places,
	};
	*e = (struct view_evidence){
		.model = m, .files = file, .n_files = 1, .meta = meta, .health = health,
	};
}

static bool holds(const struct view_file *f, uint32_t host)
{
	size_t i;

	for (i = 0; i < f->n_hosts; i++)
		if (f->hosts[i] == host)
			return true;
	return !f->n_hosts;
}

size_t view_file_of(const struct view_evidence *e, uint32_t host, uint64_t t_ns)
{
	size_t i, last = 0;
	bool any = false;

	for (i = 0; i < e->n_files; i++) {
		const struct view_file *f = &e->files[i];

		if (!holds(f, host))
			continue;
		if (f->first_ns <= t_ns && t_ns <= f->last_ns)
			return i;
		/* In none of them: in the last that began before. */
		if (!any || (f->first_ns <= t_ns && f->first_ns >= e->files[last].first_ns))
			last = i;
		any = true;
	}
	return last;
}

void print_words(FILE *f, const char *s, size_t indent, size_t width, size_t col)
{
	bool any = false;

	for (; col < indent; col++)
		fputc(' ', f);
	while (*s) {
		size_t len = strcspn(s, " ");

		if (any && col + 1 + len > width) {
			fprintf(f, "\n%*s", (int)indent, "");
			col = indent;
		} else if (any) {
			fputc(' ', f);
			col++;
		}
		fprintf(f, "%.*s", (int)len, s);
		any = true;
		col += len;
		s += len;
		s += strspn(s, " ");
	}
	fputc('\n', f);
}

void json_known(struct json *j, const char *key, uint64_t v)
{
	if (v == MODEL_NONE)
		json_knull(j, key);
	else
		json_ku64(j, key, v);
}

void json_tool(struct json *j)
{
	json_key(j, "tool");
	json_object_begin(j);
	json_kstring(j, "name", "vfioscope");
	json_kstring(j, "version", VFIOSCOPE_VERSION);
	json_object_end(j);
}
