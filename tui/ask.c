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

int scope_name_at(const char *const *names, const char *name)
{
	int i;

	for (i = 0; names[i]; i++)
		if (!strcmp(names[i], name))
			return i;
	return -1;
}

struct model *scope_model(struct scope *s)
{
	return store_model_at(s->store, s->cursor);
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

const char *scope_state_label(struct scope *s, const struct model_device *d, char buf[UNITS_LEN])
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
	ctx.device = model_device(m, model_event_device(m, ev));
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

void scope_evidence(struct scope *s, struct model *m, struct view_evidence *e,
		    struct view_file *file)
{
	view_one_file(e, file, m, s->opt.path ?: "live", s->status.meta,
		      s->status.has_health ? &s->status.health : NULL);
	e->clock = s->status.clock;
	e->bound_ns = s->status.clock_bound_ns;
}
