// SPDX-License-Identifier: GPL-2.0-only
/*
 * marks.c - marked moments: made, kept, listed, measured between
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recording/output.h"
#include "tui/page.h"

static int mark_keep(struct scope *s, uint64_t t_ns, const char *text)
{
	struct scope_mark *marks;

	if (s->n_marks == MARKS_MAX)
		return -ENOSPC;
	marks = realloc(s->marks, (s->n_marks + 1) * sizeof(*marks));
	if (!marks)
		return -ENOMEM;
	s->marks = marks;
	marks[s->n_marks].t_ns = t_ns;
	snprintf(marks[s->n_marks].text, EVENT_TEXT_LEN, "%s", text);
	s->n_marks++;
	return 0;
}

/* FILE.marks: one line a mark, "NANOSECONDS TEXT"; lines with # are comments. */
void scope_marks_load(struct scope *s)
{
	char line[512], *text;
	struct stat st;
	uint64_t t;
	FILE *f;
	int fd;

	if (!s->opt.marks_path)
		return;
	/* somebody else may have put a FIFO there */
	fd = open(s->opt.marks_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return;
	f = !fstat(fd, &st) && S_ISREG(st.st_mode) ? fdopen(fd, "r") : NULL;
	if (!f) {
		close(fd);
		return;
	}
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#')
			continue;
		t = strtoull(line, &text, 10);
		if (text == line)
			continue;
		if (mark_keep(s, t, *text == ' ' ? text + 1 : text)) {
			s->marks_cut = true;
			break;
		}
	}
	fclose(f);
}

static int mark_write(struct scope *s, const char *text)
{
	char err[OUTPUT_ERR_LEN];
	int fd = output_append(s->opt.marks_path, err);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "a");
	long before;

	if (fd < 0) {
		scope_say(s, true, "%s", err);
		return -EINVAL;
	}
	if (!f) {
		close(fd);
		return -ENOMEM;
	}
	fseek(f, 0, SEEK_END);
	before = ftell(f);
	if (!before)
		fputs("# marks of vfioscope: CLOCK_MONOTONIC nanoseconds, text\n", f);
	fprintf(f, "%" PRIu64 " %s\n", s->cursor_ns, text);
	if (fflush(f)) {
		scope_say(s, true, "%s: %s", s->opt.marks_path, strerror(errno));
		/* half a line would swallow the next mark */
		if (before < 0 || ftruncate(fd, before))
			before = -1;
		fclose(f);
		return -EINVAL;
	}
	return fclose(f) ? -EINVAL : 0;
}

int scope_mark_here(struct scope *s, const char *text)
{
	char safe[TEXT_SAFE_LEN(EVENT_TEXT_LEN)];
	int err;

	if (s->opt.live && s->opt.mark) {
		err = s->opt.mark(s->opt.arg, text);
		scope_say(s, err, err ? "the mark could not be recorded: %s" : "marked%s%s",
			  err	? strerror(-err) :
			  *text ? ": " :
				  "",
			  err ? "" : text);
		return err;
	}
	if (!store_count(s->store))
		return 0;
	/* before it is in the file */
	if (s->n_marks == MARKS_MAX) {
		scope_say(s, true, "no room for another mark: there are %u", MARKS_MAX);
		return -EINVAL;
	}
	text_safe(safe, sizeof(safe), text, EVENT_TEXT_LEN);
	if (s->opt.marks_path) {
		err = mark_write(s, safe);
		if (err)
			return err;
	}
	err = mark_keep(s, s->cursor_ns, safe);
	if (err)
		scope_say(s, true, "no memory for another mark");
	else
		scope_say(s, false,
			  s->opt.marks_path ? "marked, in %s" :
					      "marked, for as long as this runs%s",
			  s->opt.marks_path ?: "");
	return err ? -EINVAL : 0;
}

static uint64_t next_mark(struct scope *s, uint64_t after)
{
	uint64_t best = UINT64_MAX;
	struct event ev;
	uint64_t n, first, last, count = store_count(s->store);
	size_t i;

	for (i = 0; i < s->n_marks; i++)
		if (s->marks[i].t_ns > after && s->marks[i].t_ns < best)
			best = s->marks[i].t_ns;
	/* Those that the recorder took into the evidence. */
	for (n = store_position(s->store, after); n < count; n++) {
		if (!store_chunk_may_have(s->store, n, 1ULL << EV_MARK, false, 0, &first, &last)) {
			n = last;
			continue;
		}
		if (store_get(s->store, n, &ev) && ev.kind == EV_MARK &&
		    event_end_ns(&ev) > after) {
			if (event_end_ns(&ev) < best)
				best = event_end_ns(&ev);
			break;
		}
	}
	return best;
}

void scope_next_mark(struct scope *s)
{
	uint64_t t = next_mark(s, s->cursor_ns);
	size_t i;

	if (t == UINT64_MAX)
		t = next_mark(s, 0);
	if (t == UINT64_MAX) {
		scope_say(s, false, "no mark yet; m makes one");
		return;
	}
	scope_seek_time(s, t);
	for (i = 0; i < s->n_marks; i++)
		if (s->marks[i].t_ns == t)
			scope_say(s, false, "mark: %s", s->marks[i].text);
}

/* ---- the list ---- */

static int by_time(const void *a, const void *b)
{
	const struct scope_mark *x = a, *y = b;

	return x->t_ns < y->t_ns ? -1 : x->t_ns > y->t_ns;
}

/* All, those in the evidence too, by their time; how many.  @cut (or NULL): there are more. */
static size_t all_marks(struct scope *s, struct scope_mark out[MARKS_MAX], bool *cut)
{
	uint64_t k, first, last, count = store_count(s->store);
	size_t n = 0;
	struct event ev;

	if (cut)
		*cut = s->marks_cut;
	for (; n < s->n_marks; n++)
		out[n] = s->marks[n];
	for (k = 0; k < count; k++) {
		if (!store_chunk_may_have(s->store, k, 1ULL << EV_MARK, false, 0, &first, &last)) {
			k = last;
			continue;
		}
		if (!store_get(s->store, k, &ev) || ev.kind != EV_MARK)
			continue;
		if (n == MARKS_MAX) {
			if (cut)
				*cut = true;
			break;
		}
		out[n].t_ns = event_end_ns(&ev);
		text_safe(out[n].text, sizeof(out[n].text), ev.mark.text, sizeof(ev.mark.text));
		n++;
	}
	if (n)
		qsort(out, n, sizeof(*out), by_time);
	return n;
}

void marks_page(struct page *p)
{
	struct scope_mark *all = calloc(MARKS_MAX, sizeof(*all));
	bool cut = false;
	size_t n = all ? all_marks(p->s, all, &cut) : 0, i;
	char a[UNITS_LEN];

	if (!n)
		page_line(p, ROLE_DIM, 0, "no mark yet; m makes one");
	if (n && p->s->mark >= n)
		p->s->mark = n - 1;
	for (i = 0; i < n; i++)
		page_line(p, i == p->s->mark ? ROLE_KEY : ROLE_TEXT,
			  i == p->s->mark ? CELL_BOLD : 0, "%s %15s  %s",
			  i == p->s->mark ? "▶" : " ", scope_time(p->s, a, all[i].t_ns),
			  all[i].text);
	if (cut)
		page_line(p, ROLE_WARN, 0,
			  "there are more marks than %u; these are all that are kept", MARKS_MAX);
	free(all);
}

void scope_go_mark(struct scope *s)
{
	struct scope_mark *all = calloc(MARKS_MAX, sizeof(*all));
	size_t n = all ? all_marks(s, all, NULL) : 0;

	if (s->mark < n) {
		scope_remember(s);
		scope_seek_time(s, all[s->mark].t_ns);
		scope_say(s, false, "mark: %s", all[s->mark].text);
	}
	free(all);
}

bool scope_between_marks(struct scope *s, uint64_t *from, uint64_t *to)
{
	struct scope_mark *all = calloc(MARKS_MAX, sizeof(*all));
	size_t n = all ? all_marks(s, all, NULL) : 0, i;

	/* The two around the cursor; of one, it and the cursor. */
	for (i = 0; i < n && all[i].t_ns <= s->cursor_ns; i++)
		;
	if (n > 1) {
		i = i == 0 ? 1 : i == n ? n - 1 : i;
		*from = all[i - 1].t_ns;
		*to = all[i].t_ns;
	} else if (n == 1) {
		*from = all[0].t_ns < s->cursor_ns ? all[0].t_ns : s->cursor_ns;
		*to = all[0].t_ns < s->cursor_ns ? s->cursor_ns : all[0].t_ns;
	}
	free(all);
	return n && *to > *from;
}

/* ---- what happened between two moments ---- */

static void measured(struct page *p, const char *name, const struct store_column *c, uint64_t ns)
{
	char a[UNITS_LEN], b[UNITS_LEN], d[UNITS_LEN], e[UNITS_LEN];

	page_field(p, name, "%s in %s calls, %s ENOMSG, %s/s, slowest %s",
		   scope_size(p->s, a, c->bytes), units_count(b, c->calls),
		   units_count(d, c->enomsg),
		   scope_size(p->s, (char[UNITS_LEN]){ 0 },
			      sat_u64((double)c->bytes * 1e9 / (double)ns)),
		   units_duration(e, c->io_max_ns));
}

void measure_page(struct page *p, struct model *m)
{
	struct scope *s = p->s;
	uint64_t from, to;
	char a[UNITS_LEN], name[NAME_LEN];
	const struct side *x;
	struct store_column c;
	uint32_t i, k;

	if (s->measure_to > s->measure_from) {
		from = s->measure_from;
		to = s->measure_to;
	} else if (!scope_between_marks(s, &from, &to)) {
		page_line(
			p, ROLE_DIM, 0,
			"nothing to measure between: m marks a moment; two marks, or one and the cursor");
		return;
	}
	page_field(p, "from", "%s", scope_time(s, a, from));
	page_field(p, "to", "%s", scope_time(s, a, to));
	page_line(p, ROLE_TEXT, CELL_BOLD, "%-18s %s", "time", units_duration(a, to - from));
	page_blank(p);
	x = scope_side(s, m);
	for (i = 0; x && i < x->n_devices; i++) {
		k = model_side_device(m, x->id, i)->device;
		store_columns(s->store, k, from, to, 1, &c);
		measured(p, scope_device_name(m, k, 18, name), &c, to - from);
	}
	if (!x && s->device) {
		store_columns(s->store, s->device, from, to, 1, &c);
		measured(p, scope_device_name(m, s->device, 18, name), &c, to - from);
	}
}
