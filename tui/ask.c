// SPDX-License-Identifier: GPL-2.0-only
/*
 * ask.c - what all files of the scope ask: the moment, its device, its figures as text
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tui/internal.h"

void scope_say(struct scope *s, bool bad, const char *fmt, ...)
{
	char raw[sizeof(s->message)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	text_safe(s->message, sizeof(s->message), raw, sizeof(raw));
	s->message_bad = bad;
	s->dirty = true;
}

struct model *scope_model(struct scope *s)
{
	return store_model_at(s->store, s->cursor);
}

bool scope_device_shown(struct model *m, uint32_t device)
{
	const struct model_device *d = model_device(m, device);

	/* It is defined in front of its first event, which may be later than now. */
	return d && (d->pid || d->state != MIG_UNKNOWN);
}

const struct session *scope_migration_of(struct model *m, uint32_t device)
{
	const struct model_device *d = model_device(m, device);
	const struct session *g;
	uint32_t id;

	if (!d || !d->sessions)
		return NULL;
	if (d->session)
		return model_session(m, d->session);
	for (id = model_sessions(m); id > 0; id--) {
		g = model_session(m, id);
		if (g->device == device)
			return g;
	}
	return NULL;
}

const struct session *scope_migration(struct scope *s, struct model *m)
{
	return s->device ? scope_migration_of(m, s->device) : NULL;
}

char *scope_time(struct scope *s, char buf[UNITS_LEN], uint64_t t_ns)
{
	struct view_options v = { .time = s->opt.time };

	return time_label(buf, &v, store_model(s->store), t_ns, store_first_ns(s->store),
			  s->cursor_ns);
}

char *scope_size(struct scope *s, char buf[UNITS_LEN], uint64_t bytes)
{
	return units_size(buf, bytes, s->opt.bytes);
}

const char *scope_device_name(struct model *m, uint32_t device, int width, char buf[NAME_LEN])
{
	char name[NAME_LEN];
	size_t len;

	snprintf(name, sizeof(name), "%s", device_label(buf, model_device(m, device), device));
	len = strlen(name);
	/* Only plain names can be cut by bytes; all the kernel's are. */
	if (cells_width(name) <= width || len != (size_t)cells_width(name) || width < 6) {
		memcpy(buf, name, len + 1);
		return buf;
	}
	snprintf(buf, NAME_LEN, "%.*s…%s", width / 3, name, name + len - (width - width / 3 - 1));
	return buf;
}

const char *scope_state_label(struct scope *s, const struct model_device *d,
			      char buf[UNITS_LEN])
{
	if (d->state == MIG_UNKNOWN &&
	    store_state(s->store, d->number, s->cursor_ns) == STORE_CLOSED)
		return "closed";
	return state_label(buf, d->state);
}

const char *scope_line(struct scope *s, const struct event *ev)
{
	struct view_options v = { .bytes = s->opt.bytes };
	struct event_context ctx = { 0 };
	struct model *m = store_model(s->store);
	FILE *f;

	ctx.stream = ev->stream ? model_stream(m, ev->stream) : NULL;
	ctx.device = model_device(m, ev->device ? ev->device : ctx.stream ?
				  ctx.stream->device : 0);
	free(s->line);
	s->line = NULL;
	f = open_memstream(&s->line, &s->line_size);
	if (!f)
		return "";
	lines_text(f, &v, ev, &ctx);
	if (fclose(f) || !s->line)
		return "";
	return s->line;
}

bool scope_finding(struct scope *s, size_t i, struct insight_finding *f)
{
	return insight_finding(s->insight, i, f) && f->seq <= s->cursor;
}

size_t scope_findings(struct scope *s, uint32_t device, uint32_t *worst)
{
	size_t n = 0, i, all = insight_findings(s->insight);
	struct insight_finding f;

	*worst = INSIGHT_INCONCLUSIVE + 1;
	for (i = 0; i < all; i++) {
		if (!scope_finding(s, i, &f) || f.consequence ||
		    (device && f.device != device))
			continue;
		if (f.severity < *worst)
			*worst = f.severity;
		n++;
	}
	return n;
}

bool scope_worst(struct scope *s, const struct session *g, struct insight_finding *f)
{
	size_t i, all = insight_findings(s->insight);
	struct insight_finding one;
	bool any = false;

	for (i = 0; i < all; i++) {
		if (!scope_finding(s, i, &one) || one.consequence ||
		    one.severity > INSIGHT_WARNING)
			continue;
		if (one.session ? one.session != g->id :
		    one.device != g->device || one.t_ns < g->start_ns)
			continue;
		if (!any || one.severity < f->severity)
			*f = one;
		any = true;
	}
	return any;
}

const struct insight_forecast *scope_switch_forecast(const struct scope *s, uint32_t id)
{
	size_t i;

	for (i = s->n_switches; i > 0; i--)
		if (s->switches[i - 1].session == id)
			return &s->switches[i - 1].f;
	return NULL;
}

uint64_t scope_left(const struct session *g, enum left_source *source)
{
	*source = LEFT_NOT_SEEN;
	if (!g || g->direction != DIR_SAVE)
		return MODEL_NONE;
	/* The stream has said so itself. */
	if (g->eof)
		return 0;
	return left_bytes(&g->left, source, NULL);
}

bool scope_is_empty(const struct scope *s)
{
	/* Clocks and names of devices are events, too, but none to look at. */
	return !store_first_ns(s->store);
}

void scope_hooks(const struct scope *s, unsigned int *attached, unsigned int *all)
{
	const struct meta *meta = s->status.meta;
	char method[32], rest[8];
	size_t i;

	*attached = *all = 0;
	for (i = 0; meta && i < meta->n; i++) {
		if (strcmp(meta->entries[i].key, "hook"))
			continue;
		(*all)++;
		/* "MODULE FUNCTION KIND METHOD ok ..." */
		if (sscanf(meta->entries[i].value, "%*s %*s %*s %31s %7s", method, rest) >= 1 &&
		    strcmp(method, "none"))
			(*attached)++;
	}
}
