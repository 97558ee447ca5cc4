// SPDX-License-Identifier: GPL-2.0-only
#include "recording/vmm_log.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/units.h"

/* What is longer is not looked at: a time of day and more than a mark can hold. */
#define LINE_LEN   512
/* So many lines without a time of day are no log. */
#define LINES_LOOK 1000
/* Of the log's name, in front of what it says. */
#define NAME_SHOWN 24
#define NS_PER_SEC 1000000000ULL

struct line {
	bool waits;
	uint64_t real_ns;
	char text[EVENT_TEXT_LEN];
};

struct vmm_log {
	FILE *f;
	const char *path;
	char name[NAME_SHOWN + 1];
	struct line line; /* the next */
	uint64_t marks;
	int err;
};

struct vmm_logs {
	struct event_source source;
	struct event_source *in;
	struct event next; /* of @in, that waits for the lines before it */
	bool waits, is_line;
	bool has_pair, begun;
	uint64_t pair_mono_ns, pair_real_ns; /* the newest clock pair */
	uint64_t first_ns, seq;
	struct vmm_log *log;
	size_t n;
	char error[VMM_LOG_ERR_LEN];
};

/* ---- a line ---- */

/* "222@1796033045.755086:", at most nine digits of a fraction; what is behind it, or NULL. */
static const char *read_epoch(const char *s, uint64_t *real_ns)
{
	uint64_t sec = 0, scale = NS_PER_SEC / 10, frac = 0;

	if (!isdigit((unsigned char)*s))
		return NULL;
	while (isdigit((unsigned char)*s))
		s++;
	if (*s++ != '@' || !isdigit((unsigned char)*s))
		return NULL;
	for (; isdigit((unsigned char)*s); s++) {
		sec = sec * 10 + (uint64_t)(*s - '0');
		if (sec > UINT64_MAX / NS_PER_SEC / 10)
			return NULL;
	}
	if (*s++ != '.' || !isdigit((unsigned char)*s))
		return NULL;
	for (; isdigit((unsigned char)*s); s++, scale /= 10)
		frac += (uint64_t)(*s - '0') * scale;
	*real_ns = sec * NS_PER_SEC + frac;
	return *s == ':' ? s + 1 : NULL;
}

/* "2026-11-30T12:00:00.5Z", or libvirt's "2026-11-30 12:00:00.123+0000:". */
static const char *read_rfc3339(const char *s, uint64_t *real_ns)
{
	size_t len = 19, zone;
	char time[64];

	if (strnlen(s, len) < len)
		return NULL;
	if (s[len] == '.')
		for (len++; isdigit((unsigned char)s[len]); len++)
			;
	zone = len;
	if (s[len] == 'Z')
		len++;
	else if (s[len] == '+' || s[len] == '-')
		for (len++; isdigit((unsigned char)s[len]) || s[len] == ':'; len++)
			/* The colon behind an offset is no part of it. */
			if (s[len] == ':' && !isdigit((unsigned char)s[len + 1]))
				break;
	if (len + 2 > sizeof(time))
		return NULL;
	memcpy(time, s, len);
	time[len] = '\0';
	if (len == zone + 5 && time[zone] != 'Z' && !strchr(time + zone, ':')) {
		memmove(time + zone + 4, time + zone + 3, 3);
		time[zone + 3] = ':';
	}
	return units_parse_rfc3339(time, real_ns) ? NULL : s + len;
}

/* What the line says behind its time; false: it has none. */
static bool read_line(const struct vmm_log *g, const char *s, struct line *out)
{
	const char *rest = read_epoch(s, &out->real_ns) ?: read_rfc3339(s, &out->real_ns);
	size_t len;

	if (!rest)
		return false;
	rest += strspn(rest, ": ");
	len = (size_t)snprintf(out->text, sizeof(out->text), "%s: ", g->name);
	for (; *rest && len < sizeof(out->text) - 1; rest++)
		out->text[len++] = isprint((unsigned char)*rest) ? *rest : '?';
	while (len && out->text[len - 1] == ' ')
		len--;
	out->text[len] = '\0';
	return true;
}

/* The next line, without what is too long of it; false: there is none, or the log is broken. */
static bool get_line(struct vmm_log *g, char line[LINE_LEN])
{
	size_t len = 0;
	int c;

	while ((c = getc(g->f)) != EOF && c != '\n')
		if (len < LINE_LEN - 1)
			line[len++] = c && c != '\r' ? (char)c : ' ';
	line[len] = '\0';
	if (c == EOF && ferror(g->f))
		g->err = -EIO;
	return !g->err && (c != EOF || len);
}

/* The next line with a time of day, one of the first @look. */
static void look_ahead(struct vmm_log *g, uint64_t look)
{
	char line[LINE_LEN] = "";

	while (!g->line.waits && look-- && get_line(g, line))
		g->line.waits = read_line(g, line, &g->line);
}

/* ---- the source ---- */

static uint64_t on_axis(const struct vmm_logs *l, const struct line *line)
{
	return line->real_ns >= l->pair_real_ns ?
		       sat_add(l->pair_mono_ns, line->real_ns - l->pair_real_ns) :
		       sat_sub(l->pair_mono_ns, l->pair_real_ns - line->real_ns);
}

/* The log whose line is due before the event that waits; NULL: none is. */
static struct vmm_log *due(struct vmm_logs *l)
{
	uint64_t end_ns = event_end_ns(&l->next), t_ns, first_ns = 0;
	struct vmm_log *first = NULL;
	size_t i;

	if (!l->has_pair || !l->begun)
		return NULL;
	for (i = 0; i < l->n; i++) {
		struct vmm_log *g = &l->log[i];

		for (;;) {
			look_ahead(g, UINT64_MAX);
			if (!g->line.waits || on_axis(l, &g->line) >= l->first_ns)
				break;
			g->line.waits = false;
		}
		t_ns = g->line.waits ? on_axis(l, &g->line) : UINT64_MAX;
		if (g->line.waits && t_ns <= end_ns && (!first || t_ns < first_ns)) {
			first = g;
			first_ns = t_ns;
		}
	}
	return first;
}

static void make_mark(struct vmm_logs *l, struct vmm_log *g, struct event *ev)
{
	memset(ev, 0, sizeof(*ev));
	ev->kind = EV_MARK;
	ev->t_ns = on_axis(l, &g->line);
	ev->seq = l->seq;
	memcpy(ev->mark.text, g->line.text, sizeof(ev->mark.text));
	g->line.waits = false;
	g->marks++;
}

/* A log that could not be read on is told when all else is; what lies behind is not looked at. */
static int end(struct vmm_logs *l, int err)
{
	size_t i;

	for (i = 0; i < l->n && err == -ENODATA; i++) {
		if (!l->log[i].err)
			continue;
		snprintf(l->error, sizeof(l->error), "%s: it cannot be read", l->log[i].path);
		return l->log[i].err;
	}
	return err;
}

static int logs_next(struct event_source *src, struct event *ev, int timeout_ms)
{
	struct vmm_logs *l = (struct vmm_logs *)src;
	struct vmm_log *g;
	int err;

	if (!l->waits) {
		err = l->in->ops->next(l->in, &l->next, timeout_ms);
		if (err <= 0)
			return err ? end(l, err) : 0;
		l->waits = true;
		if (l->next.kind == EV_CLOCK) {
			l->has_pair = true;
			l->pair_mono_ns = l->next.t_ns;
			l->pair_real_ns = l->next.clock.realtime_ns;
		}
		if (!l->begun && event_kind_is_public(l->next.kind)) {
			l->begun = true;
			l->first_ns = l->next.t_ns;
		}
	}
	g = due(l);
	l->is_line = g != NULL;
	if (g) {
		make_mark(l, g, ev);
		return 1;
	}
	*ev = l->next;
	l->seq = ev->seq;
	l->waits = false;
	return 1;
}

static const struct meta *logs_meta(struct event_source *src)
{
	struct vmm_logs *l = (struct vmm_logs *)src;

	return l->in->ops->meta(l->in);
}

static void logs_health(struct event_source *src, struct source_health *out)
{
	struct vmm_logs *l = (struct vmm_logs *)src;

	l->in->ops->health(l->in, out);
}

static const char *logs_error(struct event_source *src)
{
	struct vmm_logs *l = (struct vmm_logs *)src;

	return l->error[0] ? l->error : l->in->ops->error(l->in);
}

static void drop(struct vmm_logs *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (l->log[i].f)
			fclose(l->log[i].f);
	free(l->log);
	free(l);
}

static void logs_close(struct event_source *src)
{
	struct vmm_logs *l = (struct vmm_logs *)src;

	l->in->ops->close(l->in);
	drop(l);
}

static const struct event_source_ops logs_ops = {
	.next = logs_next,
	.meta = logs_meta,
	.health = logs_health,
	.error = logs_error,
	.close = logs_close,
};

static int open_log(struct vmm_log *g, const char *path, char err[VMM_LOG_ERR_LEN])
{
	const char *name = strrchr(path, '/');
	FILE *f;
	size_t i;

	g->path = path;
	snprintf(g->name, sizeof(g->name), "%s", name ? name + 1 : path);
	for (i = 0; g->name[i]; i++)
		if (!isprint((unsigned char)g->name[i]))
			g->name[i] = '?';
	errno = 0;
	f = fopen(path, "re");
	if (f) {
		g->f = f;
		look_ahead(g, LINES_LOOK);
	}
	if (!f || g->err) {
		snprintf(err, VMM_LOG_ERR_LEN, "%s: %s", path, strerror(errno ?: EIO));
		return -(errno ?: EIO);
	}
	if (g->line.waits)
		return 0;
	snprintf(err, VMM_LOG_ERR_LEN,
		 "%s: no line of it begins with a time of day, as in a log of "
		 "QEMU's or libvirt's",
		 path);
	return -EINVAL;
}

int vmm_log_open(struct event_source **src, const char *const *paths, size_t n,
		 char err[VMM_LOG_ERR_LEN])
{
	struct vmm_logs *l = calloc(1, sizeof(*l));
	int ret = 0;

	if (l)
		l->log = calloc(n + 1, sizeof(*l->log));
	if (!l || !l->log) {
		free(l);
		snprintf(err, VMM_LOG_ERR_LEN, "out of memory");
		return -ENOMEM;
	}
	for (; l->n < n && !ret; l->n++)
		ret = open_log(&l->log[l->n], paths[l->n], err);
	if (ret) {
		drop(l);
		return ret;
	}
	l->source.ops = &logs_ops;
	l->in = *src;
	*src = (struct event_source *)l;
	return 0;
}

bool vmm_log_is_line(const struct event_source *src)
{
	return ((const struct vmm_logs *)src)->is_line;
}

uint64_t vmm_log_marks(const struct event_source *src, size_t i)
{
	return ((const struct vmm_logs *)src)->log[i].marks;
}
